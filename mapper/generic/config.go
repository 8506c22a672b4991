package generic

import (
	"hookline/mapper/credential"
	"hookline/mapper/pattern"
	"hookline/mapper/tenants"
)

// Config says what of a database is announced, and how values read.
type Config struct {
	Schemas []string        // whose tables are announced; nil: public
	Include pattern.Objects // objects and tables that alone are announced; nil: all
	Exclude pattern.Objects // objects and tables that are never announced
	// schema.table → object, where the singular of the table's name will not do
	ObjectNames map[string]string

	// SecretColumns are left out of events as credentials, or let through though their names say
	// that they are some.
	SecretColumns credential.SecretColumns
	// HoldsWebhooks reports whether a table looks like one of webhooks, which is never announced;
	// nil: none does.
	HoldsWebhooks func(table string, columns []string) bool
	Tenants       tenants.Config      // how tenants are told apart
	TouchColumns  pattern.Columns     // an update of nothing else is not announced
	SoftDelete    pattern.SoftDeletes // values that say that a record is deleted
	Omit          pattern.Omissions   // columns that are not sent, or not beyond a size
	Nulls         pattern.UnsetDates  // days that stand for no date
	Forms         Forms               // how values read
}
