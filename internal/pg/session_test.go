package pg_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/internal/pg"
	"hookline/internal/postgres/postgrestest"
)

// TestSessionLimits asks sessions for their limits in a database that sets others for everybody.
// None of these holds; but the server ends a session that leaves a transaction idle, and goes on
// doing so when the limit of locks is reset.
func TestSessionLimits(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		url := postgrestest.NewDatabaseMajor(t, major)
		admin := connect(t, url)
		for _, name := range []string{
			"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout",
			"idle_session_timeout",
		} {
			_, err := admin.Exec(t.Context(), fmt.Sprintf("ALTER DATABASE %s SET %s = '7min'",
				pgx.Identifier{admin.Config().Database}.Sanitize(), name))
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct{ url, want string }{
			{url, "0 0 20s 0"},
			{with(url, "idle_in_transaction_session_timeout=3s&lock_timeout=4s"), "0 4s 3s 0"},
		} {
			config, err := pg.PoolConfig(c.url, 1)
			if err != nil {
				t.Fatal(err)
			}
			conn, err := pgx.ConnectConfig(t.Context(), config.ConnConfig)
			if err != nil {
				t.Fatal(err)
			}
			limits := func() (list string) {
				t.Helper()
				if err := conn.QueryRow(t.Context(), `SELECT concat_ws(' ',
					current_setting('statement_timeout'), current_setting('lock_timeout'),
					current_setting('idle_in_transaction_session_timeout'),
					current_setting('idle_session_timeout'))`).Scan(&list); err != nil {
					t.Fatal(err)
				}
				return list
			}
			if got := limits(); got != c.want {
				t.Errorf("a new session has %s, want %s", got, c.want)
			}
			if _, err := conn.Exec(t.Context(),
				"SET idle_session_timeout = '5s'; SET lock_timeout = '1s'"); err != nil {
				t.Fatal(err)
			}
			pg.ResetLockTimeout(t.Context(), conn)
			want := strings.TrimSuffix(c.want, "0") + "5s"
			if got := limits(); got != want {
				t.Errorf("after the reset it has %s, want %s", got, want)
			}
			_ = conn.Close(t.Context())
		}
	})
}

// TestAllLimitsAskedFor opens a session whose URL says all limits, so that none is left to lift.
func TestAllLimitsAskedFor(t *testing.T) {
	config, err := pg.PoolConfig(with(postgrestest.NewDatabaseMajor(t, 17), "statement_timeout=7s&"+
		"lock_timeout=4s&transaction_timeout=9s&idle_session_timeout=1h"), 1)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.ConnectConfig(t.Context(), config.ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var got string
	err = conn.QueryRow(t.Context(), "SHOW statement_timeout").Scan(&got)
	if err != nil || got != "7s" {
		t.Errorf("statement_timeout is %q, %v; want 7s", got, err)
	}
}

// TestIsolation changes a row that a transaction has read before, in a database whose transactions
// are serializable: it goes on with what was committed since.
func TestIsolation(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	admin := connect(t, url)
	if _, err := admin.Exec(t.Context(), fmt.Sprintf(`CREATE TABLE counter AS SELECT 0 AS n;
		ALTER DATABASE %s SET default_transaction_isolation = serializable`,
		pgx.Identifier{admin.Config().Database}.Sanitize())); err != nil {
		t.Fatal(err)
	}
	config, err := pg.PoolConfig(url, 1)
	if err != nil {
		t.Fatal(err)
	}
	first, err := pgx.ConnectConfig(t.Context(), config.ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close(t.Context())
	conn, err := pgx.ConnectConfig(t.Context(), config.ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	second, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := second.QueryRow(t.Context(), "SELECT n FROM public.counter").Scan(&n); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Exec(t.Context(), "UPDATE public.counter SET n = n + 1"); err != nil {
		t.Fatal(err)
	}
	err = second.QueryRow(t.Context(), "UPDATE public.counter SET n = n + 1 RETURNING n").Scan(&n)
	if err != nil || n != 2 {
		t.Errorf("the transaction counts %d, %v, want 2", n, err)
	}
}

// TestWalsenderLimit has a server that waits for ever for readers of a stream give up on ours, and
// follow it or the connection string where they say when.
func TestWalsenderLimit(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		url := postgrestest.NewDatabaseMajor(t, major)
		admin := connect(t, url)
		for _, c := range []struct{ server, url, want string }{
			{"0", url, "1min"},
			{"9s", url, "9s"},
			{"9s", with(url, "wal_sender_timeout=0"), "0"},
			{"0", with(url, "wal_sender_timeout=0"), "0"},
		} {
			_, err := admin.Exec(t.Context(), fmt.Sprintf("ALTER DATABASE %s SET wal_sender_timeout = '%s'",
				pgx.Identifier{admin.Config().Database}.Sanitize(), c.server))
			if err != nil {
				t.Fatal(err)
			}
			config, err := pg.ReplicationConfig(c.url)
			if err != nil {
				t.Fatal(err)
			}
			conn, err := pgconn.ConnectConfig(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			results, err := conn.Exec(t.Context(), "SHOW wal_sender_timeout").ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			if got := string(results[0].Rows[0][0]); got != c.want {
				t.Errorf("the server has %s: the session has %s, want %s", c.server, got, c.want)
			}
			_ = conn.Close(t.Context())
		}
	})
}

// with returns url with settings added.
func with(url, settings string) string {
	if strings.Contains(url, "?") {
		return url + "&" + settings
	}
	return url + "?" + settings
}
