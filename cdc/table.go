package cdc

import (
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Table names a table to publish.
type Table struct {
	Schema string
	Name   string
	Full   bool // its changes are announced: it wants REPLICA IDENTITY FULL where Config.Identity says so
	Left   bool // it is known, and not to be published

	// Webhooks says that webhooks are read from it. This is written down: whatever it is called later, it is not published for its
	// records.
	Webhooks bool

	// ParentSchema and Parent name the table under which changes are told; "" is the table itself. A table
	// whose rows lie in children by inheritance, in a schema of their own, has them told so.
	ParentSchema, Parent string
}

// String returns the table's name quoted for SQL.
func (t Table) String() string { return pgx.Identifier{t.Schema, t.Name}.Sanitize() }

// SessionSettings are the run-time parameters of every connection whose text output is read: the stream's tuples, and rows read beside
// it, must print alike whatever the server's or the role's defaults are.
func SessionSettings() map[string]string {
	return map[string]string{
		"application_name":   "hookline",
		"search_path":        "pg_catalog, pg_temp", // every name that is not the server's own is qualified
		"client_encoding":    "UTF8",
		"DateStyle":          "ISO, MDY",
		"IntervalStyle":      "postgres",
		"TimeZone":           "UTC",
		"lc_monetary":        "C", // money reads alike wherever the CRM's sessions say it is spent
		"extra_float_digits": "1",
		"bytea_output":       "hex",
		"jit":                "off", // it costs a catalog query 100 ms and more, and gains nothing
	}
}

// durability is synchronous_commit: a commit of Hookline's is on disk when it returns, and waits for no standby. It would wait for itself
// while the stream counts as one.
const durability = "local"

// PoolConfig returns the configuration of a pool of at most so many connections to the database at url, with SessionSettings.
func PoolConfig(url string, connections int32) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errBadURL // err may quote the password
	}
	for name, value := range SessionSettings() {
		config.ConnConfig.RuntimeParams[name] = value
	}
	config.ConnConfig.RuntimeParams["synchronous_commit"] = durability
	config.ConnConfig.RuntimeParams["row_security"] = "off" // rows that the role must not see are an error, not left out
	config.MaxConns = connections
	return config, nil
}
