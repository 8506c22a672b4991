package cdc_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/internal/postgres"
	"hookline/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// stream is a Source on a database of its own, with a connection beside it.
type stream struct {
	t           *testing.T
	cfg         cdc.Config
	checkpoints cdc.Checkpoints
	conn        *pgx.Conn
	log         slog.Handler // nil: the test's output
	source      *cdc.Source
	next        func() (cdc.Change, error, bool)
	stop        func() // has the pump come back for the next change until there is none
	leave       func() // ends the pump at the change that it has in hand
}

// newStream makes the tables, publishes all of schema public, and starts to read.
func newStream(t *testing.T, url, schema string) *stream {
	t.Helper()
	s := &stream{t: t, cfg: cdc.Config{URL: url, Slot: slotFor(url)}, conn: connect(t, url)}
	s.exec(schema)
	s.prepare()
	s.open()
	return s
}

// slotFor returns a slot name of the database's own: slots share one namespace in a cluster.
func slotFor(url string) string {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		panic(err)
	}
	return "slot_" + strings.ToLower(config.Database)
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func (s *stream) exec(sql string, args ...any) {
	s.t.Helper()
	if len(args) == 0 {
		if _, err := s.conn.PgConn().Exec(s.t.Context(), sql).ReadAll(); err != nil {
			s.t.Fatalf("%.200s: %v", sql, err)
		}
		return
	}
	if _, err := s.conn.Exec(s.t.Context(), sql, args...); err != nil {
		s.t.Fatalf("%.200s: %v", sql, err)
	}
}

func (s *stream) query(sql string, args ...any) string {
	s.t.Helper()
	var value string
	if err := s.conn.QueryRow(s.t.Context(), sql, args...).Scan(&value); err != nil {
		s.t.Fatalf("%.200s: %v", sql, err)
	}
	return value
}

func (s *stream) prepare() *cdc.Plan {
	s.t.Helper()
	rows, err := s.conn.Query(s.t.Context(), `SELECT tablename FROM pg_tables
		WHERE schemaname = 'public' ORDER BY 1`)
	if err != nil {
		s.t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		s.t.Fatal(err)
	}
	var tables []cdc.Table
	for _, name := range names {
		tables = append(tables, cdc.Table{Schema: "public", Name: name, Full: true})
	}
	plan, err := cdc.Prepare(s.t.Context(), s.conn, s.cfg, tables, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		s.t.Fatal(err)
	}
	return plan
}

