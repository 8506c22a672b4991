package e2e

import (
	"strings"
	"testing"
)

// A role that may only replicate and read has its SQL run by the DBA, and then does all the rest.
func TestSetupByDBA(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	role, address := db.newRole("REPLICATION")
	db.exec(`GRANT SELECT ON contacts, webhooks TO ` + role)
	env := db.env("HOOKLINE_DATABASE_URL=" + address)

	refused := run(t, env, "setup")
	if refused.wait() != 1 || !strings.Contains(refused.log.String(), "hookline setup --print-sql") {
		t.Errorf("setup without the rights: exit code %d, want 1 and a hint at --print-sql:\n%s", refused.wait(), refused.log.String())
	}
	before := db.prepared()
	printed := run(t, env, "setup", "--print-sql")
	if printed.wait() != 0 {
		t.Fatalf("setup --print-sql: exit code %d", printed.wait())
	}
	if after := db.prepared(); after != before {
		t.Errorf("setup --print-sql has changed the database from %s to %s", before, after)
	}

	sql := statements(printed.out.String())
	for _, statement := range sql {
		db.exec(statement) // as psql does: one by one, as a superuser
	}
	again := run(t, env, "setup", "--print-sql")
	if again.wait() != 0 || again.out.String() != "" || !strings.Contains(again.log.String(), "nothing to run") {
		t.Errorf("after all of the SQL was run, setup --print-sql prints:\n%s%s", again.out.String(), again.log.String())
	}
	ready := run(t, env, "setup")
	if ready.wait() != 0 || strings.Contains(ready.log.String(), "preparing") {
		t.Errorf("after all of the SQL was run, setup finds something to do: exit code %d\n%s", ready.wait(), ready.log.String())
	}

	sut := start(t, db, "HOOKLINE_DATABASE_URL="+address).until("active")
	db.exec(`INSERT INTO contacts (id) VALUES ('one')`)
	db.exec(`UPDATE contacts SET version = 2`)
	db.exec(`DELETE FROM contacts`)
	box.untilAccepted(3)
	own := newInbox(t)
	db.exec(`INSERT INTO hookline.webhook (url, secret) VALUES ($1, $2)`, own.url(), own.secret)
	heard := len(db.diary())
	db.exec(`INSERT INTO contacts (id) VALUES ('two')`)
	diary := db.diary()
	finish(t, sut, box.gets(diary...), own.gets(diary[heard:]...))
}

// Setup may be run again and again, and by the one who owns the database needs nobody else.
func TestSetupTwice(t *testing.T) {
	t.Parallel()
	db := newCRM(t)
	db.setUp()
	before := db.prepared()
	again := run(t, db.env(), "setup")
	if after := db.prepared(); again.wait() != 0 || after != before || strings.Contains(again.log.String(), "preparing") {
		t.Errorf("the second setup has changed %s to %s, exit code %d\n%s", before, after, again.wait(), again.log.String())
	}
}
