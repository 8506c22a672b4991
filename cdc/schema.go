package cdc

import "hookline/internal/migrate"

// The tables that this package keeps in the schema of Hookline's own tables. What makes them is in
// hookline/internal/migrate.
const (
	knownTable    = "known_table"
	backfillTable = "backfill"
	movedTable    = "moved_record"
	listingTable  = "listing"
	identityTable = "replica_identity"
)

// SchemaSQL returns the statements that make these tables in the given schema. They leave alone
// what is there, but need the right to make a schema, and ownership of the tables, even then.
func SchemaSQL(schema string) string { return migrate.Script(schema, migrate.Stream) }
