package command

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/e2e"
	"hookline/internal/twentydb"
)

// catalogSQL tells all that a database says of itself, by names: OIDs differ from one to another.
const catalogSQL = `
	SELECT format('relation %s.%s %s %s %s %s', relnamespace::regnamespace, relname, relkind,
	    relreplident, relpersistence, relacl) FROM pg_class
	    WHERE relnamespace::regnamespace::text <> 'pg_toast'
	UNION ALL SELECT format('index %s %s', indexrelid::regclass, indisreplident) FROM pg_index
	    WHERE indrelid >= 16384 AND indexrelid::regclass::text !~ '^pg_toast'
	UNION ALL SELECT format('schema %s %s %s', nspname, nspowner::regrole, nspacl) FROM pg_namespace
	    WHERE nspname !~ '^pg_(toast_)?temp'
	UNION ALL SELECT format('publication %s', pubname) FROM pg_publication
	UNION ALL SELECT format('published %s', prrelid::regclass) FROM pg_publication_rel
	UNION ALL SELECT format('slot %s', plugin) FROM pg_replication_slots
	    WHERE database = current_database()
	UNION ALL SELECT format('function %s', oid::regprocedure) FROM pg_proc WHERE oid >= 16384
	UNION ALL SELECT format('trigger %s of %s', tgname, tgrelid::regclass) FROM pg_trigger
	    WHERE NOT tgisinternal
	UNION ALL SELECT format('event trigger %s', evtname) FROM pg_event_trigger
	UNION ALL SELECT format('type %s', oid::regtype) FROM pg_type WHERE oid >= 16384
	UNION ALL SELECT format('constraint %s of %s', conname, conrelid::regclass) FROM pg_constraint
	UNION ALL SELECT format('extension %s', extname) FROM pg_extension
	UNION ALL SELECT format('default privileges %s', defaclacl) FROM pg_default_acl
	UNION ALL SELECT format('%s comments', count(*)) FROM pg_description WHERE objoid >= 16384
	UNION ALL SELECT format('%s dependencies', count(*)) FROM pg_depend
	UNION ALL SELECT format('%s shared dependencies', count(*)) FROM pg_shdepend
	    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
	UNION ALL SELECT format('setting %s', setconfig) FROM pg_db_role_setting
	    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
	ORDER BY 1`

// twins are two databases of which the same is made; Hookline sees the first one only.
type twins struct {
	*e2e.Database
	other *e2e.Database
}

func newTwins(t *testing.T, major int) twins {
	t.Helper()
	return twins{
		e2e.NewDatabaseMajor(t, major),
		e2e.NewDatabaseMajor(t, major),
	}
}

func (w twins) both(sql string) {
	w.T.Helper()
	w.Exec(sql)
	w.other.Exec(sql)
}

func catalogs(db *e2e.Database) []string {
	db.T.Helper()
	rows, err := db.Conn.Query(db.T.Context(), catalogSQL)
	if err != nil {
		db.T.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		db.T.Fatal(err)
	}
	return lines
}

// wantEqual fails unless the catalogs of both say the same.
func (w twins) wantEqual() {
	w.T.Helper()
	got, want := catalogs(w.Database), catalogs(w.other)
	if slices.Equal(got, want) {
		return
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			w.T.Errorf("there is now, and was not before: %s", line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			w.T.Errorf("there was before, and is not now: %s", line)
		}
	}
	w.T.Errorf("%d lines, want %d", len(got), len(want))
}

// untilPublished waits until Hookline has published a table.
func (w twins) untilPublished(table string) {
	w.T.Helper()
	e2e.Eventually(w.T, func() error {
		if !e2e.Value[bool](w.Database,
			`SELECT EXISTS (SELECT FROM pg_publication_rel WHERE prrelid = to_regclass($1))`, table) {
			return fmt.Errorf("%s is not published", table)
		}
		return nil
	})
}

// refuseWhileRunning expects teardown to do nothing while a process runs, and to tell all the same
// what it would do.
func (w twins) refuseWhileRunning(env []string) {
	w.T.Helper()
	before := catalogs(w.Database)
	p := e2e.Run(w.T, env, "teardown", "--yes")
	if p.Wait() != 1 ||
		!strings.Contains(p.Log.String(), "Hookline is at work in this database: process ") {
		w.T.Errorf("teardown while a process runs ends with %d:\n%s", p.Wait(), p.Log.String())
	}
	dry := e2e.Run(w.T, env, "teardown", "--dry-run")
	if dry.Wait() != 0 || !strings.Contains(dry.Out.String(), "SELECT pg_drop_replication_slot(") {
		w.T.Errorf("teardown --dry-run ends with %d:\n%s%s", dry.Wait(), dry.Out.String(),
			dry.Log.String())
	}
	if !slices.Equal(before, catalogs(w.Database)) {
		w.T.Error("it has changed something")
	}
}

