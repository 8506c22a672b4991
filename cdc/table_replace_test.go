package cdc_test

import (
	"log/slog"
	"strings"
	"testing"

	"hookline/cdc"
)

const contactsSQL = `
	CREATE TABLE done (id int PRIMARY KEY);
	CREATE TABLE contacts (id int PRIMARY KEY, name text);
	INSERT INTO contacts SELECT n, 'c' || n FROM generate_series(1, 100) n`

// rebuild is what a migration does before it swaps: the new table has another type of key, a column
// more, and its rows have other places.
const rebuild = `
	CREATE TABLE contacts_new (name text, id bigint PRIMARY KEY, note text DEFAULT 'none');
	INSERT INTO contacts_new (id, name) SELECT id, name FROM contacts ORDER BY id DESC`

// changed is what is committed to the new table right after the swap.
const changed = `UPDATE contacts SET name = 'new' WHERE id = 2; DELETE FROM contacts WHERE id = 3;
	INSERT INTO contacts (id, name) VALUES (101, 'c101')`

// TestReplacedTable swaps a table for one that was built beside it: rows that only moved are not
// announced, what was committed since the swap is, whether it was before the catalog scan or after
// it, and the old table is announced no longer.
func TestReplacedTable(t *testing.T) {
	const inOne, gone = "BEGIN;" + rebuild + `;
		ALTER TABLE contacts RENAME TO contacts_old; ALTER TABLE contacts_new RENAME TO contacts; COMMIT`, `
		BEGIN; CREATE TABLE contacts_new (LIKE contacts INCLUDING ALL); INSERT INTO contacts_new SELECT *
		    FROM contacts;
		DROP TABLE contacts; ALTER TABLE contacts_new RENAME TO contacts; COMMIT`
	told := []string{
		"update contacts (c2,2,none)→(new,2,none)",
		"delete contacts (c3,3,∅)→-",
		"insert contacts -→(c101,101,none)",
	}
	for _, c := range []struct {
		name  string
		steps []string // with a catalog scan behind each but the last
		want  []string // before the last catalog scan
		after string   // the change after it
	}{
		{"in one transaction", []string{inOne}, told, "update contacts (c4,4,none)→(later,4,none)"},
		{"in several", []string{
			`ALTER TABLE contacts RENAME TO contacts_old`,
			strings.ReplaceAll(rebuild, "FROM contacts", "FROM contacts_old") +
				`; ALTER TABLE contacts_new RENAME TO contacts`,
		}, told, "update contacts " +
			"(c4,4,none)→(later,4,none)"},
		{"by a table of another schema", []string{
			`CREATE SCHEMA next; SET search_path = next, public;` + rebuild + `; RESET search_path`,
			`BEGIN; ALTER TABLE contacts RENAME TO contacts_old;
				ALTER TABLE next.contacts_new RENAME TO contacts;
			ALTER TABLE next.contacts SET SCHEMA public; COMMIT`,
		}, told, "update contacts (c4,4,none)→(later,4,none)"},
		{
			"by its schema",
			[]string{`CREATE SCHEMA next; CREATE TABLE next.contacts (LIKE contacts INCLUDING ALL);
				CREATE TABLE next.done (LIKE done INCLUDING ALL);
			INSERT INTO next.contacts SELECT * FROM contacts`, `BEGIN; ALTER SCHEMA public RENAME TO past;
				ALTER SCHEMA next RENAME TO public; COMMIT`},
			[]string{"update contacts (2,c2)→(2,new)", "delete contacts (3,c3)→-", "insert contacts " +
				"-→(101,c101)"},
			"update contacts (4,c4)→(4,later)",
		},
		// The old rows cannot be asked for: what was written is told.
		{"and dropped", []string{gone}, []string{"update contacts -→(2,new)", "update contacts " +
			"-→(101,c101)"}, "update contacts (4,c4)→(4,later)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEachMajor(t, func(t *testing.T, major int) {
				p := newPlannedOn(t, major, contactsSQL)
				p.scan()
				p.open()
				p.exec(`UPDATE contacts SET name = 'c1' WHERE id = 1`)
				for _, step := range c.steps[:len(c.steps)-1] {
					p.exec(step)
					p.scan()
				}
				p.exec(c.steps[len(c.steps)-1])
				p.exec(changed)
				p.scan()
				p.exec(`UPDATE contacts SET name = 'later' WHERE id = 4`)
				if plan := p.plan(); p.query(
					`SELECT (to_regclass('contacts_old') IS NOT NULL)::text`) == "true" {
					wantSkipped(t, plan, "contacts_old", cdc.Superseded)
				}
				if p.query(`SELECT (to_regclass('contacts_old') IS NOT NULL)::text`) == "true" {
					p.exec(`INSERT INTO contacts_old VALUES (1000, 'old'); UPDATE contacts_old SET name = 'old'`)
				}
				expectSorted(
					t,
					p.brought(),
					append(append([]string{"update contacts (1,c1)→(1,c1)"}, c.want...), c.after)...)
			})
		})
	}
}

