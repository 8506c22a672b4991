package cdc_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/postgres"
	"hookline/internal/postgres/postgrestest"
)

// heard is a log that hands on its lines.
type heard chan string

func newHeard() (heard, *slog.Logger) {
	h := make(heard, 1000)
	return h, slog.New(slog.NewTextHandler(h, nil))
}

func (h heard) Write(line []byte) (int, error) {
	h <- string(line)
	return len(line), nil
}

// until waits for a line that holds all of the parts.
func (h heard) until(t *testing.T, parts ...string) string {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case line := <-h:
			missing := false
			for _, part := range parts {
				missing = missing || !strings.Contains(line, part)
			}
			if !missing {
				return line
			}
		case <-limit:
			t.Fatalf("no line of the log holds %q", parts)
		}
	}
}

// TestReadingWaitsForARewrite has a table rewritten, in a transaction that commits while somebody
// waits to read the table: the rows are there.
func TestReadingWaitsForARewrite(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		conn, other := connect(t, url), connect(t, url)
		for _, sql := range []string{
			`CREATE TABLE first (id int PRIMARY KEY)`, `INSERT INTO first VALUES (1)`,
			`CREATE TABLE second (id int PRIMARY KEY)`, `INSERT INTO second VALUES (1), (2)`,
			`BEGIN`, `ALTER TABLE second ALTER id TYPE bigint`,
		} {
			if _, err := other.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
		lines, log := newHeard()
		counts, done := make(chan string, 1), make(chan error, 1)
		look := cdc.ConsistentRead{
			Tables: []cdc.Table{{Schema: "public", Name: "first"}, {Schema: "public", Name: "none"}},
			// reads what is locked to find what else is to be
			Also: func(ctx context.Context, tx pgx.Tx) ([]cdc.Table, error) {
				var n int
				err := tx.QueryRow(ctx, `SELECT count(*) FROM first`).Scan(&n)
				return []cdc.Table{{Schema: "public", Name: "first"}, {Schema: "public", Name: "second"}}[:n+1],
					err
			},
			Log: log,
		}
		go func() {
			done <- look.Do(t.Context(), conn, func(tx pgx.Tx) error {
				var first, second int
				err := tx.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM first), (SELECT count(*)
					FROM second)`).Scan(&first, &second)
				counts <- fmt.Sprint(first, second, err)
				return err
			})
		}()
		pid := other.PgConn().PID()
		lines.until(t, "locked", fmt.Sprintf("session %d of role postgres", pid),
			fmt.Sprintf("pg_terminate_backend(%d)", pid))
		awaitLock(t, other, conn.PgConn().PID())
		if _, err := other.Exec(t.Context(), `COMMIT`); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if got := <-counts; got != "1 2 <nil>" {
			t.Errorf("read: %s, want 1 row and 2", got)
		}
	})
}

// awaitLock returns when the process with that pid waits for a lock.
func awaitLock(t *testing.T, conn *pgx.Conn, pid uint32) {
	t.Helper()
	(&stream{t: t, conn: conn}).poll("a process to wait for a lock", func() bool {
		var waits bool
		if err := conn.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1
			AND NOT granted)`, pid).Scan(&waits); err != nil {
			t.Fatal(err)
		}
		return waits
	})
}

// TestReadingBehindAPreparedTransaction tells of one that locks a table.
func TestReadingBehindAPreparedTransaction(t *testing.T) {
	t.Parallel()
	for _, major := range majors {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			url := postgrestest.NewServer(t, postgres.Options{Major: major}).URL("postgres")
			s := &stream{t: t, conn: connect(t, url)}
			for _, gid := range []string{"first", "second"} {
				s.exec(fmt.Sprintf(`CREATE TABLE %s (id int PRIMARY KEY)`, gid))
				for _, sql := range []string{
					`BEGIN`, `ALTER TABLE ` + gid + ` ADD COLUMN more int`,
					`PREPARE TRANSACTION '` + gid + `'`,
				} {
					s.exec(sql)
				}
			}
			look := cdc.ConsistentRead{
				Tables: []cdc.Table{{Schema: "public", Name: "second"}},
				Tries:  1,
				Log:    slog.New(slog.DiscardHandler),
			}
			err := look.Do(t.Context(), s.conn, func(pgx.Tx) error { return nil })
			wantProblem(t, err, `"public"."second" cannot be read`, "prepared transaction 'second' of "+
				"role postgres in database postgres",
				"ROLLBACK PREPARED 'second';")
			if strings.Contains(err.Error(), "'first'") {
				t.Errorf("the other one has nothing to do with it: %v", err)
			}
		})
	}
}

// TestReadingGivesUp tells who is in the way when it may not wait for as long as it takes.
func TestReadingGivesUp(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		conn, other := connect(t, url), connect(t, url)
		for _, sql := range []string{
			`CREATE TABLE first (id int PRIMARY KEY)`, `BEGIN`,
			`LOCK TABLE first`,
		} {
			if _, err := other.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
		look := cdc.ConsistentRead{
			Tables: []cdc.Table{{Schema: "public", Name: "first"}},
			Tries:  1,
			Log:    slog.New(slog.DiscardHandler),
		}
		err := look.Do(t.Context(), conn, func(pgx.Tx) error {
			t.Error("it was read")
			return nil
		})
		wantProblem(t, err, `"public"."first" cannot be read`, fmt.Sprintf("session %d of role postgres",
			other.PgConn().PID()), fmt.Sprintf("SELECT pg_terminate_backend(%d);", other.PgConn().PID()))
		if conn.PgConn().TxStatus() != 'I' {
			t.Error("the connection is left in a transaction")
		}
	})
}
