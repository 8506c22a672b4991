package mirror

import (
	"fmt"
	"slices"
	"strings"
)

// rowSteps change rows of any table.
var rowSteps = []stepKind{
	insertRows, insertRows, updateRows, updateRows, updateRows, deleteRows, rewriteRows, updateNothing,
	mixRows, moveRows, moveRows,
}

func insertRows(s *schedule, t *table) bool {
	if t.still() {
		return false
	}
	rows := s.newRows(t, 3)
	a := act{sql: []string{s.insert(t, t.String(), rows)}}
	for _, id := range sortedIDs(rows) {
		a.due = append(a.due, due{object: t.name, id: id, action: "created"})
	}
	s.do(a)
	return true
}

// update adds the statement that gives rows of one table the next version, and all that is due.
func (s *schedule) update(a *act, t *table, ids []string, more string) {
	set := []string{fmt.Sprintf("v = %d", s.version())}
	for _, c := range t.own() {
		if s.chance(2) && !strings.Contains(t.key, c.name) {
			set = append(set, c.name+" = "+s.value(c))
		}
	}
	if more != "" {
		set = append(set, more)
	}
	a.sql = append(a.sql, fmt.Sprintf("UPDATE %s SET %s WHERE %s", t.only(), strings.Join(set, ", "),
		inIDs(ids)))
	for _, id := range ids {
		a.due = append(a.due, due{
			object: t.name, id: id, action: "updated",
			fields: t.tellsFields(t.rows[id]),
		})
		t.rows[id].version = s.version()
	}
}

// only names the table alone where foreign tables inherit from it, which cannot be written to.
func (t *table) only() string {
	if len(t.foreign) > 0 {
		return "ONLY " + t.String()
	}
	return t.String()
}

// tellsFields tells whether an update of the row tells what has changed.
func (t *table) tellsFields(r *row) bool {
	if !t.partitioned() {
		return t.full
	}
	leaf := t.leafOf(r.p, r.q)
	return leaf != nil && leaf.full
}

func updateRows(s *schedule, t *table) bool {
	if t.still() || len(t.rows) == 0 {
		return false
	}
	var a act
	s.update(&a, t, sample(s.random, sortedIDs(t.rows), 1+s.random.IntN(3)), "")
	s.do(a)
	return true
}

// updateNothing is an update that changes nothing, and is not announced.
func updateNothing(s *schedule, t *table) bool {
	if t.frozen || len(t.rows) == 0 || t.settled && !t.full {
		return false
	}
	for _, leaf := range t.leaves() {
		if t.settled && !leaf.full {
			return false
		}
	}
	id := choose(s.random, sortedIDs(t.rows))
	s.do(act{sql: []string{fmt.Sprintf("UPDATE %s SET v = v WHERE id = '%s'", t.only(), id)}})
	return true
}

func deleteRows(s *schedule, t *table) bool {
	if t.still() || t.kept || len(t.rows) == 0 {
		return false
	}
	ids := sample(s.random, sortedIDs(t.rows), 1+s.random.IntN(2))
	if t.swapped != nil && !t.keepsSome(ids) {
		return false
	}
	a := act{sql: []string{fmt.Sprintf("DELETE FROM %s WHERE %s", t.only(), inIDs(ids))}}
	for _, id := range ids {
		a.due = append(a.due, due{object: t.name, id: id, action: "deleted"})
		delete(t.rows, id)
	}
	s.do(a)
	return true
}

// keepsSome tells whether a table that was swapped in would still have a row of the other one's
// without the ids: else the two would be two objects.
func (t *table) keepsSome(without []string) bool {
	return slices.ContainsFunc(t.swapped, func(id string) bool {
		return t.rows[id] != nil && !slices.Contains(without, id)
	})
}

// rewriteRows saves rows as Payload and Strapi do: DELETE, then INSERT of the same key. That is an
// update.
func rewriteRows(s *schedule, t *table) bool {
	if t.still() || len(t.rows) == 0 {
		return false
	}
	ids := sample(s.random, sortedIDs(t.rows), 2)
	a := act{sql: []string{fmt.Sprintf("DELETE FROM %s WHERE %s", t.only(), inIDs(ids))}}
	rows := map[string]*row{}
	for _, id := range ids {
		before := t.rows[id]
		rows[id] = &row{version: s.version(), p: before.p, q: before.q}
		if t.key == versionedKey { // of another key, that is
			a.due = append(a.due, due{object: t.name, id: id, action: "deleted"},
				due{object: t.name, id: id, action: "created"})
			continue
		}
		a.due = append(a.due, due{
			object: t.name, id: id, action: "updated",
			fields: t.tellsFields(before),
		})
	}
	a.sql = append(a.sql, s.insert(t, t.String(), rows))
	s.do(a)
	return true
}

// mixRows is a transaction of several statements, each about other rows.
func mixRows(s *schedule, t *table) bool {
	if t.frozen || t.kept || len(t.rows) < 2 {
		return false
	}
	ids := sample(s.random, sortedIDs(t.rows), 2)
	var a act
	s.update(&a, t, ids[:1], "")
	rows := s.newRows(t, 2)
	a.sql = append(a.sql, s.insert(t, t.String(), rows))
	for _, id := range sortedIDs(rows) {
		a.due = append(a.due, due{object: t.name, id: id, action: "created"})
	}
	a.sql = append(a.sql, fmt.Sprintf("DELETE FROM %s WHERE id = '%s'", t.only(), ids[1]))
	a.due = append(a.due, due{object: t.name, id: ids[1], action: "deleted"})
	delete(t.rows, ids[1])
	s.do(a)
	return true
}

// moveRows gives a row another key: in a partitioned table it moves to another partition.
func moveRows(s *schedule, t *table) bool {
	if t.frozen || t.kept || len(t.rows) == 0 {
		return false
	}
	var a act
	id := choose(s.random, sortedIDs(t.rows))
	if t.partitioned() {
		p, q := s.values(t)
		ids := sample(s.random, sortedIDs(t.rows), 1+s.random.IntN(3))
		set := fmt.Sprintf("p = %d", p)
		// else q is a part of the key that is changed, and not of what the table is partitioned by
		if t.deep() {
			set += fmt.Sprintf(", q = %d", q)
		}
		s.update(&a, t, ids, set)
		for _, id := range ids {
			t.rows[id].p = p
			if t.deep() {
				t.rows[id].q = q
			}
		}
		s.do(a)
		return true
	}
	to, name := s.id(), t.name
	s.update(&a, t, []string{id}, "id = '"+to+"'")
	a.due[0].id = to
	a.tell = func(m *mirror) { m.rekey(name, id, to) }
	t.rows[to] = t.rows[id]
	delete(t.rows, id)
	s.do(a)
	return true
}
