package tenants

import (
	"fmt"
	"strings"
	"testing"

	"hookline/e2e"
)

const webhooksByOrganization = `CREATE TABLE webhooks (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), url text, secret text, operations text[] DEFAULT '{*.*}',
	organization_id int)`

// wantText checks that all of the texts are there.
func wantText(t *testing.T, what, text string, want ...string) {
	t.Helper()
	for _, s := range want {
		if !strings.Contains(text, s) {
			t.Errorf("%s does not hold %q:\n%s", what, s, text)
		}
	}
}

// Where it is not clear whose records are whose, nothing starts, and the question names the
// settings that answer it.
func TestQuestions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sql           string
		ask           []string
		answer, other string // settings
	}{
		"two columns of webhooks": {
			`ALTER TABLE webhooks ADD project_id int; CREATE TABLE deals (id int PRIMARY KEY, organization_id int)`,
			[]string{
				"organization_id, project_id", "HOOKLINE_TENANT_COLUMN=organization_id",
				"HOOKLINE_TENANT_COLUMN=none",
			},
			"HOOKLINE_TENANT_COLUMN=organization_id", "HOOKLINE_TENANT_COLUMN=none",
		},
		"another type": {
			`CREATE TABLE deals (id int PRIMARY KEY, organization_id text, org int)`,
			[]string{
				`"public"."deals"`, "another type", "public.deals=",
				"HOOKLINE_SHARED_TABLES=public.deals",
			},
			"HOOKLINE_TENANT_COLUMN=organization_id,public.deals=org", "HOOKLINE_SHARED_TABLES=public.deals",
		},
		"no other table": {
			`CREATE TABLE deals (id int PRIMARY KEY, firm int)`,
			[]string{
				"no other table has one", "HOOKLINE_TENANT_COLUMN=<column>",
				"HOOKLINE_TENANT_COLUMN=none",
			},
			"HOOKLINE_TENANT_COLUMN=firm,public.webhooks=organization_id", "HOOKLINE_TENANT_COLUMN=none",
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := e2e.NewDatabase(t)
			db.Exec(webhooksByOrganization)
			db.Exec(test.sql)
			for _, command := range []string{"run", "setup", "status"} {
				p := e2e.Run(t, db.Env(), command)
				if p.Wait() != 1 {
					t.Errorf("%s ends with %d, want 1", command, p.Wait())
				}
				_, message, _ := strings.Cut(p.Log.String(), "hookline: ")
				wantText(t, command, message, test.ask...)
			}
			d, _ := db.Doctor()
			e2e.WantFinding(t, d, "webhooks", "problem", test.ask...)
			for _, setting := range []string{test.answer, test.other} {
				db.SetUp(setting)
			}
		})
	}
}

// Setup, doctor and status tell of each table whose its records are, or why they go to nobody.
func TestWhoseTablesAre(t *testing.T) {
	t.Parallel()
	db := e2e.NewDatabase(t)
	db.Exec(webhooksByOrganization + `;
		CREATE TABLE organizations (id int PRIMARY KEY);
		CREATE TABLE deals (id int PRIMARY KEY, organization_id int);
		CREATE TABLE countries (id int PRIMARY KEY);
		CREATE TABLE notes (id int PRIMARY KEY)`)
	db.Exec(`INSERT INTO webhooks (url, secret) VALUES ('http://127.0.0.1/', 'confidential')`)
	settings := []string{"HOOKLINE_SHARED_TABLES=public.countries,public.cuontries"}
	setup := e2e.Run(t, db.Env(settings...), "setup")
	if setup.Wait() != 0 {
		t.Fatalf("setup ends with %d", setup.Wait())
	}
	wantText(t, "setup", strings.NewReplacer(`\"`, "", `="[`, `=[`).Replace(setup.Log.String()),
		`public.deals organization_id`, `public.organizations id`, `shared=[public.countries]`,
		`"no tenant hears of tables" tables=public.notes reason="it has no column organization_id"`,
		"HOOKLINE_SHARED_TABLES=public.notes")
	status := e2e.Run(t, db.Env(settings...), "status")
	wantText(t, "status", status.Out.String(), "public.deals: tenant in organization_id",
		"public.organizations: tenant in id: these are the tenants",
		"public.countries: shared: every tenant hears of it",
		"public.notes: goes to nobody: it has no column organization_id",
		"organization_id: is null, and a webhook that belongs to no tenant hears of nothing")
	_, text := db.Doctor(settings...)
	wantText(t, "doctor", text,
		"kept apart by column organization_id of table public.webhooks: public.countries (shared: "+
			"every tenant hears of it), "+
			"public.deals (tenant in organization_id), public.organizations (tenant in id: these are the "+
			"tenants)",
		`no tenant hears of "public"."notes": it has no column organization_id`,
		"HOOKLINE_SHARED_TABLES names public.cuontries")
	if strings.Contains(text, "replica identity of") {
		t.Errorf("doctor tells of replica identities that are as they should be:\n%s", text)
	}

	db.Exec(`ALTER TABLE deals REPLICA IDENTITY DEFAULT`)
	_, text = db.Doctor(append(settings, "HOOKLINE_REPLICA_IDENTITY=keep")...)
	wantText(t, "doctor", text,
		`the replica identity of "public"."deals" does not have organization_id`,
		"ALTER TABLE public.deals REPLICA IDENTITY FULL;")
	if strings.Contains(text, `the replica identity of "public"."organizations"`) {
		t.Errorf("the key of a tenant is in its replica identity:\n%s", text)
	}
}

