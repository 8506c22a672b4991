package mirror

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// act is one transaction of a schedule; or, with a look, the time in which Hookline takes up what
// has been done to the tables.
type act struct {
	sql   []string
	tell  func(*mirror)   // what no event tells
	exact map[string]bool // the objects of which every event is known in advance
	due   []due           // the events of those
	look  *look
}

func (a act) String() string {
	if a.look != nil {
		return "-- Hookline looks at the tables"
	}
	return "BEGIN; " + strings.Join(a.sql, "; ") + "; COMMIT;"
}

// look is what is published after Hookline has looked at the tables.
type look struct {
	tables []wanted
	events []due // that have come by then
}

// wanted is how a table has to be published.
type wanted struct {
	table     string // with its schema
	published bool
	identity  string // the letter of its replica identity; "" for any
}

// schedule is a CRM of its own in a schema of its own, and what is done to it. It depends on its
// seed, its number and the server's major version alone.
type schedule struct {
	seed   uint64
	number int // among those that share a database
	major  int
	random *rand.Rand

	acts   []act
	tables []*table // those that there are
	last   int      // number of names that are taken
	ids    int      // likewise

	unordered map[string]bool // objects of which it is not known by which key Hookline goes
}

// newSchedule makes up a schedule of so many looks. The first act is done before there is a slot.
func newSchedule(seed uint64, number, looks, major int) *schedule {
	s := &schedule{
		seed: seed, number: number, major: major,
		random: rand.New(rand.NewPCG(seed, 1)), unordered: map[string]bool{},
	}
	s.acts = append(s.acts,
		act{sql: []string{"CREATE SCHEMA " + s.schema(), "CREATE SCHEMA " + s.elsewhere()}})
	for range 1 + s.random.IntN(2) {
		s.begin(true)
	}
	s.look()
	for range looks {
		for range 2 + s.random.IntN(7) {
			s.step()
		}
		s.look()
	}
	return s
}

// schema is the one that is watched, elsewhere one that is not.
func (s *schedule) schema() string    { return fmt.Sprintf("m%d", s.number) }
func (s *schedule) elsewhere() string { return fmt.Sprintf("m%dx", s.number) }

// prefix is what its objects begin with, and no others.
func (s *schedule) prefix() string { return s.schema() + "t" }

func (s *schedule) name() string {
	s.last++
	return s.prefix() + strconv.Itoa(s.last)
}

func (s *schedule) id() string {
	s.ids++
	return strconv.Itoa(s.ids)
}

// version is that of the rows that the next act writes.
func (s *schedule) version() int { return len(s.acts) }

// chance is true one time in n.
func (s *schedule) chance(n int) bool { return s.random.IntN(n) == 0 }

// choose returns one of the candidates at random.
func choose[T any](r *rand.Rand, candidates []T) T { return candidates[r.IntN(len(candidates))] }

// do adds an act.
func (s *schedule) do(a act) {
	a.exact = map[string]bool{}
	for _, t := range s.tables {
		if t.settled {
			a.exact[t.name] = true
		}
	}
	s.acts = append(s.acts, a)
}

// ddl adds an act that brings no event.
func (s *schedule) ddl(tell func(*mirror), sql ...string) { s.do(act{sql: sql, tell: tell}) }

// blur takes back what is known of the table's events since the last look: Hookline may read them
// only now, and goes by the key that the table has then.
func (s *schedule) blur(t *table) {
	for i := len(s.acts) - 1; i >= 0 && s.acts[i].look == nil; i-- {
		for _, name := range append(t.names, t.name) {
			delete(s.acts[i].exact, name)
			s.unordered[name] = true
		}
	}
}

// guess is blur for the act just added alone: whether its rows have changed cannot be told from
// what the stream brings of them.
func (s *schedule) guess(t *table) { delete(s.acts[len(s.acts)-1].exact, t.name) }

// step adds something at random: mostly changes of rows, some DDL, a new table now and then.
func (s *schedule) step() {
	if len(s.tables) == 0 || len(s.tables) < 5 && s.chance(8) {
		s.begin(false)
		return
	}
	for range 100 {
		t := choose(s.random, s.tables)
		kinds := rowSteps
		if s.chance(2) {
			kinds = t.ddlSteps()
		}
		if choose(s.random, kinds)(s, t) {
			return
		}
	}
	s.begin(false)
}

// ddlSteps returns the kinds of DDL that the table allows for.
func (t *table) ddlSteps() []stepKind {
	switch {
	case t.partitioned():
		return slices.Concat(partitionSteps, columnSteps)
	case t.parent != nil || len(t.children) > 0:
		return slices.Concat(inheritanceSteps, columnSteps)
	default:
		return slices.Concat(tableSteps, columnSteps)
	}
}

// stepKind returns false, and adds nothing, where the table does not allow for it.
type stepKind func(*schedule, *table) bool

// begin makes a new table of some kind. Old ones are there before Hookline is.
func (s *schedule) begin(old bool) {
	switch s.random.IntN(3) {
	case 0:
		s.newPlain(old)
	case 1:
		s.newPartitioned(old)
	case 2:
		s.newInheritance(old)
	}
}

// look adds the time in which Hookline takes up what has been done. From then on every table's
// events are known in advance.
func (s *schedule) look() {
	l := &look{}
	var tells []func(*mirror)
	for _, t := range s.tables {
		tells = append(tells, t.lookedAt(l)...)
	}
	s.do(act{look: l, tell: func(m *mirror) {
		for _, tell := range tells {
			tell(m)
		}
	}})
	for _, t := range s.tables {
		t.settle()
	}
}

// The same seed gives the same schedule, another seed another one, and every kind of step comes up.
func TestMirrorSchedule(t *testing.T) {
	t.Parallel()
	text := func(seed uint64) string {
		var lines []string
		for _, a := range newSchedule(seed, 1, 4, 18).acts {
			lines = append(lines, a.String())
		}
		return strings.Join(lines, "\n")
	}
	if first, again := text(1), text(1); first != again {
		t.Errorf("two schedules of one seed:\n%s\n\n%s", first, again)
	}
	if first, other := text(1), text(2); first == other {
		t.Errorf("one schedule of two seeds:\n%s", first)
	}
	var all strings.Builder
	for seed := range uint64(500) {
		all.WriteString(text(seed))
	}
	for _, part := range []string{
		"INSERT INTO", "UPDATE", "DELETE FROM", "TRUNCATE", "DROP TABLE", "RENAME TO", "SET SCHEMA",
		"SET UNLOGGED", "SET LOGGED",
		"ADD PRIMARY KEY", "DROP CONSTRAINT", "DEFERRABLE", "ADD COLUMN", "DROP COLUMN", "RENAME COLUMN",
		"TYPE text", "STORED", "VIRTUAL",
		"PARTITION BY LIST (p)", "PARTITION BY LIST (q)", "DEFAULT", "ATTACH PARTITION",
		"DETACH PARTITION", "INHERITS", "INHERIT",
		"NO INHERIT", "FOREIGN TABLE", ", p = ", "SAVEPOINT",
	} {
		if !strings.Contains(all.String(), part) {
			t.Errorf("no schedule has %q", part)
		}
	}
}

// sortedIDs returns the ids of rows in their order, so that a choice among them depends on the seed
// alone.
func sortedIDs(rows map[string]*row) []string {
	return slices.SortedFunc(maps.Keys(rows), func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return x - y
	})
}

// sample returns up to n of the ids, at random.
func sample(r *rand.Rand, ids []string, n int) []string {
	ids = slices.Clone(ids)
	r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	ids = ids[:min(n, len(ids))]
	slices.Sort(ids)
	return ids
}
