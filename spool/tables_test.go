package spool_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/internal/postgres/postgrestest"
	"hookline/spool"
)

// What Tables lists is what the migrations make, and all of it.
func TestTables(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	open(t, spool.Config{URL: url})
	rows, err := connect(t, url).Query(t.Context(), `SELECT relname::text FROM pg_class
		WHERE relnamespace = 'hookline'::regnamespace AND relkind = 'r' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	made, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	listed := spool.Tables()
	slices.Sort(listed)
	if !slices.Equal(made, listed) {
		t.Errorf("migrations make %v, and listed are %v", made, listed)
	}
}