// expectSorted is expect where the server has no order to keep.
func expectSorted(t *testing.T, changes []cdc.Change, want ...string) {
	t.Helper()
	got := map[string]int{}
	for _, c := range changes {
		got[text(c)]++
	}
	for _, w := range want {
		got[w]--
	}
	for change, n := range got {
		if n != 0 {
			t.Errorf("%s came %+d times too often", change, n)
		}
	}
}

// TestReplacedTableIsWrittenTo has somebody write to the old table after the swap: that tells
// nothing of the records that go by its old name.
func TestReplacedTableIsWrittenTo(t *testing.T) {
	for _, c := range []struct {
		name, old string
		want      []string
	}{
		{
			"rows", `INSERT INTO contacts_old VALUES (500, 'old'); UPDATE contacts_old SET name = 'old'
				WHERE id IN (2, 5)`,
			[]string{"update contacts -→(2,new)", "delete contacts (3,c3)→-", "insert contacts " +
				"-→(101,c101)"},
		},
		{
			"truncated", `TRUNCATE contacts_old; INSERT INTO contacts_old VALUES (2, 'old'), (500, 'old')`,
			[]string{"update contacts -→(2,new)", "update contacts -→(101,c101)"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEachMajor(t, func(t *testing.T, major int) {
				p := newPlannedOn(t, major, contactsSQL)
				p.scan()
				p.open()
				p.exec(`BEGIN; CREATE TABLE contacts_new (LIKE contacts INCLUDING ALL); INSERT INTO contacts_new
					SELECT * FROM contacts;
					ALTER TABLE contacts RENAME TO contacts_old; ALTER TABLE contacts_new RENAME TO contacts;
					    COMMIT`)
				p.exec(changed)
				p.exec(c.old)
				p.scan()
				var changes []cdc.Change
				for _, change := range p.brought() {
					if change.Relation.Name == "contacts" {
						changes = append(changes, change)
					}
				}
				expectSorted(t, changes, c.want...)
			})
		})
	}
}

// TestReplacedByAnAnnouncedTable swaps in a table that was announced under a name of its own: its
// rows are known. So are those of two that exchange their names, and both go on.
func TestReplacedByAnAnnouncedTable(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, contactsSQL+`; CREATE TABLE a (id int PRIMARY KEY);
			CREATE TABLE b (id int PRIMARY KEY); INSERT INTO a VALUES (1)`)
		p.asOwner()
		p.scan()
		p.open()
		p.exec(`CREATE TABLE contacts_new (LIKE contacts INCLUDING ALL); INSERT INTO contacts_new SELECT *
			FROM contacts WHERE id = 1`)
		p.scan()
		expect(t, p.brought(), "insert contacts_new -→(1,c1)")
		p.exec(`BEGIN; ALTER TABLE contacts RENAME TO contacts_old;
			ALTER TABLE contacts_new RENAME TO contacts; INSERT INTO contacts VALUES (2, 'x'); COMMIT`)
		p.exec(`BEGIN; ALTER TABLE a RENAME TO c; ALTER TABLE b RENAME TO a; ALTER TABLE c RENAME TO b;
			COMMIT`)
		p.scan()
		p.exec(`INSERT INTO contacts_old VALUES (1000); INSERT INTO a VALUES (5); INSERT INTO b
			VALUES (6)`)
		p.scan()
		expect(t, p.brought(), "insert contacts -→(2,x)", "insert a -→(5)", "insert b -→(6)")

		// The way back: what is there is compared with what was announced under the name.
		p.exec(`BEGIN; ALTER TABLE contacts RENAME TO contacts_bad;
			ALTER TABLE contacts_old RENAME TO contacts; COMMIT`)
		p.exec(`DELETE FROM contacts WHERE id > 3`)
		p.scan()
		p.exec(`DELETE FROM contacts WHERE id = 3`)
		expectSorted(t, p.brought(), "update contacts (2,x)→(2,c2)", "insert contacts -→(3,c3)",
			"delete contacts (3,c3)→-")

		// What was left behind is announced again once it has another name.
		p.exec(`INSERT INTO contacts_bad VALUES (7, 'x')`)
		p.exec(`ALTER TABLE contacts_bad RENAME TO leads`)
		p.scan()
		p.exec(`INSERT INTO leads VALUES (8, 'y')`)
		expect(t, p.brought(), "insert leads -→(8,y)")
	})
}

