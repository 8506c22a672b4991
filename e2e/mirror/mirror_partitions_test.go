package mirror

import (
	"fmt"
	"slices"
)

// partitionSteps are DDL of partitioned tables.
var partitionSteps = []stepKind{
	newPart, newPart, splitDefault, splitDefault, mergePart, preparePart, attachTable, attachTable,
	reattachAtOnce, dropPart, truncatePart, attachFilled, detachPart, detachPart, renameRoot,
	dropKey, addKey, truncateTable,
}

// partitionKey is the primary key of partitioned tables: it has to have the columns that they are
// partitioned by.
const partitionKey = "id, p, q"

const (
	ps = 5 // values of p
	qs = 3 // values of q
)

// part is a partition: of the rows whose p, or q one level below, is value, or of all that have no
// other. It may be partitioned itself.
type part struct {
	name  string
	value int
	other bool // DEFAULT
	parts []*part
	full  bool // its updates tell changed fields
	fresh bool // it is new since the last look
}

func (p *part) bound() string {
	if p.other {
		return "DEFAULT"
	}
	return fmt.Sprintf("FOR VALUES IN (%d)", p.value)
}

func (p *part) leaves() []*part {
	if p.parts == nil {
		return []*part{p}
	}
	var leaves []*part
	for _, sub := range p.parts {
		leaves = append(leaves, sub.leaves()...)
	}
	return leaves
}

// leaves returns the partitions that hold rows; none of a table that is not partitioned.
func (t *table) leaves() (leaves []*part) {
	for _, p := range t.parts {
		leaves = append(leaves, p.leaves()...)
	}
	return leaves
}

// deep tells whether a partition is partitioned itself.
func (t *table) deep() bool {
	return slices.ContainsFunc(t.parts, func(p *part) bool { return p.parts != nil })
}

// find returns the one of the partitions that takes the value, nil for none.
func find(parts []*part, value int) (found *part) {
	for _, p := range parts {
		if !p.other && p.value == value {
			return p
		}
		if p.other {
			found = p
		}
	}
	return found
}

// leafOf returns the partition that takes a row, nil for none.
func (t *table) leafOf(p, q int) *part {
	found := find(t.parts, p)
	if found != nil && found.parts != nil {
		found = find(found.parts, q)
	}
	return found
}

// rowsOf returns the ids of the rows of a partition, leaf or not.
func (t *table) rowsOf(of *part) (ids []string) {
	for _, id := range sortedIDs(t.rows) {
		if r := t.rows[id]; slices.Contains(of.leaves(), t.leafOf(r.p, r.q)) {
			ids = append(ids, id)
		}
	}
	return ids
}

// values returns values of p and q for a row.
func (s *schedule) values(t *table) (p, q int) {
	p, q = s.random.IntN(ps), s.random.IntN(qs)
	if t.place != nil {
		p = t.place.p
		if t.place.q >= 0 {
			q = t.place.q
		}
	}
	return p, q
}

// newPartitioned makes a partitioned table with a default partition, and some more.
func (s *schedule) newPartitioned(old bool) {
	t := s.newTable(old)
	t.key, t.seen = partitionKey, true
	for _, name := range []string{"p", "q"} {
		t.columns = append(t.columns, &column{name: name, kind: "int", local: true})
	}
	t.parts = []*part{{name: s.name(), other: true, fresh: true}}
	sql := []string{
		fmt.Sprintf("CREATE TABLE %s (%s) PARTITION BY LIST (p)", t, t.definition()),
		fmt.Sprintf("CREATE TABLE %s.%s PARTITION OF %s DEFAULT", t.schema, t.parts[0].name, t),
	}
	for value := range 1 + s.random.IntN(3) {
		sql = append(sql, s.makePart(t, value)...)
	}
	if s.chance(2) {
		sql = append(sql, s.insert(t, t.String(), s.newRows(t, 4)))
	}
	s.ddl(nil, sql...)
	s.add(t)
}

