package cdc_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
	"hookline/spool"
)

// newCheckpointed is newStream with checkpoints.
func newCheckpointed(t *testing.T) *stream {
	t.Helper()
	return newCheckpointedAt(t, postgrestest.NewDatabase(t))
}

func newCheckpointedAt(t *testing.T, url string) *stream {
	t.Helper()
	store, err := spool.Open(t.Context(), spool.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	if err := store.Migrate(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	s := &stream{
		t:           t,
		cfg:         cdc.Config{URL: url, Slot: slotFor(url)},
		conn:        connect(t, url),
		checkpoints: store,
	}
	s.exec(people)
	s.prepare()
	return s
}

func (s *stream) checkpoint() *cdc.Checkpoint {
	s.t.Helper()
	c, err := s.checkpoints.LoadCheckpoint(s.t.Context(), s.cfg.Slot)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// TestStopInsideATransaction stops in the middle of a big one, which the slot itself knows only as
// a whole: nothing comes twice.
func TestStopInsideATransaction(t *testing.T) {
	s := newCheckpointed(t)
	s.open()
	const rows, taken = 5000, 1234
	s.exec(fmt.Sprintf(`INSERT INTO people SELECT i FROM generate_series(0, %d) i`, rows-1))
	var held func()
	for n := range taken {
		c := s.take()
		if c.New[0].String() != fmt.Sprint(n) {
			t.Fatalf("change %d is of row %s", n, c.New[0])
		}
		if n == taken-1 {
			held = c.Tx.Hold() // the last one is not settled when it stops
		}
	}
	s.close()
	held()
	s.open()
	for n := taken - 1; n < rows; n++ {
		if c := s.take(); c.New[0].String() != fmt.Sprint(n) {
			t.Fatalf("change %d is of row %s", n, c.New[0])
		}
	}
}

// TestStopWhileWoken leaves the loop at a change that is none of the stream's: what the pump has
// come back from before that is taken, though its transaction goes on.
func TestStopWhileWoken(t *testing.T) {
	s := newCheckpointed(t)
	s.open()
	const rows = 5000
	s.exec(fmt.Sprintf(`INSERT INTO people SELECT i FROM generate_series(0, %d) i`, rows-1))
	s.takeRows(0, 0)
	s.source.Wake()
	taken := 1
	for c := s.takeAny(); c.Kind != cdc.Woken; c = s.takeAny() {
		taken++
	}
	if taken == rows {
		t.Fatal("it was woken behind the transaction only")
	}
	s.leave()
	s.close()
	s.open()
	s.takeRows(taken, rows-1)
}

// TestStopAmidATransaction stops in the middle of one: what was settled of it comes again, marked
// as told, and holds nothing.
func TestStopAmidATransaction(t *testing.T) {
	s := newCheckpointed(t)
	s.open()
	s.exec(`INSERT INTO people SELECT i FROM generate_series(0, 9) i; INSERT INTO done DEFAULT VALUES`)
	s.takeUntilDone()
	s.exec(`BEGIN; UPDATE people SET name = 'x' WHERE id = 0; DELETE FROM people WHERE id > 4;
		INSERT INTO people SELECT i FROM generate_series(5, 9) i; COMMIT`)
	if c := s.takeAny(); c.Kind != cdc.End {
		t.Errorf("%s comes behind the last change, want the end", text(c))
	}
	var held func()
	for n := range 9 {
		if c := s.takeAny(); n == 8 {
			held = c.Tx.Hold()
		} else if c.Repeated {
			t.Errorf("%s is told", text(c))
		}
	}
	s.close()
	held()
	settled := s.checkpoint().Settled
	if settled.Index != 8 {
		t.Errorf("settled up to %+v, want index 8", settled)
	}
	for range 2 { // the second time it stops among those that are told
		s.open()
		for n := range 4 {
			if c := s.takeAny(); !c.Repeated || c.Index != uint32(n) || c.Tx.Commit != settled.Commit {
				t.Errorf("%s at index %d is told: %t; want index %d and that it is", text(c), c.Index,
					c.Repeated, n)
			}
		}
		s.close()
		if now := s.checkpoint().Settled; now != settled {
			t.Errorf("settled up to %+v, was %+v", now, settled)
		}
	}
	s.open()
	for n := range 12 {
		c := s.takeAny()
		if c.Repeated != (n < 8) || c.Index != uint32(n) || (c.Kind == cdc.End) != (n == 11) {
			t.Errorf("%s at index %d is told: %t; want index %d, told: %t", c.Kind, c.Index, c.Repeated, n,
				n < 8)
		}
	}
	position := s.query(`SELECT pg_current_wal_insert_lsn()::text`)
	s.exec(`INSERT INTO done DEFAULT VALUES`)
	s.exec(`INSERT INTO done DEFAULT VALUES`)
	s.take()
	s.take()
	s.waitConfirmed(position)
}

// TestSlotIsNeverAheadOfTheCheckpoint looks at both while rows stream by.
func TestSlotIsNeverAheadOfTheCheckpoint(t *testing.T) {
	s := newCheckpointed(t)
	s.open()
	for n := range 300 {
		s.exec(fmt.Sprintf(`INSERT INTO people VALUES (%d)`, n))
		s.take()
		if n%10 != 0 {
			continue
		}
		if ahead := s.query(`SELECT (s.confirmed_flush_lsn > c.settled_lsn)::text
			FROM pg_replication_slots s
			JOIN hookline.checkpoint c ON c.slot = s.slot_name`); ahead != "false" {
			t.Fatal("the slot is ahead of the checkpoint")
		}
	}
	position := s.query(`SELECT pg_current_wal_insert_lsn()::text`)
	s.exec(`INSERT INTO done DEFAULT VALUES`)
	s.exec(`INSERT INTO done DEFAULT VALUES`)
	s.take()
	s.take()
	s.waitConfirmed(position)
}

// TestCloneIsRefused has a checkpoint of another cluster, as a copy of the database has.
func TestCloneIsRefused(t *testing.T) {
	s := newCheckpointed(t)
	if err := s.checkpoints.SaveCheckpoint(t.Context(), s.cfg.Slot,
		cdc.Checkpoint{System: "7111111111111111111", Database: "5", Timeline: 1}); err != nil {
		t.Fatal(err)
	}
	wantGap(t, s.acquire(), cdc.OtherSystem, "7111111111111111111", "clone", "--accept-gap")
}

func TestMovedSlotIsAGap(t *testing.T) {
	s := newCheckpointed(t)
	s.open()
	s.exec(`INSERT INTO people VALUES (1)`)
	s.take()
	s.close()
	s.exec(`INSERT INTO people VALUES (2)`)
	s.exec(`SELECT pg_replication_slot_advance('` + s.cfg.Slot + `', pg_current_wal_lsn())`)
	wantGap(t, s.acquire(), cdc.SlotMoved, s.cfg.Slot, s.checkpoint().Settled.End.String(),
		"--accept-gap")
}

// acquire tries to take the slot with a Source of its own.
func (s *stream) acquire() error {
	s.t.Helper()
	source, err := cdc.Open(s.cfg, s.checkpoints, slog.New(slog.DiscardHandler),
		prometheus.NewRegistry())
	if err != nil {
		s.t.Fatal(err)
	}
	if err = source.Acquire(s.t.Context()); err == nil {
		_ = source.Close(s.t.Context())
	}
	return err
}

// TestTakenOver cuts one process off until another has read the slot: the first must not go on with
// what it knew. What it settles of that, the second is told.
func TestTakenOver(t *testing.T) {
	s := newCheckpointed(t)
	s.open()
	s.exec(`INSERT INTO people VALUES (1)`)
	inHand := s.take()
	settle := inHand.Tx.Hold()
	first := *s
	cfg := s.cfg
	cfg.StandbyWait = time.Millisecond // quicker than the first one is back
	// a role of its own, to tell the two apart
	cfg.URL = strings.Replace(cfg.URL, "postgres@", "second@", 1)
	s.exec(`CREATE ROLE second SUPERUSER LOGIN`)
	defer s.exec(`DROP ROLE second`)
	source, err := cdc.Open(cfg, s.checkpoints, slog.New(slog.DiscardHandler),
		prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	acquired := make(chan error, 1)
	go func() { acquired <- source.Acquire(context.Background()) }()
	s.poll("the second to stand by", func() bool { return source.State() == cdc.Standby })
	s.poll("the second to take over", func() bool {
		switch source.State() {
		case cdc.Starting:
			return true
		case cdc.Stopped:
			t.Fatalf("the second has given up: %v", <-acquired)
		}
		s.exec(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots JOIN pg_stat_activity
			ON pid = active_pid
			WHERE slot_name = '` + s.cfg.Slot + `' AND usename <> 'second'`)
		return false
	})
	if err := <-acquired; err != nil {
		t.Fatal(err)
	}
	since := func() cdc.Position {
		t.Helper()
		since, err := source.SkipSettled(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return since
	}
	if got := since(); got != (cdc.Position{}) {
		t.Errorf("up to %+v is settled of what the first one has in hand", got)
	}
	commit, index := inHand.Tx.Commit, inHand.Index
	settle()
	ended := make(chan error, 1)
	go func() {
		for {
			if _, err, ok := first.next(); err != nil || !ok {
				ended <- err
				return
			}
		}
	}()
	s.poll("what the first one settles", func() bool {
		p := since() // the first one has not come to the end of the transaction
		return p.End > commit || p.Commit == commit && p.Index > index
	})
	s.exec(`INSERT INTO people VALUES (2)`)
	ctx, cancel := context.WithCancel(t.Context())
	for c, err := range source.Changes(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Kind == cdc.Insert && c.New[0].String() == "2" {
			cancel() // and come back for the next one: this one is settled
		}
	}
	cancel()
	if err := source.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	later := *s.checkpoint()
	later.Settled.End++
	for timeline, want := range map[int32]cdc.Position{later.Timeline: later.Settled, 7: {}} {
		later.Timeline = timeline
		if _, err := s.conn.Exec(t.Context(), "DELETE FROM hookline.checkpoint"); err != nil {
			t.Fatal(err)
		}
		if err := s.checkpoints.SaveCheckpoint(t.Context(), s.cfg.Slot, later); err != nil {
			t.Fatal(err)
		}
		if got := since(); got != want {
			t.Errorf("timeline %d: settled up to %+v, want %+v", timeline, got, want)
		}
	}
	if err := <-ended; !errors.Is(err, cdc.ErrTakenOver) {
		t.Fatalf("the first one's stream ended with %v", err)
	}
}
