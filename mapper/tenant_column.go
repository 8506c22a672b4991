package mapper

import (
	"bytes"
	"log/slog"

	"hookline/cdc"
	"hookline/mapper/tenants"
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

// TenantColumn is where a row says which tenant it belongs to.
type TenantColumn struct {
	column  int
	padded  bool // it is a char(n)
	folding tenants.Folding
	names   map[string]string // of tenants, so that they need not be made anew
	told    bool              // that there are rows without a tenant
	log     *slog.Logger
	subject string
}

// NewTenantColumn returns a column of a table. padded says that its values are, as those of char(n)
// are; log is told, once, that a row belongs to no tenant.
func NewTenantColumn(
	table string, column int, padded bool, folding tenants.Folding, log *slog.Logger,
) *TenantColumn {
	return &TenantColumn{
		column: column, padded: padded, folding: folding, names: map[string]string{},
		log: log, subject: table,
	}
}

// mostNames bounds TenantColumn.names.
const mostNames = 10_000

// of returns the tenant of a row. "" is none, of which nobody hears but who hears of everything.
func (t *TenantColumn) of(row cdc.Tuple) string {
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
func (t *TenantColumn) before(change cdc.Change) (tenant string, known bool) {
	if change.Old == nil || change.Old[t.column].IsUnchanged() {
		return "", false
	}
	return t.of(change.Old), true
}
