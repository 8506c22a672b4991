package cdc

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/internal/postgres/postgrestest"
)

func TestRestartAdvancer(t *testing.T) {
	const mib = 1 << 20
	var a restartAdvancer
	for i, look := range []struct {
		kept     int64
		position LSN
		due      bool
	}{
		{31 * mib, 1000 * mib, false}, // little is kept
		{32 * mib, 1001 * mib, true},
		{33 * mib, 1002 * mib, false}, // little was written since
		{33 * mib, 1009 * mib, true},
		{33 * mib, 1009 * mib, false}, // a long transaction of the CRM, and nobody writes
		{3 * mib, 1100 * mib, false},
		{40 * mib, 1200 * mib, true},
	} {
		if due := a.due(look.kept, look.position); due != look.due {
			t.Errorf("look %d: due is %t, want %t", i, due, look.due)
		}
	}
}

// TestRestartAdvancerOfAnyVersion: before Postgres 16 there is nobody to ask, and from then on the
// record is written.
func TestRestartAdvancerOfAnyVersion(t *testing.T) {
	pool, err := pgxpool.New(t.Context(), postgrestest.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	var version int
	var before, after string
	ask := func(sql string, into any) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), sql).Scan(into); err != nil {
			t.Fatal(err)
		}
	}
	ask(`SELECT current_setting('server_version_num')::int`, &version)
	ask(`SELECT pg_current_wal_insert_lsn()::text`, &before)
	if err := (&restartAdvancer{}).request(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	ask(`SELECT pg_current_wal_insert_lsn()::text`, &after)
	if version >= 160000 && after == before {
		t.Errorf("nothing was written at %s", before)
	}
}
