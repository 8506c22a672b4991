package twenty

import (
	"hookline/mapper/credential"
	"hookline/mapper/pattern"
)

// Config says what of Twenty's database is announced.
type Config struct {
	Include pattern.Objects // objects and tables that alone are announced; nil: all
	Exclude pattern.Objects // objects and tables that are never announced

	// SecretColumns are left out of events as credentials, or let through though their names say
	// that they are some.
	SecretColumns credential.SecretColumns
	TouchColumns  pattern.Columns // an update of nothing else is not announced

	// PrivateObjects are announced though the metadata says that not every user may read them; *
	// stands for all.
	PrivateObjects []string
	Upgrades       string // UpgradesTold: also records that an upgrade writes by SQL; else not

	// TellUndecided says that records are announced of which it cannot be told any more whether
	// everybody may read them. Checks say so; the pump does it.
	TellUndecided bool
	Destroys      bool // every hard delete is destroyed, as in the bodies of Twenty's own server
}

// UpgradesTold and UpgradesSilent are what Config.Upgrades may be.
const (
	UpgradesTold   = "told"
	UpgradesSilent = "silent"
)
