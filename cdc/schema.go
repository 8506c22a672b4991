package cdc

// The tables that this package keeps in the schema of Hookline's own tables. What makes them is in
// hookline/internal/migrate.
const (
	knownTable    = "known_table"
	backfillTable = "backfill"
	movedTable    = "moved_record"
	listingTable  = "listing"
	identityTable = "replica_identity"
)
