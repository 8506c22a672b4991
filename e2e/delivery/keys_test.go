package delivery

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// Keys change at random, in every way that there is, while a receiver refuses some of what comes
// and Hookline is killed. What a receiver keeps of the events alone is what the tables hold,
// whichever way it hears of a changed key, and no event of a key comes behind a later one.
func TestKeysThatChange(t *testing.T) {
	t.Parallel()
	for _, on := range pairs {
		t.Run(on.String(), func(t *testing.T) {
			t.Parallel()
			testKeysThatChange(t, on.major, on.identity)
		})
	}
}

const keyedTables = `
	CREATE TABLE names (entity text, name text, version int, PRIMARY KEY (entity, name));
	CREATE TABLE visits (patient text, ward int, version int, PRIMARY KEY (patient,
	  ward)) PARTITION BY LIST (ward);
	CREATE TABLE visits_1 PARTITION OF visits FOR VALUES IN (1);
	CREATE TABLE visits_2 PARTITION OF visits FOR VALUES IN (2);
	INSERT INTO visits SELECT 'patient' || i, 1, 0 FROM generate_series(1, 4) i;
	CREATE TABLE places (place int, version int, PRIMARY KEY (place) DEFERRABLE);
	INSERT INTO places SELECT i, 0 FROM generate_series(1, 5) i`

func testKeysThatChange(t *testing.T, major int, identity string) {
	t.Helper()
	random := e2e.Random(t)
	db := e2e.NewDatabaseMajor(t, major)
	settings := []string{
		"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook", "HOOKLINE_REPLICA_IDENTITY=" + identity,
		"HOOKLINE_HOLD_MAX=300ms", e2e.Often,
	}
	db.Exec(keyedTables)
	if identity == "keep" { // a deferrable key is no replica identity
		db.Exec(
			"DROP TABLE places; CREATE TABLE places (place int PRIMARY KEY, version int); INSERT INTO " +
				"places SELECT i, 0 FROM generate_series(1, 5) i")
	}
	whole, split := newCopy(t, random.Uint64()), newCopy(t, random.Uint64())
	db.SetUp(settings...)
	if identity == "keep" { // as an older version made it
		db.Exec("ALTER TABLE hookline.webhook DROP rekey")
		db.SetUp(settings...)
	}
	for box, rekey := range map[*e2e.Inbox]*string{whole.inbox: nil, split.inbox: new("split")} {
		db.Exec("INSERT INTO hookline.webhook (url, secret, rekey) VALUES ($1, $2, $3)", box.URL(),
			box.Secret, rekey)
	}
	db.Exec("UPDATE visits SET version = 1")
	db.Exec("UPDATE places SET version = 1")

	w := &renamer{random: random, names: map[string]bool{}, version: 1}
	sut := e2e.Start(t, db, settings...).Until("active")
	for range 3 {
		for range 60 {
			db.Transaction(w.write(t))
		}
		sut.Kill()
		for range 20 {
			db.Transaction(w.write(t))
		}
		sut = e2e.Start(t, db, settings...)
	}
	// Which of two rows has left a key that both had in passing is not known any more to a process
	// that takes up in the middle of their transaction.
	sut.Until("active")
	w.deferrable = identity == "full"
	for range 40 {
		db.Transaction(w.write(t))
	}
	want := map[string]int{}
	for object, sql := range map[string]string{
		"name":  "SELECT json_build_object('entity', entity, 'name', name), version FROM names",
		"visit": "SELECT json_build_object('patient', patient, 'ward', ward), version FROM visits",
		"place": "SELECT json_build_object('place', place), version FROM places",
	} {
		rows, err := db.Conn.Query(t.Context(), sql)
		var key string
		var version int
		if err == nil {
			_, err = pgx.ForEachRow(rows, []any{&key, &version}, func() error {
				want[object+" "+strings.NewReplacer(" ", "").Replace(key)] = version
				return nil
			})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []*copyOf{whole, split} {
		e2e.Eventually(t, func() error {
			if got := c.all(); !maps.Equal(got, want) {
				return fmt.Errorf("the copy is %v, want %v", got, want)
			}
			return nil
		})
	}
	sut.Stop()
	if whole.renames == 0 || split.renames > 0 {
		t.Errorf("%d events name a key of before, and %d of those that are split", whole.renames,
			split.renames)
	}
}

// copyOf is what a receiver keeps of the tables by the events that it accepts. It refuses one in
// five at first.
type copyOf struct {
	t     *testing.T
	inbox *e2e.Inbox

	mu      sync.Mutex
	random  *rand.Rand
	refused map[string]bool
	known   map[string]bool
	last    map[string]uint64 // by key: the commit of the last event that told of it
	records map[string]int    // versions, by object and key
	renames int
}

func newCopy(t *testing.T, seed uint64) *copyOf {
	c := &copyOf{
		t: t, inbox: e2e.NewInbox(t), random: rand.New(rand.NewPCG(seed, 0)),
		refused: map[string]bool{}, known: map[string]bool{}, last: map[string]uint64{},
		records: map[string]int{},
	}
	c.inbox.Answers(c.answer)
	return c
}

func (c *copyOf) answer(r receiver.Request) receiver.Answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.random.IntN(5) == 0 && !c.refused[r.ID] {
		c.refused[r.ID] = true
		return receiver.Answer{Status: http.StatusServiceUnavailable}
	}
	if !c.known[r.ID] {
		c.known[r.ID] = true
		c.take(r)
	}
	return receiver.Answer{}
}

func (c *copyOf) take(r receiver.Request) {
	var body struct {
		Data             struct{ Version int }
		Key, PreviousKey json.RawMessage
	}
	commit, err := strconv.ParseUint(strings.Split(r.ID, "_")[2], 16, 64)
	if err == nil {
		err = json.Unmarshal(r.Body, &body)
	}
	if err != nil || body.Key == nil {
		c.t.Errorf("%v, or no key: %s", err, r.Body)
		return
	}
	object, action, _ := strings.Cut(r.Event, ".")
	for _, key := range []json.RawMessage{body.Key, body.PreviousKey} {
		if key == nil {
			continue
		}
		if last := c.last[object+" "+string(key)]; commit < last {
			c.t.Errorf("%s of %s came behind what was committed at %x", r.Body, key, last)
		}
		c.last[object+" "+string(key)] = commit
	}
	if body.PreviousKey != nil {
		c.renames++
		delete(c.records, object+" "+string(body.PreviousKey))
	}
	if action == "deleted" {
		delete(c.records, object+" "+string(body.Key))
	} else {
		c.records[object+" "+string(body.Key)] = body.Data.Version
	}
}

func (c *copyOf) all() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.records)
}

