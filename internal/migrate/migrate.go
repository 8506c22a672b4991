// Package migrate makes Hookline's own tables and brings them up to date: those of the spool, of
// the stream, and of webhooks. All of their SQL is in sql, a file for each migration, in the order
// of its number.
//
// A migration may say of itself what it adds, and what is missing without it:
//
//	-- adds: webhook.rekey annotate()
//	-- lacks: Hookline's own table has no column rekey, so changed keys are told as updates
//
// Such a migration is done when what it adds is there, whoever made it. That can be tables,
// columns, triggers (table.name), the type of a column (table.column:type), and functions. Any
// other is done when the table schema_version notes it. So installations that are older than the
// notes are taken over as they are, and what somebody has dropped is made again.
//
// A version of Hookline that knows fewer migrations of the spool than are noted refuses to start.
// A migration of another part that older versions must not meet needs one of the spool beside it.
package migrate

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
)

//go:embed sql
var files embed.FS

// Part is a set of tables with migrations of its own.
type Part string

const (
	Spool    Part = "spool"    // in the spool's database
	Stream   Part = "stream"   // in the CRM's, what is known of its tables
	Webhooks Part = "webhooks" // in the CRM's, Hookline's own table of webhooks
)

// VersionTable is the table of versions, in the schema of Hookline's own tables.
const VersionTable = "schema_version"

// Migration is one step from a version of a part to the next.
type Migration struct {
	Part    Part
	Version int    // the first is 1
	Name    string // of the file, such as 00003_rekey.sql
	Lacks   string // what is missing without it; empty when it does not say
	SQL     string // statements, which can be run more than once

	adds []string
}

// All returns the migrations of a part, with SQL for the given schema, in their order.
func All(schema string, part Part) []Migration {
	names, err := fs.Glob(files, "sql/"+string(part)+"/*.sql")
	if err != nil {
		panic(err) // the pattern is wrong
	}
	list := make([]Migration, len(names))
	for i, name := range names {
		list[i] = read(schema, part, name)
	}
	return list
}

func read(schema string, part Part, name string) Migration {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err) // it was listed
	}
	m := Migration{Part: part, Name: path.Base(name)}
	number, _, _ := strings.Cut(m.Name, "_")
	if m.Version, err = strconv.Atoi(number); err != nil {
		panic(err) // the file has no number
	}
	var sql strings.Builder
	for line := range strings.Lines(string(text)) {
		if adds, ok := strings.CutPrefix(line, "-- adds: "); ok {
			m.adds = append(m.adds, strings.Fields(adds)...)
		} else if lacks, ok := strings.CutPrefix(line, "-- lacks: "); ok {
			m.Lacks = strings.TrimSpace(lacks)
		} else {
			sql.WriteString(line)
		}
	}
	m.SQL = strings.ReplaceAll(strings.TrimSuffix(strings.TrimSpace(sql.String()), ";"),
		"{{schema}}", pg.Identifier(schema))
	return m
}

// SQL returns the statements of one migration, by its name without number: rekey.
func SQL(schema string, part Part, name string) string {
	for _, m := range All(schema, part) {
		if strings.HasSuffix(m.Name, "_"+name+".sql") {
			return m.SQL
		}
	}
	panic("no migration " + name + " of " + string(part))
}

// Script returns the statements that make the tables of a part where there are none. They leave
// alone what is there, but need the right to make a schema, and ownership of the tables, even then.
func Script(schema string, part Part) string {
	sql := []string{"CREATE SCHEMA IF NOT EXISTS " + pg.Identifier(schema)}
	for _, m := range All(schema, part) {
		sql = append(sql, m.SQL)
	}
	return strings.Join(sql, ";\n\n") + ";\n"
}

// Join returns the statements of all migrations, to be run as one.
func Join(list []Migration) string {
	sql := make([]string, len(list))
	for i, m := range list {
		sql[i] = m.SQL
	}
	return strings.Join(sql, ";\n\n")
}

// Querier asks the database: a connection, or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Pending returns the migrations of a part that are not done, in their order. The SQL of each notes
// that it is done; that of the first makes the schema and the table of versions where they are
// missing. What is pending of several parts may be run one after the other.
func Pending(ctx context.Context, db Querier, schema string, part Part) ([]Migration, error) {
	at, err := readState(ctx, db, schema, part)
	if err != nil {
		return nil, fmt.Errorf("look up the version of schema %q: %w", schema, err)
	}
	var pending []Migration
	for _, m := range All(schema, part) {
		if at.done(m) {
			continue
		}
		m.SQL += ";\n" + at.noteSQL(m)
		if len(pending) == 0 {
			m.SQL = at.beginSQL() + m.SQL
		}
		pending = append(pending, m)
	}
	return pending, nil
}

