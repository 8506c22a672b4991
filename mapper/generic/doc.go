// Package generic knows a database of which nothing is known but its tables, or what a preset
// adds.
//
// Every table with a primary key is an object. Its name is the singular of the table's; its fields
// are the columns in camelCase, with the values that to_jsonb gives. The server's catalog is asked
// about a table when its first change arrives, and about types when they may have changed.
//
// Where to find what:
//
//   - generic.go: the catalog, which tables there are, and how a row of each is announced; key.go:
//     what its key is.
//   - given_names.go: what tables are called that would have one name; names once announced stay.
//   - types.go: how values of each type read; forms.go: time zones; unset.go, absences.go,
//     values.go: settings that say what becomes of values.
//   - credentials.go: what is left out as it is a credential; the rules are in mapper/credential.
//   - ownership.go, tenants_checkup.go: which column says whose a record is.
//   - selection.go: tables that settings leave out; objects.go: what becomes of each table.
//   - preset.go: what an application says of its tables; the presets are in mapper/preset.
//   - checkup.go, busy.go: what the doctor checks.
//
// A Catalog belongs to one goroutine, but for Tables, Skip and Remember.
package generic
