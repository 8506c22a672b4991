package mapper

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hookline/cdc"
)

// hearing returns a mapper for those who hear of commits, or of changes, or both, that holds back
// so much.
func hearing(c Describer, a Audience, most int) *Mapper {
	m := New(c, nil, "0badcafe", FormatEvent, discard)
	m.commits = newFold(most)
	m.Serve(a)
	return m
}

// utterance is an event in short.
type utterance struct {
	// the action, the row, the fields that changed, the key before, what the id ends with
	text       string
	action     Action
	id, was    string // keys
	value      string
	position   int64
	at, step   int // the change at which it is told; the step of an End, beyond its index
	telling    Telling
	part, body string
}

// utter returns the events of some changes, for those to whom a changed key is an update.
func utter(t *testing.T, m *Mapper, changes []cdc.Change) (list []utterance) {
	t.Helper()
	for at, c := range changes {
		draft, err := m.Map(t.Context(), c)
		for ; draft != nil && err == nil; draft, err = m.Next(t.Context()) {
			if draft.Telling&ToSplit != 0 {
				continue
			}
			e := draft.Event()
			var body struct {
				Key, PreviousKey struct{ ID string }
				Part             struct{ Of string }
			}
			if err := json.Unmarshal(e.Body(FormatEvent, Addressee{}), &body); err != nil {
				t.Fatal(err)
			}
			u := utterance{
				text: told(e), action: e.Action, id: body.Key.ID, was: body.PreviousKey.ID, at: at,
				position: e.Position, telling: draft.Telling, part: body.Part.Of,
				body: string(e.Body(FormatEvent, Addressee{})),
			}
			if u.was != "" {
				before, after, _ := strings.Cut(u.text, " #")
				u.text = before + " was " + u.was + " #" + after
			}
			u.value = strings.TrimPrefix(strings.Fields(u.text)[1], u.id)
			if c.Kind == cdc.End {
				u.step = int(max(m.tx.place&^(1<<30), 1)) - 1
			}
			list = append(list, u)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func positions(list []utterance) (all []int64) {
	for _, u := range list {
		all = append(all, u.position)
	}
	return all
}

func inShort(list []utterance) string {
	var all []string
	for _, u := range list {
		all = append(all, u.text)
	}
	return strings.Join(all, "; ")
}

func TestCommits(t *testing.T) {
	for _, test := range []struct {
		name, changes, want string
		catalog             Describer
	}{
		{name: "a row is born and goes on", changes: "I1a u1ab u1bc", want: "created 1c #2"},
		{name: "a row is edited", changes: "u1ab u1bc", want: "updated 1c value #1"},
		{name: "and edited back", changes: "u1ab u1ba", want: ""},
		{name: "one update", changes: "u1ab", want: "updated 1b value #0"},
		{name: "an update of nothing", changes: "u1aa u2ab", want: "updated 2b value #1"},
		{name: "it is born and goes", changes: "I1a u1ab D1b", want: ""},
		{name: "it is edited and goes", changes: "u1ab D1b", want: "deleted 1a #1"},
		{name: "it comes back as another", changes: "D1a I1b u1bc", want: "updated 1c value #2"},
		{name: "it comes back as it was", changes: "u1ab D1b I1a", want: ""},
		{name: "it comes back twice", changes: "D1a I1b D1b I1c", want: "updated 1c value #3"},
		{name: "it goes in the end", changes: "D1a I1b D1b", want: "deleted 1a #0"},
		{
			name: "as they were first changed", changes: "u2ab I1a D3c u2bc",
			want: "updated 2c value #3; created 1a #1; deleted 3c #2",
		},
		{name: "a chain of keys", changes: "u12a u23a", want: "updated 3a id was 1 #1"},
		{name: "a key and back", changes: "u12a u21a", want: ""},
		{name: "a key, and gone", changes: "u12a D2a", want: "deleted 1a #1"},
		{name: "a key of one that is gone", changes: "D1a u21b", want: "updated 1b id was 2 #1"},
		{name: "and gone again", changes: "D1a u21b D1b", want: "deleted 1a #0; deleted 2b #2"},
		{name: "and left again", changes: "D1a u21b u13b", want: "deleted 1a #0; updated 3b id was 2 #2"},
		{
			name: "a key that another row takes", changes: "u12a I1b",
			want: "updated 2a id was 1 #0; created 1b #1",
		},
		{
			name: "and that was told before", changes: "u3bc u12a u31c",
			want: "updated 1c id,value was 3 #2; updated 2a id #1",
		},
		{
			name: "two swap theirs by way of a third", changes: "u13a u21b u32a",
			want: "updated 2a id was 1 #2; updated 1b id #1",
		},
		{
			name: "two swap theirs at once", changes: "u12a u21b", catalog: deferredTable{},
			want: "updated 2a id was 1 #0; updated 1b id #1",
		},
		{
			name: "two that are alike swap theirs", changes: "u12a u21a", catalog: deferredTable{},
			want: "",
		},
		{
			name: "the one before goes for good", changes: "u12a D2b", catalog: deferredTable{},
			want: "updated 2a id was 1 #0",
		},
		{
			name: "the table is emptied", changes: "u1ab I2a T0x D3a I1c",
			want: "updated 1c value #4; deleted 3a #3",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.catalog == nil {
				test.catalog = oneTable{}
			}
			m := hearing(test.catalog, Audience{Commits: true}, mostHeld)
			for round := range 2 { // nothing is left for the next transaction
				changes := script(cdc.LSN(100+round), letters, test.changes)
				if got := inShort(utter(t, m, changes)); got != test.want {
					t.Errorf("got  %s\nwant %s", got, test.want)
				}
			}
		})
	}
}

// TestCommitOfOneChange is told at once, whether or not it is known to be alone.
func TestCommitOfOneChange(t *testing.T) {
	for _, word := range []string{"I1a", "u1ab", "D1a", "u12a"} {
		m := hearing(oneTable{}, Audience{Commits: true}, mostHeld)
		changes := script(100, letters, word)
		want := inShort(utter(t, m, changes))
		changes[0].Sole = true
		if got := inShort(utter(t, m, changes[:1])); got != want || got == "" {
			t.Errorf("%s: alone it is told as %q, else as %q", word, got, want)
		}
		if m.commits.bytes != 0 || m.changes.bytes != 0 {
			t.Errorf("%s: something is held", word)
		}
	}
}

// world is a table at random: what its rows are, each with a number that it keeps.
type world struct {
	*rand.Rand
	deferred bool
	letters  int // that values begin with
	rows     map[int]cdc.Tuple
	born     int
	changes  []cdc.Change
}

func (w *world) row(id, value string) cdc.Tuple {
	return cdc.Tuple{cdc.Text([]byte(id)), cdc.Text([]byte(value))}
}

func (w *world) free(id string) bool {
	for _, row := range w.rows {
		if row[0].String() == id {
			return false
		}
	}
	return true
}

func (w *world) change(c cdc.Change) {
	c.Relation, c.Index = letters, uint32(len(w.changes))
	w.changes = append(w.changes, c.Clone())
}

// set makes a row another one.
func (w *world) set(n int, row cdc.Tuple) {
	w.change(cdc.Change{Kind: cdc.Update, Old: w.rows[n], New: row})
	w.rows[n] = row
}

// transaction does something to the rows.
func (w *world) transaction(commit cdc.LSN) []cdc.Change {
	w.changes = nil
	for range w.IntN(14) {
		id, value := fmt.Sprint(w.IntN(6)), string(rune('a'+w.IntN(w.letters)))
		if w.deferred { // rows that are alike cannot be told apart
			value += fmt.Sprint(w.IntN(1000))
		}
		alive := slices.Sorted(maps.Keys(w.rows))
		if len(alive) == 0 || w.IntN(3) == 0 && w.free(id) {
			if w.free(id) {
				w.born++
				w.rows[w.born] = w.row(id, value)
				w.change(cdc.Change{Kind: cdc.Insert, New: w.rows[w.born]})
			}
			continue
		}
		n := alive[w.IntN(len(alive))]
		switch row := w.rows[n]; w.IntN(6) {
		case 0, 1:
			w.set(n, w.row(row[0].String(), value))
		case 2, 3:
			if w.free(id) {
				w.set(n, w.row(id, []string{row[1].String(), value}[w.IntN(2)]))
			} else if w.deferred {
				w.rotate(alive)
			}
		default:
			w.change(cdc.Change{Kind: cdc.Delete, Old: row})
			delete(w.rows, n)
		}
	}
	if w.IntN(20) == 0 {
		w.change(cdc.Change{Kind: cdc.Truncate})
		clear(w.rows)
	}
	tx := &cdc.Tx{Commit: commit, XID: uint32(commit)}
	if len(w.changes) > 0 {
		w.change(cdc.Change{Kind: cdc.End})
	}
	for i := range w.changes {
		w.changes[i].Tx = tx
	}
	return w.changes
}

// rotate has rows take the keys of each other, in any order, so that two of them have one in
// passing.
func (w *world) rotate(rows []int) {
	w.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	rows = rows[:min(len(rows), 2+w.IntN(3))]
	var ids []string
	for _, n := range rows {
		ids = append(ids, w.rows[n][0].String())
	}
	for i, n := range rows {
		value := w.rows[n][1].String()
		if w.IntN(3) == 0 {
			value = string(rune('a'+w.IntN(w.letters))) + value[1:]
		}
		w.set(n, w.row(ids[(i+1)%len(ids)], value))
	}
}

// outcome tells what a transaction has done, by what there was before and what there is now,
// whatever happened in between. emptied says that the table was emptied.
func outcome(before, after map[int]cdc.Tuple) (list []string) {
	holder := map[string]int{}
	for n, row := range after {
		holder[row[0].String()] = n
	}
	update := func(was, is cdc.Tuple) {
		var fields []string
		for i, name := range []string{"id", "value"} {
			if !Same(was[i], is[i]) {
				fields = append(fields, name)
			}
		}
		if fields != nil {
			list = append(list, "updated "+is[0].String()+is[1].String()+" "+strings.Join(fields, ","))
		}
	}
	taken := map[int]bool{}
	for n, was := range before {
		is, lives := after[n]
		by, held := holder[was[0].String()]
		_, old := before[by]
		switch {
		case lives:
			update(was, is)
		case !held:
			list = append(list, "deleted "+was[0].String()+was[1].String())
		case !old:
			update(was, after[by])
			taken[by] = true
		}
	}
	for n, is := range after {
		if _, old := before[n]; !old && !taken[n] {
			list = append(list, "created "+is[0].String()+is[1].String())
		}
	}
	slices.Sort(list)
	return list
}

// TestCommitsModel runs transactions at random and compares what is told of them with what they
// did, from scratch; and what a mirror makes of it with the table, whatever may be held. A mapper
// that takes over in the middle of a transaction tells the rest in the same words, and so does one
// that serves those, too, who hear of each change.
func TestCommitsModel(t *testing.T) {
	parts := 0
	for seed := range *worlds / 2 {
		random := rand.New(rand.NewPCG(seed, 9))
		most := []int{0, 400, 800, 1600, mostHeld, mostHeld}[random.IntN(6)]
		w := &world{Rand: random, deferred: seed%2 == 0, letters: 3, rows: map[int]cdc.Tuple{}}
		var catalog Describer = oneTable{}
		if w.deferred {
			catalog = deferredTable{}
		}
		m := hearing(catalog, Audience{Commits: true}, most)
		both := hearing(catalog, Audience{Changes: true, Commits: true}, most)
		each := hearing(catalog, Audience{Changes: true}, most)
		mirror := map[string]string{}
		for n := range 5 {
			before := maps.Clone(w.rows)
			changes := w.transaction(cdc.LSN(100*n + 100))
			all := utter(t, m, changes)
			fail := func(format string, args ...any) {
				t.Helper()
				t.Fatalf("seed %d, at most %d bytes, %v:\n%s\n%s\n%s",
					seed, most, before, strings.Join(sketch(changes), "\n"), inShort(all),
					fmt.Sprintf(format, args...))
			}
			var short []string
			ids := map[string]bool{}
			if !slices.IsSortedFunc(all, func(a, b utterance) int {
				return cmp.Compare(a.position, b.position)
			}) {
				fail("positions do not rise: %d", positions(all))
			}
			for _, u := range all {
				if u.was != "" {
					delete(mirror, u.was)
				}
				if mirror[u.id] = u.value; u.action == Deleted {
					delete(mirror, u.id)
				}
				text, id, _ := strings.Cut(u.text, " #")
				if text, _, _ = strings.Cut(text, " was "); ids[id] {
					fail("two events have the id %s", id)
				}
				ids[id] = true
				short = append(short, text)
				if u.part != "" {
					parts++
				}
				if (u.part != "") != strings.HasSuffix(id, "p") ||
					(u.part != "") != (changes[u.at].Kind != cdc.End) {
					fail("%s: is it a part: %q", u.text, u.part)
				}
			}
			table := map[string]string{}
			for _, row := range w.rows {
				table[row[0].String()] = row[1].String()
			}
			if emptied := slices.ContainsFunc(changes, func(c cdc.Change) bool {
				return c.Kind == cdc.Truncate
			}); emptied {
				mirror = table // of rows that nothing else was done to nothing is told
			} else if slices.Sort(short); most == mostHeld && !slices.Equal(short, outcome(before, w.rows)) {
				fail("want, in some order, %q", outcome(before, w.rows))
			}
			if !maps.Equal(mirror, table) {
				fail("the mirror has %v, the table %v", mirror, table)
			}
			if m.commits.bytes != 0 || len(m.commits.by[found])+len(m.commits.by[left]) != 0 {
				fail("%d bytes are held after the end", m.commits.bytes)
			}
			if len(changes) == 0 {
				continue
			}
			at, settled := random.IntN(len(changes)), 0
			if at == len(changes)-1 {
				settled = random.IntN(len(changes))
			}
			again := slices.Clone(changes)
			for i := range at {
				again[i].Repeated = true
			}
			end := &again[len(again)-1]
			end.Settled = uint32(settled)
			end.Index += end.Settled
			want := slices.DeleteFunc(slices.Clone(all), func(u utterance) bool {
				return u.at < at || u.at == at && u.step < settled
			})
			got := utter(t, hearing(catalog, Audience{Commits: true}, most), again)
			if inShort(got) != inShort(want) || !slices.Equal(positions(got), positions(want)) {
				fail("taken over at %d, step %d: %s, at %d\nwant %s, at %d",
					at, settled, inShort(got), positions(got), inShort(want), positions(want))
			}
			mixed := utter(t, both, changes)
			for telling, want := range map[Telling][]utterance{
				ToCommits: all,
				ToChanges: utter(t, each, changes),
			} {
				got := slices.DeleteFunc(slices.Clone(mixed), func(u utterance) bool {
					return u.telling&telling == 0
				})
				if inShort(got) != inShort(want) {
					fail("told beside others: %s\nwant %s", inShort(got), inShort(want))
				}
			}
		}
	}
	if parts == 0 {
		t.Error("nothing was told before its transaction was over")
	}
}

// but is a catalog without one table.
type but struct {
	oneTable
	oid uint32
}

func (b but) Describe(ctx context.Context, rel *cdc.Relation) (*Description, error) {
	if rel.OID == b.oid {
		return nil, nil
	}
	return b.oneTable.Describe(ctx, rel)
}

// Who takes over in the middle of an End may announce other tables than who has begun it: one was
// dropped since, or left out, or is announced by now. That costs no record of another table its
// event, and brings none twice; and what is told has the same position.
func TestTakenOverWithOtherTables(t *testing.T) {
	digits := *letters
	digits.OID, digits.Name = 8, "digit"
	changes := script(100, letters, "I1a u2ab u3ab D4a I5a u6ab D7a I8a")
	for i := range changes {
		if i%2 == 0 && changes[i].Relation != nil {
			changes[i].Relation = &digits
		}
	}
	for _, test := range []struct{ before, after Describer }{
		{oneTable{}, but{oid: digits.OID}},
		{but{oid: digits.OID}, oneTable{}},
		{oneTable{}, oneTable{}},
	} {
		for _, audience := range []Audience{{Commits: true}, {Commits: true, Changes: true}} {
			all := ofCommits(utter(t, hearing(test.before, audience, mostHeld), changes))
			for n, at := range all {
				again := slices.Clone(changes)
				for i := range len(again) - 1 {
					again[i].Repeated = true
				}
				end := &again[len(again)-1]
				end.Settled = uint32(at.step)
				end.Index += end.Settled
				got := ofCommits(utter(t, hearing(test.after, audience, mostHeld), again))
				for _, u := range all[n:] {
					if !strings.Contains(inShort(got), u.text) && !missing(test.after, u, changes) {
						t.Errorf("%v to %v, %d settled: %s, without %s", test.before, test.after, n,
							inShort(got), u.text)
					}
				}
				for _, u := range got {
					was := slices.IndexFunc(all, func(other utterance) bool { return other.text == u.text })
					switch {
					case was >= 0 && was < n:
						t.Errorf("%v to %v, %d settled: %s again", test.before, test.after, n, u.text)
					case was >= 0 && all[was].position != u.position:
						t.Errorf("%s was at position %d, and is at %d", u.text, all[was].position, u.position)
					}
				}
			}
		}
	}
}

// ofCommits returns those for whoever hears of commits.
func ofCommits(list []utterance) []utterance {
	return slices.DeleteFunc(list, func(u utterance) bool { return u.telling&ToChanges != 0 })
}

// missing reports whether an event is of a table that a catalog does not have.
func missing(catalog Describer, u utterance, changes []cdc.Change) bool {
	without, is := catalog.(but)
	for _, c := range changes {
		if is && c.Relation != nil && c.Relation.OID == without.oid &&
			strings.HasSuffix(u.text, fmt.Sprintf(" #%d", c.Index)) {
			return true
		}
	}
	return false
}