// A database that comes to have tenants while Hookline runs keeps them apart from then on, and a
// table that gets the column is heard of.
func TestTenantsThatComeAtRunTime(t *testing.T) {
	t.Parallel()
	db := e2e.NewDatabase(t)
	box, other := e2e.NewInbox(t), e2e.NewInbox(t)
	db.Exec(e2e.WebhooksSQL + `;
		CREATE TABLE contacts (id text PRIMARY KEY, note text DEFAULT 'confidential');
		CREATE TABLE deals (id text PRIMARY KEY, note text DEFAULT 'confidential')`)
	db.AddWebhook(box, "*.*")
	db.AddWebhook(other, "*.*")
	sut := e2e.Start(t, db).Until("active")
	db.Exec(`INSERT INTO contacts VALUES ('everybody')`)
	created := func(record string, tenant string) e2e.Entry {
		return e2e.Entry{Event: "contact.created", Record: record, Workspace: tenant}
	}
	everybody := created("everybody", "")
	e2e.Eventually(t, box.Gets(everybody).Missing)
	e2e.Eventually(t, other.Gets(everybody).Missing)

	db.Exec(
		`BEGIN; ALTER TABLE contacts ADD organization_id int; ALTER TABLE webhooks ADD organization_id int; COMMIT`)
	sut.UntilPrinted(`"starting over" error="another column`)
	sut.UntilPrinted("active=0 skipped=2")
	sut.UntilPrinted(`"no tenant hears of tables" tables=public.deals`)
	db.Exec(`UPDATE webhooks SET organization_id = 7 WHERE url = $1`, box.URL())
	db.Exec(`UPDATE webhooks SET organization_id = 8 WHERE url = $1`, other.URL())
	db.Exec(`INSERT INTO contacts (id, organization_id) VALUES ('seven', 7)`)
	db.Exec(`INSERT INTO contacts (id, organization_id) VALUES ('eight', 8)`)
	db.Exec(`INSERT INTO contacts (id) VALUES ('nobody')`)
	db.Exec(`INSERT INTO deals (id) VALUES ('nobody')`)
	db.Exec(
		`BEGIN; ALTER TABLE deals ADD organization_id int; INSERT INTO deals (id, organization_id) VALUES ('seven', 7); COMMIT`)
	seven := []e2e.Entry{
		everybody, created("seven", "7"), {Event: "deal.created", Record: "seven", Workspace: "7"},
	}
	eight := []e2e.Entry{everybody, created("eight", "8")}
	e2e.Eventually(t, box.Gets(seven...).Missing)

	// The column gets another name, and goes in the end: tenants stay apart.
	db.Exec(`ALTER TABLE webhooks RENAME organization_id TO org`)
	db.Exec(`UPDATE webhooks SET enabled = true`)
	e2e.Eventually(t, func() error {
		if n := strings.Count(sut.Log.String(), `"starting over"`); n != 2 {
			return fmt.Errorf("it has started over %d times, want twice", n)
		}
		return nil
	})
	db.Exec(`INSERT INTO contacts (id, organization_id) VALUES ('renamed', 8)`)
	eight = append(eight, created("renamed", "8"))
	e2e.Eventually(t, other.Gets(eight...).Missing)
	db.Exec(`ALTER TABLE webhooks DROP org`)
	db.Exec(`UPDATE webhooks SET enabled = true`)
	sut.UntilPrinted("the column that tells tenants apart is gone")
	db.Exec(`INSERT INTO contacts (id, organization_id) VALUES ('dropped', 7)`)
	e2e.Finish(t, sut, box.Gets(append(seven, created("dropped", "7"))...), other.Gets(eight...))

	// Who starts then is asked, before anybody hears of everything.
	again := e2e.Run(t, db.Env(), "run")
	if again.Wait() != 1 {
		t.Errorf("run ends with %d, want 1", again.Wait())
	}
	wantText(t, "run", again.Log.String(), "were kept apart by column org",
		"HOOKLINE_TENANT_COLUMN=<column>", "HOOKLINE_TENANT_COLUMN=none")
	db.SetUp("HOOKLINE_TENANT_COLUMN=none")
}

