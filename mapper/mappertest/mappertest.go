package mappertest

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/internal/postgres/postgrestest"
	"hookline/mapper"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Connect returns a connection to a fresh database that prints as the stream does.
func Connect(t testing.TB) *pgx.Conn {
	t.Helper()
	return ConnectTo(t, postgrestest.NewDatabase(t))
}

// ConnectTo is Connect for the database of a URL.
func ConnectTo(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	cfg.RuntimeParams = pg.SessionSettings()
	delete(cfg.RuntimeParams, "search_path") // it makes tables, by names without a schema
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.PgConn().Conn().Close() })
	return conn
}

// Execute runs SQL on a connection.
func Execute(t testing.TB, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// Relation describes a table as the stream does under REPLICA IDENTITY FULL.
func Relation(t testing.TB, conn *pgx.Conn, schema, table string) *cdc.Relation {
	t.Helper()
	rel := &cdc.Relation{Schema: schema, Name: table, Identity: 'f'}
	rows, err := conn.Query(t.Context(), `
		SELECT c.oid, a.attname, a.atttypid, a.atttypmod
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		  JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped
		  AND a.attgenerated = ''
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

// Read returns the rows of a table that fulfil a condition, in the form that the stream has them
// in.
func Read(t testing.TB, conn *pgx.Conn, rel *cdc.Relation, where string) []cdc.Tuple {
	t.Helper()
	names := make([]string, len(rel.Columns))
	for i, c := range rel.Columns {
		names[i] = pg.Identifier(c.Name)
	}
	sql := fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY ctid",
		strings.Join(names, ", "), pg.Identifier(rel.Schema, rel.Name), where)
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

// Golden compares got to a file of testdata.
func Golden(t *testing.T, name string, got []byte) {
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

// EventsOf returns the events that a change brings about, for those to whom a changed key is an
// update.
func EventsOf(t testing.TB, m *mapper.Mapper, change cdc.Change) (events []*mapper.Event) {
	t.Helper()
	draft, err := m.Map(t.Context(), change)
	for ; draft != nil && err == nil; draft, err = m.Next(t.Context()) {
		if draft.Telling&mapper.ToSplit == 0 {
			events = append(events, draft.Event())
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// EventOf returns the one event that a change, the only one of its transaction, brings about, nil
// for none.
func EventOf(t testing.TB, m *mapper.Mapper, change cdc.Change) *mapper.Event {
	t.Helper()
	events := EventsOf(t, m, change)
	if change.Kind == cdc.Delete {
		events = append(
			events,
			EventsOf(t, m, cdc.Change{Kind: cdc.End, Tx: change.Tx, Index: change.Index + 1})...)
	}
	if len(events) > 1 {
		t.Fatalf("%d events of one change", len(events))
	}
	if len(events) == 0 {
		return nil
	}
	return events[0]
}

// oneDescription is a catalog of one relation.
type oneDescription struct{ *mapper.Description }

func (oneDescription) Generation() uint64                     { return 1 }
func (oneDescription) Refresh(context.Context, *cdc.Tx) error { return nil }
func (o oneDescription) Describe(context.Context, *cdc.Relation) (*mapper.Description, error) {
	return o.Description, nil
}

// eventIn returns the event of a change of rows that are described so, nil for none.
func eventIn(t testing.TB, o *mapper.Description, change cdc.Change) *mapper.Event {
	t.Helper()
	columns := len(change.New) + len(change.Old)
	change.Relation = &cdc.Relation{Schema: "s", Name: "t", Columns: make([]cdc.Column, columns)}
	change.Tx, change.Sole = &cdc.Tx{Commit: 1, XID: 1}, true
	m := mapper.New(oneDescription{o}, nil, "0badcafe", mapper.FormatEvent,
		slog.New(slog.DiscardHandler))
	return EventOf(t, m, change)
}

// RowOf returns the JSON of a row.
func RowOf(t testing.TB, o *mapper.Description, row cdc.Tuple) []byte {
	t.Helper()
	return eventIn(t, o, cdc.Change{Kind: cdc.Insert, New: slices.Clone(row)}).Parts().Data
}

// KnownOf returns the JSON of what is known of a row that was deleted, by its key alone.
func KnownOf(t testing.TB, o *mapper.Description, row cdc.Tuple) []byte {
	t.Helper()
	change := cdc.Change{Kind: cdc.Delete, Old: slices.Clone(row), OldIsKey: true}
	return eventIn(t, o, change).Parts().Data
}

// UpdateOf returns the updatedFields of an update, and whether it is announced.
func UpdateOf(t testing.TB, o *mapper.Description, before, after cdc.Tuple) ([]string, bool) {
	t.Helper()
	e := eventIn(t, o, cdc.Change{
		Kind: cdc.Update, Old: slices.Clone(before), New: slices.Clone(after),
	})
	if e == nil {
		return nil, false
	}
	return e.Parts().Updated, true
}

// RecordIn returns Event.Record of a row.
func RecordIn(t testing.TB, o *mapper.Description, row cdc.Tuple) uint64 {
	t.Helper()
	return eventIn(t, o, cdc.Change{Kind: cdc.Insert, New: slices.Clone(row)}).Record
}

// Rekeys reports whether an update makes another record of one.
func Rekeys(t testing.TB, o *mapper.Description, before, after cdc.Tuple) bool {
	t.Helper()
	e := eventIn(t, o, cdc.Change{
		Kind: cdc.Update, Old: slices.Clone(before), New: slices.Clone(after),
	})
	return e != nil && e.Former != 0
}

// AppendFields appends all fields of a row as a JSON object.
func AppendFields(dst []byte, o *mapper.Description, row cdc.Tuple) []byte {
	for i := range o.Fields {
		dst = append(dst, "{,"[min(i, 1)])
		dst = append(dst, o.Fields[i].Key...)
		dst = o.Fields[i].Encode(dst, row)
	}
	return append(dst, '}')
}

// Discard is a log that nobody reads.
var Discard = slog.New(slog.DiscardHandler)

// NewPool returns connections to a fresh database that print as the stream does.
func NewPool(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return NewPoolOn(t, 0)
}

// NewPoolOn is NewPool on a server of one major version; 0 is the default one.
func NewPoolOn(t testing.TB, major int) *pgxpool.Pool {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(postgrestest.NewDatabaseMajor(t, major))
	if err != nil {
		t.Fatal(err)
	}
	cfg.ConnConfig.RuntimeParams = pg.SessionSettings()
	// it makes tables, by names without a schema
	delete(cfg.ConnConfig.RuntimeParams, "search_path")
	cfg.MaxConns = 4
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// RunSQL runs SQL on a connection of a pool.
func RunSQL(t testing.TB, pool *pgxpool.Pool, sql string) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
}

// DescribeTable is relation on a connection of the pool.
func DescribeTable(t testing.TB, pool *pgxpool.Pool, schema, table string) (rel *cdc.Relation) {
	t.Helper()
	WithConn(t, pool, func(conn *pgx.Conn) { rel = Relation(t, conn, schema, table) })
	return rel
}

// ReadTuples reads all rows of a table, on a connection of the pool.
func ReadTuples(t testing.TB, pool *pgxpool.Pool, rel *cdc.Relation) (tuples []cdc.Tuple) {
	t.Helper()
	WithConn(t, pool, func(conn *pgx.Conn) { tuples = Read(t, conn, rel, "true") })
	return tuples
}

// WithConn calls f with a connection of a pool.
func WithConn(t testing.TB, pool *pgxpool.Pool, f func(*pgx.Conn)) {
	t.Helper()
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	f(conn.Conn())
}

// LoadCatalog reads a catalog as the database is now.
func LoadCatalog(ctx context.Context, conn *pgx.Conn, catalog mapper.Catalog) error {
	return pgx.BeginTxFunc(
		ctx,
		conn,
		pgx.TxOptions{IsoLevel: pgx.RepeatableRead},
		func(tx pgx.Tx) error {
			snapshot, err := cdc.TakeSnapshot(ctx, tx)
			if err != nil {
				return err
			}
			return catalog.Load(ctx, tx, snapshot)
		},
	)
}

// Describe returns the plan for a table, which must be announced.
func Describe(t testing.TB, catalog mapper.Describer, rel *cdc.Relation) *mapper.Description {
	t.Helper()
	o, err := catalog.Describe(t.Context(), rel)
	if err != nil {
		t.Fatal(err)
	}
	if o == nil {
		t.Fatalf("table %s.%s is not announced", rel.Schema, rel.Name)
	}
	return o
}

// Announced returns the name of the object that a table is announced as, "" when it is not.
func Announced(t testing.TB, catalog mapper.Describer, rel *cdc.Relation) string {
	t.Helper()
	o, err := catalog.Describe(t.Context(), rel)
	if err != nil {
		t.Fatal(err)
	}
	if o == nil {
		return ""
	}
	return o.Object
}

// TableNames returns the tables to publish; those in brackets describe others, those behind a minus
// are left.
func TableNames(t testing.TB, db interface {
	BeginTx(context.Context, pgx.TxOptions) (pgx.Tx, error)
}, catalog mapper.Catalog,
) (list []string) {
	t.Helper()
	err := pgx.BeginTxFunc(
		t.Context(),
		db,
		pgx.TxOptions{IsoLevel: pgx.RepeatableRead},
		func(tx pgx.Tx) error {
			tables, err := catalog.Tables(t.Context(), tx)
			for _, table := range tables {
				name := table.Schema + "." + table.Name
				if !table.Full {
					name = "(" + name + ")"
				}
				if table.Skip {
					name = "-" + name
				}
				list = append(list, name)
			}
			return err
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Equal compares two lists.
func Equal[S ~[]E, E comparable](t *testing.T, what string, got, want S) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

// ChangedIn returns the updatedFields of an update, nil where nothing has changed.
func ChangedIn(t testing.TB, o *mapper.Description, before, after cdc.Tuple) []string {
	t.Helper()
	updated, _ := UpdateOf(t, o, before, after)
	return updated
}

// ActionOf returns what an update is told as.
func ActionOf(t testing.TB, o *mapper.Description, before, after cdc.Tuple) mapper.Action {
	t.Helper()
	return eventIn(t, o, cdc.Change{
		Kind: cdc.Update, Old: slices.Clone(before), New: slices.Clone(after),
	}).Action
}

// DeletionOf returns what a delete is told as.
func DeletionOf(t testing.TB, o *mapper.Description, row cdc.Tuple) mapper.Action {
	t.Helper()
	return eventIn(t, o, cdc.Change{Kind: cdc.Delete, Old: slices.Clone(row)}).Action
}