// After a teardown the database is what it would be had Hookline never been there: with tables of
// every replica identity, and tables that were made in between.
func TestTeardown(t *testing.T) {
	t.Parallel()
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			w := newTwins(t, major)
			w.both(
				`CREATE TABLE people (id int PRIMARY KEY, first text,
				    n int GENERATED ALWAYS AS (id + 1) STORED);
				CREATE TABLE "Odd "" Name" (id int PRIMARY KEY);
				CREATE TABLE nothing (id int PRIMARY KEY); ALTER TABLE nothing REPLICA IDENTITY NOTHING;
				CREATE TABLE whole (id int PRIMARY KEY); ALTER TABLE whole REPLICA IDENTITY FULL;
				CREATE TABLE indexed (id int PRIMARY KEY, code text NOT NULL UNIQUE);
				ALTER TABLE indexed REPLICA IDENTITY USING INDEX indexed_code_key;
				CREATE TABLE parted (id int, y int, PRIMARY KEY (id, y)) PARTITION BY LIST (y);
				CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
				CREATE TABLE keyless (line text); CREATE TABLE sold (id int PRIMARY KEY)`,
			)
			settings := []string{"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook", "HOOKLINE_EXCLUDE=sold"}
			env := w.Env(settings...)
			sut := e2e.Start(t, w.Database, settings...).Until("active")
			w.both(`CREATE TABLE later (id int PRIMARY KEY); INSERT INTO later VALUES (1);
				CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2)`)
			w.untilPublished("later")
			w.both(`ALTER TABLE people RENAME CONSTRAINT people_pkey TO people_key`)
			added := e2e.Run(t, env, "webhooks", "add", "https://example.com")
			if added.Wait() != 0 {
				t.Fatalf("webhooks add: %s", added.Log.String())
			}
			w.refuseWhileRunning(env)
			sut.Stop()

			unsaid := e2e.Run(t, env, "teardown")
			if unsaid.Wait() != 2 || !strings.Contains(unsaid.Log.String(), "--dry-run") {
				t.Errorf("teardown alone ends with %d: %s", unsaid.Wait(), unsaid.Log.String())
			}
			dry := e2e.Run(t, env, "teardown", "--dry-run")
			if !strings.Contains(dry.Out.String(),
				"-- REPLICA IDENTITY FULL of table public.whole: left as it is") {
				t.Errorf("the dry run does not tell what it leaves:\n%s", dry.Out.String())
			}
			if major == 18 { // by hand
				if _, err := w.Conn.PgConn().Exec(t.Context(), dry.Out.String()).ReadAll(); err != nil {
					t.Errorf("what the dry run prints: %v\n%s", err, dry.Out.String())
				}
			} else {
				got := jsonOf[tornDown](t, env, "teardown", "--yes")
				kinds := got.kinds()
				if kinds["drop the slot"] != 1 || kinds["drop the publication"] != 1 ||
					kinds["drop Hookline's own tables"] != 1 || kinds["set the replica identity of before"] < 5 ||
					got.DryRun || len(got.Left) != 1 {
					t.Errorf("removed %v, left %v", kinds, got.Left)
				}
			}
			w.wantEqual()
			again := jsonOf[tornDown](t, env, "teardown", "--yes")
			if len(again.Removed) != 0 || again.Removed == nil || again.Left == nil {
				t.Errorf("torn down once more: %+v", again)
			}
			w.wantEqual()
		})
	}
}

// tornDown is what teardown --json prints.
type tornDown struct {
	DryRun        bool
	Removed, Left []tornDownThing
}

type tornDownThing struct{ Kind, What, SQL, Why, Database, Setting string }

func (d tornDown) kinds() map[string]int {
	kinds := map[string]int{}
	for _, r := range d.Removed {
		kinds[r.Kind]++
	}
	return kinds
}

