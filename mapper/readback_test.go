package mapper

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/internal/postgres/postgrestest"
)

// readBackPool returns a pool of a fresh database, in which sql was run.
func readBackPool(t *testing.T, sql string) *pgxpool.Pool {
	t.Helper()
	settings, err := pgxpool.ParseConfig(postgrestest.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	settings.ConnConfig.RuntimeParams = pg.SessionSettings()
	// it makes tables, by names without a schema
	delete(settings.ConnConfig.RuntimeParams, "search_path")
	pool, err := pgxpool.NewWithConfig(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := pool.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
	return pool
}

// TestIgnoredColumnsAreNotReadBack leaves a credential that the stream did not send where it is.
func TestIgnoredColumnsAreNotReadBack(t *testing.T) {
	pool := readBackPool(t, `
		CREATE TABLE people (id int PRIMARY KEY, password text, bio text);
		INSERT INTO people VALUES (1, 'canary', 'long')`)
	rel := &cdc.Relation{Schema: "public", Name: "people", Identity: 'd', Columns: []cdc.Column{
		{Name: "id", Type: pgtype.Int4OID, Identity: true}, {Name: "password"}, {Name: "bio"},
	}}
	o := newObject(&Description{
		Object: "person", Key: []int{0}, DeletedAt: -1, Ignore: []bool{false, true, false},
		Fields: []Field{textField("id", 0), textField("bio", 2)},
	})
	var log bytes.Buffer
	m := New(oneTable{}, pool, "00000000", FormatEvent, slog.New(slog.NewTextHandler(&log, nil)))
	row, _, err := m.complete(t.Context(), o, rel, nil,
		cdc.Tuple{cdc.Text([]byte("1")), cdc.Unchanged(), cdc.Unchanged()})
	if err != nil || !row[1].IsNull() || row[2].String() != "long" {
		t.Errorf("got %v, %v", row, err)
	}
	// What the server says of a value that is none of the column's type by now, it says with the
	// value.
	row = cdc.Tuple{cdc.Text([]byte("canary")), cdc.Unchanged(), cdc.Unchanged()}
	if _, _, err := m.complete(t.Context(), o, rel, nil, row); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), "canary") || !strings.Contains(log.String(), "22P02") {
		t.Errorf("the log says %s", log.String())
	}
}

// TestAskOfAnAlteredTable asks for rows by values that are none of the column's type any more. It
// says so, instead of asking again for ever.
func TestAskOfAnAlteredTable(t *testing.T) {
	pool := readBackPool(t, `
		CREATE TABLE visits (id text PRIMARY KEY, name text); INSERT INTO visits VALUES ('a1', 'x')`)
	m := New(oneTable{}, pool, "00000000", FormatEvent, discard)
	rel := &cdc.Relation{
		Schema: "public", Name: "visits", Columns: []cdc.Column{{Name: "id"}, {Name: "name"}},
	}
	for _, test := range []struct{ alter, id string }{
		{`ALTER TABLE visits ALTER id TYPE bigint USING substr(id, 2)::bigint`, "a1"},
		{`ALTER TABLE visits ALTER id TYPE int`, "5000000000"},
		{`ALTER TABLE visits ALTER id TYPE date USING '2020-01-01'`, "2020-13-01"},
	} {
		if _, err := pool.Exec(t.Context(), test.alter); err != nil {
			t.Fatal(err)
		}
		key := []cdc.Tuple{{cdc.Text([]byte(test.id)), {}}}
		from := cdc.Table{Schema: "public", Name: "visits"}
		_, err := m.ask(t.Context(), from, rel, []int{1}, []int{0}, key, 1)
		if !errors.Is(err, errAltered) {
			t.Errorf("%s: %v, want %v", test.alter, err, errAltered)
		}
	}
}
