package cdc_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
)

// TestXIDAge puts transaction ids in the order in which they were given out: some of more than two billion transactions ago,
// and one that is younger than the transaction that asks.
func TestXIDAge(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		url := postgrestest.NewDatabaseMajor(t, major)
		tx, err := connect(t, url).Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var mine int64
		if err := tx.QueryRow(t.Context(), `SELECT pg_current_xact_id()::text::bigint`).Scan(&mine); err != nil {
			t.Fatal(err)
		}
		execBehind(t, url, `CREATE TABLE younger (id int); INSERT INTO younger VALUES (1)`)
		rows, err := tx.Query(t.Context(), `
			SELECT name FROM (
			    SELECT 'younger' AS name, xmin AS x FROM younger
			    UNION ALL SELECT n::text, (mod($1 - n + 4294967296, 4294967296))::text::xid
			    FROM unnest(ARRAY[0, 5000, 2147483000, 2147490000, 3000000000]) n) ids
			ORDER BY `+cdc.XIDAge("x"), mine)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"younger", "0", "5000", "2147483000", "2147490000", "3000000000"}; !slices.Equal(got, want) {
			t.Errorf("the oldest last: %v; want %v", got, want)
		}
	})
}