// The same of Twenty's database, with an object that was made in between.
func TestTeardownOfTwenty(t *testing.T) {
	t.Parallel()
	w := newTwins(t, 0)
	for _, db := range []*e2e.Database{w.Database, w.other} {
		if err := twentydb.Load(t.Context(), db.Conn); err != nil {
			t.Fatal(err)
		}
	}
	sut := e2e.Start(t, w.Database).Until("active")
	schema := ""
	for _, db := range []*e2e.Database{w.Database, w.other} {
		var err error
		schema, err = twentydb.AddWorkspace(t.Context(), db.Conn, "3b8e6458-5fc1-4e63-8563-008ccddaa6db",
			"Other")
		if err != nil {
			t.Fatal(err)
		}
	}
	w.untilPublished(schema + ".person")
	w.untilPublished(schema + ".company")
	sut.Stop()
	p := e2e.Run(t, w.Env(), "teardown", "--yes")
	if out := p.Out.String(); p.Wait() != 0 || !strings.Contains(out, "replica identities of ") ||
		!strings.Contains(out, ": as they were before\n") ||
		!strings.Contains(out, "schema hookline: removed\n") {
		t.Errorf("teardown ends with %d:\n%s%s", p.Wait(), out, p.Log.String())
	}
	w.wantEqual()
}

// A spool in a database of its own is removed, too; a role that may not remove everything removes
// nothing.
func TestTeardownOfWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	db := e2e.NewDatabase(t)
	other := e2e.NewDatabase(t)
	db.Exec("CREATE TABLE people (id int PRIMARY KEY)")
	before, beforeOther := catalogs(db), catalogs(other)
	settings := []string{
		"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook",
		"HOOKLINE_SPOOL_DATABASE_URL=" + other.URL,
	}
	db.SetUp(settings...)
	role, address := db.NewRole("REPLICATION")
	db.Exec(
		"GRANT USAGE ON SCHEMA hookline TO " + role +
			"; GRANT SELECT ON ALL TABLES IN SCHEMA hookline TO " + role,
	)
	ready := db.Prepared()
	p := e2e.Run(t, db.Env(append(settings, "HOOKLINE_DATABASE_URL="+address)...), "teardown", "--yes")
	if p.Wait() != 1 || !strings.Contains(p.Log.String(), "does not own publication hookline") ||
		!strings.Contains(p.Log.String(), "nothing has been removed") || db.Prepared() != ready {
		t.Errorf("without rights: %d, %s", p.Wait(), p.Log.String())
	}
	db.Exec("DROP OWNED BY " + role + "; DROP ROLE " + role)
	dry := e2e.Run(t, db.Env(settings...), "teardown", "--dry-run")
	plan := jsonOf[tornDown](t, db.Env(settings...), "teardown", "--dry-run")
	done := e2e.Run(t, db.Env(settings...), "teardown", "--yes")
	if done.Wait() != 0 {
		t.Errorf("teardown ends with %d: %s", done.Wait(), done.Log.String())
	}
	if name := other.Conn.Config().Database; name == db.Conn.Config().Database {
		t.Fatalf("both databases are %s", name)
	}
	for what, in := range map[string]struct {
		db      *e2e.Database
		setting string
	}{
		"slot " + db.Name:      {db, "HOOKLINE_DATABASE_URL"},
		"publication hookline": {db, "HOOKLINE_DATABASE_URL"},
		"schema hookline":      {other, "HOOKLINE_SPOOL_DATABASE_URL"},
	} {
		database := in.db.Conn.Config().Database
		line := fmt.Sprintf("%s, in database %s (%s)", what, database, in.setting)
		if !strings.Contains(dry.Out.String(), "-- "+line+"\n") {
			t.Errorf("the dry run does not say %q:\n%s", line, dry.Out.String())
		}
		if !strings.Contains(done.Out.String(), line+": removed\n") {
			t.Errorf("it does not say %q:\n%s", line, done.Out.String())
		}
		if !slices.ContainsFunc(plan.Removed, func(r tornDownThing) bool {
			return r.What == what && r.Database == database && r.Setting == in.setting
		}) {
			t.Errorf("the dry run's JSON lacks %s of %s: %+v", what, database, plan.Removed)
		}
	}
	for what, err := range map[string]error{
		"the database":      same(before, catalogs(db)),
		"that of the spool": same(beforeOther, catalogs(other)),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func same(before, after []string) error {
	if slices.Equal(before, after) {
		return nil
	}
	return errors.New(strings.Join(slices.DeleteFunc(slices.Clone(after), func(line string) bool {
		return slices.Contains(before, line)
	}), "\n"))
}
