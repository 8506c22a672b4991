package command

import (
	"encoding/json"
	"strings"
	"testing"

	"hookline/e2e"
)

// What becomes of each table is listed before anything is prepared, and the same afterwards; setup
// says when it is nothing.
func TestObjectsAreListed(t *testing.T) {
	t.Parallel()
	db := e2e.NewDatabase(t)
	db.Exec(`CREATE TABLE webhooks (id int PRIMARY KEY, url text, organization_id int);
		CREATE TABLE people (id int PRIMARY KEY, organization_id int, password text,
		  deleted_at timestamptz);
		CREATE TABLE notes (id int PRIMARY KEY); CREATE TABLE audit_logs (id int PRIMARY KEY,
		  organization_id int);
		CREATE TABLE keyless (organization_id int); CREATE SCHEMA sales; CREATE TABLE sales.orders (id int PRIMARY KEY)`)
	settings := []string{"HOOKLINE_EXCLUDE=audit_log,nots"}
	before := db.Prepared()
	first := e2e.Run(t, db.Env(settings...), "objects", "--json")
	if first.Wait() != 0 {
		t.Fatalf("objects ends with %d: %s", first.Wait(), first.Log.String())
	}
	if after := db.Prepared(); after != before {
		t.Errorf("objects has changed the database from %s to %s", before, after)
	}
	if log := first.Log.String(); !strings.Contains(log, "is note meant?") &&
		!strings.Contains(log, "is notes meant?") {
		t.Errorf("an entry that names nothing is not told:\n%s", log)
	}
	db.SetUp(settings...)
	second := e2e.Run(t, db.Env(settings...), "objects", "--json")
	if second.Wait() != 0 || second.Out.String() != first.Out.String() {
		t.Errorf("before setup:\n%s\nand after it:\n%s%s", first.Out.String(), second.Out.String(),
			second.Log.String())
	}
	var list []struct{ Table, Object, Tenant, Reason string }
	if err := json.Unmarshal([]byte(second.Out.String()), &list); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, o := range list {
		got[o.Table] = strings.Join([]string{o.Object, o.Tenant, o.Reason}, "|")
	}
	for table, want := range map[string]string{
		"public.people":     "person|tenant in organization_id|",
		"public.notes":      "note|goes to nobody: it has no column organization_id|",
		"public.audit_logs": "||HOOKLINE_EXCLUDE has audit_log",
		"public.keyless":    "||no primary key, so its records cannot be told apart",
		"sales.orders":      "||HOOKLINE_SCHEMAS does not have its schema",
		"public.webhooks":   "||webhooks are read from it",
	} {
		if got[table] != want {
			t.Errorf("%s: got %q, want %q", table, got[table], want)
		}
	}
	text := e2e.Run(t, db.Env(settings...), "objects")
	if text.Wait() != 0 {
		t.Errorf("objects ends with %d", text.Wait())
	}
	for _, part := range []string{
		"created updated deleted restored destroyed", "password",
		"NOT ANNOUNCED",
	} {
		if !strings.Contains(text.Out.String(), part) {
			t.Errorf("objects does not print %q:\n%s", part, text.Out.String())
		}
	}
	d, _ := db.Doctor(settings...)
	e2e.WantFinding(t, d, "objects", "warning", `HOOKLINE_EXCLUDE names "nots"`)
}

func TestSetupThatAnnouncesNothing(t *testing.T) {
	t.Parallel()
	db := e2e.NewDatabase(t)
	db.Exec(
		`CREATE SCHEMA crm; CREATE TABLE crm.people (id int PRIMARY KEY); CREATE TABLE crm.deals (id int PRIMARY KEY)`)
	settings := []string{"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook"}
	objects := e2e.Run(t, db.Env(settings...), "objects")
	if objects.Wait() != 0 || !strings.Contains(objects.Out.String(), "No table is announced.") {
		t.Errorf("objects, before there is a table of webhooks, ends with %d:\n%s%s", objects.Wait(),
			objects.Out.String(), objects.Log.String())
	}
	setup := e2e.Run(t, db.Env(settings...), "setup")
	if log := setup.Log.String(); setup.Wait() != 0 ||
		!strings.Contains(log, `no table is announced" schemas=public tables="2 in crm"`) {
		t.Errorf("setup ends with %d:\n%s", setup.Wait(), log)
	}
	d, _ := db.Doctor(settings...)
	e2e.WantFinding(t, d, "tables", "warning", "2 in crm", "HOOKLINE_SCHEMAS")
}
