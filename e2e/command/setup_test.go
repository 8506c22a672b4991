package command

import (
	"strings"
	"testing"

	"hookline/e2e"
)

// A role that may only replicate and read has its SQL run by the DBA, and then does all the rest.
func TestSetupByDBA(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	role, address := db.NewRole("REPLICATION")
	db.Exec(`GRANT SELECT ON contacts, webhooks TO ` + role)
	env := db.Env("HOOKLINE_DATABASE_URL=" + address)

	refused := e2e.Run(t, env, "setup")
	if refused.Wait() != 1 || !strings.Contains(refused.Log.String(), "hookline setup --print-sql") {
		t.Errorf("setup without the rights: exit code %d, want 1 and a hint at --print-sql:\n%s",
			refused.Wait(), refused.Log.String())
	}
	before := db.Prepared()
	printed := e2e.Run(t, env, "setup", "--print-sql")
	if printed.Wait() != 0 {
		t.Fatalf("setup --print-sql: exit code %d", printed.Wait())
	}
	if after := db.Prepared(); after != before {
		t.Errorf("setup --print-sql has changed the database from %s to %s", before, after)
	}

	sql := e2e.Statements(printed.Out.String())
	for _, statement := range sql {
		db.Exec(statement) // as psql does: one by one, as a superuser
	}
	again := e2e.Run(t, env, "setup", "--print-sql")
	if again.Wait() != 0 || again.Out.String() != "" ||
		!strings.Contains(again.Log.String(), "nothing to run") {
		t.Errorf("after all of the SQL was run, setup --print-sql prints:\n%s%s", again.Out.String(),
			again.Log.String())
	}
	ready := e2e.Run(t, env, "setup")
	if ready.Wait() != 0 || strings.Contains(ready.Log.String(), "preparing") {
		t.Errorf("after all of the SQL was run, setup finds something to do: exit code %d\n%s",
			ready.Wait(), ready.Log.String())
	}

	sut := e2e.Start(t, db, "HOOKLINE_DATABASE_URL="+address).Until("active")
	db.Exec(`INSERT INTO contacts (id) VALUES ('one')`)
	db.Exec(`UPDATE contacts SET version = 2`)
	db.Exec(`DELETE FROM contacts`)
	box.UntilAccepted(3)
	own := e2e.NewInbox(t)
	db.Exec(`INSERT INTO hookline.webhook (url, secret) VALUES ($1, $2)`, own.URL(), own.Secret)
	heard := len(db.Diary())
	db.Exec(`INSERT INTO contacts (id) VALUES ('two')`)
	diary := db.Diary()
	e2e.Finish(t, sut, box.Gets(diary...), own.Gets(diary[heard:]...))
}

// Where webhooks are to be kept in Hookline's own table, which is not there yet, the SQL is whole
// at once, and nothing is said to frighten anybody.
func TestSetupByDBAWithTheOwnTable(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	role, address := db.NewRole("REPLICATION")
	env := db.Env("HOOKLINE_DATABASE_URL="+address, "HOOKLINE_WEBHOOKS_TABLE=hookline.webhook")
	printed := e2e.Run(t, env, "setup", "--print-sql")
	if printed.Wait() != 0 || strings.Contains(printed.Log.String(), "WARN") {
		t.Fatalf("setup --print-sql: exit code %d\n%s", printed.Wait(), printed.Log.String())
	}
	for _, statement := range e2e.Statements(printed.Out.String()) {
		db.Exec(statement)
	}
	again := e2e.Run(t, env, "setup", "--print-sql")
	if again.Wait() != 0 || again.Out.String() != "" {
		t.Errorf("after all of the SQL was run, setup --print-sql prints, for role %s:\n%s%s", role,
			again.Out.String(), again.Log.String())
	}
	sut := e2e.Start(t, db, "HOOKLINE_DATABASE_URL="+address,
		"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook").Until("active")
	db.Exec(`INSERT INTO hookline.webhook (url, secret) VALUES ($1, $2)`, box.URL(), box.Secret)
	db.Exec(`INSERT INTO contacts (id) VALUES ('one')`)
	box.UntilAccepted(1)
	status := e2e.Run(t, env, "status")
	// contacts, and not the CRM's own webhooks
	if status.Wait() != 0 || !strings.Contains(status.Out.String(), " 1 table published") {
		t.Errorf("status: exit code %d\n%s", status.Wait(), status.Out.String())
	}
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
}

// Where webhooks are in Hookline's own table alone, which is not there yet, the SQL is printed in
// one go: tables, grants, publication and slot.
func TestSetupOfOwnTableByDBA(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewDatabase(t).WithContacts(), e2e.NewInbox(t)
	role, address := db.NewRole("REPLICATION")
	db.Exec(`GRANT SELECT ON contacts TO ` + role)
	settings := []string{
		"HOOKLINE_DATABASE_URL=" + address,
		"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook",
	}
	before := db.Prepared()
	printed := e2e.Run(t, db.Env(settings...), "setup", "--print-sql")
	if printed.Wait() != 0 {
		t.Fatalf("setup --print-sql: exit code %d", printed.Wait())
	}
	if after := db.Prepared(); after != before {
		t.Errorf("setup --print-sql has changed the database from %s to %s", before, after)
	}
	for _, statement := range e2e.Statements(printed.Out.String()) {
		db.Exec(statement)
	}
	again := e2e.Run(t, db.Env(settings...), "setup", "--print-sql")
	if again.Wait() != 0 || again.Out.String() != "" {
		t.Errorf("the second setup --print-sql: exit code %d, and\n%s", again.Wait(), again.Out.String())
	}
	db.Exec(`INSERT INTO hookline.webhook (url, secret) VALUES ($1, $2)`, box.URL(), box.Secret)
	sut := e2e.Start(t, db, settings...).Until("active")
	db.OneByOne("a", 3)
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
}

// Setup may be run again and again, and by the one who owns the database needs nobody else.
func TestSetupTwice(t *testing.T) {
	t.Parallel()
	db := e2e.NewCRM(t)
	db.SetUp()
	before := db.Prepared()
	again := e2e.Run(t, db.Env(), "setup")
	if after := db.Prepared(); again.Wait() != 0 || after != before ||
		strings.Contains(again.Log.String(), "preparing") {
		t.Errorf("the second setup has changed %s to %s, exit code %d\n%s", before, after, again.Wait(),
			again.Log.String())
	}
}

// Setup tells of webhooks that are going to be skipped, such as those whose headers some servers
// drop.
func TestSetupTellsOfMistakes(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.SetUp()
	db.Exec(
		`INSERT INTO hookline.webhook (url, secret, headers) VALUES ($1, $2, '{"X_Token": "confidential"}')`, box.URL(), box.Secret)
	for _, command := range []string{"setup", "doctor"} {
		p := e2e.Run(t, db.Env(), command)
		if text := p.Out.String() + p.Log.String(); !strings.Contains(strings.ReplaceAll(text, `\`, ""),
			`headers: "X_Token" is not the name of a header`) {
			t.Errorf("hookline %s says nothing of the header:\n%s", command, text)
		}
	}
}
