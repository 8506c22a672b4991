package mirror

import "fmt"

// inheritanceSteps are DDL of tables that inherit, and of those that are inherited from.
var inheritanceSteps = []stepKind{
	addChild, addChild, addForeignChild, dropForeignChild, dropForeignChild, disinherit,
	updateInheritance, updateInheritance, updateInheritance,
	renameTable, moveSchema, dropKey, addKey, changeKey, dropTable,
}

// newInheritance makes a table and one that inherits from it, or puts a parent before a table
// that is there.
func (s *schedule) newInheritance(old bool) {
	t := s.newTable(old)
	t.seen = true
	sql := []string{fmt.Sprintf("CREATE TABLE %s (%s)", t, t.definition())}
	if s.chance(2) {
		sql = append(sql, s.insert(t, t.String(), s.newRows(t, 3)))
	}
	s.ddl(nil, sql...)
	s.add(t)
	if s.chance(2) {
		for _, child := range s.tables {
			if s.adopt(t, child) {
				return
			}
		}
	}
	s.child(t, old)
}

// adopt makes a table that is there inherit from t, if it can.
func (s *schedule) adopt(t, child *table) bool {
	if child == t || child.partitioned() || child.parent != nil ||
		len(child.children)+len(child.foreign) > 0 ||
		child.loose || child.frozen ||
		child.place != nil || child.key == "" {
		return false
	}
	var sql []string
	for _, c := range t.columns {
		inherited := *c
		inherited.local = false
		switch c.name {
		case "id", "v":
			continue
		}
		inherited.since = s.version()
		sql = append(sql, fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s", child, c.name, c.kind))
		child.columns = append(child.columns, &inherited)
	}
	s.ddl(nil, append(sql, fmt.Sprintf("ALTER TABLE %s INHERIT %s", child, t))...)
	child.parent, t.children = t, append(t.children, child)
	return true
}

// child makes a table that inherits from t, with a key of its own or without.
func (s *schedule) child(t *table, old bool) {
	n := s.newTable(old)
	own := n.columns[2:]
	n.columns = nil
	for _, c := range t.columns {
		inherited := *c
		inherited.local = false
		n.columns = append(n.columns, &inherited)
	}
	n.columns = append(n.columns, own...)
	if s.chance(3) {
		n.key = ""
	}
	n.seen = n.publishable()
	sql := []string{fmt.Sprintf("CREATE TABLE %s (%s) INHERITS (%s)", n, n.definition(), t)}
	if s.chance(2) {
		sql = append(sql, s.insert(n, n.String(), s.newRows(n, 3)))
	}
	s.ddl(nil, sql...)
	s.add(n)
	n.parent, t.children = t, append(t.children, n)
}

func addChild(s *schedule, t *table) bool {
	if t.parent != nil || t.loose || t.frozen || len(t.children) > 2 {
		return false
	}
	s.child(t, false)
	return true
}

func addForeignChild(s *schedule, t *table) bool {
	if t.parent != nil || len(t.foreign) > 0 {
		return false
	}
	name := s.schema() + "." + s.name()
	s.ddl(nil, fmt.Sprintf("CREATE FOREIGN TABLE %s () INHERITS (%s) SERVER nowhere", name, t))
	t.foreign = append(t.foreign, name)
	return true
}

func dropForeignChild(s *schedule, t *table) bool {
	if len(t.foreign) == 0 {
		return false
	}
	s.ddl(nil, "DROP FOREIGN TABLE "+t.foreign[0])
	t.foreign = t.foreign[1:]
	return true
}

// disinherit makes a child a table like any other.
func disinherit(s *schedule, t *table) bool {
	if t.parent == nil {
		return false
	}
	s.ddl(nil, fmt.Sprintf("ALTER TABLE %s NO INHERIT %s", t, t.parent))
	s.leave(t)
	for _, c := range t.columns {
		c.local = true
	}
	return true
}

// updateInheritance writes to the rows of a table and of all its children, by one statement that
// names the parent alone.
func updateInheritance(s *schedule, t *table) bool {
	if len(t.children) == 0 || len(t.foreign) > 0 {
		return false
	}
	a := act{sql: []string{fmt.Sprintf("UPDATE %s SET v = %d", t, s.version())}}
	for _, of := range t.family() {
		if of.frozen {
			return false
		}
		for _, id := range sortedIDs(of.rows) {
			a.due = append(a.due, due{object: of.name, id: id, action: "updated", fields: of.full})
		}
	}
	for _, of := range t.family() {
		for _, r := range of.rows {
			r.version = s.version()
		}
	}
	s.do(a)
	return true
}
