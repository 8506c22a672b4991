package mapper

import (
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

// ownedTable is a catalog of tables whose values say whose a row is, and whether it is there: a and
// b are of the tenant A, d and e of B, g of C; c is A's and f is B's, of rows that are absent.
type ownedTable struct {
	deferred, tenants, absent bool
}

func (o ownedTable) Describe(ctx context.Context, rel *cdc.Relation) (*Description, error) {
	table, err := oneTable{}.Describe(ctx, rel)
	table.Deferred = o.deferred
	if o.absent {
		table.Absent = Absences{{Column: 1, Gone: func(v cdc.Value) bool {
			return !v.IsNull() && isAbsent(v.String())
		}}}
	}
	if o.tenants {
		table.Tenant = &TenantColumn{column: 1, names: owners, log: discard}
	}
	return table, err
}

// owners has the tenants of all values that are made here.
var owners = func() map[string]string {
	names := map[string]string{}
	for _, letter := range "abcdefg" {
		names[string(letter)] = ownerOf(string(letter))
		for n := range 1000 {
			value := fmt.Sprint(string(letter), n)
			names[value] = ownerOf(value)
		}
	}
	return names
}()

func ownerOf(value string) string { return string("AAABBBC"[value[0]-'a']) }

func isAbsent(value string) bool { return value[0] == 'c' || value[0] == 'f' }

// owned is ownedTable as a catalog.
type owned struct {
	oneTable
	ownedTable
}

func (o owned) Describe(ctx context.Context, rel *cdc.Relation) (*Description, error) {
	return o.ownedTable.Describe(ctx, rel)
}

// seen returns what receivers have of a table, by tenant and key.
func (o ownedTable) seen(rows map[int]cdc.Tuple) map[string]string {
	list := map[string]string{}
	for _, row := range rows {
		if value := row[1].String(); !o.absent || !isAbsent(value) {
			list[o.tenantOf(value)+row[0].String()] = value
		}
	}
	return list
}

func (o ownedTable) tenantOf(value string) string {
	if !o.tenants {
		return ""
	}
	return ownerOf(value)
}

// mostEvents returns how many events are enough for what a transaction did: one of each record that
// differs, and two of one that has come to another tenant.
func (o ownedTable) mostEvents(before, after map[int]cdc.Tuple) (n int) {
	look := func(row cdc.Tuple) (there bool, tenant string) {
		if row == nil || o.absent && isAbsent(row[1].String()) {
			return false, ""
		}
		return true, o.tenantOf(row[1].String())
	}
	all := maps.Clone(before)
	maps.Copy(all, after)
	for id := range all {
		was, from := look(before[id])
		is, to := look(after[id])
		switch {
		case was && is && from != to:
			n += 2
		case was != is:
			n++
		case was && (!Same(before[id][0], after[id][0]) || !Same(before[id][1], after[id][1])):
			n++
		}
	}
	return n
}

// TestCommitsOfOwnedRows has records go and come by their value, from tenant to tenant and under
// other keys, several times in a transaction.
func TestCommitsOfOwnedRows(t *testing.T) {
	for _, test := range []struct{ name, changes, want string }{
		{"it is born, and soft-deleted", "I1a u1ac", ""},
		{"it is soft-deleted, and back", "u1ac u1cb", "A updated 1b value"},
		{"and back as it was", "u1ac u1ca", ""},
		{"edited, and soft-deleted", "u1ab u1bc", "A deleted 1c value"},
		{"soft-deleted, and removed", "u1ac D1c", "A deleted 1a"},
		{"edited while it is away", "u1cc u2ab", "A updated 2b value"},
		{"back, and edited", "u1ca u1ab", "A created 1b"},
		{"back, and away again", "u1cb u1bc", ""},
		{"back under another key", "u1ca u12a", "A created 2a"},
		{"soft-deleted under another key", "u12a u2ac", "A deleted 1c value"},
		{"another key while it is away", "u1ac u12c u2ca", "A updated 2a id was 1"},
		{"its key is taken by a new one", "u1ac u12c I1b", "A updated 1b value"},
		{"by one that comes back", "D1a u3cb u31b", "A updated 1b value"},
		{"by one that is away", "D1a u31c", "A deleted 1a"},
		{"by one that goes", "D1a u3bc u31c", "A deleted 1a; A deleted 3c value"},
		{"to a tenant, and back", "u1ad u1da", ""},
		{"and back as another", "u1ad u1db", "A updated 1b value"},
		{"to a tenant, and on", "u1ad u1dg", "A deleted 1a; C created 1g"},
		{"to a tenant, and on under another key", "u1ad u12d u2dg", "A deleted 1a; C created 2g"},
		{"to a tenant, and gone", "u1ad D1d", "A deleted 1a"},
		{"to a tenant, and soft-deleted", "u1ad u1df", "A deleted 1a"},
		{"soft-deleted, and back at another's", "u1ac u1cd", "A deleted 1a; B created 1d"},
		{"born, and given away", "I1a u1ad", "B created 1d"},
		{"removed, and made anew for another", "D1a I1d u1dg", "A deleted 1a; C created 1g"},
		{
			"its key is taken by a tenant's other one", "u3ab u12a u2ad u31b",
			"A updated 1b id,value was 3; B created 2d",
		},
		{
			"and by another tenant's", "u3de u12a u31e",
			"B updated 1e id,value was 3; A updated 2a id was 1",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			table := ownedTable{tenants: true, absent: true}
			m := hearing(owned{ownedTable: table}, Audience{Commits: true}, mostHeld)
			for round := range 2 { // nothing is left for the next transaction
				var list []string
				changes := script(cdc.LSN(100+round), letters, test.changes)
				for _, e := range ownedEvents(t, m, changes) {
					list = append(list, e.String())
				}
				if got := strings.Join(list, "; "); got != test.want {
					t.Errorf("got  %s\nwant %s", got, test.want)
				}
			}
		})
	}
}

