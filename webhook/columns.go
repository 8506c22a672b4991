package webhook

import (
	"fmt"
	"slices"
	"strings"

	"hookline/cdc"
	"hookline/mapper/naming"
	"hookline/mapper/tenants"
)

// columnRole is what a column says about a webhook.
type columnRole uint8

const (
	roleURL columnRole = iota
	roleSecret
	roleOperations
	roleWorkspace
	roleFormat
	roleHeaders
	roleExpiry
	roleRekey
	rolePrevious
	rolePreviousUntil
	rolePer
	roleTimeout
	roleRate
	roleThin
	roleBatch
	roleBatchWait
	roleBefore
	roleFilter
	roleFields
	roleMask
	roleIgnore
	roleSettle
	roleSettleMax
	roleCatchUp
	roleCA
	roleClientCertificate
	roleClientKey
	columnRoles // how many there are
)

// roleNames are the columns' names, in lower case and without underscores, the likeliest first.
var roleNames = [columnRoles][]string{
	roleURL:        {"url", "targeturl", "endpointurl", "endpoint"},
	roleSecret:     {"secret", "signingsecret", "secretkey"},
	roleOperations: {"operations", "events", "eventtypes", "topics", "subscriptions", "operation"},
	roleWorkspace:  {"workspaceid"},
	roleFormat:     {"format"},
	roleHeaders:    {"headers"},
	roleRekey:      {"rekey"},
	rolePer:        {"per"},
	roleTimeout:    {"timeout"},
	roleRate:       {"rate"},
	roleThin:       {"thin"},
	roleBatch:      {"batch"},
	roleBatchWait:  {"batchwait"},
	roleBefore:     {"previous"},
	roleFilter:     {"filter"},
	roleFields:     {"fields"},
	roleMask:       {"mask"},
	roleIgnore:     {"ignore"},
	roleSettle:     {"settle"},
	roleSettleMax:  {"settlemax"},
	roleCatchUp:    {"catchup"},
	roleCA:         {"ca"},

	roleClientCertificate: {"clientcertificate"},
	roleClientKey:         {"clientkey"},

	roleExpiry: {
		"expiresat", "expires", "expireson", "expiry", "expirydate", "expirationdate", "validuntil",
	},

	rolePrevious:      {"previoussecret"},
	rolePreviousUntil: {"previoussecretuntil"},
}

// A switch is a column that can turn a webhook off.
type switchKind uint8

const (
	onWhenTrue switchKind = iota // off when it says no, or nothing
	offWhenSet                   // off when it says anything but no: a boolean, or a time
	offWhenNo                    // off only when it says so: a status may be many things
)

// switchWords are what is said of a webhook that is served, or of one that is not: enabled,
// is_enabled, enabled_at.
var switchWords = map[switchKind][]string{
	onWhenTrue: {"enabled", "active", "activated", "verified", "confirmed", "approved"},
	offWhenSet: {
		"disabled", "deactivated", "inactive", "paused", "suspended", "stopped", "muted", "blocked",
		"banned", "deleted", "trashed", "removed", "archived", "revoked", "cancelled", "canceled",
		"expired", "draft",
	},
}

var switchNames = func() map[string]switchKind {
	names := map[string]switchKind{"status": offWhenNo, "state": offWhenNo}
	for kind, words := range switchWords {
		for _, word := range words {
			names[word], names["is"+word], names[word+"at"] = kind, kind, kind
		}
	}
	return names
}()

// narrowNames are columns that may say that a webhook wants to hear of less than its operations, in
// a way that is the CRM's own.
var narrowNames = []string{
	"filter", "filters", "condition", "conditions", "criteria", "query", "rule", "rules",
	"predicate", "where", "expression", "object", "objects", "objecttype", "objectname", "objectid",
	"entity", "entities", "entitytype", "entityid", "resource", "resources", "resourcetype",
	"resourceid", "record", "recordid", "model", "models", "module", "collection", "collections",
	"table", "tablename", "tables", "scope", "scopes", "fields", "properties",
}

// saysNothing are values of such a column that narrow nothing.
var saysNothing = []string{"", "{}", "[]", "null", "*", "{*}", "all", `["*"]`, "{all}"}

// noes are the values that mean no, as Postgres prints them and as people write them.
var noes = []string{
	"f", "false", "0", "", "n", "no", "off", "disabled", "deactivated", "inactive", "paused",
	"suspended", "stopped", "deleted", "archived", "revoked", "pending", "unverified",
	"unconfirmed", "draft", "failed", "blocked", "banned", "rejected", "expired", "cancelled",
	"canceled", "closed", "terminated", "removed", "trashed",
}

// off reports whether the value turns the webhook off.
func (k switchKind) off(v cdc.Value) bool {
	no := slices.Contains(noes, strings.ToLower(v.String()))
	switch k {
	case onWhenTrue:
		return v.IsNull() || no
	case offWhenSet:
		return !v.IsNull() && !no
	default:
		return !v.IsNull() && no
	}
}

