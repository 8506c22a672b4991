package generic

import (
	"bytes"
	_ "embed"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/mappertest"
)

// frameworkSQL is what frameworks make of their tables: names, columns and types. Each part, behind
// a line "-- # ", is of one framework, with its version and where it comes from.
//
//go:embed testdata/frameworks.sql
var frameworkSQL string

// lookAlikes are tables of a CRM that bear names of frameworks' tables.
const lookAlikes = `
	CREATE TABLE jobs (id bigint PRIMARY KEY, title text, company_id bigint, queue text, pay int);
	CREATE TABLE job (id bigint PRIMARY KEY, name text, priority int, start_after date, state text);
	CREATE TABLE job_batches (id int PRIMARY KEY, name text, total_jobs int, pending_jobs int);
	CREATE TABLE failed_jobs (id int PRIMARY KEY, customer_id int, reason text, queue text);
	CREATE TABLE versions (id bigint PRIMARY KEY, product_id int, event text, released_on date);
	CREATE TABLE version (version int PRIMARY KEY, product text, released_on date);
	CREATE TABLE cache (id int PRIMARY KEY, name text, latitude float8, longitude float8);
	CREATE TABLE cache_locks (id int PRIMARY KEY, owner text, combination text);
	CREATE TABLE migrations (id int PRIMARY KEY, name text, "timestamp" timestamptz);
	CREATE TABLE schema_migrations (id int PRIMARY KEY, version int, customer_id int);
	CREATE TABLE subscription (event text, name text, created_on date, updated_on date, price money,
	    PRIMARY KEY (event, name));
	CREATE TABLE schedule (name text PRIMARY KEY, timezone text, opens time);
	CREATE TABLE queue (name text PRIMARY KEY, agents int);
	CREATE TABLE archive (id int PRIMARY KEY, customer_id int, archived_on date);
	CREATE TABLE audits (id uuid PRIMARY KEY, auditor text, action text, version int, comment text);
	CREATE TABLE oban_jobs (id uuid PRIMARY KEY, queue_name text, attempts int, scheduled_at date);
	CREATE TABLE historical_sites (id int PRIMARY KEY, history_date date);
	CREATE TABLE shedlock (name text PRIMARY KEY, shed int);
	CREATE TABLE qrtz_samples (id int PRIMARY KEY, carat numeric)`

// TestFrameworkTables has the tables of frameworks stay out, and only those: of records that they
// keep, and of look-alikes, everything is announced.
func TestFrameworkTables(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("Postgres%d", major), func(t *testing.T) {
			testFrameworkTables(t, mappertest.NewPoolOn(t, major))
		})
	}
}

func testFrameworkTables(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	schemas, titles := []string{"public"}, []string{"look-alikes of a CRM"}
	mappertest.RunSQL(t, pool, lookAlikes)
	for i, part := range strings.Split(frameworkSQL, "-- # ")[1:] {
		title, sql, _ := strings.Cut(part, "\n")
		schema := fmt.Sprintf("f%02d", i)
		schemas, titles = append(schemas, schema), append(titles, title)
		mappertest.RunSQL(t, pool, "CREATE SCHEMA "+schema+"; SET search_path TO "+schema+";"+sql+
			"; RESET search_path")
	}
	g := New(Config{Schemas: schemas}, pool, mappertest.Discard)
	announced, _, log := listTables(t, g, pool)
	var list []mapper.ObjectStatus
	var keyless []cdc.Finding
	mappertest.WithConn(t, pool, func(conn *pgx.Conn) {
		var err error
		if list, err = g.Objects(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
		if keyless, err = g.checkKeys(t.Context(), conn, "none"); err != nil {
			t.Fatal(err)
		}
	})
	var got bytes.Buffer
	last := ""
	for _, s := range list {
		schema, table, _ := strings.Cut(s.Table, ".")
		if schema != last {
			last = schema
			fmt.Fprintf(&got, "# %s\n", titles[slices.Index(schemas, schema)])
		}
		reason, _, _ := strings.Cut(s.Reason, "; ")
		if reason == "" {
			reason = "announced as " + s.Object
		}
		fmt.Fprintf(&got, "%s: %s\n", table, reason)
		if (s.Reason == "") != slices.Contains(strings.Fields(announced), s.Table) {
			t.Errorf("%s: %q, and announced are %s", s.Table, s.Reason, announced)
		}
		if schema != "public" && schema != "f03" {
			continue // two will do
		}
		o, err := g.Describe(t.Context(), mappertest.DescribeTable(t, pool, schema, table))
		if err != nil || (o == nil) != (s.Reason != "") {
			t.Errorf("%s: %q, and its object is %v, %v", s.Table, s.Reason, o, err)
		}
	}
	mappertest.Golden(t, "frameworks.txt", got.Bytes())
	for _, f := range keyless {
		t.Errorf("the doctor says: %s", f.Found)
	}
	rivals := []string{`public\".\"jobs`, `public\".\"versions`, `\"cache\"`, `\"sessions\"`}
	for line := range strings.SplitSeq(log, "\n") { // no framework's table takes a name
		isOf := func(table string) bool { return strings.Contains(line, table) }
		if strings.Contains(line, "WARN") && !slices.ContainsFunc(rivals, isOf) {
			t.Errorf("the log says %s", line)
		}
	}
	if !strings.Contains(log, "oban_jobs (jobs of Oban)") {
		t.Errorf("the log says %s", log)
	}
	for _, f := range frameworks {
		if !strings.Contains(got.String(), ": it holds "+f.String()+"\n") &&
			!strings.Contains(got.String(), f.name+": it is UNLOGGED") {
			t.Errorf("no table of the test is %s, with %s", &f, f.name)
		}
	}
}

// TestFrameworkTablesNamed has a setting announce a framework's table that it names.
func TestFrameworkTablesNamed(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, `
		CREATE TABLE people (id int PRIMARY KEY);
		CREATE TABLE shedlock (name text PRIMARY KEY, lock_until timestamp, locked_at timestamp,
		    locked_by text);
		CREATE TABLE _yoyo_version (version int PRIMARY KEY, installed_at_utc timestamp)`)
	const all = "public._yoyo_version public.people public.shedlock"
	for _, test := range []struct{ include, exclude, names, secrets, want string }{
		{"", "", "", "", "public.people"},
		{"*", "", "", "", "public.people"},
		{"people,shed*,public.*", "", "", "", "public.people"},
		{"*,shedlock,yoyoVersion", "", "", "", all},
		{"public.shedlock", "", "", "", "public.shedlock"},
		{"*,shedlock", "shed*", "", "", "public.people"},
		{"", "", "shedlock", "", "public.people public.shedlock"},
		{"people", "", "shedlock", "", "public.people"},
		{"", "", "", "-shedlock.*", "public.people public.shedlock"},
		{"", "", "", "off", "public.people"},
	} {
		cfg := Config{
			Include: patternsOf(t, test.include), Exclude: patternsOf(t, test.exclude),
			ObjectNames: map[string]string{"public." + test.names: "lock"},
		}
		if test.secrets != "" {
			if err := cfg.SecretColumns.UnmarshalText([]byte(test.secrets)); err != nil {
				t.Fatal(err)
			}
		}
		g := New(cfg, pool, mappertest.Discard)
		if announced, _, _ := listTables(t, g, pool); announced != test.want {
			t.Errorf("%+v: announced are %s", test, announced)
		}
	}
}

