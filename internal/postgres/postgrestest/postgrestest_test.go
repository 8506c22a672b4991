package postgrestest_test

import (
	"context"
	"crypto/rand"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"hookline/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func TestNewDatabaseIsDroppedWithWhatUsesIt(t *testing.T) {
	admin := connect(t, postgrestest.Shared(t).URL("postgres"))
	var name string
	t.Run("a test that leaves everything open", func(t *testing.T) {
		url := postgrestest.NewDatabase(t)
		conn := connect(t, url)
		name = conn.Config().Database
		if _, err := conn.Exec(t.Context(), "begin"); err != nil {
			t.Fatal(err)
		}

		walsender, err := pgconn.Connect(t.Context(), url+"&replication=database")
		if err != nil {
			t.Fatal(err)
		}
		for _, command := range []string{
			"CREATE_REPLICATION_SLOT idle_slot LOGICAL pgoutput",
			"CREATE_REPLICATION_SLOT busy_slot LOGICAL pgoutput",
		} {
			if _, err := walsender.Exec(t.Context(), command).ReadAll(); err != nil {
				t.Fatal(err)
			}
		}
		walsender.Frontend().SendQuery(&pgproto3.Query{
			String: "START_REPLICATION SLOT busy_slot LOGICAL 0/0 (proto_version '1', publication_names " +
				"'none')",
		})
		if err := walsender.Frontend().Flush(); err != nil {
			t.Fatal(err)
		}
		// CopyBothResponse: the slot is active
		if _, err := walsender.ReceiveMessage(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := count(t, admin, "pg_replication_slots", "database", name); got != 2 {
			t.Fatalf("%d slots before the cleanup, want 2", got)
		}
	})
	for table, column := range map[string]string{
		"pg_database": "datname", "pg_replication_slots": "database", "pg_stat_activity": "datname",
	} {
		if got := count(t, admin, table, column, name); got != 0 {
			t.Errorf("%s has %d rows of %s after the test, want 0", table, got, name)
		}
	}
}

// Each test has a copy of its own of what was filled once.
func TestNewDatabaseLike(t *testing.T) {
	filled, key := 0, rand.Text() // the server may serve this test several times
	fill := func(ctx context.Context, conn *pgx.Conn) error {
		filled++
		_, err := conn.Exec(ctx, "create table notes (); insert into notes default values")
		return err
	}
	for range 2 {
		conn := connect(t, postgrestest.NewDatabaseLike(t, 0, key, fill))
		if _, err := conn.Exec(t.Context(), "insert into notes default values"); err != nil {
			t.Fatal(err)
		}
		var n int
		err := conn.QueryRow(t.Context(), "select count(*) from notes").Scan(&n)
		if err != nil || n != 2 {
			t.Errorf("%d notes, %v, want one of the fill and one of this copy", n, err)
		}
	}
	if filled != 1 {
		t.Errorf("it was filled %d times", filled)
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func count(t *testing.T, conn *pgx.Conn, table, column, database string) (n int) {
	t.Helper()
	query := "select count(*) from " + table + " where " + column + " = $1"
	if err := conn.QueryRow(t.Context(), query, database).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
