package tenants

import (
	"path"
	"slices"
	"strings"

	"hookline/cdc"
)

// None in place of a column says that there are no tenants, or that no row of a table has one.
const None = "none"

// Config says how a generic database tells its tenants apart.
type Config struct {
	Column string            // of every table; "": that of the table of webhooks; None: off
	Of     map[string]string // schema.table → its own column, or None
	Shared []string          // schema.table, with * for any letters: every tenant hears of them
}

// Named returns what the configuration says of a table: the name of its column, or None. "" is
// nothing.
func (c *Config) Named(t cdc.Table) string { return c.Of[t.Schema+"."+t.Name] }

// Off reports whether there are to be no tenants.
func (c *Config) Off() bool { return c.Column == None }

// Shares reports whether every tenant hears of the records of a table.
func (c *Config) Shares(t cdc.Table) bool {
	return slices.ContainsFunc(c.Shared, func(pattern string) bool {
		ok, _ := path.Match(pattern, t.Schema+"."+t.Name)
		return ok
	})
}

// Tenancy is how webhooks of a generic database are kept apart. The zero value: they are not.
type Tenancy struct {
	On bool
	// that tells tenants apart in other tables, too; "": each table's is configured
	Column string
	Type   uint32    // of the column, without domains; 0: any will do
	Table  cdc.Table // the CRM's table of webhooks; zero where there is only Hookline's own
	Own    string    // the column of that table

	// Folding says which letters count the same whatever their case, as values of citext do.
	Folding Folding
}

// Folding is which letters of a tenant's name are the same in both cases.
type Folding uint8

const (
	FoldNone  Folding = iota
	FoldASCII         // as citext in a database whose locale is C
	FoldAll
)

// Name returns the name that stands for all that are equal to it.
func (f Folding) Name(name string) string {
	switch f {
	case FoldASCII:
		return strings.Map(func(r rune) rune {
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			return r
		}, name)
	case FoldAll:
		return strings.ToLower(name)
	}
	return name
}

// Prefix is what stands before the entry of a table in HOOKLINE_TENANT_COLUMN.
func (t *Tenancy) Prefix() string {
	if t.Column == "" {
		return ""
	}
	return t.Column + ","
}
