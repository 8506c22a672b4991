package mapper

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// mergeable returns an event of record 1.
func mergeable(action Action, seq int, updated []string, before string) *Event {
	p := Parts{
		ID: fmt.Sprintf("evt_0badcafe_%016x_0", seq), Object: "person", Action: action, Record: 1,
		Time: time.Unix(int64(seq), 0), Updated: updated, Data: fmt.Appendf(nil, `{"n":%d}`, seq),
		Context: fmt.Appendf(nil, `{"c":%d}`, seq), Key: []byte(`{"id":1}`),
	}
	if before != "" {
		p.Previous = []byte(before)
	}
	return NewEvent(p)
}

// merge returns what several events are told as, and how many of them that is of.
func merge(events ...*Event) (merged *Event, n int) {
	var m Merge
	for n < len(events) && m.Add(events[n]) {
		n++
	}
	return m.Event(), n
}

// Each row says what two events are told as: an action, or each by itself.
func TestMergeOfTwo(t *testing.T) {
	const apart = "apart"
	c, u, d, r, x, p, n := Created, Updated, Deleted, Restored, Destroyed, Published, Unpublished
	want := map[Action]map[Action]string{
		c: {
			c: "created", u: "created", d: "deleted", r: "created", x: "destroyed", p: apart, n: apart,
		},
		u: {
			c: apart, u: "updated", d: "deleted", r: "restored", x: "destroyed", p: apart, n: apart,
		},
		d: {
			c: apart, u: apart, d: "deleted", r: "restored", x: "destroyed", p: apart, n: apart,
		},
		r: {
			c: apart, u: "restored", d: "deleted", r: "restored", x: "destroyed", p: apart, n: apart,
		},
		x: {c: apart, u: apart, d: apart, r: apart, x: "destroyed", p: apart, n: apart},
		p: {c: apart, u: apart, d: apart, r: apart, x: apart, p: "published", n: "unpublished"},
		n: {c: apart, u: apart, d: apart, r: apart, x: apart, p: "published", n: "unpublished"},
	}
	for _, first := range Actions() {
		for _, then := range Actions() {
			merged, both := merge(mergeable(first, 1, nil, ""), mergeable(then, 2, nil, ""))
			got := apart
			if both == 2 {
				got = merged.Action.String()
				if merged.Name != "person."+got || string(merged.data) != `{"n":2}` ||
					string(merged.context) != `{"c":2}` || merged.Time.Unix() != 2 ||
					merged.ID != mergeable(then, 2, nil, "").ID {
					t.Errorf("%s and %s: %s, want all else of the last", first, then, merged.Body(0, Addressee{}))
				}
			}
			if got != want[first][then] {
				t.Errorf("%s and %s are %s, want %s", first, then, got, want[first][then])
			}
		}
	}
}

func TestMergeOfMany(t *testing.T) {
	for _, c := range []struct {
		actions []Action
		want    string
		of      int
	}{
		{[]Action{Created, Updated, Deleted, Created, Updated}, "deleted", 3},
		{[]Action{Created, Deleted, Restored, Updated}, "restored", 4},
		{[]Action{Created, Deleted, Destroyed}, "destroyed", 3},
		{[]Action{Updated, Deleted, Restored, Updated}, "restored", 4},
		{[]Action{Updated, Deleted, Created, Updated}, "deleted", 2},
	} {
		var events []*Event
		for i, a := range c.actions {
			events = append(events, mergeable(a, i+1, nil, ""))
		}
		merged, of := merge(events...)
		if got := merged.Action.String(); got != c.want || of != c.of {
			t.Errorf("%v: %q of %d events, want %q of %d", c.actions, got, of, c.want, c.of)
		}
	}
}

// The row before is the one before the first event, as far as that is known.
func TestMergeOfUpdates(t *testing.T) {
	for name, c := range map[string]struct {
		first, then *Event
		want        string
	}{
		"changed": {
			mergeable(Updated, 1, []string{"a"}, `{"a":1}`),
			mergeable(Updated, 2, []string{"b", "a"}, `{"b":"x","a":2}`),
			`["a","b"] {"a":1,"b":"x"}`,
		},
		"all": {
			mergeable(Updated, 1, []string{"a"}, `{"a":1,"b":"x"}`),
			mergeable(Updated, 2, []string{"b"}, `{"a":2,"b":"x"}`),
			`["a","b"] {"a":1,"b":"x"}`,
		},
		"what was before the first is not known": {
			mergeable(Updated, 1, []string{"a"}, ""),
			mergeable(Updated, 2, []string{"a", "b"}, `{"a":2,"b":"x"}`),
			`["a","b"] {"b":"x"}`,
		},
		"nor what it has changed": {
			mergeable(Updated, 1, nil, ""), mergeable(Updated, 2, []string{"b"}, `{"b":"x"}`), `null `,
		},
		"none is shown": {
			mergeable(Updated, 1, []string{"a"}, ""), mergeable(Updated, 2, []string{"b"}, ""), `["a","b"] `,
		},
		"of a record that is new": {
			mergeable(Created, 1, nil, ""), mergeable(Updated, 2, []string{"b"}, `{"b":"x"}`), `null `,
		},
		"of one that is restored": {
			mergeable(Deleted, 1, nil, ""), mergeable(Restored, 2, []string{"b"}, `{"b":"x"}`),
			`["b"] {"b":"x"}`,
		},
	} {
		merged, of := merge(c.first, c.then)
		updated, _ := json.Marshal(merged.updated)
		got := string(updated) + " " + string(merged.before)
		if of != 2 || got != c.want {
			t.Errorf("%s: %s of %d, want %s", name, got, of, c.want)
		}
	}
}

// A changed key belongs to two records, and an event of operators to none.
func TestMergeLeavesAlone(t *testing.T) {
	plain, rekeyed := mergeable(Updated, 1, nil, ""), mergeable(Updated, 2, nil, "")
	rekeyed.Former = 7
	other := mergeable(Updated, 3, nil, "")
	other.Record = 2
	for name, pair := range map[string][2]*Event{
		"changed key behind": {plain, rekeyed}, "changed key": {rekeyed, plain}, "other": {plain, other},
	} {
		if merged, of := merge(pair[:]...); of != 1 || merged != pair[0] {
			t.Errorf("%s: merged %d", name, of)
		}
	}
}