// TestFrameworkTablesLeave has a table that was announced by an earlier version leave the
// publication, and nothing else be done to it. One that never was keeps its replica identity.
func TestFrameworkTablesLeave(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("Postgres%d", major), func(t *testing.T) {
			testFrameworkTablesLeave(t, mappertest.NewPoolOn(t, major))
		})
	}
}

func testFrameworkTablesLeave(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	mappertest.RunSQL(t, pool, `
		CREATE TABLE people (id int PRIMARY KEY);
		CREATE TABLE "SequelizeMeta" (name text PRIMARY KEY);
		CREATE TABLE alembic_version (version_num text PRIMARY KEY)`)
	settings := pool.Config().ConnConfig
	cfg := cdc.Config{URL: settings.ConnString(), Slot: "slot_" + settings.Database}
	prepare := func(names map[string]string) (log, doctor string) {
		var out bytes.Buffer
		g := New(Config{ObjectNames: names}, pool, slog.New(slog.NewTextHandler(&out, nil)))
		g.Remember(map[string]string{"public.SequelizeMeta": "sequelizeMeta"})
		mappertest.WithConn(t, pool, func(conn *pgx.Conn) {
			tx, err := conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			tables, err := g.Tables(t.Context(), tx)
			if err != nil {
				t.Fatal(err)
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := cdc.Prepare(t.Context(), conn, cfg, tables, nil, g.log); err != nil {
				t.Fatal(err)
			}
			found, err := g.checkCredentials(t.Context(), conn)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range found {
				if f.Level == cdc.Warning {
					doctor += f.Found + ": " + strings.Join(f.SQL, "; ") + "\n"
				}
			}
		})
		return out.String(), doctor
	}
	state := func() (text string) {
		err := pool.QueryRow(t.Context(), `
			SELECT string_agg(concat_ws(' ', relname, relreplident,
			    CASE WHEN r.prrelid IS NOT NULL THEN 'published' END), ', ' ORDER BY relname)
			FROM pg_class c LEFT JOIN pg_publication_rel r ON r.prrelid = c.oid
			WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`).Scan(&text)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	prepare(map[string]string{"public.SequelizeMeta": "sequelizeMeta"}) // as it was
	equalText(t, state(), "SequelizeMeta f published, alembic_version d, people f published")
	log, doctor := prepare(nil)
	equalText(t, state(), "SequelizeMeta f, alembic_version d, people f published")
	for _, want := range []string{
		"not announced any more", `DROP TABLE ONLY \"public\".\"SequelizeMeta\"`,
		`to_announce="HOOKLINE_OBJECT_NAMES=public.SequelizeMeta=sequelizeMeta"`,
		`to_mend_it="ALTER TABLE \"public\".\"SequelizeMeta\" REPLICA IDENTITY DEFAULT"`,
	} {
		if !strings.Contains(strings.ReplaceAll(log, `\\\"`, `\"`), want) {
			t.Errorf("the log does not say %s: %s", want, log)
		}
	}
	if strings.Count(log, "preparing the database") != 1 {
		t.Errorf("more is done than to take it out: %s", log)
	}
	const sql = `ALTER TABLE "public"."SequelizeMeta" REPLICA IDENTITY DEFAULT`
	if !strings.Contains(doctor, sql) || strings.Contains(doctor, "alembic") {
		t.Errorf("the doctor says %s", doctor)
	}
	mappertest.RunSQL(t, pool, sql)
	log, doctor = prepare(nil)
	if strings.Contains(log, "any more") || strings.Contains(log, "preparing") || doctor != "" {
		t.Errorf("it is not over: the log says %s, the doctor %s", log, doctor)
	}
}

func equalText(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