// A table of webhooks that takes the place of one with tenants, and has none, is served to nobody
// until somebody has said so; what is committed meanwhile is not lost.
func TestTableOfWebhooksThatLosesTenants(t *testing.T) {
	t.Parallel()
	db := e2e.NewDatabase(t)
	box := e2e.NewInbox(t)
	db.Exec(webhooksByOrganization +
		`; CREATE TABLE contacts (id text PRIMARY KEY, organization_id int)`)
	db.Exec(`INSERT INTO webhooks (url, secret, organization_id) VALUES ($1, $2, 7)`, box.URL(),
		box.Secret)
	sut := e2e.Command(t, db.Env(), "run").Launch().Until("active")
	db.Exec(`INSERT INTO contacts VALUES ('before', 7), ('other', 8)`)
	before := e2e.Entry{Event: "contact.created", Record: "before", Workspace: "7"}
	e2e.Eventually(t, box.Gets(before).Missing)
	db.Exec(`BEGIN;
		CREATE TABLE webhooks_new (id uuid PRIMARY KEY, url text, secret text,
		  operations text[] DEFAULT '{*.*}', firm int);
		INSERT INTO webhooks_new SELECT id, url, secret, operations, organization_id FROM webhooks;
		DROP TABLE webhooks;
		ALTER TABLE webhooks_new RENAME TO webhooks;
		COMMIT`)
	if sut.Wait() != 1 {
		t.Errorf("run ends with %d, want 1", sut.Wait())
	}
	wantText(t, "run", sut.Log.String(), "were kept apart by column organization_id",
		"HOOKLINE_TENANT_COLUMN=none")
	db.Exec(`INSERT INTO contacts VALUES ('after', 7), ('other after', 8)`)
	sut = e2e.Start(t, db, "HOOKLINE_TENANT_COLUMN=organization_id,public.webhooks=firm").Until(
		"active")
	e2e.Finish(t, sut, box.Gets(before,
		e2e.Entry{Event: "contact.created", Record: "after", Workspace: "7"}))
}

// Hookline's own table keeps webhooks apart in any database, whatever the tenants are; one that an
// older version made is changed for it.
func TestOwnTableOfAnyDatabase(t *testing.T) {
	t.Parallel()
	db := e2e.NewDatabase(t)
	box, all := e2e.NewInbox(t), e2e.NewInbox(t)
	db.Exec(`CREATE TABLE contacts (id text PRIMARY KEY, org text, note text DEFAULT 'confidential')`)
	settings := []string{"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook", "HOOKLINE_TENANT_COLUMN=org"}
	db.SetUp(settings...)
	db.Exec(`ALTER TABLE hookline.webhook ALTER COLUMN workspace_id TYPE uuid USING NULL`)
	printed := e2e.Run(t, db.Env(settings...), "setup", "--print-sql")
	wantText(t, "setup --print-sql", printed.Out.String(),
		`ALTER TABLE "hookline".webhook ALTER COLUMN workspace_id TYPE text;`)
	db.SetUp(settings...)
	db.Exec(
		`INSERT INTO hookline.webhook (url, secret, workspace_id) VALUES ($1, $2, 'acme'), ($3, $4, '*')`,
		box.URL(), box.Secret, all.URL(), all.Secret)
	sut := e2e.Start(t, db, settings...).Until("active")
	var acme, every []e2e.Entry
	for _, tenant := range []string{"acme", "other", ""} {
		db.Exec(`INSERT INTO contacts (id, org) VALUES ($1, nullif($2, ''))`, "of "+tenant, tenant)
		e := e2e.Entry{Event: "contact.created", Record: "of " + tenant, Workspace: tenant}
		if every = append(every, e); tenant == "acme" {
			acme = append(acme, e)
		}
	}
	e2e.Finish(t, sut, box.Gets(acme...), all.Gets(every...))
}

