package webhook

import (
	_ "embed"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed schema.sql
var schemaSQL string

// MoreTenantsSQL returns the statement that has Hookline's own table, as versions before made it, take tenants that are no UUIDs.
func MoreTenantsSQL(schema string) string {
	return "ALTER TABLE " + pgx.Identifier{schema, ownTable}.Sanitize() + " ALTER COLUMN workspace_id TYPE text"
}

// RekeySQL returns the statement that gives Hookline's own table, as versions before made it, the column that says how changed keys are told.
func RekeySQL(schema string) string {
	return "ALTER TABLE " + pgx.Identifier{schema, ownTable}.Sanitize() + " ADD COLUMN IF NOT EXISTS rekey text"
}

// SchemaSQL returns the statements that make Hookline's own table of webhooks in the given schema. They leave alone what is there, but
// need the right to make a schema, and ownership of the table, even then.
func SchemaSQL(schema string) string {
	return strings.ReplaceAll(schemaSQL, "{{schema}}", pgx.Identifier{schema}.Sanitize())
}
