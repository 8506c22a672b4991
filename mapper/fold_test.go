package mapper

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"hookline/cdc"
	"hookline/mapper/pgtext"
)

// oneTable is a catalog of tables whose first column is the key.
type oneTable struct{}

func (oneTable) Generation() uint64                     { return 1 }
func (oneTable) Refresh(context.Context, *cdc.Tx) error { return nil }
func (oneTable) Describe(_ context.Context, rel *cdc.Relation) (*Description, error) {
	o := &Description{
		Object: rel.Name, Hash: uint64(rel.OID), Key: []int{0}, Exact: true, DeletedAt: -1,
	}
	for i, c := range rel.Columns {
		o.Fields = append(o.Fields, textField(c.Name, i))
	}
	return o, nil
}

// textField is a field of one column, which reads as a string.
func textField(name string, column int) Field {
	return Field{
		Name: name, Key: pgtext.JSONKey(name), Columns: []int{column},
		Encode: func(dst []byte, row cdc.Tuple) []byte {
			if row[column].Bytes() == nil {
				return append(dst, "null"...)
			}
			return pgtext.AppendString(dst, row[column].Bytes())
		},
	}
}

// script makes a transaction of a text: each word is a kind, a key and a value, D1a a Delete of row
// 1, whose value is a; k in place of D is one that has the key only. U12x is an update that makes
// key 1 key 2.
func script(commit cdc.LSN, rel *cdc.Relation, words string) (changes []cdc.Change) {
	tx := &cdc.Tx{Commit: commit, XID: uint32(commit)}
	text := func(s string) cdc.Value { return cdc.Text([]byte(s)) }
	for i, w := range strings.Fields(words) {
		c := cdc.Change{Relation: rel, Tx: tx, Index: uint32(i)}
		row := cdc.Tuple{text(w[1:2]), text(w[len(w)-1:])}
		switch w[0] {
		case 'I':
			c.Kind, c.New = cdc.Insert, row
		case 'U':
			c.Kind, c.New, c.Old = cdc.Update, row, cdc.Tuple{row[0], text("before")}
			if len(w) == 4 {
				c.Old[0], c.New[0] = row[0], text(w[2:3])
				c.Old = cdc.Tuple{text(w[1:2]), text("before")}
			}
		// u2xy: an update of row 2 that makes its value y, x before; u23y: of its key, where it is y
		case 'u':
			c.Kind, c.New, c.Old = cdc.Update, row, cdc.Tuple{row[0], text(w[2:3])}
			if w[2] >= '0' && w[2] <= '9' {
				c.Old, c.New = cdc.Tuple{row[0], row[1]}, cdc.Tuple{text(w[2:3]), row[1]}
			}
		case 'D':
			c.Kind, c.Old = cdc.Delete, row
		case 'k':
			c.Kind, c.Old, c.OldIsKey = cdc.Delete, cdc.Tuple{row[0], cdc.Unchanged()}, true
		case 'T':
			c.Kind = cdc.Truncate
		}
		changes = append(changes, c)
	}
	return append(changes, cdc.Change{Kind: cdc.End, Tx: tx, Index: uint32(len(changes))})
}

var letters = &cdc.Relation{
	OID: 7, Schema: "public", Name: "letter", Identity: 'f',
	Columns: []cdc.Column{{Name: "id"}, {Name: "value"}},
}

// told prints an event in short: its action, the row, the fields that changed, and the index that
// its id ends with.
func told(e *Event) string {
	var row struct{ ID, Value string }
	if err := json.Unmarshal(e.data, &row); err != nil {
		panic(err)
	}
	s := e.Action.String() + " " + row.ID + row.Value
	if e.updated != nil {
		s += " " + strings.Join(e.updated, ",")
	}
	return s + " #" + e.ID[strings.LastIndexByte(e.ID, '_')+1:]
}

