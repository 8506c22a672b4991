package cdc_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/postgres"
	"hookline/internal/postgres/postgrestest"
)

// waitingSlot is a slot in the making, on a server of its own: it would have other tests' slots
// wait, too.
type waitingSlot struct {
	*stream
	lines  heard
	cancel context.CancelCauseFunc
	made   chan error
	crm    *pgx.Conn // has a transaction open, in another database
}

func newWaitingSlot(t *testing.T, major int, transaction ...string) *waitingSlot {
	t.Helper()
	url := postgrestest.NewServer(t, postgres.Options{Major: major}).URL("postgres")
	s := &stream{t: t, cfg: cdc.Config{URL: url, Slot: "hookline"}, conn: connect(t, url)}
	s.exec(people)
	s.exec(`CREATE ROLE clerk LOGIN SUPERUSER`)
	s.exec(`CREATE DATABASE other`)
	w := &waitingSlot{stream: s, made: make(chan error, 1)}
	w.crm = connect(t, strings.NewReplacer("postgres@", "clerk@", "/postgres?",
		"/other?").Replace(url))
	for _, sql := range append([]string{
		`CREATE TABLE t (id int)`, `BEGIN`,
		`INSERT INTO t VALUES (1)`,
	}, transaction...) {
		if _, err := w.crm.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	var ctx context.Context
	var log *slog.Logger
	w.lines, log = newHeard()
	ctx, w.cancel = context.WithCancelCause(t.Context())
	conn := connect(t, url)
	go func() {
		_, err := cdc.Prepare(ctx, conn, s.cfg,
			[]cdc.Table{{Schema: "public", Name: "people", Full: true}}, nil, log)
		w.made <- err
	}()
	return w
}

// slots counts the slots that there are, or will be.
func (w *waitingSlot) slots() string {
	return w.query(`SELECT count(*)::text FROM pg_replication_slots`)
}

// TestSlotWaitsForOthers: making the slot waits for transactions of the whole server, however long
// they take, and says who that is and what would end it.
func TestSlotWaitsForOthers(t *testing.T) {
	t.Parallel()
	for _, major := range majors {
		t.Run(fmt.Sprint("session/", major), func(t *testing.T) {
			t.Parallel()
			w := newWaitingSlot(t, major)
			pid := w.crm.PgConn().PID()
			parts := []string{
				fmt.Sprintf("session %d of role clerk in database other", pid),
				fmt.Sprintf("SELECT pg_terminate_backend(%d)", pid),
			}
			w.lines.until(t, append(parts, "the slot is being made")...)
			// longer than lock_timeout, and again
			w.lines.until(t, append(parts, "the slot is being made")...)
			making, who, err := cdc.SlotInTheMaking(t.Context(), w.conn, w.cfg.Slot)
			if err != nil || !making || !strings.Contains(who, parts[0]) ||
				!strings.Contains(who, parts[1]) {
				t.Errorf("making %t, waits for %q, error %v", making, who, err)
			}
			wantGap(t, w.findGap(), cdc.SlotMissing) // it is not there yet
			found, err := cdc.CheckTables(t.Context(), w.conn, w.cfg,
				[]cdc.Table{{Schema: "public", Name: "people", Full: true}})
			if f, told := checked(t, found, err)["preparation waits"]; told {
				t.Errorf("nobody reads the slot, and there is found %+v", f)
			}
			if _, err := w.crm.Exec(t.Context(), `COMMIT`); err != nil {
				t.Fatal(err)
			}
			w.isMade()
		})
		t.Run(fmt.Sprint("prepared/", major), func(t *testing.T) {
			t.Parallel()
			w := newWaitingSlot(t, major, `PREPARE TRANSACTION 'it''s stuck'`)
			w.lines.until(t, "the slot is being made", "prepared transaction 'it''s stuck' of role clerk "+
				"in database other", "ROLLBACK PREPARED 'it''s stuck'")
			if _, err := w.crm.Exec(t.Context(), `ROLLBACK PREPARED 'it''s stuck'`); err != nil {
				t.Fatal(err)
			}
			w.isMade()
		})
	}
}

func (w *waitingSlot) isMade() {
	w.t.Helper()
	if err := <-w.made; err != nil {
		w.t.Fatal(err)
	}
	if making, who, err := cdc.SlotInTheMaking(w.t.Context(), w.conn, w.cfg.Slot); making ||
		who != "" ||
		err != nil {
		w.t.Errorf("making %t, waits for %q, error %v", making, who, err)
	}
	if err := w.findGap(); err != nil {
		w.t.Error(err)
	}
}

// TestSlotIsCancelled ends what waits: at once, and without a slot that nobody would know of.
func TestSlotIsCancelled(t *testing.T) {
	t.Parallel()
	for _, major := range majors {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			w := newWaitingSlot(t, major)
			w.lines.until(t, "the slot is being made")
			enough := errors.New("enough")
			w.cancel(enough)
			if err := <-w.made; !errors.Is(err, enough) {
				t.Errorf("error %v, want %v", err, enough)
			}
			if _, err := w.crm.Exec(t.Context(), `COMMIT`); err != nil {
				t.Fatal(err)
			}
			w.poll("the slot to be gone", func() bool { return w.slots() == "0" })
		})
	}
}

