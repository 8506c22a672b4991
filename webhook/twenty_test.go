package webhook_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/twentydb"
	"hookline/webhook"
)

// What a webhook hears of, in the words of each version of Twenty.
func TestTwentyOperations(t *testing.T) {
	tests := []struct {
		columns string // of the table of webhooks
		set     string
		serves  string // "" when the row is skipped
	}{
		{"operation text", `operation = '*.*'`, "*.*"},
		{"operation text", `operation = 'company.create'`, "company.created"},
		{"operation text", `operation = '*.update'`, "*.updated"},
		{
			"operation text", `operation = 'company.delete, company.destroy'`,
			"company.deleted company.destroyed",
		},
		{"operation text", `operation = 'company.*'`, "company.*"},
		{"operation text", `operation = 'company.restored'`, "company.restored"},
		{"operation text", `operation = 'create.company'`, "company.created"}, // before mid 2024
		{"operation text", `operation = 'deleted.company'`, "company.deleted"},
		{"operation text", `operation = 'update.*'`, "*.updated"},
		{"operation text", `operation = '*.company'`, "company.*"},
		{"operation text", `operation = 'hookline:create.company'`, "company.created"},
		{"operation text", `operation = 'create'`, ""},
		{"operation text", `operation = 'company.explode'`, ""},
		{
			"operation text, operations text[]",
			`operation = '*.*', operations = '{company.*,person.updated}'`, "company.* person.updated",
		},
		{"operation text, operations text[]", `operation = '*.*', operations = '{company.create}'`, ""},
		{"operations text[]", `operations = '{create.company}'`, ""},
	}
	d := newDatabase(t, twenty)
	for _, test := range tests {
		d.exec(legacy(twentydb.Schema, test.columns), "INSERT INTO "+twentydb.Schema+
			`.webhook ("targetUrl") VALUES ('http://example.com')`,
			"UPDATE "+twentydb.Schema+".webhook SET "+test.set)
		d.load()
		serves := ""
		if sub := d.Get(d.List()[0].Key); sub != nil {
			serves = strings.Join(sub.Operations, " ")
		}
		if serves != test.serves {
			t.Errorf("%s: serves %q, want %q", test.set, serves, test.serves)
		}
		d.exec("DROP TABLE " + twentydb.Schema + ".webhook")
	}
}

// The upgrade to 0.33 adds a column, which then counts.
func TestTwentyOperationsUpgraded(t *testing.T) {
	d := newDatabase(t, twenty, legacy(twentydb.Schema, "operation text"),
		"INSERT INTO "+twentydb.Schema+
			`.webhook ("targetUrl", operation) VALUES ('http://example.com', 'company.create')`)
	d.stream()
	key := d.List()[0].Key
	equal(t, "before", d.matchedIn(twentydb.Workspace, "company.created"), []string{key})
	d.commit("ALTER TABLE "+twentydb.Schema+".webhook ADD operations text[] NOT NULL DEFAULT '{*.*}'",
		"UPDATE "+twentydb.Schema+
			".webhook SET operation = 'company.created', operations = '{company.created}'",
		"UPDATE "+twentydb.Schema+".webhook SET operations = '{person.*}'")
	equal(t, "after", d.matchedIn(twentydb.Workspace, "company.created"), nil)
	equal(t, "after", d.matchedIn(twentydb.Workspace, "person.created"), []string{key})
}

// The columns of 2026 make no difference, and a table that an upgrade has left behind does not
// count.
func TestTwentyCoreWebhook(t *testing.T) {
	d := newTwenty(t, twenty, legacy(twentydb.Schema, "operations text[], secret text"),
		"INSERT INTO "+twentydb.Schema+`.webhook ("targetUrl", secret) VALUES ('http://left.over', 's')`)
	key := d.hook(twentydb.Webhook{URL: "http://example.com", Secret: "s"})
	for _, sql := range []string{
		"",
		`ALTER TABLE core.webhook DROP COLUMN "universalIdentifier", DROP COLUMN "applicationId"`,
	} {
		d.exec(sql)
		d.load()
		equal(t, "tables", d.Tables(), []cdc.Table{{Schema: "core", Name: "webhook"}})
		equal(t, "matched", d.matchedIn(twentydb.Workspace, "person.created"), []string{key})
	}
}

