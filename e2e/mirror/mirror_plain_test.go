package mirror

import (
	"fmt"
	"slices"
	"strings"
)

// tableSteps are DDL of tables that are neither partitioned nor in a family.
var tableSteps = []stepKind{
	truncateTable, dropTable, renameTable, moveSchema, dropKey, addKey, changeKey, setUnlogged,
	setLogged,
	rebuild, rebuild, rebuildSlowly, finishRebuild, finishRebuild,
}

// columnSteps are DDL of columns of any table.
var columnSteps = []stepKind{
	addColumn, addColumn, dropColumn, renameColumn, retypeColumn,
	addGenerated, dropGenerated,
}

// newPlain makes a table, perhaps with rows, perhaps without a key.
func (s *schedule) newPlain(old bool) {
	t := s.newTable(old)
	if s.chance(5) {
		t.key = ""
	}
	if s.chance(8) {
		t.unlogged = true
	}
	t.seen = t.publishable()
	kind := "TABLE"
	if t.unlogged {
		kind = "UNLOGGED TABLE"
	}
	sql := []string{fmt.Sprintf("CREATE %s %s (%s)", kind, t, t.definition())}
	if s.chance(2) {
		sql = append(sql, s.insert(t, t.String(), s.newRows(t, 4)))
	}
	s.ddl(nil, sql...)
	s.add(t)
}

func truncateTable(s *schedule, t *table) bool {
	if t.frozen || t.kept || t.parent != nil || len(t.children)+len(t.foreign) > 0 {
		return false
	}
	name := t.name
	s.ddl(func(m *mirror) { m.drop(name) }, "TRUNCATE "+t.String())
	clear(t.rows)
	return true
}

func dropTable(s *schedule, t *table) bool {
	if t.frozen || t.kept || len(t.children)+len(t.foreign) > 0 || len(s.tables) < 2 || !s.chance(3) {
		return false
	}
	s.leave(t)
	name := t.name
	s.remove(t)
	s.ddl(func(m *mirror) { m.drop(name) }, "DROP TABLE "+t.String())
	s.blur(t)
	return true
}

// leave takes the table out of its family.
func (s *schedule) leave(t *table) {
	if t.parent != nil {
		t.parent.children = slices.DeleteFunc(t.parent.children, func(c *table) bool { return c == t })
		t.parent = nil
	}
}

func renameTable(s *schedule, t *table) bool {
	if t.loose || t.frozen || len(t.later) > 0 || len(t.tells) > 0 {
		return false
	}
	was := t.String()
	from, to := t.name, s.name()
	sql := fmt.Sprintf("ALTER TABLE %s RENAME TO %s", was, to)
	s.ddl(func(m *mirror) { m.rename(from, to) }, sql)
	t.name, t.names = to, append(t.names, from)
	return true
}

// moveSchema moves the table out of the schema that is watched, or back into it.
func moveSchema(s *schedule, t *table) bool {
	// which would look like a chunk
	if t.loose || t.frozen || t.partitioned() || t.parent != nil && t.young {
		return false
	}
	tell, was := t.unsettle(), t.String()
	t.schema = s.elsewhere()
	if t.watched = !t.watched; t.watched {
		t.schema = s.schema()
	}
	t.seen = t.seen || t.publishable()
	s.ddl(tell, fmt.Sprintf("ALTER TABLE %s SET SCHEMA %s", was, t.schema))
	return true
}

func dropKey(s *schedule, t *table) bool {
	// In a partition that is new nothing could be updated until Hookline has looked.
	fresh := slices.ContainsFunc(t.leaves(), func(p *part) bool { return p.fresh })
	if t.key == "" || t.loose || t.frozen || t.virtual() || fresh {
		return false
	}
	tell := t.unsettle()
	s.blur(t)
	s.ddl(tell, t.dropKeySQL())
	t.key, t.deferrable = "", false
	return true
}

// dropKeySQL drops the constraint that is there, whatever its name.
func (t *table) dropKeySQL() string {
	return fmt.Sprintf(
		"DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE %s DROP CONSTRAINT %%I', conname) FROM "+
			"pg_constraint "+
			"WHERE conrelid = '%s'::regclass AND contype = 'p'); END $$", t, t)
}

func addKey(s *schedule, t *table) bool {
	if t.key != "" || t.loose || t.frozen {
		return false
	}
	tell := t.unsettle()
	t.key = "id"
	if t.partitioned() {
		t.key = partitionKey
	}
	t.seen = t.seen || t.publishable()
	s.ddl(tell, fmt.Sprintf("ALTER TABLE %s ADD PRIMARY KEY (%s)", t, t.key))
	return true
}

// versionedKey is a key that changes with every update.
const versionedKey = "id, v"

// changeKey gives the table another key in one transaction.
func changeKey(s *schedule, t *table) bool {
	if t.key == "" || t.loose || t.frozen || t.virtual() {
		return false
	}
	t.key, t.deferrable = "id", s.chance(3)
	if s.chance(2) {
		t.key = versionedKey
	}
	sql := fmt.Sprintf("ALTER TABLE %s ADD PRIMARY KEY (%s)", t, t.key)
	if t.deferrable {
		sql += " DEFERRABLE"
	}
	s.ddl(nil, t.dropKeySQL(), sql)
	s.blur(t)
	return true
}

