// Package twenty knows the database of a Twenty CRM, of any version.
//
// Each workspace has a schema of its own, each object a table in it. What the tables hold is
// described, for all workspaces, in objectMetadata and fieldMetadata. Catalog reads that
// description in one snapshot and follows it in the stream, so a record is read with the fields of
// its own commit. It reads as Twenty's REST API gives it at depth 0.
//
// Where to find what:
//
//   - twenty.go: the catalog; metadata.go: the tables that describe records; fields.go: how each
//     type of field reads.
//   - private.go, rules.go, rule.go: which objects and records not everybody may read. judge.go
//     decides of one record; links.go knows the rows that decide, links_ask.go asks the database
//     for them.
//   - version.go, upgrades.go, rewrites.go: which version the server has, and which records its
//     upgrade has written, which are not announced.
//   - workspaces.go, operations.go: what package webhook has to know: workspaces, and how older
//     versions spell operations.
//   - checks.go, checkup.go, objects.go: what the doctor and `hookline objects` tell;
//     deployment.go: how a server was set up, and what mends it there.
//   - detect.go: whether a database is one of Twenty's.
//
// A Catalog belongs to one goroutine, but for Tables.
package twenty