func TestTwentySecrets(t *testing.T) {
	const hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	d := newTwenty(t, twenty, "ALTER TABLE core.webhook ALTER secret DROP NOT NULL")
	key := d.hook(twentydb.Webhook{URL: "http://example.com", Secret: hex})
	for _, test := range []struct {
		set    string
		secret webhook.Secret
		reason string // of a row that is skipped
	}{
		{"secret = '" + hex + "'", hex, ""}, // signs as the text it is
		{"secret = ''", "", ""},
		{"secret = NULL", "", ""},
		{"secret = ' spaces and ü '", " spaces and ü ", ""},
		{
			"secret = 'enc:v2:hunter2'", "",
			"secret: is encrypted by the CRM, so nothing can be signed with it",
		},
	} {
		d.exec("UPDATE core.webhook SET " + test.set)
		d.log.take()
		d.load()
		if got := d.status(key); got.Reason != test.reason ||
			(got.State == webhook.Active) != (test.reason == "") {
			t.Errorf("%s: %s, %q", test.set, got.State, got.Reason)
		}
		if sub := d.Get(key); sub != nil && sub.Secret != test.secret {
			t.Errorf("%s: signs with %q", test.set, string(sub.Secret))
		}
		log := d.log.take()
		if told := strings.Contains(log, key) &&
			strings.Contains(log, "encrypted"); told != (test.reason != "") ||
			strings.Contains(log, "hunter2") {
			t.Errorf("%s: logged %s", test.set, log)
		}
	}
}

func TestTwentyURLs(t *testing.T) {
	d := newTwenty(t, twenty)
	key := d.hook(twentydb.Webhook{URL: "http://example.com", Secret: "s"})
	for given, want := range map[string]string{
		"http://example.com/a":            "http://example.com/a",
		"HTTPS://example.com/a":           "HTTPS://example.com/a",
		" https://example.com/a\n":        "https://example.com/a",
		"example.com/a":                   "https://example.com/a",
		"localhost:3000/a":                "https://localhost:3000/a",
		"\texample.com?next=http://other": "https://example.com?next=http://other",
		"user:password@example.com":       "https://user:password@example.com",
	} {
		if _, err := d.conn.Exec(t.Context(), `UPDATE core.webhook SET "targetUrl" = $1`,
			given); err != nil {
			t.Fatal(err)
		}
		d.load()
		if sub := d.Get(key); sub == nil || sub.URL != want || sub.TargetURL() != given {
			t.Errorf("%q: %+v, want it sent to %s", given, d.status(key), want)
		}
	}
}

// A webhook is served as long as its workspace is there.
func TestTwentyWorkspaces(t *testing.T) {
	const third = "33333333-3333-4333-8333-333333333333"
	d := newTwenty(t, twenty, webhook.SchemaSQL("hookline"),
		`INSERT INTO hookline.webhook (workspace_id, url) VALUES ('`+third+`', 'http://own.example')`)
	first := d.hook(twentydb.Webhook{URL: "http://example.com", Secret: "s"})
	other := d.hook(twentydb.Webhook{
		Workspace: otherWorkspace, URL: "http://example.com",
		Secret: "s",
	})
	d.exec(`UPDATE core.workspace SET "deletedAt" = now() WHERE id = '` + otherWorkspace + `'`)
	d.stream(cdc.Table{Schema: "core", Name: "workspace"})
	own := d.List()[2].Key
	expect := func(when, key string, state webhook.RowState, reason string) {
		t.Helper()
		if got := d.status(key); got.State != state || got.Reason != reason ||
			(d.Get(key) != nil) != (state == webhook.Active) {
			t.Errorf("%s: %s is %s, %q; want %s, %q", when, key, got.State, got.Reason, state, reason)
		}
		if got := d.status(first); got.State != webhook.Active {
			t.Errorf("%s: the webhook of the first workspace is %s", when, got.State)
		}
	}
	expect("at the start", other, webhook.Disabled, "its workspace is deleted")
	expect("at the start", own, webhook.Skipped, "there is no workspace "+third)
	set := func(column string) string {
		return "UPDATE core.workspace SET " + column + " WHERE id = '" + otherWorkspace + "'"
	}
	d.commit(set(`"deletedAt" = NULL`))
	expect("restored", other, webhook.Active, "")
	sub := d.Get(other)
	d.log.take()
	d.commit(set(`"activationStatus" = 'SUSPENDED'`), set(`"metadataVersion" = 7`))
	expect("suspended", other, webhook.Active, "")
	if log := d.log.take(); sub.Current() != sub || log != "" {
		t.Errorf("a change of the workspace that does not matter made a new version, or was logged: %s",
			log)
	}
	d.commit(set(`"deletedAt" = now()`))
	expect("deleted softly", other, webhook.Disabled, "its workspace is deleted")
	if sub.Current() != nil {
		t.Error("what is queued would still be sent though the workspace is deleted")
	}
	if log := d.log.take(); strings.Count(log, "webhook changed") != 1 ||
		!strings.Contains(log, other) {
		t.Errorf("logged: %s", log)
	}
	if _, err := twentydb.AddWorkspace(t.Context(), d.conn, third, "Third"); err != nil {
		t.Fatal(err)
	}
	d.commit()
	expect("with its workspace", own, webhook.Active, "")
	d.commit(`DELETE FROM core.workspace WHERE id = '` + third + `'`)
	expect("without its workspace", own, webhook.Skipped, "there is no workspace "+third)

	d.exec(set(`"deletedAt" = NULL`), set(`"deletedAt" = now()`), set(`"deletedAt" = NULL`))
	d.load()
	d.commit()
	expect("after changes that Load had seen", other, webhook.Active, "")
	d.commit("TRUNCATE core.workspace CASCADE")
	if got := d.status(own); got.State != webhook.Skipped || len(d.List()) != 1 {
		t.Errorf("after a truncate: %+v", d.List())
	}
}

