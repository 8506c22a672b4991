package spool_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
	"hookline/spool"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func open(t *testing.T, url, schema string) *spool.Spool {
	t.Helper()
	s, err := spool.Open(t.Context(), url, schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.Migrate(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCheckpointRoundTrip(t *testing.T) {
	s := open(t, postgrestest.NewDatabase(t), "hookline")
	if c, err := s.LoadCheckpoint(t.Context(), "a"); c != nil || err != nil {
		t.Fatalf("before the first save: %v, %v", c, err)
	}
	at := time.Date(2025, 2, 10, 15, 30, 45, 123456000, time.UTC)
	first := cdc.Checkpoint{System: "7", Database: "16384", Timeline: 1, Settled: cdc.Position{End: 0x1_0000_0010, Commit: 0x1_0000_0020, Index: 4_000_000_000}, Time: at}
	steps := []struct {
		name       string
		save, want cdc.Checkpoint
	}{
		{"first", first, first},
		{"an index before is not taken", move(first, 0, 0, -1), first},
		{"a commit before is not taken", move(first, 0, -1, 5), first},
		{"an end before is not taken", move(first, -1, 7, 7), first},
		{"an index after", move(first, 0, 0, 1), move(first, 0, 0, 1)},
		{"an end after", move(first, 100, 0, -5), move(first, 100, 0, -5)},
		{"another timeline", timeline(move(first, -1, 0, 0), 2), timeline(move(first, -1, 0, 0), 2)},
		{"another system", system(first, "8"), system(first, "8")},
	}
	for _, step := range steps {
		if err := s.SaveCheckpoint(t.Context(), "a", step.save); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got, err := s.LoadCheckpoint(t.Context(), "a"); err != nil || *got != step.want {
			t.Errorf("%s: %+v, %v, want %+v", step.name, got, err, step.want)
		}
	}
	if c, err := s.LoadCheckpoint(t.Context(), "b"); c != nil || err != nil {
		t.Errorf("another slot: %v, %v", c, err)
	}
	if err := s.ForgetCheckpoint(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if c, err := s.LoadCheckpoint(t.Context(), "a"); c != nil || err != nil {
		t.Errorf("after it was forgotten: %v, %v", c, err)
	}
}

func move(c cdc.Checkpoint, end, commit, index int) cdc.Checkpoint {
	c.Settled.End += cdc.LSN(end)
	c.Settled.Commit += cdc.LSN(commit)
	c.Settled.Index = uint32(int(c.Settled.Index) + index)
	return c
}

func timeline(c cdc.Checkpoint, n int32) cdc.Checkpoint { c.Timeline = n; return c }
func system(c cdc.Checkpoint, id string) cdc.Checkpoint { c.System = id; return c }

// TestSaveWithoutTimeKeepsTheLastOne: progress by keepalives alone knows no commit.
func TestSaveWithoutTimeKeepsTheLastOne(t *testing.T) {
	s := open(t, postgrestest.NewDatabase(t), "hookline")
	at := time.Date(2025, 2, 10, 15, 30, 45, 0, time.UTC)
	for _, c := range []cdc.Checkpoint{
		{System: "7", Database: "1", Timeline: 1, Settled: cdc.Position{End: 10}, Time: at},
		{System: "7", Database: "1", Timeline: 1, Settled: cdc.Position{End: 20}},
	} {
		if err := s.SaveCheckpoint(t.Context(), "a", c); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.LoadCheckpoint(t.Context(), "a"); err != nil || !got.Time.Equal(at) || got.Settled.End != 20 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestManyOpenAtOnce(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	opened := make(chan error)
	const processes = 5
	for range processes {
		go func() {
			s, err := spool.Open(context.Background(), url, `Odd "Schema`)
			if err == nil {
				err = s.Migrate(context.Background(), slog.New(slog.DiscardHandler))
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
	poor, err := spool.Open(t.Context(), guest, "hookline")
	if err != nil {
		t.Fatal(err)
	}
	defer poor.Close()
	if err := poor.Migrate(t.Context(), slog.New(slog.DiscardHandler)); err == nil {
		t.Fatal("a role without rights made a schema")
	}
	if c, err := poor.LoadCheckpoint(t.Context(), "a"); c != nil || err != nil {
		t.Errorf("without a schema: %v, %v", c, err)
	}
	open(t, url, "hookline")
	run("GRANT USAGE ON SCHEMA hookline TO spool_guest")
	run("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA hookline TO spool_guest")
	if err := open(t, guest, "hookline").SaveCheckpoint(t.Context(), "a", cdc.Checkpoint{}); err != nil {
		t.Error(err)
	}
}