// Adopt notes the migrations of a part that are done and not noted, as older versions of Hookline
// left them. Where the server refuses that, nothing is noted, and nothing depends on it.
func Adopt(ctx context.Context, conn *pgx.Conn, schema string, part Part) error {
	at, err := readState(ctx, conn, schema, part)
	if err != nil {
		return fmt.Errorf("look up the version of schema %q: %w", schema, err)
	}
	var notes []string
	for _, m := range All(schema, part) {
		if at.done(m) && !at.noted[version{m.Part, m.Version}] {
			notes = append(notes, at.noteSQL(m))
		}
	}
	if notes == nil {
		return nil
	}
	err = pg.ExecDDL(ctx, conn, "SELECT set_config('lock_timeout', '1s', true);\n"+
		at.beginSQL()+strings.Join(notes, ";\n"))
	if err != nil && pg.Refused(err) == nil {
		return fmt.Errorf("note the version of schema %q: %w", schema, err)
	}
	return nil
}

type version struct {
	part   Part
	number int
}

// state is how a schema stands.
type state struct {
	schema  string // quoted
	exists  bool
	table   bool // of versions
	parts   bool // it tells parts apart
	noted   map[version]bool
	objects map[string]bool // as migrations name them
}

// readState asks how the schema stands. The table of versions, as earlier versions made it, told of
// the spool alone.
func readState(ctx context.Context, db Querier, schema string, part Part) (*state, error) {
	at := &state{
		schema: pg.Identifier(schema), noted: map[version]bool{}, objects: map[string]bool{},
	}
	var objects []string
	var readable bool
	err := db.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1),
		    EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
		    WHERE nspname = $1 AND relname = $2 AND has_schema_privilege(n.oid, 'USAGE')
		        AND has_table_privilege(c.oid, 'SELECT')), array(
		    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
		    WHERE nspname = $1 AND relkind IN ('r', 'p')
		    UNION ALL SELECT unnest(ARRAY[c.relname || '.' || attname,
		        c.relname || '.' || attname || ':' || format_type(atttypid, NULL)])
		    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
		    JOIN pg_namespace n ON n.oid = relnamespace
		    WHERE nspname = $1 AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
		    UNION ALL SELECT c.relname || '.' || tgname FROM pg_trigger
		    JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = relnamespace
		    WHERE nspname = $1
		    UNION ALL SELECT proname || '()' FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace
		    WHERE nspname = $1)`, schema, VersionTable).Scan(&at.exists, &readable, &objects)
	if err != nil {
		return nil, err
	}
	for _, name := range objects {
		at.objects[name] = true
	}
	at.table, at.parts = at.objects[VersionTable], at.objects[VersionTable+".part"]
	if !at.table || !readable && part != Spool {
		return at, nil // what migrations of other parts add is enough to go by
	}
	rows, err := db.Query(ctx, `SELECT coalesce(to_jsonb(v)->>'part', 'spool'), version_id
		FROM `+pg.Identifier(schema, VersionTable)+` v WHERE is_applied`)
	if err != nil {
		return nil, err
	}
	var v version
	_, err = pgx.ForEachRow(rows, []any{&v.part, &v.number}, func() error {
		at.noted[v] = true
		return nil
	})
	return at, err
}

// done reports whether a migration has been run.
func (at *state) done(m Migration) bool {
	if m.adds == nil {
		return at.noted[version{m.Part, m.Version}]
	}
	return !slices.ContainsFunc(m.adds, func(name string) bool { return !at.objects[name] })
}

// newest returns the highest version of a part that is noted, 0 without any.
func (at *state) newest(part Part) (number int) {
	for v := range at.noted {
		if v.part == part {
			number = max(number, v.number)
		}
	}
	return number
}

// beginSQL returns the statements, each with its semicolon, that make what notes need.
func (at *state) beginSQL() (sql string) {
	if !at.exists { // the right to make schemas is wanted only when one is missing
		sql = "CREATE SCHEMA IF NOT EXISTS " + at.schema + ";\n\n"
	}
	switch {
	case !at.table:
		sql += "CREATE TABLE IF NOT EXISTS " + at.schema + "." + VersionTable + ` (
    id integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY,
    part text NOT NULL DEFAULT 'spool',
    version_id bigint NOT NULL,
    is_applied boolean NOT NULL,
    tstamp timestamp NOT NULL DEFAULT now()
);

COMMENT ON TABLE ` + at.schema + "." + VersionTable + ` IS
    'What has been done to Hookline''s own tables. '
    'A version of Hookline that knows less than this refuses to start.';

`
	case !at.parts:
		sql += "ALTER TABLE " + at.schema + "." + VersionTable +
			" ADD COLUMN IF NOT EXISTS part text NOT NULL DEFAULT 'spool';\n\n"
	}
	return sql
}

// noteSQL returns the statement that notes that a migration is done, unless it is noted.
func (at *state) noteSQL(m Migration) string {
	return fmt.Sprintf("INSERT INTO %[1]s.%[2]s (part, version_id, is_applied)\n"+
		"    SELECT %[3]s, %[4]d, true WHERE NOT EXISTS (\n"+
		"        SELECT FROM %[1]s.%[2]s WHERE part = %[3]s AND version_id = %[4]d)",
		at.schema, VersionTable, pg.Literal(string(m.Part)), m.Version)
}
