package spool

import "hookline/internal/migrate"

// Tables are the names of all tables that migrations make, for whoever removes them.
func Tables() []string {
	return []string{
		"checkpoint",
		"owner",
		"queue",
		"delivery",
		"overflow",
		"delivered",
		"notice",
		"described",
		"bus",
		"large",
		migrate.VersionTable,
	}
}