// layout says where in the tuples of a relation the columns that matter are.
type layout struct {
	names    [columnRoles]string // "" for a field that the table does not have
	columns  [columnRoles]int    // -1 likewise
	key      []int
	switches []switchColumn
	narrows  []narrowColumn
}

// narrowColumn is a column that narrows what a webhook hears of in a way that is not known.
type narrowColumn struct {
	name   string
	column int
}

type switchColumn struct {
	name   string
	kind   switchKind
	column int
}

// newLayout finds what counts in a table of that kind among the columns of rel. tenant is the name
// of the column that holds the tenant in a generic one, "" for none.
func newLayout(rel *cdc.Relation, k kind, key []string, tenant string) (*layout, error) {
	l := &layout{}
	for f := range columnRoles {
		l.columns[f] = -1
		switch {
		case f == roleWorkspace && k == generic:
			if tenant != "" {
				l.columns[f] = rel.Column(tenant)
			}
		case k.reads(f):
			l.columns[f] = find(rel.Columns, roleNames[f])
		}
		if i := l.columns[f]; i >= 0 {
			l.names[f] = rel.Columns[i].Name
		}
	}
	for i, c := range rel.Columns {
		if kind, ok := switchNames[naming.Plain(c.Name)]; ok {
			l.switches = append(l.switches, switchColumn{c.Name, kind, i})
		}
		if k == generic && c.Name != tenant && slices.Contains(narrowNames, naming.Plain(c.Name)) {
			l.narrows = append(l.narrows, narrowColumn{c.Name, i})
		}
	}
	for _, name := range key {
		i := rel.Column(name)
		if i < 0 || !rel.Columns[i].Identity {
			return nil, fmt.Errorf("column %s is no longer the key of table %s.%s", name, rel.Schema,
				rel.Name)
		}
		l.key = append(l.key, i)
	}
	return l, nil
}

// find returns the column that has the first of names that one has, or -1.
func find(columns []cdc.Column, names []string) int {
	for _, name := range names {
		if i := slices.IndexFunc(columns, func(c cdc.Column) bool {
			return naming.Plain(c.Name) == name
		}); i >= 0 {
			return i
		}
	}
	return -1
}

// plainNames are columns that nobody takes for more than they are.
var plainNames = []string{
	"name", "title", "label", "description", "notes", "createdat", "updatedat", "createdon",
	"updatedon", "createdby", "updatedby", "createdbyid", "updatedbyid", "insertedat", "modifiedat",
}

// matters reports whether a column of that name is of any use to us; id is, as what a primary key
// can be made of.
func matters(name string) bool {
	name = naming.Plain(name)
	_, isSwitch := switchNames[name]
	return isSwitch || name == "id" || slices.Contains(narrowNames, name) ||
		tenants.Stem(name) != "" ||
		tenants.MayName(name) ||
		slices.ContainsFunc(roleNames[:], func(names []string) bool {
			return slices.Contains(names, name)
		})
}

// values are what a row says, field by field. A field that the table does not have is null.
type values struct {
	fields [columnRoles]cdc.Value
	off    string // why the row is switched off, "" when it is not
	narrow string // the column that narrows it in a way that is not known, "" for none
}

// unknown are the values of a row that was never seen.
var unknown = values{
	fields: [columnRoles]cdc.Value(slices.Repeat([]cdc.Value{cdc.Unchanged()}, int(columnRoles))),
}

// values reads a tuple. What an update left unsent is taken from before.
func (l *layout) values(row cdc.Tuple, before values) values {
	var v values
	for f, column := range l.columns {
		if column >= 0 {
			v.fields[f] = row[column].Clone()
		}
		if v.fields[f].IsUnchanged() {
			v.fields[f] = before.fields[f]
		}
	}
	for _, s := range l.switches {
		if s.kind.off(row[s.column]) {
			v.off = s.name + " is set"
			if s.kind != offWhenSet {
				v.off = s.name + " is off"
			}
			break
		}
	}
	for _, n := range l.narrows {
		value := row[n.column]
		says := !value.IsNull() &&
			!slices.Contains(saysNothing, strings.ToLower(strings.ReplaceAll(value.String(), " ", "")))
		if says || value.IsUnchanged() { // one that was not sent is long
			v.narrow = n.name
			break
		}
	}
	return v
}

// id returns the primary key as text; the parts of one that has several are separated by commas.
func (l *layout) id(row cdc.Tuple) string {
	if len(l.key) == 1 {
		return row[l.key[0]].String()
	}
	parts := make([]string, len(l.key))
	for i, column := range l.key {
		parts[i] = strings.NewReplacer(`\`, `\\`, `,`, `\,`).Replace(row[column].String())
	}
	return strings.Join(parts, ",")
}