// TestUnreadSlotWithoutAPublication is one that somebody has made before Hookline came, as Patroni
// does: it is made anew behind the publication, so that what is committed from then on comes.
func TestUnreadSlotWithoutAPublication(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		s := newCheckpointedAt(t, url)
		s.exec(`SELECT pg_drop_replication_slot('` + s.cfg.Slot + `')`)
		s.exec(`DROP PUBLICATION hookline; ALTER TABLE hookline.known_table DISABLE TRIGGER keep_known;
			TRUNCATE hookline.known_table`)
		s.exec(`SELECT pg_create_logical_replication_slot('` + s.cfg.Slot + `', 'pgoutput')`)
		s.exec(`INSERT INTO people VALUES (1)`) // what that slot could not get past
		if err := s.findGap(); err != nil {
			t.Errorf("nothing was lost: %v", err)
		}
		tables := []cdc.Table{{Schema: "public", Name: "people", Full: true}}
		if _, err := cdc.Prepare(t.Context(), s.conn, s.cfg, tables, s.checkpoints,
			slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		s.open()
		s.exec(`INSERT INTO people VALUES (2)`)
		expect(t, []cdc.Change{s.take()}, "insert people -→(2,∅,∅)")
	})
}

// TestReadSlotWithoutAPublication is another matter: something was announced, so there is a gap.
func TestReadSlotWithoutAPublication(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		s := newCheckpointedAt(t, url)
		s.open()
		s.close()
		s.exec(`DROP PUBLICATION hookline`)
		wantGap(t, s.findGap(), cdc.PublicationMissing)
		_, err := cdc.NewPlan(t.Context(), s.conn, s.cfg, nil, s.checkpoints)
		wantGap(t, err, cdc.PublicationMissing)
	})
}

// TestSlotThatComesInBetween is made by somebody else while the database is prepared for the first
// time.
func TestSlotThatComesInBetween(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		s := newCheckpointedAt(t, url)
		s.exec(`SELECT pg_drop_replication_slot('` + s.cfg.Slot + `')`)
		s.exec(`DROP PUBLICATION hookline`)
		tables := []cdc.Table{{Schema: "public", Name: "people", Full: true}}
		plan, err := cdc.NewPlan(t.Context(), s.conn, s.cfg, tables, s.checkpoints)
		if err != nil {
			t.Fatal(err)
		}
		s.exec(`SELECT pg_create_logical_replication_slot('` + s.cfg.Slot + `', 'pgoutput')`)
		s.exec(`INSERT INTO people VALUES (1)`)
		if err := plan.Apply(t.Context(), s.conn, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		s.open()
		s.exec(`INSERT INTO people VALUES (2)`)
		expect(t, []cdc.Change{s.take()}, "insert people -→(2,∅,∅)")
	})
}

// TestNoRoomForASlot says so, and how there would be room. To wait for it would be in vain.
func TestNoRoomForASlot(t *testing.T) {
	url := postgrestest.NewServer(t, postgres.Options{
		Settings: map[string]string{"max_replication_slots": "1"},
	}).URL("postgres")
	s := &stream{t: t, cfg: cdc.Config{URL: url, Slot: "hookline"}, conn: connect(t, url)}
	s.exec(`SELECT pg_create_physical_replication_slot('of_a_standby')`)
	_, err := cdc.Prepare(t.Context(), s.conn, s.cfg, nil, nil, slog.New(slog.DiscardHandler))
	problem, ok := errors.AsType[*cdc.Problem](err)
	if !ok || !strings.Contains(problem.What, "all replication slots are in use") ||
		!strings.Contains(problem.Hint, "max_replication_slots") || cdc.Transient(err) {
		t.Errorf("got %v, want that there is no room", err)
	}
}