// setUnlogged takes the table out of the publication first, as README says.
func setUnlogged(s *schedule, t *table) bool {
	if t.unlogged || t.loose || t.frozen {
		return false
	}
	tell := t.unsettle()
	t.unlogged = true
	s.ddl(tell,
		fmt.Sprintf(
			"DO $$ BEGIN IF EXISTS (SELECT FROM pg_publication_rel WHERE prrelid = '%[1]s'::regclass) THEN "+
				"EXECUTE format('ALTER PUBLICATION %%I DROP TABLE ONLY %[1]s', (SELECT pubname FROM "+
				"pg_publication LIMIT 1)); END IF; END $$", t),
		fmt.Sprintf("ALTER TABLE %s SET UNLOGGED", t))
	return true
}

func setLogged(s *schedule, t *table) bool {
	if !t.unlogged || t.loose || t.frozen {
		return false
	}
	tell := t.unsettle()
	t.unlogged = false
	t.seen = t.seen || t.publishable()
	s.ddl(tell, fmt.Sprintf("ALTER TABLE %s SET LOGGED", t))
	return true
}

// rebuild replaces the table by a copy of it, as migration tools do, in one transaction or in two.
func rebuild(s *schedule, t *table) bool {
	if !t.settled || t.virtual() {
		return false
	}
	n := s.copyOf(t)
	s.swap(t, n, []string{n.likeSQL(t), n.copySQL(t)})
	return true
}

// copyOf returns a table that is yet to be made like t.
func (s *schedule) copyOf(t *table) *table {
	n := &table{
		schema: t.schema, name: s.name(), rows: map[string]*row{},
		key: t.key, deferrable: t.deferrable, watched: true,
	}
	for _, c := range t.columns {
		copied := *c
		n.columns = append(n.columns, &copied)
	}
	return n
}

func (t *table) likeSQL(of *table) string {
	return fmt.Sprintf("CREATE TABLE %s (LIKE %s INCLUDING ALL)", t, of)
}

func (t *table) copySQL(from *table) string {
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %[2]s FROM %s", t, from.insertable(), from)
}

// swap puts n, which has the same rows, in the place of t. The statements before belong to the same
// transaction, or go before it.
func (s *schedule) swap(t, n *table, before []string) {
	old := s.name()
	name, staged := t.name, n.name
	renames := []string{
		fmt.Sprintf("ALTER TABLE %s RENAME TO %s", t, old),
		fmt.Sprintf("ALTER TABLE %s RENAME TO %s", n, name),
	}
	tell := func(m *mirror) {
		for id, r := range m.objects[name] {
			m.set(old, id, record{version: r.version})
		}
		m.quiet[old] = true
		m.drop(staged)
		m.loose[staged] = true // what it was told of under its own name comes to an end here
	}
	n.rows = map[string]*row{}
	for id, r := range t.rows {
		copied := *r
		n.rows[id] = &copied
	}
	// What is written to the new table until Hookline has looked, is told by comparing the two.
	n.frozen = !n.settled
	// What is deleted from the old table after the swap looks as if it had been new in the new one at
	// the swap, and a column that it has no longer is not compared; and once it was rewritten or
	// truncated, all of its rows look new, or are gone.
	t.settled, t.loose, t.kept = false, true, true
	n.place, t.place = t.place, nil
	drop := s.chance(4)
	t.frozen = t.key == versionedKey // whose rows are others with every update
	if n.frozen && !drop && !t.frozen {
		n.swapped = append([]string{}, sortedIDs(n.rows)...)
	}
	switch {
	case drop:
		s.ddl(tell, append(append(before, renames...), fmt.Sprintf("DROP TABLE %s.%s", t.schema, old))...)
		s.remove(t)
	case s.chance(2):
		s.ddl(tell, append(before, renames...)...)
	default:
		if len(before) > 0 {
			s.ddl(nil, before...)
		}
		s.ddl(nil, renames[0])
		s.ddl(tell, renames[1])
	}
	t.name, n.name = old, name
	if !slices.Contains(s.tables, n) {
		s.add(n)
	}
}

// rebuildSlowly makes the table that will replace t, which is a table like any other until then.
func rebuildSlowly(s *schedule, t *table) bool {
	if !t.settled || t.virtual() || len(s.tables) > 6 {
		return false
	}
	n := s.copyOf(t)
	n.seen = true
	s.ddl(nil, n.likeSQL(t))
	s.add(n)
	return true
}