// A table that cannot be followed keeps nobody else's webhooks away, and is told of once.
func TestOldTwentyBrokenTable(t *testing.T) {
	const columns = "operations text[], secret text"
	d := newDatabase(t, twenty, legacy(twentydb.Schema, columns),
		"CREATE SCHEMA "+otherSchema+`; CREATE TABLE `+otherSchema+
			`.webhook (id uuid, "targetUrl" text)`, "INSERT INTO "+twentydb.Schema+
			`.webhook ("targetUrl") VALUES ('http://example.com')`)
	d.load()
	d.load()
	if keys := d.matchedIn(twentydb.Workspace, "person.created"); len(keys) != 1 {
		t.Errorf("matched %v", keys)
	}
	if log := d.log.take(); strings.Count(log, "left out") != 1 ||
		!strings.Contains(log, otherSchema+".webhook") {
		t.Errorf("logged: %s", log)
	}
}

// In an old version the schema tells the workspace.
func TestOldTwentyWorkspaces(t *testing.T) {
	const columns = "operations text[], secret text"
	row := `.webhook ("targetUrl", secret) VALUES ('http://example.com/same', 'same')`
	d := newDatabase(t, twenty, legacy(twentydb.Schema, columns), legacy(otherSchema, columns),
		"INSERT INTO "+twentydb.Schema+row, "INSERT INTO "+otherSchema+row,
		`CREATE SCHEMA core; CREATE TABLE core.workspace (id uuid PRIMARY KEY, "deletedAt" timestamptz)`,
		`INSERT INTO core.workspace VALUES ('`+twentydb.Workspace+`', now())`)
	d.stream(cdc.Table{Schema: "core", Name: "workspace"})
	for _, status := range d.List() {
		want := "its workspace is deleted"
		if status.Workspace == otherWorkspace {
			want = "there is no workspace " + otherWorkspace
		}
		if status.Reason != want || status.State == webhook.Active {
			t.Errorf("%+v, want: %s", status, want)
		}
	}
	d.commit(`UPDATE core.workspace SET "deletedAt" = NULL`,
		`INSERT INTO core.workspace VALUES ('`+otherWorkspace+`', NULL)`)
	for _, workspace := range []string{twentydb.Workspace, otherWorkspace} {
		if keys := d.matchedIn(workspace, "person.created"); len(keys) != 1 {
			t.Errorf("workspace %s: matched %v", workspace, keys)
		}
	}
}

// The table of a workspace that is made later comes through the stream, with the rows that it has
// by then.
func TestOldTwentyWorkspaceAtRunTime(t *testing.T) {
	const columns = "operations text[], secret text"
	row := `.webhook ("targetUrl", secret) VALUES ('http://example.com/same', 'same')`
	d := newDatabase(t, twenty, legacy(twentydb.Schema, columns), "INSERT INTO "+twentydb.Schema+row,
		`CREATE SCHEMA core; CREATE TABLE core.workspace (id uuid PRIMARY KEY, "deletedAt" timestamptz)`,
		`INSERT INTO core.workspace VALUES ('`+twentydb.Workspace+`', NULL)`)
	d.stream(cdc.Table{Schema: "core", Name: "workspace"})
	d.commit(`INSERT INTO core.workspace VALUES ('`+otherWorkspace+`', NULL)`,
		legacy(otherSchema, columns),
		"INSERT INTO "+otherSchema+row)
	var tables []cdc.Table
	err := pgx.BeginFunc(t.Context(), d.conn, func(tx pgx.Tx) (err error) {
		tables, err = d.Find(t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := cdc.Config{URL: d.url, Slot: "slot_" + d.conn.Config().Database}
	tables = append(tables, cdc.Table{Schema: "public", Name: "marker"},
		cdc.Table{Schema: "core", Name: "workspace"})
	if _, err := cdc.Prepare(t.Context(), d.conn, cfg, tables, nil,
		slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	d.commit()
	for _, workspace := range []string{twentydb.Workspace, otherWorkspace} {
		if keys := d.matchedIn(workspace, "person.created"); len(keys) != 1 {
			t.Errorf("workspace %s: matched %v", workspace, keys)
		}
	}
	d.commit(`UPDATE ` + otherSchema + `.webhook SET operations = '{note.created}'`)
	if keys := d.matchedIn(otherWorkspace, "person.created"); len(keys) != 0 {
		t.Errorf("after a change of its operations it matched %v", keys)
	}
	d.commit(`DELETE FROM ` + otherSchema + `.webhook`)
	if keys := d.matchedIn(otherWorkspace, "note.created"); len(keys) != 0 {
		t.Errorf("after it was deleted it matched %v", keys)
	}
}