func TestFold(t *testing.T) {
	for _, test := range []struct{ name, changes, want string }{
		{"a row comes back as another", "D1a I1b", "updated 1b value #1"},
		{"a row comes back as it was", "D1a I1a", ""},
		{"nothing is known of it but its key", "k1a I1a", "updated 1a #1"},
		{"it stays away", "D1a", "deleted 1a #0"},
		{
			"all deletes first", "D1a D2b D3c I1a I2x I4d",
			"updated 2x value #4; created 4d #5; deleted 3c #2",
		},
		{"it goes for good in the end", "D1a I1b D1b", "updated 1b value #1; deleted 1b #2"},
		{"it comes back twice", "D1a I1b D1b I1c", "updated 1b value #1; updated 1c value #3"},
		{"it is born here", "I1a D1a", "created 1a #0; deleted 1a #1"},
		{"it is born twice", "I1a D1a I1b", "created 1a #0; updated 1b value #2"},
		{"it is updated before", "U1a D1a I1b", "updated 1a value #0; updated 1b value #2"},
		{"it is updated after", "D1a I1a U1b", "updated 1b value #2"},
		{"another row takes the key over", "D1a U21x", "updated 1x id,value #1"},
		{"the table is emptied", "D1a T1x I1b", "updated 1b value #2"},
		{"without a delete", "I1a U1b", "created 1a #0; updated 1b value #1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := New(oneTable{}, nil, "0badcafe", FormatEvent, discard)
			for round := range 2 { // nothing is left for the next transaction
				var got []string
				for _, c := range script(cdc.LSN(100+round), letters, test.changes) {
					for _, e := range eventsOf(t, m, c) {
						got = append(got, told(e))
					}
				}
				if got := strings.Join(got, "; "); got != test.want {
					t.Errorf("got  %s\nwant %s", got, test.want)
				}
			}
		})
	}
}

