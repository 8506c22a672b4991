package e2e

import (
	"fmt"
	"strings"
	"testing"

	"hookline/internal/postgres/postgrestest"
)

// onEachMajor runs a test on a CRM of the default version of Postgres, and on 18.
func onEachMajor(t *testing.T, f func(t *testing.T, db *database, major int)) {
	t.Parallel()
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("major %d", major), func(t *testing.T) {
			t.Parallel()
			f(t, connect(t, postgrestest.NewDatabaseMajor(t, major)).withContacts(), major)
		})
	}
}

// untilIdentity waits until a table is published, itself or through its root, with a replica identity.
func (db *database) untilIdentity(table, want string) {
	db.t.Helper()
	eventually(db.t, func() error {
		got := value[string](db, `SELECT concat(relreplident, CASE WHEN EXISTS (
				SELECT FROM pg_publication_rel WHERE prrelid = pg_partition_root(c.oid) OR prrelid = c.oid) THEN '' ELSE ', not published' END)
			FROM pg_class c WHERE oid = $1::regclass`, table)
		if got != want {
			return fmt.Errorf("table %s has replica identity %s, want %s", table, got, want)
		}
		return nil
	})
}

// What makes a table fit for being announced, or unfit for being announced as it was, is seen within one
// look, without a restart and without another table that comes.
func TestTablesThatChange(t *testing.T) {
	onEachMajor(t, func(t *testing.T, db *database, major int) {
		box := newInbox(t)
		db.addWebhook(box, "*.*")
		sut := start(t, db).until("active")
		db.untilIdentity("contacts", "f")
		db.exec(`CREATE TABLE firms (id text, version int DEFAULT 1); CREATE UNLOGGED TABLE ships (id text PRIMARY KEY, version int DEFAULT 1);
			CREATE SCHEMA other; CREATE TABLE other.roads (id text PRIMARY KEY, version int DEFAULT 1)`)
		var want []entry
		for _, step := range []struct{ table, event, ddl string }{
			{"firms", "firm.created", `ALTER TABLE firms ADD PRIMARY KEY (id)`},
			{"ships", "ship.created", `ALTER TABLE ships SET LOGGED`},
			{"roads", "road.created", `ALTER TABLE roads SET SCHEMA public`},
		} {
			db.exec(`SET search_path = public, other`)
			db.exec(`INSERT INTO ` + step.table + ` VALUES ('` + step.table + ` 1')`)
			db.exec(step.ddl)
			db.untilIdentity(step.table, "f")
			db.exec(`INSERT INTO ` + step.table + ` VALUES ('` + step.table + ` 2')`)
			for n := range 2 {
				want = append(want, entry{Event: step.event, Record: fmt.Sprint(step.table, " ", n+1), Version: 1})
			}
		}
		db.exec(`CREATE TABLE deals (id text PRIMARY KEY, version int) PARTITION BY HASH (id)`)
		db.untilIdentity("deals", "f")
		for _, leaf := range []string{"0", "1"} {
			db.exec(`CREATE TABLE deals_` + leaf + ` PARTITION OF deals FOR VALUES WITH (MODULUS 2, REMAINDER ` + leaf + `)`)
			db.untilIdentity("deals_"+leaf, "f")
		}
		db.exec(`ALTER TABLE contacts REPLICA IDENTITY DEFAULT`)
		db.untilIdentity("contacts", "f")
		if major >= 18 {
			db.exec(`ALTER TABLE contacts ADD COLUMN upper text GENERATED ALWAYS AS (upper(note))`)
			db.untilIdentity("contacts", "d")
			sut.untilPrinted(`virtual generated columns keep from being FULL`)
			d, _ := db.doctor()
			wantFinding(t, d, "table tells less", "warning", `"public"."contacts"`)
			db.exec(`INSERT INTO contacts (id) VALUES ('virtual')`)
			db.exec(`UPDATE contacts SET version = 2`)
			db.exec(`ALTER TABLE contacts DROP COLUMN upper`)
			db.untilIdentity("contacts", "f")
		}
		db.exec(`DELETE FROM contacts`)
		if d, text := db.doctor(); !d.Healthy || d.Warnings > 1 {
			t.Errorf("in the end:\n%s", text)
		}
		finish(t, sut, box.gets(append(want, db.diary()...)...))
	})
}

// A new table that an open import keeps locked holds up no other table and no start; log and doctor name
// who holds it.
func TestLockedTableHoldsNothing(t *testing.T) {
	onEachMajor(t, func(t *testing.T, db *database, _ int) {
		box := newInbox(t)
		db.addWebhook(box, "*.*")
		sut := start(t, db).until("active")
		db.exec(`CREATE TABLE firms (id text PRIMARY KEY, version int DEFAULT 1)`)
		crm := db.session()
		if _, err := crm.Exec(t.Context(), `BEGIN; INSERT INTO firms VALUES ('one')`); err != nil {
			t.Fatal(err)
		}
		pid := fmt.Sprintf("session %d of role postgres", crm.PgConn().PID())
		db.exec(`CREATE TABLE ships (id text PRIMARY KEY, version int DEFAULT 1)`)
		db.untilIdentity("ships", "f")
		sut.untilPrinted(pid)
		d, text := db.doctor()
		wantFinding(t, d, "preparation waits", "warning", `"public"."firms"`, pid, "pg_terminate_backend")
		if !d.Healthy || strings.Contains(text, "next start") {
			t.Errorf("while the table is locked:\n%s", text)
		}
		sut.stop()
		sut = start(t, db).until("active")
		db.exec(`INSERT INTO ships VALUES ('ship')`)
		box.untilAccepted(1)
		if _, err := crm.Exec(t.Context(), `COMMIT`); err != nil {
			t.Fatal(err)
		}
		box.untilAccepted(2)
		finish(t, sut, box.gets(entry{Event: "ship.created", Record: "ship", Version: 1}, entry{Event: "firm.created", Record: "one", Version: 1}))
	})
}