// finishRebuild copies the rows of another table with the same columns, and puts this one in its
// place.
func finishRebuild(s *schedule, n *table) bool {
	if !n.settled || len(n.rows) > 0 || n.virtual() || n.unlogged {
		return false
	}
	for _, t := range s.tables {
		if t != n && t.settled && !t.partitioned() && t.parent == nil &&
			len(t.children)+len(t.foreign) == 0 && t.schema == n.schema &&
			t.insertable() == n.insertable() && t.key == n.key &&
			slices.EqualFunc(t.columns, n.columns, sameColumn) {
			a := act{sql: []string{n.copySQL(t)}}
			for _, id := range sortedIDs(t.rows) {
				a.due = append(a.due, due{object: n.name, id: id, action: "created"})
			}
			s.do(a)
			s.swap(t, n, nil)
			return true
		}
	}
	return false
}

func sameColumn(a, b *column) bool {
	return a.name == b.name && a.kind == b.kind && a.generated == b.generated
}

func addColumn(s *schedule, t *table) bool {
	if t.parent != nil || t.frozen {
		return false
	}
	c := s.newColumn()
	sql := fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s", t.only(), c.name, c.kind)
	if value := s.value(c); !strings.Contains(value, "SELECT") && s.chance(2) {
		sql += " DEFAULT " + value
	}
	if len(t.foreign) > 0 {
		return false
	}
	s.ddl(nil, sql)
	t.columns = append(t.columns, c)
	for _, child := range t.children {
		inherited := *c
		inherited.local = false
		child.columns = append(child.columns, &inherited)
	}
	return true
}

// family returns the table and those that inherit from it.
func (t *table) family() []*table { return slices.Concat([]*table{t}, t.children) }

// changeable returns the columns that DDL may change.
func (t *table) changeable() (columns []*column) {
	for _, c := range t.own() {
		used := slices.ContainsFunc(t.columns, func(g *column) bool {
			return g.generated != "" && strings.HasSuffix(g.name, c.name)
		})
		if c.local && !used {
			columns = append(columns, c)
		}
	}
	return columns
}

// inherited returns the columns of children that are those of the column c.
func (t *table) inherited(c *column) (columns []*column) {
	for _, child := range t.children {
		for _, other := range child.columns {
			if other.name == c.name {
				columns = append(columns, other)
			}
		}
	}
	return columns
}

func dropColumn(s *schedule, t *table) bool {
	candidates := t.changeable()
	if len(candidates) == 0 || t.frozen || t.kept || len(t.foreign) > 0 {
		return false
	}
	c := choose(s.random, candidates)
	s.ddl(nil, fmt.Sprintf("ALTER TABLE %s DROP COLUMN %s", t, c.name))
	for _, of := range t.family() {
		of.columns = slices.DeleteFunc(of.columns, func(other *column) bool {
			return other.name == c.name
		})
	}
	return true
}

func renameColumn(s *schedule, t *table) bool {
	candidates := t.changeable()
	if len(candidates) == 0 || t.frozen || t.kept || len(t.foreign) > 0 {
		return false
	}
	c := choose(s.random, candidates)
	fresh := s.newColumn()
	s.ddl(nil, fmt.Sprintf("ALTER TABLE %s RENAME COLUMN %s TO %s", t, c.name, fresh.name))
	for _, of := range append(t.inherited(c), c) {
		of.name, of.since = fresh.name, fresh.since
	}
	return true
}

func retypeColumn(s *schedule, t *table) bool {
	candidates := t.changeable()
	if len(candidates) == 0 || t.frozen || t.kept || len(t.foreign) > 0 {
		return false
	}
	c := choose(s.random, candidates)
	kind := "text"
	if c.kind == "int" && s.chance(2) {
		kind = "numeric"
	}
	s.ddl(nil, fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s USING %[2]s::%[3]s", t, c.name,
		kind))
	for _, of := range append(t.inherited(c), c) {
		of.kind, of.since = kind, s.version()
	}
	return true
}

// addGenerated adds a generated column; a virtual one, which keeps updates from being told whole,
// where there are such.
func addGenerated(s *schedule, t *table) bool {
	candidates := t.changeable()
	if len(candidates) == 0 || t.frozen || t.kept || t.parent != nil ||
		len(t.children)+len(t.foreign) > 0 || t.virtual() || t.key == "" {
		return false
	}
	c := choose(s.random, candidates)
	g := &column{
		name: "g" + c.name, kind: c.kind, since: s.version(), generated: "STORED",
		local: true,
	}
	if s.major >= 18 && s.chance(2) && !t.deferrable && t.key != versionedKey && !t.loose {
		g.generated = "VIRTUAL"
	}
	s.ddl(nil, fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s GENERATED ALWAYS AS (%s) %s",
		t, g.name, g.kind, c.name, g.generated))
	t.columns = append(t.columns, g)
	if g.generated == "VIRTUAL" { // the server refuses updates until Hookline has looked
		t.frozen, t.full = true, false
	}
	return true
}

func dropGenerated(s *schedule, t *table) bool {
	if t.frozen {
		return false
	}
	for _, c := range t.columns {
		if c.generated != "" {
			s.ddl(nil, fmt.Sprintf("ALTER TABLE %s DROP COLUMN %s", t, c.name))
			t.columns = slices.DeleteFunc(t.columns, func(other *column) bool { return other == c })
			return true
		}
	}
	return false
}
