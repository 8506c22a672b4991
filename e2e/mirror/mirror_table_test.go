package mirror

import (
	"fmt"
	"slices"
	"strings"

	"hookline/e2e"
)

// table is a table as the schedule knows it. A partitioned one has its partitions in parts and all
// their rows.
type table struct {
	schema, name string
	names        []string // that it had before
	columns      []*column
	rows         map[string]*row // by id
	key          string          // columns of the primary key; "" for none
	deferrable   bool
	unlogged     bool
	watched      bool // lies in the schema that is watched
	parts        []*part
	place        *place // where it fits into a partitioned table; nil for nowhere
	parent       *table // that it inherits from
	children     []*table
	foreign      []string // foreign tables that inherit from it

	settled bool // every event is known in advance
	full    bool // events tell changed fields
	give    bool // its rows are not announced when it is published: the schedule tells of them
	seen    bool // Hookline may have published it at some time
	loose   bool // whether it is published is open
	frozen  bool // nothing is written to it before the next look
	kept    bool // no row of it is deleted before the next look
	young   bool // it was made since the last look
	// its rows when it was swapped in, after which it is written to although it is frozen
	swapped []string
	tells   []due     // what must have come by the next look
	later   []telling // what the mirror is told at the next look
}

// telling is what no event tells.
type telling = func(*mirror)

// column is one that is compared.
type column struct {
	name, kind string
	since      int    // version from which on rows have it as it is
	generated  string // STORED or VIRTUAL; "" for none
	local      bool   // not inherited
}

// row is a row as the schedule knows it.
type row struct {
	version int
	p, q    int // where it lies in a partitioned table
}

func (t *table) String() string { return t.schema + "." + t.name }

// still tells whether none of its rows is to be written.
func (t *table) still() bool { return t.frozen && t.swapped == nil }

func (t *table) partitioned() bool { return t.parts != nil }

// virtual tells whether it has columns that keep it from being under REPLICA IDENTITY FULL.
func (t *table) virtual() bool {
	return slices.ContainsFunc(t.columns, func(c *column) bool { return c.generated == "VIRTUAL" })
}

// publishable tells whether it can be published, and is to be.
func (t *table) publishable() bool { return t.watched && t.key != "" && !t.unlogged && !t.loose }

// unsettle takes note of DDL after which Hookline must look anew. What is told of the table until
// then is open; then the schedule tells what rows it has, unless they were never told of.
func (t *table) unsettle() telling {
	t.settled = false
	if t.seen || t.publishable() {
		t.seen, t.give = true, true
	}
	name := t.name
	return func(m *mirror) { m.loose[name] = true }
}

// lookedAt adds what the next look has to bring to l.
func (t *table) lookedAt(l *look) (tells []telling) {
	name := t.name
	switch {
	case t.loose:
	case !t.publishable():
		l.tables = append(l.tables, wanted{table: t.String()})
		tells = append(tells, func(m *mirror) { m.drop(name); m.loose[name] = false })
	default:
		identity := "f"
		if t.virtual() {
			identity = "d"
		}
		l.tables = append(l.tables, wanted{table: t.String(), published: true, identity: identity})
		for _, leaf := range t.leaves() {
			l.tables = append(l.tables, wanted{table: t.schema + "." + leaf.name, identity: identity})
		}
		if t.give {
			versions := map[string]int{}
			for id, r := range t.rows {
				versions[id] = r.version
			}
			tells = append(tells, func(m *mirror) {
				m.drop(name)
				for id, version := range versions {
					m.set(name, id, record{version: version})
				}
				m.loose[name] = false
			})
		}
	}
	l.events = append(l.events, t.tells...)
	return append(tells, t.later...)
}

// settle takes note of a look.
func (t *table) settle() {
	t.frozen, t.kept, t.young, t.swapped, t.tells, t.later = false, false, false, nil, nil, nil
	if t.settled = t.publishable(); t.settled {
		t.give, t.seen, t.full = false, true, !t.virtual()
		for _, leaf := range t.leaves() {
			leaf.full, leaf.fresh = t.full, false
		}
	}
}