// TestNewObjectOfAnOldName makes tables anew: they have nothing of the old ones, whose rows go
// without a word.
func TestNewObjectOfAnOldName(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, contactsSQL+`; CREATE TABLE log (id int PRIMARY KEY); INSERT INTO log
			VALUES (1)`)
		p.scan()
		p.open()
		p.exec(`DROP TABLE contacts; CREATE TABLE contacts (id int PRIMARY KEY); INSERT INTO contacts
			VALUES (1), (2)`)
		p.exec(`BEGIN; ALTER TABLE log RENAME TO log_1; CREATE TABLE log (id int PRIMARY KEY);
			INSERT INTO log VALUES (2); COMMIT`)
		p.scan()
		expect(t, p.brought(), "insert contacts -→(1)", "insert contacts -→(2)", "insert log -→(2)")
		p.exec(`BEGIN; DROP TABLE contacts; CREATE TABLE contacts (id int PRIMARY KEY);
			INSERT INTO contacts VALUES (3); COMMIT`)
		p.scan()
		expect(t, p.brought(), "insert contacts -→(3)")

		// A table that was renamed some time ago has settled with its name, and goes on under it.
		p.exec(`ALTER TABLE contacts RENAME TO people`)
		p.scan()
		p.exec(`UPDATE hookline.known_table SET renamed_at = renamed_at - interval '11 minutes'`)
		p.exec(`CREATE TABLE contacts (id int PRIMARY KEY); INSERT INTO contacts VALUES (3), (4)`)
		p.scan()
		p.exec(`INSERT INTO people VALUES (5)`)
		expect(t, p.brought(), "insert contacts -→(3)", "insert contacts -→(4)", "insert people -→(5)")
	})
}

// TestReplacedByATooLargeTable gives up a comparison that takes too long, and tells what was
// written since the swap.
func TestReplacedByATooLargeTable(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, contactsSQL+`; CREATE DOMAIN slow AS int`)
		p.scan()
		p.open()
		p.exec("BEGIN;" + rebuild + `; ALTER TABLE contacts RENAME TO contacts_old;
			ALTER TABLE contacts_new RENAME TO contacts; COMMIT`)
		p.exec(changed)
		p.want("done", "contacts", "contacts_old")
		plan := p.plan()
		for i := range plan.Steps {
			plan.Steps[i].SQL = strings.Replace(plan.Steps[i].SQL, "statement_timeout = '5min'",
				"statement_timeout = 1; SELECT pg_sleep(60)", 1)
		}
		if err := plan.Apply(t.Context(), p.conn, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		p.scan()
		expectSorted(t, p.brought(), "update contacts -→(new,2,none)", "update contacts "+
			"-→(c101,101,none)")
	})
}

// TestReplacedParent swaps a table of which another one inherits: the rows of that are not the
// table's, and are not announced as deleted.
func TestReplacedParent(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(
			t,
			major,
			contactsSQL+`; CREATE TABLE partners (PRIMARY KEY (id)) INHERITS (contacts); INSERT INTO partners
				VALUES (500, 'p')`,
		)
		p.scan()
		p.open()
		p.exec(`BEGIN; CREATE TABLE contacts_new (LIKE contacts INCLUDING ALL); INSERT INTO contacts_new
			SELECT * FROM ONLY contacts;
			ALTER TABLE contacts RENAME TO contacts_old; ALTER TABLE contacts_new RENAME TO contacts; COMMIT`)
		p.scan()
		expect(t, p.brought())
	})
}
