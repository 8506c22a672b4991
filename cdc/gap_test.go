package cdc_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
)

// wantGap checks that err is a Gap of that reason, and a Problem, however it is wrapped.
func wantGap(t *testing.T, err error, reason cdc.Reason, parts ...string) {
	t.Helper()
	gap, ok := errors.AsType[*cdc.Gap](fmt.Errorf("wrapped: %w", err))
	if !ok {
		t.Fatalf("error %v is not a Gap", err)
	}
	if gap.Reason != reason {
		t.Errorf("the gap's reason is %s, want %s: %v", gap.Reason, reason, err)
	}
	wantProblem(t, err, parts...)
	if strings.Contains(err.Error(), "to mend it: to ") {
		t.Errorf("it does not read well: %v", err)
	}
	if cdc.Transient(err) {
		t.Error("a gap does not pass by itself")
	}
}

func (s *stream) findGap() error {
	s.t.Helper()
	gap, err := cdc.FindGap(s.t.Context(), s.conn, s.cfg, s.checkpoints)
	if err != nil {
		s.t.Fatal(err)
	}
	if gap == nil {
		return nil
	}
	return gap
}

// TestGaps has one change announced, and something done to the database: FindGap, NewPlan and
// Acquire have the same opinion of it.
func TestGaps(t *testing.T) {
	const drop = `SELECT pg_drop_replication_slot('%s')`
	for _, test := range []struct {
		name   string
		sql    string // %s is the slot
		move   func(*cdc.Checkpoint)
		reason cdc.Reason // "" when it is no gap
		says   []string   // %s is the position of the checkpoint
	}{
		{name: "nothing"},
		{
			name: "slot dropped", sql: drop, reason: cdc.SlotMissing,
			says: []string{`"slot_test_`, "is gone", "after %s were not announced"},
		},
		{
			name: "slot made anew", sql: drop + `; SELECT pg_create_logical_replication_slot('%[1]s',
				'pgoutput')`,
			reason: cdc.SlotMoved, says: []string{"by somebody else", "after %s were not announced"},
		},
		{
			name: "slot moved", sql: `INSERT INTO people VALUES (2); SELECT pg_replication_slot_advance('%s',
				pg_current_wal_lsn())`,
			reason: cdc.SlotMoved, says: []string{"by somebody else", "after %s were not announced"},
		},
		{
			name: "publication dropped", sql: `DROP PUBLICATION hookline`,
			reason: cdc.PublicationMissing, says: []string{`publication "hookline" does not`, "after %s " +
				"were not announced"},
		},
		{
			name: "another cluster", move: func(c *cdc.Checkpoint) { c.System = "7111111111111111111" },
			reason: cdc.OtherSystem, says: []string{"7111111111111111111", "clone"},
		},
		{
			name: "another database", move: func(c *cdc.Checkpoint) { c.Database = "5" },
			reason: cdc.OtherSystem, says: []string{"database 5", "clone"},
		},
		{
			name: "another cluster without the slot", sql: drop, move: func(c *cdc.Checkpoint) {
				c.System = "7111111111111111111"
			},
			reason: cdc.OtherSystem, says: []string{"clone"},
		},
		{
			name: "slot ahead after a failover", sql: `SELECT pg_replication_slot_advance('%s',
				pg_current_wal_lsn())`,
			move: func(c *cdc.Checkpoint) { c.Timeline++ },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newCheckpointed(t)
			s.open()
			s.exec(`INSERT INTO people VALUES (1)`)
			s.take()
			s.close()
			for sql := range strings.SplitSeq(test.sql, ";") {
				s.exec(strings.ReplaceAll(strings.ReplaceAll(sql, "%s", s.cfg.Slot), "%[1]s", s.cfg.Slot))
			}
			checkpoint := s.checkpoint()
			if test.move != nil {
				test.move(checkpoint)
				if err := s.checkpoints.SaveCheckpoint(t.Context(), s.cfg.Slot, *checkpoint); err != nil {
					t.Fatal(err)
				}
			}
			_, planned := cdc.NewPlan(t.Context(), s.conn, s.cfg,
				[]cdc.Table{{Schema: "public", Name: "people", Full: true}}, s.checkpoints)
			found, acquired := s.findGap(), s.acquire()
			if test.reason == "" {
				if err := errors.Join(found, planned, acquired); err != nil {
					t.Errorf("this is no gap: %v", err)
				}
				return
			}
			for i, part := range test.says {
				test.says[i] = strings.ReplaceAll(part, "%s", checkpoint.Settled.End.String())
			}
			wantGap(t, found, test.reason, append(test.says, "hookline setup --accept-gap")...)
			wantGap(t, planned, test.reason, test.says...)
			if s.query(`SELECT count(*)::text FROM pg_replication_slots WHERE slot_name = $1`,
				s.cfg.Slot) == "0" {
				wantGap(t, acquired, cdc.SlotMissing) // it looks for the slot before it knows of a checkpoint
			} else {
				wantGap(t, acquired, test.reason, test.says...)
			}
		})
	}
}

