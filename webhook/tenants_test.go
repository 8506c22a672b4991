package webhook_test

import (
	"errors"
	"strings"
	"testing"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
	"hookline/mapper/tenants"
	"hookline/webhook"
)

// Which column of a table of webhooks says whose a webhook is. Where that is not clear, it is
// asked, and the question names two settings.
func TestTenancyOfWebhooks(t *testing.T) {
	database := postgrestest.NewDatabase(t)
	of := func(table, column string) map[string]string { return map[string]string{table: column} }
	for name, test := range map[string]struct {
		columns string
		set     tenants.Config
		own     bool   // Hookline's own table is the only one
		want    string // the column of the table of webhooks, and that of the others
		asks    string // of the error
	}{
		"none": {columns: "description text", want: " "},
		"its usual name": {
			columns: "organization_id uuid",
			want:    "organization_id organization_id",
		},
		"in camelCase":   {columns: `"workspaceId" text`, want: "workspaceId workspaceId"},
		"without an end": {columns: "customer int", want: "customer customer"},
		"a slug":         {columns: "tenant_slug text", want: "tenant_slug tenant_slug"},
		"beside who made it": {
			columns: "team_id bigint, user_id bigint",
			want:    "team_id team_id",
		},
		"a column that is no key": {columns: "account boolean, site jsonb", want: " "},
		"two": {
			columns: "project_id int, organization_id int",
			asks:    "project_id, organization_id",
		},
		"who made it, or whose": {columns: "user_id int", asks: "user_id"},
		"with words before it":  {columns: "owning_account_id int", asks: "owning_account_id"},
		"it is said": {
			columns: "project_id int, org_id int",
			set:     tenants.Config{Column: "org_id"}, want: "org_id org_id",
		},
		"it is said in other words": {
			columns: `"orgId" int, project_id int`,
			set:     tenants.Config{Column: "org_id"}, want: "orgId org_id",
		},
		"an unusual one is said": {
			columns: "realtor int", set: tenants.Config{Column: "realtor"},
			want: "realtor realtor",
		},
		"it is said to be none": {
			columns: "project_id int, org_id int",
			set:     tenants.Config{Column: "none"}, want: " ",
		},
		"it is said of this table": {columns: "realtor int", set: tenants.Config{
			Column: "org",
			Of:     of("public.webhooks", "realtor"),
		}, want: "realtor org"},
		"and of nothing else": {
			columns: "realtor int",
			set:     tenants.Config{Of: of("public.webhooks", "realtor")}, want: "realtor realtor",
		},
		"a wrong one is said": {
			columns: "project_id int", set: tenants.Config{Column: "org_id"},
			asks: "no column org_id",
		},
		"a wrong one of this table": {
			columns: "org_id int",
			set:     tenants.Config{Of: of("public.webhooks", "org")}, asks: `"org"`,
		},
		"of other tables alone": {
			columns: "org int",
			set:     tenants.Config{Of: of("public.deals", "owner")}, want: "org org",
		},
		"of others, and nothing here": {
			columns: "x int",
			set:     tenants.Config{Of: of("public.deals", "owner")}, asks: "but not that of table",
		},
		"Hookline's own": {own: true, want: " "},
		"Hookline's own, and a name": {
			own: true, set: tenants.Config{Column: "org_id"},
			want: " org_id",
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := webhook.Config{Profile: "generic", Tenants: test.set}
			if test.own {
				cfg.Table = "hookline.webhook"
			}
			columns := test.columns
			if columns != "" {
				columns = ", " + columns
			}
			d := newDatabaseIn(t, database, cfg, webhook.SchemaSQL("hookline"),
				"CREATE TABLE webhooks (id int PRIMARY KEY, url text"+columns+")")
			err := d.tryLoad()
			problem, asked := errors.AsType[*cdc.Problem](err)
			switch {
			case test.asks != "" && asked:
				if !strings.Contains(problem.What, test.asks) ||
					!strings.Contains(problem.Hint, "HOOKLINE_TENANT_COLUMN") {
					t.Errorf("%s: %s", problem.What, problem.Hint)
				}
			case err != nil || test.asks != "":
				t.Errorf("error %v, want a question of %q", err, test.asks)
			default:
				got := d.Tenancy()
				if names := got.Own + " " + got.Column; names != test.want || got.On != (test.want != " ") {
					t.Errorf("%+v, want %q", got, test.want)
				}
			}
		})
	}
}

