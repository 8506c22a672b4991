package mirror

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hookline/internal/receiver"
)

// The rules of the mirror. A receiver keeps a record for each object and id: created and updated
// set it, deleted removes it. At the end its records are the rows of the tables that are published.
// Every row has a version, v, which is the number of the transaction that wrote it, so nothing that
// was written can hide behind something that was written before.
//
// What no event tells, the schedule tells:
//   - DDL changes no record. A column that was added, renamed or retyped since a row was written is
//     not compared in it.
//   - TRUNCATE, DROP TABLE and DETACH PARTITION take rows along without a word: the schedule removes
//     the records.
//   - A table that is renamed takes its records along. One that is rebuilt and takes over another's
//     name takes over its records, and none of them is announced again.
//   - A partitioned table that is renamed may be told of under either name until the look.
//   - A partition that was detached, and the table that a rebuilt one replaces, may be told of under
//     their own name or not. Their rows must not be created once more.
//   - A table that cannot be published (no key, unlogged, in a schema that is not watched) has no
//     records while it is one. When it can be again, its rows are not announced, since they were
//     once: the schedule sets the records anew. One that never could be announces them.
//   - A table that is attached and was never told of announces its rows as the root's. One that was
//     told of under its own name may, or may not.
//   - A changed id is one update under the new one: the schedule moves the record.
//
// Where nothing can be in the way, that is from one look at the tables to the next DDL that needs
// another one, more is asked: the events of each transaction are those that are due, no more and no
// less, with the action and the changed fields.

// notice is an event as the receiver reads it.
type notice struct {
	lsn           uint64 // of the commit
	index         int    // in its transaction
	object        string
	action        string
	id            string // of the record
	data          map[string]any
	updatedFields []string // nil where the body has none
}

func (n notice) String() string { return fmt.Sprintf("%s.%s %s", n.object, n.action, n.id) }

// readNotice reads a request.
func readNotice(r receiver.Request) (n notice, err error) {
	var body struct {
		Event, ID     string
		Data          map[string]any
		UpdatedFields []string
	}
	decoder := json.NewDecoder(bytes.NewReader(r.Body))
	decoder.UseNumber()
	if err := decoder.Decode(&body); err != nil {
		return n, fmt.Errorf("the body of %s is not JSON: %w: %s", r.ID, err, r.Body)
	}
	n.data, n.updatedFields = body.Data, body.UpdatedFields
	n.object, n.action, _ = strings.Cut(body.Event, ".")
	n.id, _ = body.Data["id"].(string)
	parts := strings.Split(body.ID, "_") // evt, database, commit, index
	if len(parts) != 4 || n.id == "" {
		return n, fmt.Errorf("%s of %s: the event's id or the record's is not as it should be: %s",
			body.ID, body.Event, r.Body)
	}
	n.lsn, err = strconv.ParseUint(parts[2], 16, 64)
	if err == nil {
		n.index, err = strconv.Atoi(parts[3])
	}
	return n, err
}

// readNotices returns what was accepted, once each, in the order of commits; and what is wrong with
// it: an event whose body has changed, or one that came for the first time after a later one of its
// record. Of unordered objects it is not known by which key Hookline goes.
func readNotices(
	requests []receiver.Request, unordered map[string]bool,
) (all []notice, errs []error) {
	bodies, last := map[string][]byte{}, map[string]notice{}
	for _, r := range requests {
		if r.Status != http.StatusOK {
			continue
		}
		if before, again := bodies[r.ID]; again {
			if !bytes.Equal(before, r.Body) {
				errs = append(errs, fmt.Errorf("the body of %s has changed from\n%s\nto\n%s", r.ID, before,
					r.Body))
			}
			continue
		}
		bodies[r.ID] = r.Body
		n, err := readNotice(r)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		record := fmt.Sprintf("%s %s %v %v", n.object, n.id, n.data["p"], n.data["q"]) // the key, that is
		if before, known := last[record]; known && compareNotices(before, n) > 0 && !unordered[n.object] {
			errs = append(errs, fmt.Errorf("%s came after %s, which was committed later", n, before))
		}
		last[record] = n
		all = append(all, n)
	}
	slices.SortFunc(all, compareNotices)
	return all, errs
}

func compareNotices(a, b notice) int {
	if a.lsn != b.lsn {
		return int(max(-1, min(1, int64(a.lsn-b.lsn))))
	}
	return a.index - b.index
}

// record is what the mirror holds.
type record struct {
	version int
	data    map[string]any // nil when the schedule has told of the record
}

