package cdc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hookline/cdc"
)

// teardown plans one, with the connection that it is to be applied by.
func (p *planned) teardown() *cdc.Teardown {
	p.t.Helper()
	t, err := cdc.NewTeardown(p.t.Context(), p.conn, p.cfg, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return t
}

func (p *planned) tearDown() (*cdc.Teardown, error) {
	p.t.Helper()
	conn, err := cdc.TeardownConn(p.t.Context(), p.cfg.URL)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	t := p.teardown()
	return t, t.Apply(p.t.Context(), conn, func(*cdc.Removal, error) {})
}

// identity returns how a table's replica identity stands.
func (p *planned) identity(table string) string {
	p.t.Helper()
	return p.query(`SELECT relreplident::text FROM pg_class WHERE oid = to_regclass('` + table + `')`)
}

func left(t *cdc.Teardown) (list []string) {
	for _, l := range t.Skipped {
		list = append(list, l.What+": "+l.Why+"|"+l.SQL)
	}
	slices.Sort(list)
	return list
}

// What somebody else has set since is left as it is, and so is what cannot be as it was. Hookline
// sets a replica identity anew where it finds another one: what there was before is then that.
func TestTeardownOfReplicaIdentities(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			p := newPlannedOn(t, major, `
				CREATE TABLE kept (id int PRIMARY KEY);
				CREATE TABLE changed (id int PRIMARY KEY);
				CREATE TABLE again (id int PRIMARY KEY, code int NOT NULL UNIQUE);
				CREATE TABLE indexless (id int PRIMARY KEY, code int NOT NULL UNIQUE);
				ALTER TABLE indexless REPLICA IDENTITY USING INDEX indexless_code_key;
				CREATE TABLE renamed (id int PRIMARY KEY);
				CREATE TABLE old (id int PRIMARY KEY); ALTER TABLE old REPLICA IDENTITY FULL;
				CREATE TABLE dropped (id int PRIMARY KEY)`,
				"kept", "changed", "again", "indexless", "renamed", "old", "dropped")
			p.apply()
			p.exec(`ALTER TABLE changed REPLICA IDENTITY NOTHING;
				ALTER TABLE again REPLICA IDENTITY USING INDEX again_code_key;
				ALTER TABLE indexless DROP CONSTRAINT indexless_code_key;
				DROP TABLE dropped`)
			p.want("kept", "again", "indexless", "renamed", "old")
			p.apply() // sets again anew; changed is not asked for
			p.exec("ALTER TABLE renamed RENAME TO otherwise")
			done, err := p.tearDown()
			if err != nil {
				t.Fatal(err)
			}
			want := []string{
				"REPLICA IDENTITY FULL of table public.old: " +
					"the table had it before Hookline came, or a version that kept no note has set it|" +
					"ALTER TABLE public.old REPLICA IDENTITY DEFAULT",
				"replica identity of table public.changed: somebody else has set it since|",
				"replica identity of table public.indexless: " +
					"it was an index that is gone, or can be none any more|" +
					"ALTER TABLE public.indexless REPLICA IDENTITY DEFAULT",
				"replica identity of table public.otherwise: " +
					"the note of what it was is of table public.renamed|" +
					"ALTER TABLE public.otherwise REPLICA IDENTITY DEFAULT",
			}
			if got := left(done); !slices.Equal(got, want) {
				t.Errorf("left\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
			}
			for table, want := range map[string]string{
				"kept": "d", "changed": "n", "again": "i", "indexless": "f", "otherwise": "f", "old": "f",
			} {
				if got := p.identity(table); got != want {
					t.Errorf("%s has identity %s, want %s", table, got, want)
				}
			}
		})
	}
}

