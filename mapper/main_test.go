package mapper

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { postgrestest.Main(m) }

// connect returns a connection to a fresh database that prints as the stream does.
func connect(t testing.TB) *pgx.Conn {
	t.Helper()
	cfg, err := pgx.ParseConfig(postgrestest.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg.RuntimeParams = cdc.SessionSettings()
	delete(cfg.RuntimeParams, "search_path") // it makes tables, by names without a schema
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.PgConn().Conn().Close() })
	return conn
}

func execute(t testing.TB, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// relation describes a table as the stream does under REPLICA IDENTITY FULL.
func relation(t testing.TB, conn *pgx.Conn, schema, table string) *cdc.Relation {
	t.Helper()
	rel := &cdc.Relation{Schema: schema, Name: table, Identity: 'f'}
	rows, err := conn.Query(t.Context(), `
		SELECT c.oid, a.attname, a.atttypid, a.atttypmod
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		ORDER BY a.attnum`, schema, table)
	if err != nil {
		t.Fatal(err)
	}
	c := cdc.Column{Identity: true}
	_, err = pgx.ForEachRow(rows, []any{&rel.OID, &c.Name, &c.Type, &c.Modifier}, func() error {
		rel.Columns = append(rel.Columns, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rel
}

// read returns the rows of a table that fulfil a condition, in the form that the stream has them in.
func read(t testing.TB, conn *pgx.Conn, rel *cdc.Relation, where string) []cdc.Tuple {
	t.Helper()
	names := make([]string, len(rel.Columns))
	for i, c := range rel.Columns {
		names[i] = pgx.Identifier{c.Name}.Sanitize()
	}
	sql := fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY ctid",
		strings.Join(names, ", "), pgx.Identifier{rel.Schema, rel.Name}.Sanitize(), where)
	result := conn.PgConn().ExecParams(t.Context(), sql, nil, nil, nil, nil).Read()
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	tuples := make([]cdc.Tuple, len(result.Rows))
	for i, row := range result.Rows {
		tuples[i] = make(cdc.Tuple, len(row))
		for c, text := range row {
			if text != nil {
				tuples[i][c] = cdc.Text(text)
			}
		}
	}
	return tuples
}

// golden compares got to a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

// eventsOf returns the events that a change brings about, for those to whom a changed key is an update.
func eventsOf(t testing.TB, m *Mapper, change cdc.Change) (events []*Event) {
	t.Helper()
	draft, err := m.Map(t.Context(), change)
	for ; draft != nil && err == nil; draft, err = m.Next(t.Context()) {
		if draft.Telling != ToSplit {
			events = append(events, draft.Event())
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// eventOf returns the one event that a change, the only one of its transaction, brings about, nil for none.
func eventOf(t testing.TB, m *Mapper, change cdc.Change) *Event {
	t.Helper()
	events := eventsOf(t, m, change)
	if change.Kind == cdc.Delete {
		events = append(events, eventsOf(t, m, cdc.Change{Kind: cdc.End, Tx: change.Tx, Index: change.Index + 1})...)
	}
	if len(events) > 1 {
		t.Fatalf("%d events of one change", len(events))
	}
	if len(events) == 0 {
		return nil
	}
	return events[0]
}