// open starts a Source and a pump that is driven change by change.
func (s *stream) open() {
	s.t.Helper()
	log := s.log
	if log == nil {
		log = slog.NewTextHandler(s.t.Output(), nil)
	}
	source, err := cdc.Open(s.cfg, s.checkpoints, slog.New(log), prometheus.NewRegistry())
	if err != nil {
		s.t.Fatal(err)
	}
	if err := source.Acquire(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	next, stop := iter.Pull2(source.Changes(ctx))
	s.source, s.next = source, next
	s.stop = func() {
		cancel()
		// come back for the next one, as a pump does
		for _, _, more := next(); more; _, _, more = next() {
			s.t.Error("the stream goes on after its context has ended")
		}
		stop()
	}
	s.leave = func() { cancel(); stop(); s.stop = func() {} }
	s.t.Cleanup(s.close)
}

func (s *stream) close() {
	if s.source == nil {
		return
	}
	s.stop()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.source.Close(ctx); err != nil {
		s.t.Error(err)
	}
	s.source = nil
}

// take takes the next change of a row or a table.
func (s *stream) take() cdc.Change {
	s.t.Helper()
	for {
		if change := s.takeAny(); change.Kind != cdc.End && !change.Repeated {
			return change
		}
	}
}

// takeAny takes the next change, the end of a transaction and what is told included.
func (s *stream) takeAny() cdc.Change {
	s.t.Helper()
	change, err, ok := s.next()
	if !ok {
		s.t.Fatal("the stream ended")
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return change.Clone()
}

// takeRows takes changes, each of the next row, from one id to another.
func (s *stream) takeRows(from, to int) {
	s.t.Helper()
	for n := from; n <= to; n++ {
		if c := s.take(); c.New[0].String() != fmt.Sprint(n) {
			s.t.Fatalf("change %d is of row %s", n, c.New[0])
		}
	}
}

// end takes changes until the stream ends, and returns why it did.
func (s *stream) end() error {
	s.t.Helper()
	for {
		_, err, ok := s.next()
		if !ok {
			s.t.Fatal("the stream ended without an error")
		}
		if err != nil {
			return err
		}
	}
}

// takeUntil takes changes until one of table "done" comes, which it swallows.
func (s *stream) takeUntilDone() []cdc.Change {
	s.t.Helper()
	var changes []cdc.Change
	for {
		c := s.take()
		if c.Relation.Name == "done" {
			return changes
		}
		changes = append(changes, c)
	}
}

// confirmed waits until the slot has confirmed the server's present position: nothing is left to
// do.
func (s *stream) waitConfirmed(position string) {
	s.t.Helper()
	s.poll("the slot to confirm "+position, func() bool {
		return s.query(`SELECT (confirmed_flush_lsn >= $1::pg_lsn)::text FROM pg_replication_slots
			WHERE slot_name = $2`,
			position, s.cfg.Slot) == "true"
	})
}

func (s *stream) poll(what string, done func() bool) {
	s.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(time.Minute)
	for !done() {
		select {
		case <-tick.C:
		case <-limit:
			s.t.Fatalf("waited too long for %s", what)
		}
	}
}

// text prints a change in one line: kind, table, rows; ∅ for null, ~ for unchanged.
func text(c cdc.Change) string {
	tuple := func(t cdc.Tuple) string {
		if t == nil {
			return "-"
		}
		var values []string
		for _, v := range t {
			switch {
			case v.IsNull():
				values = append(values, "∅")
			case v.IsUnchanged():
				values = append(values, "~")
			case len(v.Bytes()) > 40:
				values = append(values, fmt.Sprintf("<%d bytes>", len(v.Bytes())))
			default:
				values = append(values, v.String())
			}
		}
		return "(" + strings.Join(values, ",") + ")"
	}
	key := ""
	if c.OldIsKey {
		key = "key"
	}
	unheard := ""
	if c.Unannounced {
		unheard = "unheard "
	}
	return fmt.Sprintf("%s%s %s %s%s→%s", unheard, c.Kind, c.Relation.Name, key, tuple(c.Old),
		tuple(c.New))
}

func expect(t *testing.T, changes []cdc.Change, want ...string) {
	t.Helper()
	var got []string
	for _, c := range changes {
		got = append(got, text(c))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

const people = `
	CREATE TABLE people (id int PRIMARY KEY, name text, bio text);
	CREATE TABLE done (id serial PRIMARY KEY);`

// manyPeople are more than fits into the queue and the sockets: 5 kB each.
const manyPeople = `INSERT INTO people SELECT i, md5(i::text), repeat('x', 5000)
	FROM generate_series(1, $1::int) i`

func TestChangesOfEveryKind(t *testing.T) {
	s := newStream(t, postgrestest.NewDatabase(t), people+`
		CREATE TABLE orders (id int PRIMARY KEY, at timestamptz, n float8, b bytea, i interval);
		DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET DateStyle = German', current_database());
		    END $$`)
	s.exec(`SET TimeZone = 'Asia/Tokyo'`)
	s.exec(`INSERT INTO people VALUES (1, 'Ada', NULL);
		UPDATE people SET name = 'Ada L.' WHERE id = 1;
		UPDATE people SET id = 2 WHERE id = 1;
		DELETE FROM people;
		INSERT INTO orders VALUES (1, '2025-02-10 15:30:45.25+09', 0.1, '\xdeadbeef', '1 day 2 hours');
		TRUNCATE people, orders;
		INSERT INTO done DEFAULT VALUES`)
	changes := s.takeUntilDone()
	expect(t, changes, "insert people -→(1,Ada,∅)", "update people (1,Ada,∅)→(1,Ada L.,∅)",
		"update people (1,Ada L.,∅)→(2,Ada L.,∅)", "delete people (2,Ada L.,∅)→-",
		`insert orders -→(1,2025-02-10 06:30:45.25+00,0.1,\xdeadbeef,1 day 02:00:00)`,
		"truncate people -→-", "truncate orders -→-")
	for i, c := range changes { // one simple query of several statements is one transaction
		if c.Index != uint32(i) || c.Tx.Commit != changes[0].Tx.Commit {
			t.Errorf("change %d is (%s, %d), want (%s, %d)", i, c.Tx.Commit, c.Index, changes[0].Tx.Commit,
				i)
		}
	}
	if age := time.Since(changes[0].Tx.Time); age < 0 || age > time.Minute {
		t.Errorf("commit time %s is %s ago", changes[0].Tx.Time, age)
	}
}

func TestReplicaIdentityDefault(t *testing.T) {
	s := &stream{t: t, conn: nil}
	url := postgrestest.NewDatabase(t)
	s.cfg, s.conn = cdc.Config{
		URL:      url,
		Slot:     slotFor(url),
		Identity: cdc.IdentityKeep,
	}, connect(t, url)
	s.exec(people)
	s.prepare()
	s.open()
	s.exec(`INSERT INTO people VALUES (1, 'Ada', (SELECT string_agg(md5(i::text), '')
		FROM generate_series(1, 1000) i))`)
	s.exec(`UPDATE people SET name = 'Ada L.'; UPDATE people SET id = 2; DELETE FROM people;
		INSERT INTO done DEFAULT VALUES`)
	expect(t, s.takeUntilDone(), "insert people -→(1,Ada,<32000 bytes>)",
		"update people -→(1,Ada L.,~)", "update people key(1,~,~)→(2,Ada L.,~)",
		"delete people key(2,~,~)→-")
}

func TestUnchangedToastUnderFullIdentity(t *testing.T) {
	s := newStream(t, postgrestest.NewDatabase(t), people)
	s.exec(`INSERT INTO people VALUES (1, 'Ada', (SELECT string_agg(md5(i::text), '')
		FROM generate_series(1, 1000) i))`)
	s.exec(`UPDATE people SET name = 'Ada L.'; INSERT INTO done DEFAULT VALUES`)
	expect(t, s.takeUntilDone(), "insert people -→(1,Ada,<32000 bytes>)",
		"update people (1,Ada,<32000 bytes>)→(1,Ada L.,~)")
}

// TestInterleavedTransactions commits in another order than it writes: the stream has the order of
// commits, each transaction whole.
func TestInterleavedTransactions(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	s := newStream(t, url, people)
	second := connect(t, url)
	do := func(conn *pgx.Conn, sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	do(s.conn, `BEGIN`)
	do(second, `BEGIN`)
	do(s.conn, `INSERT INTO people VALUES (1)`)
	do(second, `INSERT INTO people VALUES (2)`)
	do(s.conn, `INSERT INTO people VALUES (3)`)
	do(second, `SAVEPOINT a`)
	do(second, `INSERT INTO people VALUES (4)`)
	do(second, `ROLLBACK TO a`)
	do(second, `INSERT INTO people VALUES (5)`)
	do(second, `COMMIT`)
	do(s.conn, `COMMIT`)
	do(s.conn, `INSERT INTO done DEFAULT VALUES`)
	changes := s.takeUntilDone()
	expect(t, changes, "insert people -→(2,∅,∅)", "insert people -→(5,∅,∅)", "insert people -→(1,∅,∅)",
		"insert people -→(3,∅,∅)")
	if changes[0].Tx.Commit >= changes[2].Tx.Commit {
		t.Errorf("commit positions %s, %s do not rise", changes[0].Tx.Commit, changes[2].Tx.Commit)
	}
}

func TestCopyGivesEachRowItsOwnIdentity(t *testing.T) {
	s := newStream(t, postgrestest.NewDatabase(t), people)
	const rows = 1000
	n, err := s.conn.CopyFrom(t.Context(), pgx.Identifier{"people"}, []string{"id"},
		pgx.CopyFromSlice(rows, func(i int) ([]any, error) { return []any{i}, nil }))
	if err != nil || n != rows {
		t.Fatal(n, err)
	}
	s.exec(`INSERT INTO done DEFAULT VALUES`)
	changes := s.takeUntilDone()
	if len(changes) != rows {
		t.Fatalf("got %d changes, want %d", len(changes), rows)
	}
	for i, c := range changes {
		if c.Index != uint32(i) || c.New[0].String() != fmt.Sprint(i) {
			t.Fatalf("change %d is index %d of row %s", i, c.Index, c.New[0])
		}
	}
}

// TestSettledPositionMovesTheSlot checks rule by rule what the server is told: nothing while
// something is held, the commit's end after.
func TestSettledPositionMovesTheSlot(t *testing.T) {
	s := newStream(t, postgrestest.NewDatabase(t), people)
	s.exec(`INSERT INTO people VALUES (1)`)
	first := s.take()
	release := first.Tx.Hold()
	s.exec(`INSERT INTO people VALUES (2)`)
	s.exec(`INSERT INTO people VALUES (3)`)
	s.take()
	s.take()
	after := s.query(`SELECT pg_current_wal_insert_lsn()::text`)
	s.exec(`INSERT INTO done DEFAULT VALUES`)
	s.take() // everything before this is taken
	if held := s.query(`SELECT (confirmed_flush_lsn <= $1::pg_lsn)::text FROM pg_replication_slots
		WHERE slot_name = $2`,
		first.Tx.Commit.String(), s.cfg.Slot); held != "true" {
		t.Fatalf("the slot has moved past %s, which is held", first.Tx.Commit)
	}
	release()
	s.waitConfirmed(after)
}

// TestIdleDatabaseAdvances lets other tables write while the published ones are silent: the slot
// must follow.
func TestIdleDatabaseAdvances(t *testing.T) {
	s := newStream(t, postgrestest.NewDatabase(t), people)
	s.exec(`CREATE TABLE noise (x text); INSERT INTO noise SELECT md5(i::text) FROM generate_series(1,
		20000) i`)
	position := s.query(`SELECT pg_current_wal_lsn()::text`)
	taken := make(chan cdc.Change, 1)
	go func() { taken <- s.take() }() // a pump that waits takes the marks
	s.waitConfirmed(position)
	s.exec(`INSERT INTO people VALUES (1)`)
	expect(t, []cdc.Change{<-taken}, "insert people -→(1,∅,∅)")
}

func TestCleanStopFreesTheSlotAndLosesNothing(t *testing.T) {
	s := newStream(t, postgrestest.NewDatabase(t), people)
	s.exec(`INSERT INTO people VALUES (1); INSERT INTO people VALUES (2)`)
	s.exec(`INSERT INTO people VALUES (3)`)
	s.take()
	s.take()
	release := s.take().Tx.Hold()
	s.close()
	if active := s.query(`SELECT active::text FROM pg_replication_slots WHERE slot_name = $1`,
		s.cfg.Slot); active != "false" {
		t.Error("the slot is still active after Close")
	}
	release() // too late: it was not settled when the source closed
	s.open()
	expect(t, []cdc.Change{s.take()}, "insert people -→(3,∅,∅)")
}

// TestLostConnection cuts the connection again and again while rows are written and one transaction
// is half taken: each change comes once, in order.
func TestLostConnection(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	s := newStream(t, url, people)
	const rounds, rows = 5, 400
	writer := connect(t, url)
	written := make(chan error, 1)
	go func() {
		for round := range rounds {
			_, err := writer.Exec(context.Background(), `INSERT INTO people SELECT $1 * $2 + i
				FROM generate_series(0, $2 - 1) i`, round, rows)
			if err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	for n := range rounds * rows {
		if n%333 == 100 {
			s.exec(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '` +
				s.cfg.Slot + `'`)
		}
		if c := s.take(); c.New[0].String() != fmt.Sprint(n) {
			t.Fatalf("change %d is of row %s", n, c.New[0])
		}
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
}

// Whoever asks what the server lacks may do so while the connection is made anew.
func TestLacksWhileConnecting(t *testing.T) {
	s := newStream(t, postgrestest.NewDatabase(t), people)
	const reader = `SELECT coalesce(active_pid, 0)::text FROM pg_replication_slots WHERE slot_name = $1`
	before := s.query(reader, s.cfg.Slot)
	s.exec(`SELECT pg_terminate_backend($1::int)`, before)
	s.poll("the stream goes on", func() bool {
		if s.source.Lacks(1, 1) {
			t.Error("the server lacks what is on its first timeline")
		}
		now := s.query(reader, s.cfg.Slot)
		return now != before && now != "0"
	})
}

func TestPostgresRestart(t *testing.T) {
	t.Parallel()
	server := postgrestest.NewServer(t, postgres.Options{})
	s := newStream(t, server.URL("postgres"), people)
	s.exec(`INSERT INTO people VALUES (1), (2)`)
	s.take()
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.conn = connect(t, server.URL("postgres"))
	s.exec(`INSERT INTO people VALUES (3)`)
	expect(t, []cdc.Change{s.take(), s.take()}, "insert people -→(2,∅,∅)", "insert people -→(3,∅,∅)")
}

// TestServerGoesDownInAnOrderlyWay stops the server as an operator does, while a delivery is
// unsettled and cannot become so: the server must not have to wait for it.
func TestServerGoesDownInAnOrderlyWay(t *testing.T) {
	t.Parallel()
	server := postgrestest.NewServer(t, postgres.Options{})
	s := newStream(t, server.URL("postgres"), people)
	s.exec(`INSERT INTO people VALUES (1)`)
	release := s.take().Tx.Hold()
	_ = s.conn.Close(t.Context())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := server.ShutDown(ctx); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.conn = connect(t, server.URL("postgres"))
	s.exec(`INSERT INTO people VALUES (2)`)
	expect(t, []cdc.Change{s.take()}, "insert people -→(2,∅,∅)")
	release()
}

// TestServerGoesDownUnderBackpressure is the same while nothing is read, since the pump takes
// nothing.
func TestServerGoesDownUnderBackpressure(t *testing.T) {
	t.Parallel()
	server := postgrestest.NewServer(t, postgres.Options{})
	s := newStream(t, server.URL("postgres"), people)
	s.exec(manyPeople, 5000)
	s.take()
	_ = s.conn.Close(t.Context())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := server.ShutDown(ctx); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.takeRows(2, 5000)
}

// TestDemotedServer has the server come back as a read-only standby, as in a failover that is under
// way, and become a primary again: that is no gap, whatever its slots look like meanwhile.
func TestDemotedServer(t *testing.T) {
	t.Parallel()
	server := postgrestest.NewServer(t, postgres.Options{})
	logs := make(chan string, 1000)
	s := &stream{
		t:    t,
		cfg:  cdc.Config{URL: server.URL("postgres"), Slot: "s"},
		conn: connect(t, server.URL("postgres")),
		log:  tell{logs},
	}
	s.exec(people)
	s.prepare()
	s.open()
	s.exec(`INSERT INTO people VALUES (1)`)
	s.take().Tx.Hold()
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(server.Dir(), "data", "standby.signal"), nil,
		0o644); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.conn = connect(t, server.URL("postgres"))
	for message := range logs {
		if strings.Contains(message, "read-only standby") {
			break
		}
	}
	s.exec(`SELECT pg_promote()`)
	s.exec(`INSERT INTO people VALUES (2)`)
	// the first is in hand: the server has it, too
	expect(t, []cdc.Change{s.take()}, "insert people -→(2,∅,∅)")
}

// TestStandbyTakesOver has two sources on one slot: the second waits, and goes on where the first
// stopped.
func TestStandbyTakesOver(t *testing.T) {
	s := newCheckpointed(t)
	s.open()
	s.exec(`INSERT INTO people VALUES (1)`)
	s.exec(`INSERT INTO people VALUES (2)`)
	s.take()
	first := *s

	second, err := cdc.Open(s.cfg, s.checkpoints, slog.New(slog.NewTextHandler(t.Output(), nil)),
		prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	acquired := make(chan error, 1)
	go func() { acquired <- second.Acquire(t.Context()) }()
	s.poll("the second to stand by", func() bool { return second.State() == cdc.Standby })
	first.take() // row 2: the first is still served
	select {
	case err := <-acquired:
		t.Fatalf("the second took the slot beside the first: %v", err)
	default:
	}
	s.exec(`INSERT INTO people VALUES (3)`)
	first.close()
	s.source = nil
	if err := <-acquired; err != nil {
		t.Fatal(err)
	}
	if second.State() != cdc.Starting {
		t.Errorf("the second is %s, want starting", second.State())
	}
	ctx, cancel := context.WithCancel(t.Context())
	for c, err := range second.Changes(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Repeated || c.Kind == cdc.End { // row 2, whose transaction may not have been whole
			continue
		}
		expect(t, []cdc.Change{c}, "insert people -→(3,∅,∅)")
		if second.State() != cdc.Active {
			t.Errorf("the second is %s, want active", second.State())
		}
		break
	}
	cancel()
	if err := second.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestBackpressure takes nothing for longer than the server's patience: the connection must live
// on, and memory stay bounded.
func TestBackpressure(t *testing.T) {
	t.Parallel()
	server := postgrestest.NewServer(t,
		postgres.Options{Settings: map[string]string{"wal_sender_timeout": "3s"}})
	s := newStream(t, server.URL("postgres"), people)
	s.exec(manyPeople, 10000)
	s.take()
	pid := s.query(`SELECT active_pid::text FROM pg_replication_slots`)
	replies := func() string { return s.query(`SELECT reply_time::text FROM pg_stat_replication`) }
	for range 5 { // three reports are as long as the timeout
		last := replies()
		s.poll("another report", func() bool { return replies() != last })
	}
	if now := s.query(
		`SELECT coalesce(active_pid::text, 'nobody') FROM pg_replication_slots`); now != pid {
		t.Fatalf("walsender %s was replaced by %s while the pump stood still", pid, now)
	}
	s.takeRows(2, 10000)
}

// TestLostConnectionUnderBackpressure kills the server while the pump takes nothing. That is
// noticed all the same, and what was read by then and could not be handed over comes once, like
// everything before and after it.
func TestLostConnectionUnderBackpressure(t *testing.T) {
	t.Parallel()
	// a report a second
	server := postgrestest.NewServer(t,
		postgres.Options{Settings: map[string]string{"wal_sender_timeout": "3s"}})
	s := newStream(t, server.URL("postgres"), people)
	s.exec(manyPeople, 5000)
	s.take()
	s.poll("the server to wait until more is read", func() bool {
		return s.query(`SELECT coalesce(wait_event, '') FROM pg_stat_activity
			WHERE backend_type = 'walsender'`) == "WalSenderWriteData"
	})
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	s.poll("the source to notice", func() bool { return s.source.State() == cdc.Connecting })
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.takeRows(2, 5000)
}

func TestDroppedSlotEndsTheStream(t *testing.T) {
	s := newStream(t, postgrestest.NewDatabase(t), people)
	s.exec(`INSERT INTO people VALUES (1)`)
	s.take()
	s.poll("the slot to be dropped", func() bool { // the source may be back between the two calls
		s.exec(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active
			AND slot_name = '` + s.cfg.Slot + `'`)
		_, err := s.conn.Exec(t.Context(), `SELECT pg_drop_replication_slot($1)`, s.cfg.Slot)
		return err == nil
	})
	wantGap(t, s.end(), cdc.SlotMissing, s.cfg.Slot, "is gone", "--accept-gap")
	if state := s.source.State(); state != cdc.InGap {
		t.Errorf("the source is %s, want gap", state)
	}
}

func TestDroppedPublicationEndsTheStream(t *testing.T) {
	s := newStream(t, postgrestest.NewDatabase(t), people)
	s.exec(`INSERT INTO people VALUES (1)`)
	s.take()
	s.exec(`DROP PUBLICATION hookline`)
	s.exec(`INSERT INTO people VALUES (2)`)
	wantGap(t, s.end(), cdc.PublicationMissing, `publication "hookline" was dropped`, "--accept-gap")
}

func TestSnapshotCoversWhatItSees(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	s := newStream(t, url, people)
	open := connect(t, url)
	// runs while the snapshot is taken
	for _, sql := range []string{`BEGIN`, `INSERT INTO people VALUES (1)`} {
		if _, err := open.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	s.exec(`INSERT INTO people VALUES (2)`) // committed before
	reader := connect(t, url)
	tx, err := reader.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := cdc.TakeSnapshot(t.Context(), tx)
	if err != nil {
		t.Fatal(err)
	}
	s.exec(`INSERT INTO people VALUES (3)`) // committed after
	if _, err := open.Exec(t.Context(), `COMMIT`); err != nil {
		t.Fatal(err)
	}
	var seen []int
	rows, _ := tx.Query(t.Context(), `SELECT id FROM people ORDER BY id`)
	if seen, err = pgx.CollectRows(rows, pgx.RowTo[int]); err != nil {
		t.Fatal(err)
	}
	s.exec(`INSERT INTO done DEFAULT VALUES`)
	var covered []int
	for _, c := range s.takeUntilDone() {
		if snapshot.Covers(c.Tx) {
			var id int
			_, _ = fmt.Sscan(c.New[0].String(), &id)
			covered = append(covered, id)
		}
	}
	if fmt.Sprint(seen) != "[2]" || fmt.Sprint(covered) != fmt.Sprint(seen) {
		t.Errorf("the snapshot sees rows %v and covers %v of the stream, want [2] twice", seen, covered)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, test := range []struct {
		name string
		cfg  cdc.Config
		want string
	}{
		{"slot", cdc.Config{URL: "postgres://localhost/x", Slot: "My-Slot"}, `slot name "My-Slot"`},
		{"url", cdc.Config{URL: "postgres://user:secret@localhost:port/x"}, "database URL cannot be " +
			"parsed"},
		{"keywords", cdc.Config{URL: "host=x port=none password = secret"}, "database URL cannot be " +
			"parsed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := cdc.Open(test.cfg, nil, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v does not say %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("error %q holds the password", err)
			}
		})
	}
}

func TestAcquireWithoutSlot(t *testing.T) {
	source, err := cdc.Open(cdc.Config{URL: postgrestest.NewDatabase(t), Slot: "nobody_made_it"}, nil,
		slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	err = source.Acquire(t.Context())
	wantGap(t, err, cdc.SlotMissing, `replication slot "nobody_made_it" does not exist`)
	if err := source.Close(t.Context()); err != nil && !errors.Is(err, cdc.ErrStopped) {
		t.Error(err)
	}
}
