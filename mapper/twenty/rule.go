package twenty

import "hookline/cdc"

// rule says which records of an object may be told: all, none, or those that belong to a record
// that may be told itself.
type rule struct {
	kind    ruleKind
	loose   bool   // what belongs to nothing may be told
	self    lookup // of a loose one: where its own records are found
	columns []upward
	rows    []downward

	places []int // of columns among what a watch keeps of the object's table; nil when it has none
}

type ruleKind uint8

const (
	ruleHidden ruleKind = iota
	ruleTold
	ruleInherited
)

// upward leads from a record to the one that a column of it names.
type upward struct {
	column string
	of     *rule
	by     lookup // where the other record is found; zero when its rule needs no look
}

// downward leads from a record to the rows that name it.
type downward struct {
	of *rule
	by lookup
}

// never reports whether no record of the object can be told: nothing that it may belong to can be.
func (r *rule) never() bool { return !r.ever(map[*rule]bool{}) }

func (r *rule) ever(seen map[*rule]bool) bool {
	switch {
	case r.kind == ruleTold || r.kind == ruleInherited && r.loose:
		return true
	case r.kind == ruleHidden || seen[r]:
		return false
	}
	seen[r] = true
	for _, up := range r.columns {
		if up.of.ever(seen) {
			return true
		}
	}
	for _, down := range r.rows {
		if down.of.ever(seen) {
			return true
		}
	}
	return false
}

// watch is what is kept of the rows of a table that decide who may read others.
type watch struct {
	schema, table string
	columns       []string // id and deletedAt are the first
	lookups       []int    // those by which rows are found
}

const (
	linkID      = 0 // places in watch.columns
	linkDeleted = 1
)

// lookup is a column of a table by which rows are found, as a place in watch.columns.
type lookup struct {
	*watch
	at int
}

func newWatch(schema, table string) *watch {
	return &watch{schema: schema, table: table, columns: []string{"id", "deletedAt"}}
}

// keep has the values of a column kept, and returns its place.
func (w *watch) keep(column string) int {
	for i, c := range w.columns {
		if c == column {
			return i
		}
	}
	w.columns = append(w.columns, column)
	return len(w.columns) - 1
}

// find has rows found by a column.
func (w *watch) find(column string) lookup {
	at := w.keep(column)
	for _, other := range w.lookups {
		if other == at {
			return lookup{w, at}
		}
	}
	w.lookups = append(w.lookups, at)
	return lookup{w, at}
}

// relationRule is the rule of the rows of a relation, where not all of them may be told.
type relationRule struct {
	*rule
	id, deleted int   // columns of the relation; deleted may be -1
	columns     []int // of each of rule.columns; -1 where it is missing
}

func newRelationRule(r *rule, rel *cdc.Relation) *relationRule {
	g := &relationRule{rule: r, id: rel.Column("id"), deleted: rel.Column("deletedAt")}
	for _, up := range r.columns {
		g.columns = append(g.columns, rel.Column(up.column))
	}
	return g
}

// asks calls f with each lookup that the rule begins with for a row.
func (g *relationRule) asks(row cdc.Tuple, f func(linkKey)) {
	for _, down := range g.rows {
		f(linkKey{down.by, row[g.id].String()})
	}
	for i, up := range g.rule.columns {
		if c := g.columns[i]; up.by.watch != nil && c >= 0 && len(row[c].Bytes()) > 0 {
			f(linkKey{up.by, row[c].String()})
		}
	}
}
