package tables

import (
	"testing"

	"hookline/e2e"
)

// A table is rebuilt beside the old one and swapped in, as migrations do it: once while Hookline is
// at work, and once while it is killed. Its rows are not announced again, and every change that was
// committed to either is announced as what it is.
func TestTableReplaced(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewDatabase(t), e2e.NewInbox(t)
	db.Exec(e2e.WebhooksSQL)
	db.Exec(
		`CREATE TABLE contacts (id text PRIMARY KEY, version int DEFAULT 1); INSERT INTO contacts SELECT 'c' || i FROM generate_series(1, 300) i`)
	db.AddWebhook(box, "*.*")
	var want []e2e.Entry
	did := func(event, record string, version int) {
		want = append(want, e2e.Entry{Event: "contact." + event, Record: record, Version: version})
	}
	swap := func() {
		transactionOf(db,
			`CREATE TABLE contacts_new (id text PRIMARY KEY, note text, version int DEFAULT 1)`,
			`INSERT INTO contacts_new (id, version) SELECT id, version FROM contacts`,
			`ALTER TABLE contacts RENAME TO contacts_old`, `ALTER TABLE contacts_new RENAME TO contacts`)
	}
	sut := e2e.Start(t, db).Until("active")
	db.Exec(`UPDATE contacts SET version = 2 WHERE id = 'c1'`)
	did("updated", "c1", 2)
	swap()
	db.Exec(`UPDATE contacts SET version = 3 WHERE id = 'c1'; UPDATE contacts SET version = 2 WHERE id = 'c2'; DELETE FROM contacts WHERE id = 'c3';
		INSERT INTO contacts VALUES ('n1')`)
	did("updated", "c1", 3)
	did("updated", "c2", 2)
	did("deleted", "c3", 1)
	did("created", "n1", 1)
	untilPublished(db, "contacts")
	db.Exec(`UPDATE contacts_old SET version = 100; UPDATE contacts SET version = 3 WHERE id = 'c2'`)
	did("updated", "c2", 3)
	box.UntilAccepted(len(want))
	sut.Kill()
	box.ExpectReplay()

	db.Exec(`DROP TABLE contacts_old; UPDATE contacts SET version = 4 WHERE id = 'c2'`)
	did("updated", "c2", 4)
	swap()
	db.Exec(
		`UPDATE contacts SET version = 5 WHERE id = 'c2'; DELETE FROM contacts WHERE id = 'c4'; INSERT INTO contacts VALUES ('n2')`)
	did("updated", "c2", 5)
	did("deleted", "c4", 1)
	did("created", "n2", 1)
	sut = e2e.Start(t, db).Until("active")
	box.UntilAccepted(len(want))
	sut.Kill()
	box.ExpectReplay()
	sut = e2e.Start(t, db).Until("active")
	db.Exec(`UPDATE contacts SET version = 2 WHERE id = 'n2'`)
	did("updated", "n2", 2)
	e2e.Finish(t, sut, box.Gets(want...))
}
