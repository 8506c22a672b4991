// Package crm is the CRM's database beside its stream: what its tables hold, who wants to hear of
// them, and how it is made ready.
//
// [Open] connects and finds out what kind of database it is. [Database.Prepare] makes schema,
// publication and slot; [Database.Load] reads catalog and webhooks as they are now; then the
// stream keeps them up to date. All that works on that database goes through here: a session of
// `hookline run` (internal/run), the doctor, operators, and commands.
//
//   - database.go: connection, profile, snapshot, rights
//   - schema.go, script.go: Hookline's own tables, and the SQL for somebody with more rights
//   - tenancy.go: how tenants are kept apart
//   - objects.go: what is announced of each table
//   - slot.go, spool.go: how slot and spool stand
package crm
