package spool_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
	"hookline/spool"
)

func TestManyOpenAtOnce(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	opened := make(chan error)
	const processes = 5
	for range processes {
		go func() {
			s, err := spool.Open(context.Background(), spool.Config{URL: url, Schema: `Odd "Schema`})
			if err == nil {
				err = s.Migrate(context.Background(), discard)
				s.Close()
			}
			opened <- err
		}()
	}
	for range processes {
		if err := <-opened; err != nil {
			t.Error(err)
		}
	}
}

// TestOpenWithoutTheRightToCreate works once the schema is up to date.
func TestOpenWithoutTheRightToCreate(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	guest := strings.Replace(url, "postgres@", "spool_guest@", 1)
	admin, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	run := func(sql string) {
		t.Helper()
		if _, err := admin.Exec(context.Background(), sql); err != nil {
			t.Fatal(err)
		}
	}
	run("CREATE ROLE spool_guest LOGIN")
	t.Cleanup(func() {
		run("DROP OWNED BY spool_guest")
		run("DROP ROLE spool_guest")
		_ = admin.Close(context.Background())
	})
	poor, err := spool.Open(t.Context(), spool.Config{URL: guest})
	if err != nil {
		t.Fatal(err)
	}
	defer poor.Close()
	if err := poor.Migrate(t.Context(), discard); err == nil {
		t.Fatal("a role without rights made a schema")
	}
	if c, err := poor.LoadCheckpoint(t.Context(), "a"); c != nil || err != nil {
		t.Errorf("without a schema: %v, %v", c, err)
	}
	open(t, spool.Config{URL: url})
	run("GRANT USAGE ON SCHEMA hookline TO spool_guest")
	run("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA hookline TO spool_guest")
	rich := openClaimed(t, spool.Config{URL: guest})
	if err := rich.SaveCheckpoint(t.Context(), "a", cdc.Checkpoint{}); err != nil {
		t.Error(err)
	}
	put(t, rich, dead(delivery("a", 1))...)
	if _, err := rich.Want(t.Context(), spool.Filter{}); err != nil {
		t.Error(err)
	}
	if err := rich.Requeue(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	if got := waiting(t, rich, "a"); len(got) != 1 {
		t.Errorf("%q wait, want one", got)
	}
}

// TestMigrateFromCheckpointsOnly brings a schema up to date that an earlier version has made and
// used.
func TestMigrateFromCheckpointsOnly(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	s := open(t, spool.Config{URL: url})
	saved := cdc.Checkpoint{System: "7", Database: "1", Timeline: 1, Settled: cdc.Position{End: 10}}
	if err := s.SaveCheckpoint(t.Context(), "hookline", saved); err != nil {
		t.Fatal(err)
	}
	db := connect(t, url)
	db.exec(`DROP TABLE owner, queue, delivery, delivered, overflow`)
	db.exec(
		`ALTER TABLE checkpoint DROP COLUMN unreadable_lsn, DROP COLUMN unreadable_after, DROP COLUMN
			unreadable_cause`,
	)
	db.exec(`ALTER TABLE checkpoint
		DROP COLUMN prepared_major, DROP COLUMN prepared_xid, DROP COLUMN prepared_until,
		DROP COLUMN id`)
	db.exec(`DELETE FROM schema_version WHERE version_id > 1`)
	if got, err := s.LoadCheckpoint(t.Context(), "hookline"); err != nil || got == nil ||
		*got != saved {
		t.Errorf("before it is up to date the checkpoint is %+v, %v; want %+v", got, err, saved)
	}
	if _, err := s.Find(t.Context(), spool.Filter{}, 1); !errors.Is(err, spool.ErrNotSetUp) {
		t.Errorf("before it is up to date: %v, want %v", err, spool.ErrNotSetUp)
	}
	s = openClaimed(t, spool.Config{URL: url})
	got, err := s.LoadCheckpoint(t.Context(), "hookline")
	if err != nil || got == nil || got.ID == "" {
		t.Fatalf("the checkpoint is %+v, %v; want one with an ID", got, err)
	}
	if saved.ID = got.ID; *got != saved {
		t.Errorf("the checkpoint is %+v; want %+v", got, saved)
	}
	put(t, s, delivery("a", 1))
	if got := waiting(t, s, "a"); !slices.Equal(got, []string{id(1)}) {
		t.Errorf("%q wait", got)
	}
}

// TestMigrateKeepsOverflows brings a schema up to date whose table of overflows has the name that
// it had before version 10.
func TestMigrateKeepsOverflows(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	s := openClaimed(t, spool.Config{URL: url, MaxBytes: 1})
	put(t, s, delivery("a", 1), delivery("a", 2), delivery("a", 3))
	before, err := s.Overflows(t.Context())
	if err != nil || len(before) != 1 || before[0].Events != 2 {
		t.Fatalf("overflows %+v, %v; want one of 2 events", before, err)
	}
	db := connect(t, url)
	db.exec(`ALTER TABLE overflow RENAME TO gap`)
	db.exec(`ALTER INDEX overflow_pkey RENAME TO gap_pkey`)
	db.exec(`ALTER INDEX overflow_open RENAME TO gap_open`)
	db.exec(`ALTER SEQUENCE overflow_id_seq RENAME TO gap_id_seq`)
	db.exec(`DELETE FROM schema_version WHERE version_id > 9`)
	s = openClaimed(t, spool.Config{URL: url, MaxBytes: 1})
	if after, err := s.Overflows(t.Context()); err != nil || !slices.Equal(after, before) {
		t.Errorf("overflows %+v, %v; want those from before, %+v", after, err, before)
	}
	put(t, s, delivery("a", 4))
	after, err := s.Overflows(t.Context())
	if err != nil || len(after) != 1 || after[0].Events != 3 {
		t.Errorf("overflows %+v, %v; want the one that was open, of 3 events", after, err)
	}
}

func TestNotSetUp(t *testing.T) {
	s, err := spool.Open(t.Context(), spool.Config{URL: postgrestest.NewDatabase(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, find := s.Find(t.Context(), spool.Filter{}, 1)
	_, get := s.Get(t.Context(), id(1), "")
	_, count := s.Count(t.Context(), spool.Filter{})
	_, want := s.Want(t.Context(), spool.Filter{})
	_, discard := s.DiscardDead(t.Context(), spool.Filter{})
	_, overflows := s.Overflows(t.Context())
	for name, err := range map[string]error{
		"find": find, "get": get, "count": count, "want": want,
		"discard": discard, "overflows": overflows,
	} {
		if !errors.Is(err, spool.ErrNotSetUp) {
			t.Errorf("%s: %v, want %v", name, err, spool.ErrNotSetUp)
		}
	}
}

// TestNewerSchema is used by a version of Hookline that knows less than has been done to the
// schema: it refuses.
func TestNewerSchema(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	open(t, spool.Config{URL: url})
	connect(t, url).exec(`INSERT INTO schema_version (version_id, is_applied) VALUES (999, true)`)
	s, err := spool.Open(t.Context(), spool.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Migrate(t.Context(), discard)
	problem, ok := errors.AsType[*cdc.Problem](err)
	if !ok || !strings.Contains(problem.What, "is at version 999") ||
		!strings.Contains(problem.Hint, "newer version") {
		t.Errorf("%v, want it refused", err)
	}
}