// makePart returns what makes the partition for a value of p. One of three is partitioned itself.
func (s *schedule) makePart(t *table, value int) (sql []string) {
	p := &part{name: s.name(), value: value, fresh: true}
	create := fmt.Sprintf("CREATE TABLE %s.%s PARTITION OF %s %s", t.schema, p.name, t, p.bound())
	if s.chance(3) {
		create += " PARTITION BY LIST (q)"
		p.parts = []*part{
			{name: s.name(), other: true, fresh: true},
			{name: s.name(), value: s.random.IntN(qs), fresh: true},
		}
	}
	sql = append(sql, create)
	for _, sub := range p.parts {
		sql = append(sql, fmt.Sprintf("CREATE TABLE %s.%s PARTITION OF %[1]s.%[3]s %s", t.schema,
			sub.name, p.name, sub.bound()))
	}
	t.parts = append(t.parts, p)
	return sql
}

// other returns the default partition.
func (t *table) other() *part { return find(t.parts, -1) }

// free returns the values of p that the default partition takes; filled says whether it must have
// rows of them, or must not.
func (t *table) free(filled bool) (values []int) {
	for value := range ps {
		has := slices.ContainsFunc(sortedIDs(t.rows), func(id string) bool {
			return t.rows[id].p == value
		})
		if find(t.parts, value) == t.other() && has == filled {
			values = append(values, value)
		}
	}
	return values
}

func newPart(s *schedule, t *table) bool {
	values := t.free(false)
	if len(values) == 0 || t.key == "" { // until Hookline has looked, nothing could be updated in it
		return false
	}
	s.ddl(nil, s.makePart(t, choose(s.random, values))...)
	return true
}

// splitDefault moves rows from the default partition into one of their own, as tools do: into a
// table that is attached then, or by way of a temporary table. Nothing is announced.
func splitDefault(s *schedule, t *table) bool {
	values := t.free(true)
	if len(values) == 0 || t.frozen || t.key == "" {
		return false
	}
	value, columns, from := choose(s.random, values), t.insertable(), t.schema+"."+t.other().name
	p := &part{name: s.name(), value: value, fresh: true}
	to := t.schema + "." + p.name
	t.parts = append(t.parts, p)
	if s.chance(2) {
		// Hookline asks the database which rows have only moved, and may do so when more has become of
		// them
		t.frozen = true
		s.ddl(nil, s.inSavepoints([]string{
			fmt.Sprintf("CREATE TABLE %s (LIKE %s INCLUDING ALL)", to, t),
			fmt.Sprintf("WITH moved AS (DELETE FROM %s WHERE p = %d RETURNING %s) "+
				"INSERT INTO %s (%[3]s) SELECT * FROM moved", from, value, columns, to),
			fmt.Sprintf("ALTER TABLE %s ATTACH PARTITION %s %s", t, to, p.bound()),
		})...)
		if !t.other().full {
			s.guess(t)
		}
		return true
	}
	s.ddl(nil,
		fmt.Sprintf("CREATE TEMP TABLE staged ON COMMIT DROP AS SELECT %s FROM %s WHERE p = %d", columns,
			from, value),
		fmt.Sprintf("DELETE FROM %s WHERE p = %d", from, value),
		fmt.Sprintf("CREATE TABLE %s PARTITION OF %s %s", to, t, p.bound()),
		fmt.Sprintf("INSERT INTO %s (%s) SELECT %[2]s FROM staged", t, columns))
	if !t.other().full {
		s.guess(t)
	}
	return true
}

// inSavepoints puts each of the statements into a savepoint of its own, one time of two.
func (s *schedule) inSavepoints(sql []string) (list []string) {
	if s.chance(2) {
		return sql
	}
	for i, statement := range sql {
		list = append(list, fmt.Sprintf("SAVEPOINT s%d", i), statement)
	}
	return list
}

