package webhook

import "hookline/internal/migrate"

// SchemaSQL returns the statements that make Hookline's own table of webhooks in the given schema.
// They leave alone what is there, but need the right to make a schema, and ownership of the table,
// even then.
func SchemaSQL(schema string) string { return migrate.Script(schema, migrate.Webhooks) }
