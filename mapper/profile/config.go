package profile

import (
	"hookline/mapper"
	"hookline/mapper/credential"
	"hookline/mapper/generic"
	"hookline/mapper/pattern"
	"hookline/mapper/tenants"
	"hookline/mapper/twenty"
)

// Config says what to announce and how.
type Config struct {
	Profile string        // auto (from the database), twenty, generic or a preset
	Format  mapper.Format // the form of bodies, unless a webhook asks for another

	Schemas []string        // generic: schemas whose tables are announced; nil: public
	Include pattern.Objects // objects and tables that alone are announced; nil: all
	Exclude pattern.Objects // objects and tables that are never announced
	// generic: schema.table → object, where the singular of the table's name will not do
	ObjectNames map[string]string

	// SecretColumns are left out of events as credentials, or let through though their names say
	// that they are some.
	SecretColumns credential.SecretColumns
	// HoldsWebhooks reports whether a table looks like one of webhooks, which is never announced;
	// nil: none does. generic.
	HoldsWebhooks func(table string, columns []string) bool
	Tenants       tenants.Config      // generic: how tenants are told apart
	TouchColumns  pattern.Columns     // an update of nothing else is not announced
	SoftDelete    pattern.SoftDeletes // generic: values that say that a record is deleted
	Omit          pattern.Omissions   // generic: columns that are not sent, or not beyond a size
	Nulls         pattern.UnsetDates  // generic: days that stand for no date
	Forms         generic.Forms       // generic: how values read

	// PrivateObjects are announced though Twenty's metadata says that not every user may read them;
	// * stands for all.
	PrivateObjects []string
	Upgrades       string // UpgradesTold: also records that Twenty's upgrade writes by SQL

	// TellUndecided has records announced of which it cannot be told any more whether everybody may
	// read them.
	TellUndecided bool
}

func (c *Config) twenty() twenty.Config {
	return twenty.Config{
		Include: c.Include, Exclude: c.Exclude, SecretColumns: c.SecretColumns,
		TouchColumns: c.TouchColumns, PrivateObjects: c.PrivateObjects, Upgrades: c.Upgrades,
		TellUndecided: c.TellUndecided, Destroys: c.Format == mapper.FormatTwenty,
	}
}

func (c *Config) generic() generic.Config {
	return generic.Config{
		Schemas: c.Schemas, Include: c.Include, Exclude: c.Exclude, ObjectNames: c.ObjectNames,
		SecretColumns: c.SecretColumns, HoldsWebhooks: c.HoldsWebhooks, Tenants: c.Tenants,
		TouchColumns: c.TouchColumns, SoftDelete: c.SoftDelete, Omit: c.Omit, Nulls: c.Nulls,
		Forms: c.Forms,
	}
}
