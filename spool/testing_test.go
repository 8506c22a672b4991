package spool_test

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/internal/postgres/postgrestest"
	"hookline/mapper"
	"hookline/sender"
	"hookline/spool"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var discard = slog.New(slog.DiscardHandler)

// open returns the spool that cfg describes, its tables up to date.
func open(t *testing.T, cfg spool.Config) *spool.Spool {
	t.Helper()
	s, err := spool.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.Migrate(t.Context(), discard); err != nil {
		t.Fatal(err)
	}
	return s
}

// openClaimed is open, and Claim.
func openClaimed(t *testing.T, cfg spool.Config) *spool.Spool {
	t.Helper()
	s := open(t, cfg)
	if err := s.Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// database is a connection beside the spool's own, whose search path is the spool's schema.
type database struct {
	t *testing.T
	*pgx.Conn
}

func connect(t *testing.T, url string) database {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	db := database{t, conn}
	db.exec(`SET search_path = hookline`)
	return db
}

func (db database) exec(sql string, args ...any) {
	db.t.Helper()
	if _, err := db.Exec(db.t.Context(), sql, args...); err != nil {
		db.t.Fatalf("%.200s: %v", sql, err)
	}
}

// patience is far longer than anything here takes.
const patience = time.Minute

// await asks until the answer is a row, and returns what is in it.
func (db database) await(sql string, args ...any) (value int64) {
	db.t.Helper()
	deadline := time.After(patience)
	for {
		err := db.QueryRow(db.t.Context(), sql, args...).Scan(&value)
		if err == nil {
			return value
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			db.t.Fatalf("%.200s: %v", sql, err)
		}
		select {
		case <-deadline:
			db.t.Fatalf("not within %s: %.200s", patience, sql)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// barrier makes whoever spools the event wait in the middle of it, from now until the returned
// function is called.
func (db database) barrier(event string) (open func()) {
	db.t.Helper()
	db.exec(
		`CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM
			pg_advisory_xact_lock(7); RETURN NEW; END $$`,
	)
	db.exec(
		`CREATE TRIGGER wait BEFORE INSERT ON delivery FOR EACH ROW WHEN (NEW.event_id = '` + event + `')
			EXECUTE FUNCTION wait()`,
	)
	db.exec(`SELECT pg_advisory_lock(7)`)
	return func() { db.t.Helper(); db.exec(`SELECT pg_advisory_unlock(7)`) }
}

// atBarrier waits until somebody is at the barrier, and returns the process.
func (db database) atBarrier() (pid int64) {
	db.t.Helper()
	return db.await(`SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
}

// id returns the ID of the event number n.
func id(n int) string { return fmt.Sprintf("evt_0badcafe_%016x_%d", n/100, n%100) }

var epoch = time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)

// parts returns what the event number n is made of: persons' and companies' events take turns, a
// minute apart.
func parts(n int) mapper.Parts {
	return mapper.Parts{
		ID:      id(n),
		Object:  []string{"person", "company"}[n%2],
		Action:  mapper.Updated,
		Record:  uint64(n),
		Time:    epoch.Add(time.Duration(n) * time.Minute),
		Updated: []string{"number"},
		Data:    fmt.Appendf(nil, `{"number": %d}`, n),
	}
}

func delivery(webhook string, n int) sender.Spooled {
	return sender.Spooled{Webhook: webhook, Event: mapper.NewEvent(parts(n))}
}

// several returns deliveries of the events from first to last.
func several(webhook string, first, last int) (list []sender.Spooled) {
	for n := first; n <= last; n++ {
		list = append(list, delivery(webhook, n))
	}
	return list
}

func dead(deliveries ...sender.Spooled) []sender.Spooled {
	for i := range deliveries {
		deliveries[i].Dead, deliveries[i].Attempts, deliveries[i].Status = true, 12, 500
	}
	return deliveries
}

func put(t *testing.T, s *spool.Spool, deliveries ...sender.Spooled) []sender.Overflow {
	t.Helper()
	overflows, err := s.Put(t.Context(), deliveries)
	if err != nil {
		t.Fatal(err)
	}
	return overflows
}

// waiting returns the IDs of what waits for a webhook.
func waiting(t *testing.T, s *spool.Spool, webhook string) (ids []string) {
	t.Helper()
	list, err := s.Waiting(t.Context(), sender.Page{Webhook: webhook, Rows: 1 << 20, Bytes: 1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		ids = append(ids, d.Event.ID)
	}
	return ids
}

func queues(t *testing.T, s *spool.Spool) []sender.Queue {
	t.Helper()
	list, err := s.Queues(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// wantCounted checks that the numbers kept of each queue are those of its rows.
func (db database) wantCounted() {
	db.t.Helper()
	rows, err := db.Query(
		db.t.Context(),
		`SELECT format('%s: %s', webhook, q) FROM queue q, LATERAL (
			SELECT count(*) FILTER (WHERE NOT d.dead) AS waiting, count(*) FILTER (WHERE d.dead) AS dead,
			count(*) FILTER (WHERE d.wanted) AS wanted,
				coalesce(sum(size), 0) AS bytes FROM delivery d WHERE queue = q.id
		) AS d WHERE (q.waiting, q.dead, q.wanted, q.bytes) <> (d.waiting, d.dead, d.wanted, d.bytes)`,
	)
	if err != nil {
		db.t.Fatal(err)
	}
	wrong, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		db.t.Fatal(err)
	}
	for _, queue := range wrong {
		db.t.Errorf("miscounted: %s", queue)
	}
}