// TestFirstStartIsNoGap: what is not there yet was not lost, unless somebody says that it should
// be.
func TestFirstStartIsNoGap(t *testing.T) {
	s := newCheckpointed(t)
	s.exec(`SELECT pg_drop_replication_slot('` + s.cfg.Slot + `')`)
	plan, err := cdc.NewPlan(t.Context(), s.conn, s.cfg, nil, s.checkpoints)
	if err != nil ||
		!strings.Contains(strings.Join(plan.SQL(), ";"), "pg_create_logical_replication_slot") {
		t.Errorf("plan %v, error %v; want the slot to be made", plan, err)
	}
	wantGap(t, s.findGap(), cdc.SlotMissing, "does not exist")
}

// TestForeignSlotIsNoGap: nothing is to be accepted about a slot that belongs to somebody else.
func TestForeignSlotIsNoGap(t *testing.T) {
	s := newCheckpointed(t)
	s.exec(`SELECT pg_drop_replication_slot('` + s.cfg.Slot + `')`)
	s.exec(`SELECT pg_create_logical_replication_slot('` + s.cfg.Slot + `', 'test_decoding')`)
	gap, err := cdc.FindGap(t.Context(), s.conn, s.cfg, s.checkpoints)
	if gap != nil {
		t.Errorf("a gap: %v", gap)
	}
	wantProblem(t, err, "test_decoding", "HOOKLINE_SLOT")
}

// overtaken are checkpoints that a process at work moves on, and the slot with them, as soon as one
// was loaded.
type overtaken struct {
	cdc.Checkpoints
	work func()
}

func (o overtaken) LoadCheckpoint(ctx context.Context, slot string) (*cdc.Checkpoint, error) {
	defer o.work()
	return o.Checkpoints.LoadCheckpoint(ctx, slot)
}

// TestNoGapAtWork looks for a gap while another process moves both the slot and the checkpoint.
func TestNoGapAtWork(t *testing.T) {
	s := newCheckpointed(t)
	s.open()
	s.exec(`INSERT INTO people VALUES (1)`)
	s.take()
	s.close()
	checkpoints := overtaken{s.checkpoints, func() {
		s.exec(`INSERT INTO people VALUES (2)`)
		s.exec(`SELECT pg_replication_slot_advance('` + s.cfg.Slot + `', pg_current_wal_lsn())`)
	}}
	if gap, err := cdc.FindGap(t.Context(), s.conn, s.cfg, checkpoints); gap != nil || err != nil {
		t.Errorf("gap %v, error %v", gap, err)
	}
}

// TestGapWithoutTheRightToIdentify: where the role may not ask for the system identifier by SQL,
// the stream tells it.
func TestGapWithoutTheRightToIdentify(t *testing.T) {
	s := newCheckpointed(t)
	s.open()
	s.exec(`INSERT INTO people VALUES (1)`)
	s.take()
	s.close()
	role := "nosy_" + s.conn.Config().Database
	s.exec(`REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC; CREATE ROLE ` + role +
		` LOGIN REPLICATION`)
	dropRole(t, role)
	guest := *s
	guest.conn = connect(t, strings.Replace(s.cfg.URL, "postgres@", role+"@", 1))
	if err := guest.findGap(); err != nil {
		t.Errorf("nothing is wrong: %v", err)
	}
	c := s.checkpoint()
	c.System = "7111111111111111111"
	if err := s.checkpoints.SaveCheckpoint(t.Context(), s.cfg.Slot, *c); err != nil {
		t.Fatal(err)
	}
	if err := guest.findGap(); err != nil {
		t.Errorf("what cannot be known was told: %v", err)
	}
	wantGap(t, s.acquire(), cdc.OtherSystem, c.System)
}

