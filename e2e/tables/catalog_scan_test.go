package tables

import (
	"fmt"
	"strings"
	"testing"

	"hookline/e2e"
)

// onEachMajor runs a test on a CRM of the default version of Postgres, and on 18.
func onEachMajor(t *testing.T, f func(t *testing.T, db *e2e.Database, major int)) {
	t.Parallel()
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("major %d", major), func(t *testing.T) {
			t.Parallel()
			f(t, e2e.NewDatabaseMajor(t, major).WithContacts(), major)
		})
	}
}

// untilIdentity waits until a table is published, itself or through its root, with a replica
// identity.
func untilIdentity(db *e2e.Database, table, want string) {
	db.T.Helper()
	e2e.Eventually(db.T, func() error {
		got := e2e.Value[string](db, `SELECT concat(relreplident, CASE WHEN EXISTS (
				SELECT FROM pg_publication_rel WHERE prrelid = pg_partition_root(c.oid) OR prrelid = c.oid)
				  THEN '' ELSE ', not published' END)
			FROM pg_class c WHERE oid = $1::regclass`, table)
		if got != want {
			return fmt.Errorf("table %s has replica identity %s, want %s", table, got, want)
		}
		return nil
	})
}

// What makes a table fit for being announced, or unfit for being announced as it was, is seen
// within one look, without a restart and without another table that comes.
func TestTablesThatChange(t *testing.T) {
	onEachMajor(t, func(t *testing.T, db *e2e.Database, major int) {
		box := e2e.NewInbox(t)
		db.AddWebhook(box, "*.*")
		sut := e2e.Start(t, db).Until("active")
		untilIdentity(db, "contacts", "f")
		db.Exec(`CREATE TABLE firms (id text, version int DEFAULT 1); CREATE UNLOGGED TABLE ships (id text PRIMARY KEY, version int DEFAULT 1);
			CREATE SCHEMA other; CREATE TABLE other.roads (id text PRIMARY KEY, version int DEFAULT 1)`)
		var want []e2e.Entry
		for _, step := range []struct {
			table, event, ddl string
			from              int // the first row that is announced
		}{
			{"firms", "firm.created", `ALTER TABLE firms ADD PRIMARY KEY (id)`, 1},
			{"ships", "ship.created", `ALTER TABLE ships SET LOGGED`, 1},
			// it was left out by the configuration
			{"roads", "road.created", `ALTER TABLE roads SET SCHEMA public`, 2},
		} {
			db.Exec(`SET search_path = public, other`)
			db.Exec(`INSERT INTO ` + step.table + ` VALUES ('` + step.table + ` 1')`)
			db.Exec(step.ddl)
			untilIdentity(db, step.table, "f")
			db.Exec(`INSERT INTO ` + step.table + ` VALUES ('` + step.table + ` 2')`)
			for n := step.from; n <= 2; n++ {
				want = append(want, e2e.Entry{
					Event: step.event, Record: fmt.Sprint(step.table, " ", n),
					Version: 1,
				})
			}
		}
		db.Exec(`CREATE TABLE deals (id text PRIMARY KEY, version int) PARTITION BY HASH (id)`)
		untilIdentity(db, "deals", "f")
		for _, leaf := range []string{"0", "1"} {
			db.Exec(`CREATE TABLE deals_` + leaf +
				` PARTITION OF deals FOR VALUES WITH (MODULUS 2, REMAINDER ` + leaf + `)`)
			untilIdentity(db, "deals_"+leaf, "f")
		}
		db.Exec(`ALTER TABLE contacts REPLICA IDENTITY DEFAULT`)
		untilIdentity(db, "contacts", "f")
		if major >= 18 {
			db.Exec(`ALTER TABLE contacts ADD COLUMN upper text GENERATED ALWAYS AS (upper(note))`)
			untilIdentity(db, "contacts", "d")
			sut.UntilPrinted(`virtual generated columns keep from being FULL`)
			d, _ := db.Doctor()
			e2e.WantFinding(t, d, "table tells less", "warning", `"public"."contacts"`)
			db.Exec(`INSERT INTO contacts (id) VALUES ('virtual')`)
			db.Exec(`UPDATE contacts SET version = 2`)
			db.Exec(`ALTER TABLE contacts DROP COLUMN upper`)
			untilIdentity(db, "contacts", "f")
		}
		db.Exec(`DELETE FROM contacts`)
		if d, text := db.Doctor(); !d.Healthy || d.Warnings > 1 {
			t.Errorf("in the end:\n%s", text)
		}
		e2e.Finish(t, sut, box.Gets(append(want, db.Diary()...)...))
	})
}

// A new table that an open import keeps locked holds up no other table and no start; log and doctor
// name who holds it.
func TestLockedTableHoldsNothing(t *testing.T) {
	onEachMajor(t, func(t *testing.T, db *e2e.Database, _ int) {
		box := e2e.NewInbox(t)
		db.AddWebhook(box, "*.*")
		sut := e2e.Start(t, db).Until("active")
		db.Exec(`CREATE TABLE firms (id text PRIMARY KEY, version int DEFAULT 1)`)
		crm := db.Session()
		if _, err := crm.Exec(t.Context(), `BEGIN; INSERT INTO firms VALUES ('one')`); err != nil {
			t.Fatal(err)
		}
		pid := fmt.Sprintf("session %d of role postgres", crm.PgConn().PID())
		db.Exec(`CREATE TABLE ships (id text PRIMARY KEY, version int DEFAULT 1)`)
		untilIdentity(db, "ships", "f")
		sut.UntilPrinted(pid)
		d, text := db.Doctor()
		e2e.WantFinding(t, d, "preparation waits", "warning", `"public"."firms"`, pid,
			"pg_terminate_backend")
		if !d.Healthy || strings.Contains(text, "next start") {
			t.Errorf("while the table is locked:\n%s", text)
		}
		sut.Stop()
		sut = e2e.Start(t, db).Until("active")
		db.Exec(`INSERT INTO ships VALUES ('ship')`)
		box.UntilAccepted(1)
		if _, err := crm.Exec(t.Context(), `COMMIT`); err != nil {
			t.Fatal(err)
		}
		box.UntilAccepted(2)
		e2e.Finish(t, sut, box.Gets(e2e.Entry{Event: "ship.created", Record: "ship", Version: 1},
			e2e.Entry{Event: "firm.created", Record: "one", Version: 1}))
	})
}
