package cdc

import (
	_ "embed"
	"strings"

	"hookline/internal/pg"
)

//go:embed schema.sql
var schemaSQL string

// The tables of schema.sql.
const (
	knownTable    = "known_table"
	backfillTable = "backfill"
	movedTable    = "moved_record"
	listingTable  = "listing"
	identityTable = "replica_identity"
)

// SchemaSQL returns the statements that make the tables that this package keeps in the given
// schema. They leave alone what is there, but need the right to make a schema, and ownership of the
// tables, even then.
func SchemaSQL(schema string) string {
	return strings.ReplaceAll(schemaSQL, "{{schema}}", pg.Identifier(schema))
}