// TestStates follows a Source through a standby, a takeover, a lost connection and a gap.
func TestStates(t *testing.T) {
	s := newCheckpointed(t)
	s.open()
	heard := make(chan string, 100)
	source, err := cdc.Open(s.cfg, s.checkpoints, slog.New(slog.DiscardHandler),
		prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	source.OnState(func(state cdc.State, _ error) { heard <- state.String() })
	expect := func(states ...string) {
		t.Helper()
		for _, want := range states {
			if got := <-heard; got != want {
				t.Fatalf("it is %s, want %s of %v", got, want, states)
			}
		}
	}
	acquired := make(chan error, 1)
	go func() { acquired <- source.Acquire(t.Context()) }()
	expect("standby")
	s.close()
	expect("starting")
	if err := <-acquired; err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		for _, err := range source.Changes(t.Context()) {
			ended <- err
		}
	}()
	expect("active")
	s.exec(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '` +
		s.cfg.Slot + `'`)
	expect("connecting", "starting", "active")
	s.exec(`DROP PUBLICATION hookline`)
	s.exec(`INSERT INTO people VALUES (1)`)
	expect("gap")
	wantGap(t, <-ended, cdc.PublicationMissing)
	if err := source.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if len(heard) > 0 {
		t.Errorf("after the gap it is %s", <-heard)
	}
}

// TestGapAcceptedAtWork has a gap accepted while what is in hand in it is being saved: no checkpoint
// comes back that would make the new slot look as if it had been moved.
func TestGapAcceptedAtWork(t *testing.T) {
	s := newCheckpointed(t)
	accept := func() {}
	checkpoints := overtaken{s.checkpoints, func() { accept() }}
	source, err := cdc.Open(s.cfg, checkpoints, slog.New(slog.DiscardHandler),
		prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	if err := source.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.exec(`INSERT INTO people VALUES (1)`)
	settle := func() {}
	for change, err := range source.Changes(t.Context()) {
		if err != nil {
			wantGap(t, err, cdc.PublicationMissing)
			break
		}
		if change.Kind == cdc.Insert && change.New[0].String() == "1" {
			settle = change.Tx.Hold()
			s.exec(`DROP PUBLICATION hookline`)
			s.exec(`INSERT INTO people VALUES (2)`)
		}
	}
	accept = func() { s.exec(`DELETE FROM hookline.checkpoint`) }
	settle()
	if err := source.Close(t.Context()); err != nil {
		t.Error(err)
	}
	accept = func() {}
	if c := s.checkpoint(); c != nil {
		t.Errorf("a checkpoint at %s came behind the end of the gap", c.Settled.End)
	}
}

// TestYoungPublication is one that was dropped and made anew by hand: the slot cannot read what
// lies before, and must not look as if it could.
func TestYoungPublication(t *testing.T) {
	s := newCheckpointed(t)
	s.exec(`DROP PUBLICATION hookline`)
	s.exec(`INSERT INTO people VALUES (1)`)
	s.exec(`CREATE PUBLICATION hookline FOR TABLE people, done`)
	if err := s.findGap(); err != nil {
		t.Fatalf("a look sees nothing of it: %v", err)
	}
	var states []cdc.State
	source, err := cdc.Open(s.cfg, s.checkpoints, slog.New(slog.DiscardHandler),
		prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	source.OnState(func(state cdc.State, _ error) { states = append(states, state) })
	if err := source.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	for change, err := range source.Changes(t.Context()) {
		if err == nil {
			t.Fatalf("%s was read", text(change))
		}
		wantGap(t, err, cdc.PublicationMissing, "younger than slot", "--accept-gap")
	}
	if err := source.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if want := []cdc.State{cdc.Starting, cdc.InGap}; !slices.Equal(states, want) {
		t.Errorf("it was %v, want %v", states, want)
	}
}