// mirror is what a receiver keeps of the tables.
type mirror struct {
	objects map[string]map[string]record // by id
	loose   map[string]bool              // objects of which anything may be told until further notice
	// objects of which nothing must be told, and nothing created that there is
	quiet map[string]bool
	alias map[string]string // names that objects may still be told under
	errs  []error
}

func newMirror() *mirror {
	return &mirror{
		objects: map[string]map[string]record{}, loose: map[string]bool{},
		quiet: map[string]bool{}, alias: map[string]string{},
	}
}

func (m *mirror) set(object, id string, r record) {
	if m.objects[object] == nil {
		m.objects[object] = map[string]record{}
	}
	m.objects[object][id] = r
}

// forget removes records.
func (m *mirror) forget(object string, ids ...string) {
	for _, id := range ids {
		delete(m.objects[object], id)
	}
}

// drop removes every record of an object.
func (m *mirror) drop(object string) { delete(m.objects, object) }

// rename gives the records of an object another name.
func (m *mirror) rename(from, to string) {
	m.objects[to] = m.objects[from]
	m.loose[to], m.quiet[to] = m.loose[from], m.quiet[from]
	delete(m.objects, from)
}

// rekey gives a record another id.
func (m *mirror) rekey(object, from, to string) {
	if r, ok := m.objects[object][from]; ok {
		delete(m.objects[object], from)
		m.set(object, to, r)
	}
}

// apply takes an event.
func (m *mirror) apply(n notice) {
	before, known := m.objects[n.object][n.id]
	free := m.loose[n.object]
	switch n.action {
	case "created":
		if known && !free {
			m.fail("%s: it was there already", n)
		}
	case "updated", "deleted":
		if !known && !free && !m.quiet[n.object] {
			m.fail("%s: it was not there", n)
		}
	default:
		m.fail("%s: no such thing was done", n)
	}
	if n.action == "deleted" {
		delete(m.objects[n.object], n.id)
		return
	}
	if n.updatedFields != nil && before.data != nil && !free {
		if err := compareFields(n, before.data); err != nil {
			m.fail("%s: %w", n, err)
		}
	}
	m.set(n.object, n.id, record{version: intOf(n.data["v"]), data: n.data})
}

// compareFields returns an error where updatedFields are not those in which the record differs from
// what it was. Columns may have come and gone meanwhile.
func compareFields(n notice, before map[string]any) error {
	for field, is := range n.data {
		was, had := before[field]
		told := slices.Contains(n.updatedFields, field)
		switch {
		case had && fmt.Sprint(was) != fmt.Sprint(is) && !told:
			return fmt.Errorf("updatedFields %v lack %s", n.updatedFields, field)
		case had && reflect.DeepEqual(was, is) && told:
			return fmt.Errorf("updatedFields %v have %s, which has not changed", n.updatedFields, field)
		}
	}
	return nil
}

func (m *mirror) fail(format string, args ...any) {
	m.errs = append(m.errs, fmt.Errorf(format, args...))
}

func intOf(v any) int {
	n, _ := strconv.Atoi(fmt.Sprint(v))
	return n
}

// due is an event that a transaction has to bring.
type due struct {
	object, id, action string
	fields             bool // with the changed fields
}

// mark is where a transaction lies in the stream: its commit is at before or behind it, and in
// front of after.
type mark struct{ before, after uint64 }

// replay keeps a mirror through a schedule. It takes the events of the schedule in the order of
// commits, and where each act lies.
func replay(acts []act, marks []mark, notices []notice) *mirror {
	m := newMirror()
	for i, a := range acts[:len(marks)] {
		next := func(limit uint64) (some []notice) {
			n := 0
			for n < len(notices) && notices[n].lsn < limit {
				n++
			}
			some, notices = notices[:n], notices[n:]
			return some
		}
		failures := len(m.errs)
		earlier := next(marks[i].before)
		m.translate(earlier)
		for _, n := range earlier {
			m.apply(n)
		}
		if a.tell != nil {
			a.tell(m)
		}
		own := next(marks[i].after)
		m.translate(own)
		for _, n := range own {
			m.apply(n)
		}
		m.check(a, slices.Concat(earlier, own))
		for j, err := range m.errs[failures:] {
			m.errs[failures+j] = fmt.Errorf("at act %d: %w", i, err)
		}
	}
	for _, n := range notices {
		m.apply(n)
	}
	return m
}

// translate gives events the names that their objects have by now.
func (m *mirror) translate(notices []notice) {
	for i := range notices {
		if to, ok := m.alias[notices[i].object]; ok {
			notices[i].object = to
		}
	}
}

