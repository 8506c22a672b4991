package cdc_test

import (
	"context"
	"testing"
	"time"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
)

// What is looked at ahead comes again in its turn, and is not settled by it. Looking further than
// anything that is sent finds out how far the server is, also when only other tables change.
func TestLook(t *testing.T) {
	s := newStream(t, postgrestest.NewDatabase(t), "CREATE TABLE ahead (id int PRIMARY KEY); "+
		"CREATE UNLOGGED TABLE other (id int)")
	s.exec("INSERT INTO ahead VALUES (1)")
	s.exec("INSERT INTO ahead VALUES (2), (3)")
	first := s.take()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	look := func(until string) (seen []string) {
		t.Helper()
		for {
			change, end, ok := s.source.Peek(ctx, true)
			switch {
			case !ok:
				t.Fatalf("saw %q, and then nothing", seen)
			case change.Kind == cdc.End:
			case change.Kind != 0:
				seen = append(seen, change.New[0].String())
			case until == "" && len(seen) == 2 || until != "" && end >= parseLSN(t, until):
				return seen
			}
		}
	}
	if seen := look(""); seen[0] != "2" || seen[1] != "3" {
		t.Errorf("saw %q behind %s, want 2 and 3", seen, first.New[0])
	}
	s.exec("CREATE TABLE another (id int)") // nothing that is streamed
	if seen := look(s.query("SELECT pg_current_wal_flush_lsn()::text")); seen != nil {
		t.Errorf("saw %q, want nothing", seen)
	}
	if _, _, ok := s.source.Peek(ctx, false); ok {
		t.Error("saw something, want nothing without waiting")
	}
	s.exec("INSERT INTO ahead VALUES (4)")
	if seen := look(s.query("SELECT pg_current_wal_flush_lsn()::text")); len(seen) != 1 ||
		seen[0] != "4" {
		t.Errorf("saw %q, want 4", seen)
	}
	for _, want := range []string{"2", "3", "4"} {
		if got := s.take().New[0].String(); got != want {
			t.Errorf("took %s, want %s", got, want)
		}
	}
	s.exec("INSERT INTO ahead VALUES (5)")
	if got := s.take().New[0].String(); got != "5" {
		t.Errorf("took %s, want 5", got)
	}
}

// No more is looked at than may be kept, and all of it is there afterwards.
func TestLookHasALimit(t *testing.T) {
	const rows = 10_000
	s := newStream(t, postgrestest.NewDatabase(t), "CREATE TABLE ahead (id int PRIMARY KEY)")
	s.exec("INSERT INTO ahead SELECT generate_series(1, $1::int)", rows)
	s.take()
	seen := 0
	for {
		if _, _, ok := s.source.Peek(t.Context(), true); !ok {
			break
		}
		if seen++; seen > rows/2 {
			t.Fatalf("looked at %d changes, want a limit before", seen)
		}
	}
	for n := 2; n <= rows; n++ {
		change := s.take()
		if n == 2000 {
			if _, _, ok := s.source.Peek(t.Context(), true); !ok {
				t.Error("saw nothing more, though some of what was looked at has been taken")
			}
		}
		if change.Index != uint32(n-1) {
			t.Fatalf("took change %d, want %d", change.Index, n-1)
		}
	}
}

func parseLSN(t *testing.T, text string) cdc.LSN {
	t.Helper()
	var at cdc.LSN
	if err := at.Scan(text); err != nil {
		t.Fatal(err)
	}
	return at
}
