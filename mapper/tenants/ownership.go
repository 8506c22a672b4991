package tenants

import (
	"fmt"

	"hookline/cdc"
)

// Ownership is whose the records of a table are.
type Ownership struct {
	Table  cdc.Table
	Column string // that holds the tenant
	Home   bool   // the rows are the tenants themselves
	Shared bool   // every tenant hears of them
	Why    string // nobody does, for this reason
	Asks   string // what has to be set, "" when it is clear
	Unset  bool   // it is the settings that say what cannot be
}

// String says it in a few words.
func (o *Ownership) String() string {
	switch {
	case o.Why != "":
		return "goes to nobody: " + o.Why
	case o.Shared:
		return "shared: every tenant hears of it"
	case o.Home:
		return "tenant in " + o.Column + ": these are the tenants"
	}
	return "tenant in " + o.Column
}

// Hint says how records of a table of which nobody hears would be heard of.
func (o *Ownership) Hint() string {
	if o.Asks != "" {
		return o.Asks
	}
	name := o.Table.Schema + "." + o.Table.Name
	return fmt.Sprintf(
		"%s=<column> in HOOKLINE_TENANT_COLUMN names the column that holds its tenant; "+
			"HOOKLINE_SHARED_TABLES=%s has every tenant hear of it",
		name,
		name,
	)
}