// newTable returns an empty table, which is yet to be made.
func (s *schedule) newTable(old bool) *table {
	t := &table{
		schema: s.schema(), name: s.name(), rows: map[string]*row{}, key: "id", watched: true, give: old,
		young: true,
		columns: []*column{
			{name: "id", kind: "text", local: true},
			{name: "v", kind: "int", local: true},
		},
	}
	for range s.random.IntN(3) {
		t.columns = append(t.columns, s.newColumn())
	}
	return t
}

// newColumn returns a column, which is yet to be added.
func (s *schedule) newColumn() *column {
	s.last++
	return &column{
		name: fmt.Sprintf("c%d", s.last),
		kind: choose(s.random, []string{"text", "int", "numeric", "boolean"}), local: true,
		since: s.version(),
	}
}

// add takes note of a table that is made.
func (s *schedule) add(t *table) { s.tables = append(s.tables, t) }

// remove takes note of a table that is gone.
func (s *schedule) remove(t *table) {
	s.tables = slices.DeleteFunc(s.tables, func(other *table) bool { return t == other })
}

// definition is what stands between the parentheses of CREATE TABLE.
func (t *table) definition() string {
	var list []string
	for _, c := range t.columns {
		if c.local {
			list = append(list, c.name+" "+c.kind)
		}
	}
	if t.key != "" {
		list = append(list, "PRIMARY KEY ("+t.key+")")
	}
	return strings.Join(list, ", ")
}

// value returns a value of the column as SQL.
func (s *schedule) value(c *column) string {
	n := s.random.IntN(1000)
	switch {
	case s.chance(6):
		return "NULL"
	// so long that an update which leaves it alone does not bring it
	case c.kind == "text" && s.chance(8):
		return fmt.Sprintf(
			"(SELECT string_agg(md5(i::text), '') FROM generate_series(%d, %[1]d + 120) i)", n)
	case c.kind == "text":
		return fmt.Sprintf("'%s %d'", e2e.Confidential, n)
	case c.kind == "boolean":
		return []string{"true", "false"}[n%2]
	}
	return fmt.Sprint(n)
}

// own returns the columns that are free to be written.
func (t *table) own() (columns []*column) {
	for _, c := range t.columns {
		if c.name != "id" && c.name != "v" && c.name != "p" && c.name != "q" && c.generated == "" {
			columns = append(columns, c)
		}
	}
	return columns
}

// insertable returns the names of the columns that INSERT may name.
func (t *table) insertable() string {
	var names []string
	for _, c := range t.columns {
		if c.generated == "" {
			names = append(names, c.name)
		}
	}
	return strings.Join(names, ", ")
}

// insert returns the statement that adds rows, which are from then on there.
func (s *schedule) insert(t *table, into string, rows map[string]*row) string {
	var values []string
	for _, id := range sortedIDs(rows) {
		r := rows[id]
		var list []string
		for _, c := range t.columns {
			switch {
			case c.generated != "":
			case c.name == "id":
				list = append(list, "'"+id+"'")
			case c.name == "v":
				list = append(list, fmt.Sprint(r.version))
			case c.name == "p":
				list = append(list, fmt.Sprint(r.p))
			case c.name == "q":
				list = append(list, fmt.Sprint(r.q))
			case strings.Contains(t.key, c.name):
				list = append(list, fmt.Sprintf("'%s'", id)) // never null
			default:
				list = append(list, s.value(c))
			}
		}
		values = append(values, "("+strings.Join(list, ", ")+")")
		t.rows[id] = r
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", into, t.insertable(),
		strings.Join(values, ", "))
}

// newRows returns up to n rows that fit into the table.
func (s *schedule) newRows(t *table, n int) map[string]*row {
	rows := map[string]*row{}
	for range 1 + s.random.IntN(n) {
		r := &row{version: s.version()}
		r.p, r.q = s.values(t)
		rows[s.id()] = r
	}
	return rows
}

// inIDs is a condition that holds for the ids.
func inIDs(ids []string) string { return "id IN ('" + strings.Join(ids, "', '") + "')" }