// TestMirrorsOfTenants runs transactions at random on rows that are deleted by a value, and belong
// to tenants, whose keys change as well. What a mirror of each tenant makes of the events is what
// the tenant has in the table, for those who hear of commits and of changes, whatever may be held.
// Where all is held, a commit tells of a record once.
func TestMirrorsOfTenants(t *testing.T) {
	for seed := range *worlds {
		random := rand.New(rand.NewPCG(seed, 11))
		table := ownedTable{seed%2 == 0, seed%4 < 2, seed%8 < 5}
		commits := seed%3 > 0
		most := []int{0, 400, 800, 1600, mostHeld, mostHeld}[random.IntN(6)]
		w := &world{Rand: random, deferred: table.deferred, letters: 7, rows: map[int]cdc.Tuple{}}
		m := hearing(owned{ownedTable: table}, Audience{Changes: !commits, Commits: commits}, most)
		m.changes = newFold(most)
		mirror := map[string]string{}
		for n := range 5 {
			before := maps.Clone(w.rows)
			changes := w.transaction(cdc.LSN(100*n + 100))
			var told []string
			events := ownedEvents(t, m, changes)
			fail := func(format string, args ...any) {
				t.Helper()
				t.Fatalf("seed %d, %+v, commits: %t, at most %d bytes, %v:\n%s\n%s\n%s",
					seed, table, commits, most, before, strings.Join(sketch(changes), "\n"),
					strings.Join(told, "; "), fmt.Sprintf(format, args...))
			}
			for _, e := range events {
				told = append(told, fmt.Sprint(e))
				_, known := mirror[e.tenant+e.id]
				_, knew := mirror[e.tenant+e.was]
				if most == mostHeld && e.action == Deleted && !known && !knew {
					fail("%v was not known", e)
				}
				strict := most == mostHeld && !commits && !table.deferred && !table.tenants
				if strict && e.action == Created && known {
					fail("%v was known", e)
				}
				delete(mirror, e.tenant+e.was)
				if mirror[e.tenant+e.id] = e.value; e.action == Deleted {
					delete(mirror, e.tenant+e.id)
				}
			}
			want := table.seen(w.rows)
			if slices.ContainsFunc(changes, func(c cdc.Change) bool { return c.Kind == cdc.Truncate }) {
				mirror = want // of rows that nothing else was done to nothing is told
			}
			if !maps.Equal(mirror, want) {
				fail("the mirror has %v, the table %v", mirror, want)
			}
			enough := table.mostEvents(before, w.rows)
			if commits && most == mostHeld && len(events) > enough {
				fail("%d events are enough", enough)
			}
		}
	}
}

// ownedEvent is an event in short.
type ownedEvent struct {
	tenant, id, was, value string
	action                 Action
	updated                []string
}

func (e ownedEvent) String() string {
	text := fmt.Sprintf("%s %s %s%s", e.tenant, e.action, e.id, e.value)
	if e.updated != nil {
		text += " " + strings.Join(e.updated, ",")
	}
	if e.was != "" {
		text += " was " + e.was
	}
	return text
}

// ownedEvents returns the events of some changes, for those to whom a changed key is an update.
func ownedEvents(t *testing.T, m *Mapper, changes []cdc.Change) (list []ownedEvent) {
	t.Helper()
	for _, c := range changes {
		for _, e := range eventsOf(t, m, c) {
			var body struct {
				Data             struct{ Value string }
				Key, PreviousKey struct{ ID string }
			}
			if err := json.Unmarshal(e.Body(FormatEvent, Addressee{}), &body); err != nil {
				t.Fatal(err)
			}
			list = append(list, ownedEvent{
				e.Workspace, body.Key.ID, body.PreviousKey.ID, body.Data.Value, e.Action, e.updated,
			})
		}
	}
	return list
}