// A table that somebody has locked keeps its identity, and the schema that remembers it: once it is
// free, another teardown does the rest.
func TestTeardownGivesWayToLocks(t *testing.T) {
	p := newPlanned(t,
		"CREATE TABLE free (id int PRIMARY KEY); CREATE TABLE busy (id int PRIMARY KEY)", "free", "busy")
	p.apply()
	holder := connect(t, p.cfg.URL)
	tx, err := holder.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT FROM busy"); err != nil { // ACCESS SHARE is enough
		t.Fatal(err)
	}
	done, err := p.tearDown()
	if err == nil ||
		!strings.Contains(err.Error(), "1 replica identities could not be set: run it again") {
		t.Errorf("with a lock: %v", err)
	}
	want := []string{
		"replica identity of table public.busy: the table is locked at this moment|",
		"schema hookline: it remembers the replica identities that could not be set|",
	}
	if got := left(done); !slices.Equal(got, want) || p.identity("free") != "d" ||
		p.identity("busy") != "f" {
		t.Errorf("left %q, want %q; identities %s and %s", got, want, p.identity("free"),
			p.identity("busy"))
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if done, err = p.tearDown(); err != nil || len(done.Skipped) != 0 || p.identity("busy") != "d" {
		t.Errorf("without: %v, left %v, identity %s", err, done.Skipped, p.identity("busy"))
	}
	if n := p.query("SELECT count(*)::text FROM pg_namespace WHERE nspname = 'hookline'"); n != "0" {
		t.Error("the schema is still there")
	}
}

// What is not Hookline's stays: other objects in its schema, another slot's share in it, a slot of
// another kind.
func TestTeardownLeavesWhatIsNotHooklines(t *testing.T) {
	p := newPlanned(t, "CREATE TABLE people (id int PRIMARY KEY)", "people")
	p.apply()
	other := p.cfg.Slot + "_other"
	p.exec(fmt.Sprintf(`SELECT pg_create_logical_replication_slot('%s', 'pgoutput');
		INSERT INTO hookline.known_table (slot, relation) VALUES ('%[1]s', 1)`, other))
	plan := p.teardown()
	if got := left(plan); len(plan.Steps) != 1 || plan.Steps[0].Kind != cdc.RemoveSlot ||
		!slices.Equal(
			got,
			[]string{
				"publication, replica identities and schema hookline: it is there for slot " + other + ", too|",
			},
		) {
		t.Errorf("with another slot: %v, left %v", plan.Steps, got)
	}
	p.exec(fmt.Sprintf("SELECT pg_drop_replication_slot('%s')", other))
	p.exec(
		"CREATE TABLE hookline.mine (id int); " +
			"CREATE FUNCTION hookline.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; " +
			"CREATE TYPE hookline.pair AS (a int, b int)",
	)
	done, err := p.tearDown()
	if err != nil {
		t.Fatal(err)
	}
	if got := left(done); !slices.Equal(got,
		[]string{"schema hookline: it holds what is not Hookline's: f, mine, pair|"}) {
		t.Errorf("left %q", got)
	}
	const relations = "SELECT count(*)::text FROM pg_class " +
		"WHERE relnamespace = 'hookline'::regnamespace"
	if n := p.query(relations); n != "2" {
		t.Errorf("%s relations are left in the schema, want mine and pair", n)
	}
	p.exec(fmt.Sprintf("SELECT pg_create_logical_replication_slot('%s', 'test_decoding')", p.cfg.Slot))
	if got := left(p.teardown()); len(got) == 0 ||
		!strings.Contains(got[0]+got[len(got)-1], `it is of plugin "test_decoding"`) {
		t.Errorf("a slot of another kind: %q", got)
	}
	p.exec(fmt.Sprintf("SELECT pg_drop_replication_slot('%s')", p.cfg.Slot))
}

// A session of a process that stands by is enough for nothing to be done.
func TestTeardownRefusesBesideAProcess(t *testing.T) {
	p := newPlanned(t, "CREATE TABLE people (id int PRIMARY KEY)", "people")
	p.apply()
	standby := connect(t, p.cfg.URL)
	if _, err := standby.Exec(t.Context(), "SET application_name = 'hookline'"); err != nil {
		t.Fatal(err)
	}
	_, err := p.tearDown()
	problem, ok := errors.AsType[*cdc.Problem](err)
	if want := fmt.Sprintf("process %d", standby.PgConn().PID()); !ok ||
		!strings.Contains(problem.What, want) {
		t.Errorf("beside %s: %v", want, err)
	}
	if p.identity("people") != "f" {
		t.Error("something was done")
	}
}