// renamer writes transactions that change keys.
type renamer struct {
	random     *rand.Rand
	names      map[string]bool // those that there are
	deferrable bool
	version    int
}

const manyNames = 6

// pick returns a name that there is, or one that there is not; "" when there is none.
func (w *renamer) pick(there bool) string {
	var list []string
	for i := range manyNames {
		if name := fmt.Sprint("name", i); w.names[name] == there {
			list = append(list, name)
		}
	}
	if list == nil {
		return ""
	}
	return list[w.random.IntN(len(list))]
}

// write returns a transaction of one to four steps.
func (w *renamer) write(t *testing.T) func(tx pgx.Tx) error {
	return func(tx pgx.Tx) error {
		run := func(sql string, args ...any) {
			w.version++
			if _, err := tx.Exec(t.Context(), sql, append([]any{w.version}, args...)...); err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
		}
		rename := func(from, to string) {
			run("UPDATE names SET name = $3, version = $1 WHERE name = $2", from, to)
			delete(w.names, from)
			w.names[to] = true
		}
		for range 1 + w.random.IntN(4) {
			there, free := w.pick(true), w.pick(false)
			switch w.random.IntN(8) {
			case 0, 1:
				if free != "" {
					run("INSERT INTO names VALUES ('entity', $2, $1)", free)
					w.names[free] = true
				}
			case 2, 3:
				if there != "" && free != "" {
					rename(there, free)
				}
			case 4:
				if there != "" {
					run("UPDATE names SET version = $1 WHERE name = $2", there)
				}
			case 5:
				if there != "" {
					run("DELETE FROM names WHERE name = $2 AND $1 > 0", there)
					delete(w.names, there)
				}
			case 6: // swapped, by way of a third
				if other := w.pick(true); other != there {
					rename(there, "third")
					rename(other, there)
					rename("third", other)
				}
			case 7:
				run("UPDATE visits SET ward = 3 - ward, version = $1 WHERE patient = $2",
					fmt.Sprint("patient", 1+w.random.IntN(4)))
				w.move(run)
			}
		}
		return nil
	}
}

// move changes the keys of many rows at once, which takes a key that is looked at late.
func (w *renamer) move(run func(string, ...any)) {
	moves := []string{
		"UPDATE places SET place = -place, version = $1",
		"UPDATE places SET version = $1 WHERE place = (SELECT min(place) FROM places)",
	}
	if w.deferrable {
		moves = slices.Concat(moves, []string{
			"UPDATE places SET place = place + 1, version = $1",
			"UPDATE places SET place = (SELECT max(place) + min(place) FROM places) - place, version = $1",
		})
	}
	run(moves[w.random.IntN(len(moves))])
}
