package cdc

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/internal/migrate"
	"hookline/internal/postgres/postgrestest"
)

// How far a reading has come is seen from beside it, also while somebody waits for a lock on the
// table.
func TestBackfillProgress(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	open := func() *pgx.Conn {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(t.Context()) })
		return conn
	}
	reader, watch := open(), open()
	exec := func(sql string) {
		t.Helper()
		if _, err := reader.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(migrate.Script("hookline", migrate.Stream))
	exec(`CREATE TABLE people (id int, words text) PARTITION BY RANGE (id);
		CREATE TABLE people_1 PARTITION OF people DEFAULT;
		INSERT INTO people SELECT n, repeat('x', 1000) FROM generate_series(1, 1000) n; ANALYZE people_1`)
	var log strings.Builder
	cfg := Config{Schema: "hookline"}
	p := newBackfillProgress(t.Context(), watch, slog.New(slog.NewTextHandler(&log, nil)),
		cfg.own(backfillTable), Table{Schema: "public", Name: "people"})
	if p.before != 0 || p.total < 1000_000 {
		t.Fatalf("before %d, total %d", p.before, p.total)
	}
	exec(`BEGIN; LOCK TABLE people, people_1 IN ACCESS EXCLUSIVE MODE;
		INSERT INTO hookline.backfill (slot, relation, record)
		SELECT 's', 1, (t.*)::text FROM people t WHERE id <= 500`)
	if err := p.report(t.Context(), watch, p.started.Add(10*time.Second)); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`table="\"public\".\"people\""`, `done="5`, `per_second="5`, "left_about=", "to_go=",
	} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("%s does not have %s", log.String(), part)
		}
	}
	got := fmt.Sprint((&backfillProgress{table: p.table}).attributes(1<<20,
		time.Time{}.Add(2*time.Second)))
	if want := `[table "public"."people" done 1.0 MiB per_second 512 KiB]`; got != want {
		t.Errorf("of a table whose size is not known: %s, want %s", got, want)
	}
}