// mergePart moves the rows of a partition into the default one. Nothing is announced.
func mergePart(s *schedule, t *table) bool {
	p := s.valued(t.parts)
	if p == nil || t.frozen || p.parts != nil {
		return false
	}
	columns, from := t.insertable(), t.schema+"."+p.name
	t.parts = slices.DeleteFunc(t.parts, func(other *part) bool { return other == p })
	s.ddl(nil,
		fmt.Sprintf("CREATE TEMP TABLE staged ON COMMIT DROP AS SELECT %s FROM %s", columns, from),
		"DELETE FROM "+from,
		"DROP TABLE "+from,
		fmt.Sprintf("INSERT INTO %s (%s) SELECT %[2]s FROM staged", t, columns))
	if !p.full {
		s.guess(t)
	}
	return true
}

// valued returns one of the partitions that is not the default one, nil where there is none.
func (s *schedule) valued(parts []*part) *part {
	parts = slices.DeleteFunc(slices.Clone(parts), func(p *part) bool { return p.other })
	if len(parts) == 0 {
		return nil
	}
	return choose(s.random, parts)
}

// attachFilled attaches a table with rows that is made in the same transaction. They are announced
// once.
func attachFilled(s *schedule, t *table) bool {
	values := t.free(false)
	if len(values) == 0 || t.frozen || t.loose || !t.settled {
		return false
	}
	p := &part{name: s.name(), value: choose(s.random, values), fresh: true}
	to := t.schema + "." + p.name
	rows := s.newRows(t, 3)
	for _, r := range rows {
		r.p = p.value
	}
	sql := []string{
		fmt.Sprintf("CREATE TABLE %s (LIKE %s INCLUDING ALL)", to, t),
		s.insert(t, to, rows),
		fmt.Sprintf("ALTER TABLE %s ATTACH PARTITION %s %s", t, to, p.bound()),
	}
	t.parts = append(t.parts, p)
	t.settled, t.frozen = false, true
	for _, id := range sortedIDs(rows) {
		t.tells = append(t.tells, due{object: t.name, id: id, action: "created"})
	}
	s.ddl(nil, s.inSavepoints(sql)...)
	return true
}

// preparePart makes a table of its own that fits into a partitioned one, for attachTable.
func preparePart(s *schedule, t *table) bool {
	values := t.free(false)
	if len(values) == 0 || t.key == "" || t.virtual() || t.loose {
		return false
	}
	n := s.copyOf(t)
	n.place = &place{p: choose(s.random, values), q: -1}
	n.seen = true
	sql := []string{n.likeSQL(t)}
	if s.chance(2) {
		sql = append(sql, s.insert(n, n.String(), s.newRows(n, 3)))
	}
	s.ddl(nil, sql...)
	s.add(n)
	return true
}

// place is where a table fits into a partitioned one; q is -1 for a partition of the first level.
type place struct{ p, q int }

// attachTable attaches a table that was there, as it was detached before or prepared. Hookline may
// have told of it under its own name, so its rows may be announced or not.
func attachTable(s *schedule, t *table) bool {
	if t.loose || t.frozen || t.key == "" || t.virtual() {
		return false
	}
	for _, n := range s.tables {
		if n.place == nil || n.frozen || n.schema != t.schema || n.key != t.key || n.unlogged ||
			!slices.EqualFunc(t.columns, n.columns, sameColumn) {
			continue
		}
		into := find(t.parts, n.place.p)
		if n.place.q < 0 && !slices.Contains(t.free(false), n.place.p) || n.place.q >= 0 &&
			!into.takes(t, n.place.q) {
			continue
		}
		p := &part{name: n.name, value: n.place.p, fresh: true}
		root := t.String()
		if n.place.q >= 0 {
			p.value, root = n.place.q, t.schema+"."+into.name
			into.parts = append(into.parts, p)
		} else {
			t.parts = append(t.parts, p)
		}
		versions := map[string]int{}
		for id, r := range n.rows {
			t.rows[id], versions[id] = r, r.version
		}
		for i, c := range n.columns {
			t.columns[i].since = max(t.columns[i].since, c.since)
		}
		t.settled, t.frozen = false, true
		name, own := t.name, n.name
		t.later = append(t.later, func(m *mirror) {
			for id, version := range versions {
				m.set(name, id, record{version: version})
			}
			m.loose[name] = false
			m.drop(own)
		})
		s.remove(n)
		s.ddl(func(m *mirror) { m.loose[name], m.loose[own] = true, true },
			fmt.Sprintf("ALTER TABLE %s ATTACH PARTITION %s %s", root, n, p.bound()))
		return true
	}
	return false
}