// Each webhook hears of its own tenant, whatever table it is in. One without a tenant hears of
// nothing, and one of Hookline's own of everything when it says so.
func TestWebhooksOfTenants(t *testing.T) {
	d := newDatabase(t, generic, webhook.SchemaSQL("hookline"),
		"CREATE TABLE webhooks (id int PRIMARY KEY, url text, organization_id int)",
		`INSERT INTO webhooks VALUES (1, 'http://one.example', 7), (2, 'http://two.example', 8), (3, 'http://three.example', NULL)`,
		`INSERT INTO hookline.webhook (id, url, workspace_id) VALUES ('11111111-1111-1111-1111-111111111111', 'http://own.example', '07'),
			('22222222-2222-2222-2222-222222222222', 'http://all.example', '*'),
			('33333333-3333-3333-3333-333333333333', 'http://none.example', NULL),
			('44444444-4444-4444-4444-444444444444', 'http://wrong.example', 'acme')`)
	d.stream()
	const one, two = "public.webhooks/1", "public.webhooks/2"
	const seven, all = "hookline.webhook/11111111-1111-1111-1111-111111111111",
		"hookline.webhook/22222222-2222-2222-2222-222222222222"
	for range 2 { // the second time from memory
		equal(t, "of 7", d.matchedIn("7", "contact.created"), []string{seven, all, one})
		equal(t, "of 8", d.matchedIn("8", "contact.created"), []string{all, two})
		equal(t, "of 9", d.matchedIn("9", "contact.created"), []string{all})
		equal(t, "of nobody", d.matchedIn("", "contact.created"), []string{all})
		equal(t, "of everybody", d.matchedIn("*", "country.created"), []string{seven, all, one, two})
	}
	for key, reason := range map[string]string{
		"public.webhooks/3": "organization_id: is null, and a webhook that belongs to no tenant hears " +
			"of nothing",
		"hookline.webhook/33333333-3333-3333-3333-333333333333": "workspace_id: is null, and a " +
			"webhook that belongs to no tenant hears of nothing; * hears of everything",
		"hookline.webhook/44444444-4444-4444-4444-444444444444": "workspace_id: is not a whole " +
			"number, and those of tenants are",
	} {
		if s := d.status(key); s.State != webhook.Skipped || s.Reason != reason {
			t.Errorf("%s is %s: %s", key, s.State, s.Reason)
		}
	}

	d.commit("UPDATE webhooks SET organization_id = 8 WHERE id = 1",
		"UPDATE webhooks SET organization_id = 7 WHERE id = 3",
		"UPDATE hookline.webhook SET workspace_id = '8' WHERE workspace_id = '*'")
	equal(t, "of 7", d.matchedIn("7", "contact.created"), []string{seven, "public.webhooks/3"})
	equal(t, "of 8", d.matchedIn("8", "contact.created"), []string{all, one, two})
	equal(t, "of 9", d.matchedIn("9", "contact.created"), nil)
	equal(t, "of everybody", d.matchedIn("*", "country.created"),
		[]string{seven, all, one, two, "public.webhooks/3"})

	d.commit("ALTER TABLE webhooks RENAME organization_id TO tenant",
		"UPDATE webhooks SET url = 'http://four.example' WHERE id = 1",
		"INSERT INTO webhooks VALUES (4, 'http://four.example', 8)")
	equal(t, "of 8 when the column has got another name", d.matchedIn("8", "contact.created"),
		[]string{all, one, two})
	if s := d.status("public.webhooks/4"); s.State != webhook.Skipped {
		t.Errorf("a webhook whose tenant is not known is %s", s.State)
	}
}

// Tenants in columns of citext are the same in any case of letters, as they are to the server.
func TestTenantsOfCitext(t *testing.T) {
	d := newDatabase(t, generic, webhook.SchemaSQL("hookline"), "CREATE EXTENSION citext",
		"CREATE TABLE webhooks (id int PRIMARY KEY, url text, org citext)",
		`INSERT INTO webhooks VALUES (1, 'http://one.example', 'Acme'), (2, 'http://two.example', 'ACME'), (3, 'http://three.example', 'Other')`,
		`INSERT INTO hookline.webhook (id, url, workspace_id) VALUES ('11111111-1111-1111-1111-111111111111', 'http://own.example', 'aCME')`)
	d.stream()
	if d.Tenancy().Folding == tenants.FoldNone {
		t.Error("the server's rule is not known")
	}
	equal(t, "of acme", d.matchedIn("acme", "contact.created"),
		[]string{
			"hookline.webhook/11111111-1111-1111-1111-111111111111", "public.webhooks/1",
			"public.webhooks/2",
		})
	equal(t, "of other", d.matchedIn("other", "contact.created"), []string{"public.webhooks/3"})
}

// In Twenty's database a webhook of Hookline's own may hear of all workspaces, and names one in any
// case of letters.
func TestEveryWorkspace(t *testing.T) {
	d := newTwenty(t, twenty, webhook.SchemaSQL("hookline"),
		`INSERT INTO hookline.webhook (id, url, workspace_id) VALUES ('11111111-1111-1111-1111-111111111111', 'http://all.example', '*'),
			('22222222-2222-2222-2222-222222222222', 'http://own.example', upper('`+otherWorkspace+`'))`)
	d.load()
	const all, own = "hookline.webhook/11111111-1111-1111-1111-111111111111",
		"hookline.webhook/22222222-2222-2222-2222-222222222222"
	equal(t, "in one", d.matchedIn(otherWorkspace, "person.created"), []string{all, own})
	equal(t, "in another", d.matchedIn("another", "person.created"), []string{all})
}