// check compares the events since the act before with those that are due, for the objects of which
// all are known.
func (m *mirror) check(a act, came []notice) {
	left := slices.Clone(a.due)
	for _, n := range came {
		if !a.exact[n.object] {
			continue
		}
		i := slices.IndexFunc(left, func(d due) bool {
			return d.object == n.object && d.id == n.id && d.action == n.action
		})
		if i < 0 {
			m.fail("%s is not due", n)
			continue
		}
		if left[i].fields && !slices.Contains(n.updatedFields, "v") {
			m.fail("%s: updatedFields are %v, and v has changed", n, n.updatedFields)
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, d := range left {
		if a.exact[d.object] {
			m.fail("%s.%s %s has not come", d.object, d.action, d.id)
		}
	}
}

// stored is a row as the table has it at the end.
type stored struct {
	version int
	data    map[string]any
}

// compare compares the mirror with a table. Columns are what is to be compared, with the version
// from which on they are as they are.
func (m *mirror) compare(object string, rows map[string]stored, columns map[string]int) error {
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		row := rows[id]
		r, ok := m.objects[object][id]
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("%s %s is missing in the mirror", object, id))
			continue
		case r.version != row.version:
			errs = append(errs, fmt.Errorf("%s %s has version %d, and %d in the mirror", object, id,
				row.version, r.version))
			continue
		case r.data == nil:
			continue
		}
		for name, since := range columns {
			if got, ok := r.data[name]; since <= row.version &&
				(!ok || fmt.Sprint(got) != fmt.Sprint(row.data[name])) {
				errs = append(errs, fmt.Errorf("%s %s: %s is %v, and %v in the mirror", object, id, name,
					row.data[name], got))
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(m.objects[object])) {
		if _, ok := rows[id]; !ok {
			errs = append(errs, fmt.Errorf("%s %s is in the mirror, and in no table", object, id))
		}
	}
	return errors.Join(errs...)
}

// The judge finds what is wrong, and nothing where nothing is.
func TestMirrorJudge(t *testing.T) {
	t.Parallel()
	event := func(lsn uint64, action, id string, v int, fields ...string) notice {
		data := map[string]any{"id": id, "v": json.Number(strconv.Itoa(v))}
		return notice{lsn: lsn, object: "deal", action: action, id: id, data: data, updatedFields: fields}
	}
	rows := map[string]stored{"1": {
		version: 2,
		data:    map[string]any{"id": "1", "v": json.Number("2")},
	}}
	exact := map[string]bool{"deal": true}
	acts := []act{
		{exact: exact, due: []due{{object: "deal", id: "1", action: "created"}}},
		{exact: exact, due: []due{{object: "deal", id: "1", action: "updated", fields: true}}},
		{exact: exact, tell: func(m *mirror) { m.drop("other") }},
	}
	marks := []mark{{0, 10}, {10, 20}, {20, 30}}
	created, updated := event(5, "created", "1", 1), event(15, "updated", "1", 2, "v")
	for name, test := range map[string]struct {
		notices []notice
		wrong   string
	}{
		"all is well": {[]notice{created, updated}, ""},
		"an update is missing": {
			[]notice{created},
			"deal.updated 1 has not come\ndeal 1 has version 2, and 1 in the mirror",
		},
		"nothing came": {nil, "deal 1 is missing in the mirror"},
		"created twice": {
			[]notice{created, event(15, "created", "1", 2)},
			"it was there already",
		},
		"no changed fields": {
			[]notice{created, event(15, "updated", "1", 2)},
			"updatedFields are []",
		},
		"fields have not changed": {
			[]notice{created, event(15, "updated", "1", 2, "v", "id")},
			"have id, which has not changed",
		},
		"deleted in between": {[]notice{
			created, event(14, "deleted", "1", 1),
			event(15, "created", "1", 2),
		}, "deal.deleted 1 is not due"},
		"deleted at the end": {
			[]notice{created, updated, event(25, "deleted", "1", 2)},
			"missing in the mirror",
		},
		"too late": {[]notice{created, event(25, "updated", "1", 2, "v")}, "has not come"},
		"a stranger": {
			[]notice{created, updated, event(25, "created", "2", 2)},
			"deal 2 is in the mirror, and in no table",
		},
		"updated, but not there": {[]notice{event(15, "updated", "1", 2, "v")}, "it was not there"},
	} {
		m := replay(acts, marks, test.notices)
		err := errors.Join(errors.Join(m.errs...),
			m.compare("deal", rows, map[string]int{"id": 0, "v": 0}))
		if test.wrong == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for want := range strings.Lines(test.wrong) {
			if want = strings.TrimSpace(want); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the error is %v, want %q in it", name, err, want)
			}
		}
	}
}
