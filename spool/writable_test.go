package spool_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hookline/internal/postgres/postgrestest"
	"hookline/spool"
)

// wantUnwritable waits until the spool says that it cannot be written to, with all of the texts in
// it; none: until it can be.
func wantUnwritable(t *testing.T, s *spool.Spool, says ...string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		problem, err := s.CheckWrites(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		missing := len(says) == 0 && problem != nil || len(says) > 0 && problem == nil
		for _, text := range says {
			missing = missing || !strings.Contains(problem.Error(), text)
		}
		if !missing {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("what is in the way: %v; want %q", problem, says)
		}
	}
}

func TestCheckWrites(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			url := postgrestest.NewDatabaseMajor(t, major)
			empty, err := spool.Open(t.Context(), spool.Config{URL: url, Schema: "other"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(empty.Close)
			wantUnwritable(t, empty) // it is not there yet
			s := openClaimed(t, spool.Config{URL: url})
			wantUnwritable(t, s)

			db, other := connect(t, url), connect(t, url) // the second has locks
			other.exec(`BEGIN`)
			other.exec(`LOCK TABLE delivery IN SHARE MODE`)
			who := fmt.Sprintf("session %d of role", other.PgConn().PID())
			wantUnwritable(t, s, "locked by "+who, "pg_terminate_backend")
			other.exec(`ROLLBACK`)

			other.exec(`BEGIN`)
			other.exec(`UPDATE owner SET epoch = epoch`)
			parked := make(chan error)
			go func() {
				_, err := s.Put(t.Context(), several("w", 1, 1))
				parked <- err
			}()
			wantUnwritable(t, s, "locked by "+who)
			other.exec(`ROLLBACK`)
			if err := <-parked; err != nil {
				t.Error(err)
			}
			wantUnwritable(t, s)
			db.exec(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on',
				current_database()); END $$`)
			closed, err := spool.Open(t.Context(), spool.Config{URL: url})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(closed.Close)
			wantUnwritable(t, closed, "SQLSTATE 25006", "default_transaction_read_only")
		})
	}
}
