package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/config"
	"hookline/internal/crm"
	"hookline/internal/postgres/postgrestest"
	"hookline/spool"
	"hookline/webhook"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// announced is a database of which something was announced: it has a slot and a checkpoint.
type announced struct {
	cfg    config.Config
	conn   *pgx.Conn
	store  *spool.Spool
	tables *newTables
	logged chan string // the lines of the log
	halted chan error
}

func newAnnounced(t *testing.T, major int) *announced {
	t.Helper()
	a := &announced{logged: make(chan string, 100), halted: make(chan error, 1)}
	a.cfg.CDC.URL = postgrestest.NewDatabaseMajor(t, major)
	conn, err := pgx.Connect(t.Context(), a.cfg.CDC.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	a.conn = conn
	slot := "slot_" + regexp.MustCompile(`\W`).ReplaceAllString(conn.Config().Database, "_")
	a.cfg.CDC.Slot, a.cfg.CDC.Publication, a.cfg.CDC.Schema = slot, "hookline", "hookline"
	a.cfg.Webhook = webhook.Config{Schema: "hookline", Table: "hookline.webhook"}
	a.cfg.Mapper.Profile = "generic"
	log := slog.New(slog.NewTextHandler(a, nil))
	db, err := crm.Open(t.Context(), a.cfg, log, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if a.store, err = crm.OpenSpool(t.Context(), a.cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.store.Close)
	a.exec(t, `CREATE TABLE person (id int PRIMARY KEY)`)
	if err := db.Prepare(t.Context(), a.store); err != nil {
		t.Fatal(err)
	}
	if _, err := cdc.EnsureCheckpoint(t.Context(), a.cfg.CDC, a.store); err != nil {
		t.Fatal(err)
	}
	a.tables = newNewTables(db)
	a.tables.store, a.tables.listings = a.store, cdc.NewStreamCoverage(a.cfg.CDC, db.Pool)
	a.tables.wake, a.tables.halt = func() {}, func(err error) { a.halted <- err }
	return a
}

// Write takes a line of the log.
func (a *announced) Write(line []byte) (int, error) {
	a.logged <- string(line)
	return len(line), nil
}

func (a *announced) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := a.conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// until waits for a line of the log that has text.
func (a *announced) until(t *testing.T, text string) {
	t.Helper()
	for {
		select {
		case line := <-a.logged:
			if strings.Contains(line, text) {
				return
			}
		case err := <-a.halted:
			t.Fatalf("the stream is halted: %v; want a line of the log with %q", err, text)
		case <-t.Context().Done():
			t.Fatalf("no line of the log has %q", text)
		}
	}
}

// TestGapIsNotPassedOver has a gap come while tables are followed, without a change in the stream
// that would show it: the stream is halted because of it, and nothing is published in it.
func TestGapIsNotPassedOver(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			a := newAnnounced(t, major)
			a.exec(t, `DROP PUBLICATION hookline`)
			a.exec(t, `CREATE TABLE company (id int PRIMARY KEY)`)
			err := a.tables.db.Pool.AcquireFunc(t.Context(), func(conn *pgxpool.Conn) error {
				return a.tables.check(t.Context(), conn)
			})
			if _, ok := errors.AsType[*cdc.Gap](err); !ok {
				t.Fatalf("the check ends with %v, want the gap", err)
			}
			a.tables.checkSoon()
			a.tables.follow(t.Context())
			var halt error
			select {
			case halt = <-a.halted:
			default:
				t.Fatal("the stream goes on")
			}
			gap, ok := errors.AsType[*cdc.Gap](halt)
			if !ok || gap.Reason != cdc.PublicationMissing || !isHalt(halt) {
				t.Errorf("the stream is halted by %v, want a gap: %s", halt, cdc.PublicationMissing)
			}
			var published int
			err = a.conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_publication`).Scan(&published)
			if err != nil || published != 0 {
				t.Errorf("%d publications, %v; want it left alone", published, err)
			}
		})
	}
}

// TestUnreadableIsLeftToTheStream has a change that the server could not send when it was asked
// last. The stream tries it again: the log tells why no table is published, and tries later.
func TestUnreadableIsLeftToTheStream(t *testing.T) {
	a := newAnnounced(t, 0)
	var settled cdc.LSN
	err := a.conn.QueryRow(t.Context(),
		`SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = $1`, a.cfg.CDC.Slot).
		Scan(&settled)
	if err != nil {
		t.Fatal(err)
	}
	unreadable := cdc.UnreadableChange{
		Commit: settled + 100, After: settled,
		Cause: "invalid memory alloc",
	}
	if err := a.store.SaveUnreadable(t.Context(), a.cfg.CDC.Slot, unreadable); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.tables.follow(ctx)
	}()
	a.tables.checkSoon()
	a.until(t, "could not be brought up to date, trying again")
	end()
	<-ended
	if a.tables.retryAt.IsZero() {
		t.Error("it is not tried again")
	}
}
