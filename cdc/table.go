package cdc

import "hookline/internal/pg"

// Table names a table to publish.
type Table struct {
	Schema string
	Name   string
	// its changes are announced: it wants REPLICA IDENTITY FULL where Config.Identity says so
	Full bool
	Skip bool // it is known, and not to be published

	// Webhooks says that webhooks are read from it. This is written down: whatever it is called
	// later, it is not published for its records.
	Webhooks bool

	// ParentSchema and Parent name the table under which changes are told; "" is the table itself.
	// A table whose rows lie in children by inheritance, in a schema of their own, has them told
	// so.
	ParentSchema, Parent string
}

// String returns the table's name quoted for SQL.
func (t Table) String() string { return pg.Identifier(t.Schema, t.Name) }