// takes tells whether a partition can have another one below it for a value of q.
func (p *part) takes(t *table, q int) bool {
	if p == nil || p.parts == nil || find(p.parts, q) == nil || !find(p.parts, q).other {
		return false
	}
	return !slices.ContainsFunc(t.rowsOf(p), func(id string) bool { return t.rows[id].q == q })
}

// detachPart detaches a partition, which is a table of its own from then on.
func detachPart(s *schedule, t *table) bool {
	p := s.valued(t.parts)
	if p == nil {
		return false
	}
	n := s.copyOf(t)
	root, siblings := t.String(), &t.parts
	n.place = &place{p: p.value, q: -1}
	if p.parts != nil {
		root, siblings = t.schema+"."+p.name, &p.parts
		sub := s.valued(p.parts)
		if sub == nil {
			return false
		}
		n.place.q = sub.value
		p = sub
	}
	if p.fresh || t.frozen || t.virtual() {
		return false
	}
	n.name, n.loose, n.seen = p.name, true, true
	ids := t.rowsOf(p)
	versions := map[string]int{}
	for _, id := range ids {
		n.rows[id], versions[id] = t.rows[id], t.rows[id].version
		delete(t.rows, id)
	}
	*siblings = slices.DeleteFunc(*siblings, func(other *part) bool { return other == p })
	from, to := t.name, n.name
	s.ddl(func(m *mirror) {
		m.forget(from, ids...)
		for id, version := range versions {
			m.set(to, id, record{version: version})
		}
		m.quiet[to] = true
	}, fmt.Sprintf("ALTER TABLE %s DETACH PARTITION %s", root, n))
	s.add(n)
	return true
}

// reattachAtOnce detaches a partition and attaches it again in one transaction.
func reattachAtOnce(s *schedule, t *table) bool {
	p := s.valued(t.parts)
	if p == nil || p.fresh { // of one that is new nobody could tell which rows it had been told of
		return false
	}
	name := t.schema + "." + p.name
	s.ddl(nil, fmt.Sprintf("ALTER TABLE %s DETACH PARTITION %s", t, name),
		fmt.Sprintf("ALTER TABLE %s ATTACH PARTITION %s %s", t, name, p.bound()))
	return true
}

// renameRoot renames a partitioned table. Its partitions keep their names. The stream does not tell
// before Hookline has looked: until then its records may go by either name.
func renameRoot(s *schedule, t *table) bool {
	from := t.name
	if !renameTable(s, t) {
		return false
	}
	to := t.name
	rename := s.acts[len(s.acts)-1].tell
	s.acts[len(s.acts)-1].tell = func(m *mirror) {
		rename(m)
		m.alias[from] = to
	}
	t.later = append(t.later, func(m *mirror) { delete(m.alias, from) })
	return true
}

func dropPart(s *schedule, t *table) bool {
	p := s.valued(t.parts)
	if p == nil || t.frozen {
		return false
	}
	ids, name := t.rowsOf(p), t.name
	for _, id := range ids {
		delete(t.rows, id)
	}
	t.parts = slices.DeleteFunc(t.parts, func(other *part) bool { return other == p })
	s.ddl(func(m *mirror) { m.forget(name, ids...) }, "DROP TABLE "+t.schema+"."+p.name)
	if !t.deep() {
		s.blur(t)
	}
	return true
}

func truncatePart(s *schedule, t *table) bool {
	if t.frozen {
		return false
	}
	p := choose(s.random, t.parts)
	ids, name := t.rowsOf(p), t.name
	for _, id := range ids {
		delete(t.rows, id)
	}
	s.ddl(func(m *mirror) { m.forget(name, ids...) }, "TRUNCATE "+t.schema+"."+p.name)
	return true
}