// Where Hookline's own table is the only one, what is not clear is asked at the first start as
// well, and at no later one.
func TestQuestionsOfOwnTable(t *testing.T) {
	t.Parallel()
	db := e2e.NewDatabase(t)
	box := e2e.NewInbox(t)
	const unclear = `CREATE TABLE %s (
		id text PRIMARY KEY, "Org" text, "ORG" text, note text DEFAULT 'confidential')`
	db.Exec(`CREATE TABLE contacts (id text PRIMARY KEY, org text); ` + fmt.Sprintf(unclear, "notes"))
	settings := []string{"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook", "HOOKLINE_TENANT_COLUMN=org"}
	asks := func(names string, settings ...string) {
		t.Helper()
		p := e2e.Run(t, db.Env(settings...), "setup")
		if p.Wait() != 1 {
			t.Errorf("setup ends with %d, want 1", p.Wait())
		}
		wantText(t, "setup", p.Log.String(), names, "HOOKLINE_TENANT_COLUMN=")
	}
	asks(`table "public"."notes": each of the columns Org, ORG may hold the tenant`, settings...)
	settings[1] += ",public.notes=Org"
	db.SetUp(settings...)
	db.Exec(`INSERT INTO hookline.webhook (url, secret, workspace_id) VALUES ($1, $2, 'acme')`,
		box.URL(), box.Secret)

	db.Exec(fmt.Sprintf(unclear, "later"))
	sut := e2e.Start(t, db, settings...).Until("active")
	sut.UntilPrinted(`"no tenant hears of tables" tables=public.later`)
	_, text := db.Doctor(settings...)
	wantText(t, "doctor", text, `no tenant hears of "public"."later": each of`, "public.later=Org")
	db.Exec(`INSERT INTO later VALUES ('secret', 'acme', 'other');
		INSERT INTO notes VALUES ('told', 'acme', 'other');
		INSERT INTO contacts VALUES ('told', 'acme'), ('secret', 'other')`)
	of := func(event string) e2e.Entry {
		return e2e.Entry{Event: event, Record: "told", Workspace: "acme"}
	}
	e2e.Finish(t, sut, box.Gets(of("note.created"), of("contact.created")))

	asks("were kept apart by column workspace_id of table", settings[0])
	db.SetUp(settings[0], "HOOKLINE_TENANT_COLUMN=none")
}

// Whose a webhook is, and whether it is on, may be said by generated columns. Before Postgres 18
// the stream has none of them, later those that are stored.
func TestGeneratedColumnsOfWebhooks(t *testing.T) {
	t.Parallel()
	for _, major := range []int{0, 18} {
		for _, kind := range []string{"STORED", "VIRTUAL"} {
			if major == 0 && kind == "VIRTUAL" {
				continue
			}
			t.Run(fmt.Sprintf("%s on %d", kind, major), func(t *testing.T) {
				t.Parallel()
				db := e2e.NewDatabaseMajor(t, major)
				acme, other, off := e2e.NewInbox(t), e2e.NewInbox(t), e2e.NewInbox(t)
				db.Exec(fmt.Sprintf(`
					CREATE TABLE webhooks (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
						url text, secret text, settings jsonb,
						organization_id text GENERATED ALWAYS AS (settings->>'org') %[1]s,
						enabled boolean GENERATED ALWAYS AS (settings->>'on' = 'yes') %[1]s);
					CREATE TABLE contacts (id text PRIMARY KEY, organization_id text)`, kind))
				add := func(box *e2e.Inbox, settings string) {
					db.Exec(`INSERT INTO webhooks (url, secret, settings) VALUES ($1, $2, $3)`,
						box.URL(), box.Secret, settings)
				}
				add(acme, `{"org": "acme", "on": "yes"}`)
				sut := e2e.Start(t, db).Until("active")
				contact := func(id, tenant string) e2e.Entry {
					db.Exec(`INSERT INTO contacts VALUES ($1, $2)`, id, tenant)
					return e2e.Entry{Event: "contact.created", Record: id, Workspace: tenant}
				}
				ofAcme := []e2e.Entry{contact("one", "acme")}
				db.Exec(`INSERT INTO contacts VALUES ('for nobody', 'other')`)
				e2e.Eventually(t, acme.Gets(ofAcme...).Missing)

				add(other, `{"org": "other", "on": "yes"}`)
				add(off, `{"org": "other", "on": "no"}`)
				ofOther := []e2e.Entry{contact("two", "other")}
				ofAcme = append(ofAcme, contact("three", "acme"))
				e2e.Eventually(t, other.Gets(ofOther...).Missing)
				e2e.Eventually(t, acme.Gets(ofAcme...).Missing)

				db.Exec(`UPDATE webhooks SET settings = settings || '{"on": "no"}' WHERE url = $1`, acme.URL())
				db.Exec(`UPDATE webhooks SET settings = settings || '{"org": "acme"}' WHERE url = $1`,
					other.URL())
				ofOther = append(ofOther, contact("four", "acme"))
				e2e.Eventually(t, other.Gets(ofOther...).Missing)
				db.Exec(`DELETE FROM webhooks WHERE url = $1`, other.URL())
				db.Exec(`INSERT INTO contacts VALUES ('for nobody any more', 'acme')`)
				e2e.Finish(t, sut, acme.Gets(ofAcme...), other.Gets(ofOther...), off.Gets())
			})
		}
	}
}
