package mapper

import (
	"bytes"
	"log/slog"
	"path"
	"slices"
	"strings"

	"hookline/cdc"
)

// A database may be shared by tenants that must not hear of each other: workspaces, organizations,
// accounts. An event belongs to one of them, and so does a webhook: see Subject.IsFor. In Twenty's
// database the schema of a table tells whose its records are, in any other one a column of the row.

// Everyone in place of a tenant stands for all of them: an event that all may hear of, a webhook
// that hears of everything. No tenant has that name.
const Everyone = "*"

// IsFor reports whether webhooks of the tenant may hear of the event.
func (s *Subject) IsFor(tenant string) bool {
	return s.Workspace == tenant || tenant == Everyone || s.Workspace == Everyone
}

// tenant is the tenant that bodies name: "" where it is not one.
func (s *Subject) tenant() string {
	if s.Workspace == Everyone {
		return ""
	}
	return s.Workspace
}

// NoTenants in place of a column says that there are no tenants, or that no row of a table has one.
const NoTenants = "none"

// TenantConfig says how a generic database tells its tenants apart.
type TenantConfig struct {
	Column string            // of every table; "": that of the table of webhooks; NoTenants: off
	Of     map[string]string // schema.table → its own column, or NoTenants
	Shared []string          // schema.table, with * for any letters: every tenant hears of them
}

// Named returns what the configuration says of a table: the name of its column, or NoTenants. "" is
// nothing.
func (c *TenantConfig) Named(t cdc.Table) string { return c.Of[t.Schema+"."+t.Name] }

// Off reports whether there are to be no tenants.
func (c *TenantConfig) Off() bool { return c.Column == NoTenants }

func (c *TenantConfig) shares(t cdc.Table) bool {
	return slices.ContainsFunc(c.Shared, func(pattern string) bool {
		ok, _ := path.Match(pattern, t.Schema+"."+t.Name)
		return ok
	})
}

// Tenancy is how webhooks of a generic database are kept apart. The zero value: they are not.
type Tenancy struct {
	On     bool
	Column string    // that tells tenants apart in other tables, too; "": each table's is configured
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

// tenancy is a Tenancy with what the catalog of the database adds to it.
type tenancy struct {
	Tenancy
	home, key string // schema.table whose rows are the tenants, and its column; "" when unknown
}

// tenantColumn is where a row says which tenant it belongs to.
type tenantColumn struct {
	column  int
	padded  bool // it is a char(n)
	folding Folding
	names   map[string]string // of tenants, so that they need not be made anew
	told    bool              // that there are rows without a tenant
	log     *slog.Logger
	subject string
}

// mostNames bounds tenantColumn.names.
const mostNames = 10_000

// of returns the tenant of a row. "" is none, of which nobody hears but who hears of everything.
func (t *tenantColumn) of(row cdc.Tuple) string {
	text := row[t.column].Bytes()
	if t.padded {
		text = bytes.TrimRight(text, " ")
	}
	if name, ok := t.names[string(text)]; ok {
		return name
	}
	name := t.folding.Name(string(text))
	if name == Everyone {
		name = ""
	}
	if name == "" && !t.told && !row[t.column].IsUnchanged() {
		t.told = true
		t.log.Warn("a record belongs to no tenant, so nobody hears of it", "table", t.subject)
	}
	if len(t.names) < mostNames && name != "" {
		t.names[string(text)] = name
	}
	return name
}

// before returns the tenant that a row had before a change, if it is known.
func (t *tenantColumn) before(change cdc.Change) (tenant string, known bool) {
	if change.Old == nil || change.Old[t.column].IsUnchanged() {
		return "", false
	}
	return t.of(change.Old), true
}