// TestFoldOfAnAlteredTable folds what was deleted before a column was added: what it was is not
// compared.
func TestFoldOfAnAlteredTable(t *testing.T) {
	m := New(oneTable{}, nil, "0badcafe", FormatEvent, discard)
	changes := script(100, letters, "D1a I1a")
	wider := *letters
	wider.Columns = append(slices.Clone(letters.Columns), cdc.Column{Name: "more"})
	changes[1].Relation, changes[1].New = &wider, append(changes[1].New, cdc.Value{})
	var got []string
	for _, c := range changes {
		for _, e := range eventsOf(t, m, c) {
			got = append(got, told(e))
		}
	}
	if want := []string{"updated 1a #1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestFoldBound deletes more than may be held: the oldest deletes are told, in their order, and
// what comes back of those is told as created.
func TestFoldBound(t *testing.T) {
	m := New(oneTable{}, nil, "0badcafe", FormatEvent, discard)
	size := (&kept{at: [2]state{{row: make([]byte, 4)}}}).size()
	m.changes = newFold(4 * size)
	var got []string
	for _, c := range script(100, letters, "D1a D2a D3a D4a D5a D6a D7a I1b I7b") {
		for _, e := range eventsOf(t, m, c) {
			got = append(got, told(e))
		}
		if m.changes.bytes > m.changes.most {
			t.Errorf("%d bytes are held, at most %d may be", m.changes.bytes, m.changes.most)
		}
	}
	want := []string{
		"deleted 1a #0", "deleted 2a #1", "deleted 3a #2", "created 1b #7", "updated 7b value #8",
		"deleted 4a #3", "deleted 5a #4", "deleted 6a #5",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if len(m.changes.by[found]) != 0 || m.changes.bytes != 0 {
		t.Errorf("%d bytes of %d rows are held after the end", m.changes.bytes, len(m.changes.by[found]))
	}
}

var worlds = flag.Uint64("worlds", 800,
	"how many tables at random the models of folds are compared with; TestCommitsModel has half of it")

// TestFoldModel runs transactions at random and compares what a mirror makes of the events with the
// table, whatever may be held. A mapper that takes over in the middle of a transaction, given what
// was told from the first Delete on, tells the rest in the same words.
func TestFoldModel(t *testing.T) {
	for seed := range *worlds {
		random := rand.New(rand.NewPCG(seed, 7))
		most := []int{0, 500, 1000, mostHeld}[random.IntN(4)]
		fresh := func() *Mapper {
			m := New(oneTable{}, nil, "0badcafe", FormatEvent, discard)
			m.changes = newFold(most)
			return m
		}
		m, rows, mirror := fresh(), map[string]string{}, map[string]string{}
		for n := range 6 {
			start := maps.Clone(rows)
			changes := randomTransaction(random, rows, cdc.LSN(100*n+100))
			var steps [][]string
			all, gone := []string{}, map[string]bool{}
			for _, c := range changes {
				var step []string
				for _, e := range eventsOf(t, m, c) {
					step = append(step, told(e))
					var row struct{ ID, Value string }
					if err := json.Unmarshal(e.data, &row); err != nil {
						t.Fatal(err)
					}
					if mirror[row.ID] = row.Value; e.Action == Deleted {
						delete(mirror, row.ID)
						gone[row.ID] = true
					}
				}
				steps, all = append(steps, step), append(all, step...)
			}
			fail := func(format string, args ...any) {
				t.Helper()
				t.Fatalf("seed %d, at most %d bytes, %v:\n%v\n%q\n%s", seed, most, start, sketch(changes), all,
					fmt.Sprintf(format, args...))
			}
			if !maps.Equal(mirror, rows) {
				fail("the mirror has %v, the table %v", mirror, rows)
			}
			for id := range gone {
				if _, lives := rows[id]; most == mostHeld && lives && start[id] != "" {
					fail("%s is called deleted and lives", id)
				}
			}
			if len(changes) == 0 {
				continue
			}
			at := random.IntN(len(changes) + 1)
			other, first := fresh(), 0
			last := random.IntN(2) // a lost connection brings a part of it, and then all of it again
			for try := range last + 1 {
				for i := first; i < at && (try == last || random.IntN(4) > 0); i++ {
					c := changes[i]
					c.Repeated = true
					if events := eventsOf(t, other, c); events != nil {
						fail("what was told is told again: %s", told(events[0]))
					}
				}
			}
			for i := at; i < len(changes); i++ {
				var step []string
				for _, e := range eventsOf(t, other, changes[i]) {
					step = append(step, told(e))
				}
				if !slices.Equal(step, steps[i]) {
					fail("taken over at %d, change %d tells %q, want %q", at, i, step, steps[i])
				}
			}
		}
	}
}

// randomTransaction changes rows, by key, at random.
func randomTransaction(random *rand.Rand, rows map[string]string, commit cdc.LSN) []cdc.Change {
	var words []string
	for range random.IntN(14) {
		id, value := fmt.Sprint(random.IntN(6)), string(rune('a'+random.IntN(3)))
		old, lives := rows[id]
		switch {
		case !lives:
			words = append(words, "I"+id+value)
			rows[id] = value
		case random.IntN(3) == 0:
			words = append(words, "U"+id+value)
			rows[id] = value
		case random.IntN(6) == 0:
			words = append(words, "k"+id+old)
			delete(rows, id)
		default:
			words = append(words, "D"+id+old)
			delete(rows, id)
		}
	}
	return script(commit, letters, strings.Join(words, " "))
}

func sketch(changes []cdc.Change) (list []string) {
	for _, c := range changes {
		list = append(list, fmt.Sprintf("%s %v %v", c.Kind, c.Old, c.New))
	}
	return list
}

// TestFoldForgetsLargeRows deletes a row that is larger than all that may be held. What it took is
// free again when it has been told.
func TestFoldForgetsLargeRows(t *testing.T) {
	const size = 64 << 20
	m := New(oneTable{}, nil, "0badcafe", FormatEvent, discard)
	delete1 := func() cdc.Change {
		return cdc.Change{
			Kind: cdc.Delete, Relation: letters, Tx: &cdc.Tx{Commit: 1, XID: 1},
			Old: cdc.Tuple{cdc.Text([]byte("1")), cdc.Text(make([]byte, size))},
		}
	}
	before := heap()
	m.changes.hold(&object{hash: 7, key: []int{0}}, delete1(), ToAll)
	for m.changes.pop() != nil { //nolint:revive // it is told
	}
	if grown := heap() - before; grown > size/2 {
		t.Errorf("%d MiB stay after a row of %d MiB", grown>>20, size>>20)
	}
	runtime.KeepAlive(m)
}

// heap is how many bytes are in use.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// TestPackedSize packs rows without growing the room for them.
func TestPackedSize(t *testing.T) {
	row := cdc.Tuple{{}, cdc.Unchanged()}
	for _, n := range []int{0, 1, 125, 126, 127, 16381, 16382, 1 << 21} {
		row = append(row, cdc.Text(make([]byte, n)))
	}
	if got, want := packedSize(row), len(pack(nil, row)); got != want {
		t.Errorf("the size is %d, want %d", got, want)
	}
}
