// Package webhook knows who wants to hear of what.
//
// A Registry reads the tables of webhooks of a database in one snapshot, and follows them in the
// replication stream. It finds the subscriptions that match an event. So a webhook hears of what
// was committed after its own row, and of nothing before.
//
// There are three kinds of tables: Hookline's own (schema.sql), Twenty's, and that of a CRM, whose
// columns are found by their usual names (columns.go). A row becomes a Subscription, or a Status
// that says why not (table.go). A row with a mistake is never served in part, but for operations
// that it does not know.
//
// Where to find what:
//
//   - registry.go: reading and following; renewal.go: when a table is another one, or gone;
//     adopt.go: tables of workspaces that come later.
//   - find.go, query.go: which tables they are, and whether they can be followed; lookalike.go:
//     what looks like one.
//   - match.go, operation.go: which events a subscription hears of.
//   - tenants.go: which tenant a webhook belongs to.
//   - key.go, headers.go, address.go: which secrets, headers and URLs are taken; mask.go: what may
//     be shown of a URL.
//   - manage.go: what operators do to webhooks, in transactions that keep only what is served.
//
// The methods of a Registry belong to one goroutine, the pump's, but for those that say otherwise.
// Subscriptions are immutable. Nothing here prints a secret.
package webhook
