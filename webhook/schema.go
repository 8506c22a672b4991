package webhook

import (
	_ "embed"
	"strconv"
	"strings"

	"hookline/cdc"
	"hookline/internal/pg"
)

//go:embed schema.sql
var schemaSQL string

func alterOwn(schema string) string {
	return "ALTER TABLE " + pg.Identifier(schema, OwnTable)
}

// MoreTenantsSQL returns the statement that has Hookline's own table, as versions before made it,
// take tenants that are no UUIDs.
func MoreTenantsSQL(schema string) string {
	return alterOwn(schema) + " ALTER COLUMN workspace_id TYPE text"
}

// RekeySQL returns the statement that gives Hookline's own table, as versions before made it, the
// column that says how changed keys are told.
func RekeySQL(schema string) string {
	return alterOwn(schema) + " ADD COLUMN IF NOT EXISTS rekey text"
}

// RotationSQL returns the statement that gives Hookline's own table, as versions before made it,
// the columns of a secret that was rotated.
func RotationSQL(schema string) string {
	return alterOwn(schema) + " ADD COLUMN IF NOT EXISTS previous_secret text," +
		" ADD COLUMN IF NOT EXISTS previous_secret_until timestamptz"
}

// PerSQL likewise, the column that says whether events are told of each change or of each commit.
func PerSQL(schema string) string {
	return alterOwn(schema) + " ADD COLUMN IF NOT EXISTS per text"
}

// PaceSQL likewise, the columns that say how fast a webhook is sent to.
func PaceSQL(schema string) string {
	return alterOwn(schema) + " ADD COLUMN IF NOT EXISTS timeout interval," +
		" ADD COLUMN IF NOT EXISTS rate numeric, ADD COLUMN IF NOT EXISTS thin boolean," +
		" ADD COLUMN IF NOT EXISTS batch integer, ADD COLUMN IF NOT EXISTS batch_wait interval"
}

// ChoiceSQL likewise, the columns that say which events a webhook gets, and what of them.
func ChoiceSQL(schema string) string {
	return alterOwn(schema) + " ADD COLUMN IF NOT EXISTS previous text," +
		" ADD COLUMN IF NOT EXISTS filter text, ADD COLUMN IF NOT EXISTS fields text[]," +
		" ADD COLUMN IF NOT EXISTS mask text[]"
}

// IgnoreSQL likewise, the column that says which changes a webhook does not hear of.
func IgnoreSQL(schema string) string {
	return alterOwn(schema) + " ADD COLUMN IF NOT EXISTS ignore text[]"
}

// SettleSQL likewise, the columns that say what of the events of one record is told as one.
func SettleSQL(schema string) string {
	return alterOwn(schema) + " ADD COLUMN IF NOT EXISTS settle interval," +
		" ADD COLUMN IF NOT EXISTS settle_max interval, ADD COLUMN IF NOT EXISTS catch_up text"
}

// AnnotateFunction is the name of the function with which writers annotate their changes.
const AnnotateFunction = "annotate"

//go:embed annotate.sql
var annotateSQL string

// AnnotateSQL returns the statement that makes that function in the given schema.
func AnnotateSQL(schema string) string {
	return strings.NewReplacer(
		"{{schema}}", pg.Identifier(schema), "{{prefix}}", pg.Literal(cdc.AnnotationPrefix),
		"{{max}}", strconv.Itoa(cdc.MaxAnnotation),
	).Replace(strings.TrimSuffix(strings.TrimSpace(annotateSQL), ";"))
}

// SchemaSQL returns the statements that make Hookline's own table of webhooks in the given schema.
// They leave alone what is there, but need the right to make a schema, and ownership of the table,
// even then.
func SchemaSQL(schema string) string {
	return strings.ReplaceAll(schemaSQL, "{{schema}}", pg.Identifier(schema)) + "\n" +
		AnnotateSQL(schema) + ";\n"
}
