package pg_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
	"hookline/internal/postgres/postgrestest"
)

// majors are the versions of Postgres on which the server's part in a matter is tried; 0 is the
// default one.
var majors = []int{0, 18}

func onEachMajor(t *testing.T, test func(t *testing.T, major int)) {
	for _, major := range majors {
		t.Run(fmt.Sprint(major), func(t *testing.T) { test(t, major) })
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// TestXIDAge puts transaction ids in the order in which they were given out: some of more than two
// billion transactions ago, and one that is younger than the transaction that asks.
func TestXIDAge(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		url := postgrestest.NewDatabaseMajor(t, major)
		tx, err := connect(t, url).Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var mine int64
		err = tx.QueryRow(t.Context(), `SELECT pg_current_xact_id()::text::bigint`).Scan(&mine)
		if err != nil {
			t.Fatal(err)
		}
		_, err = connect(t, url).Exec(t.Context(),
			`CREATE TABLE younger (id int); INSERT INTO younger VALUES (1)`)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := tx.Query(t.Context(), `
			SELECT name FROM (
			    SELECT 'younger' AS name, xmin AS x FROM younger
			    UNION ALL SELECT n::text, (mod($1 - n + 4294967296, 4294967296))::text::xid
			    FROM unnest(ARRAY[0, 5000, 2147483000, 2147490000, 3000000000]) n) ids
			ORDER BY `+pg.XIDAge("x"), mine)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"younger", "0", "5000", "2147483000", "2147490000", "3000000000"}
		if !slices.Equal(got, want) {
			t.Errorf("the oldest last: %v; want %v", got, want)
		}
	})
}
