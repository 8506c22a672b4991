package webhook_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
	"hookline/internal/twentydb"
	"hookline/mapper"
	"hookline/webhook"
)

// legacy is a workspace's table as Twenty had it up to 1.0, with the columns of that time.
func legacy(schema, columns string) string {
	return fmt.Sprintf(`CREATE SCHEMA IF NOT EXISTS %[1]s;
		CREATE TABLE %[1]s.webhook (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
		  "targetUrl" text NOT NULL DEFAULT '', %[2]s,
			"createdAt" timestamptz DEFAULT now(), "updatedAt" timestamptz DEFAULT now(), "deletedAt" timestamptz);`, schema, columns)
}

// want is a subscription as it should come out, its key and id apart.
type want struct {
	workspace, url, secret, operations string
	format                             mapper.Format
	headers                            http.Header
	changes                            bool
}

func TestSources(t *testing.T) {
	const url = "https://example.com/hook"
	everything := want{url: url, secret: "s", operations: "*.*"}
	tests := map[string]struct {
		cfg   webhook.Config
		sql   []string
		table string // of the one row
		want  want
	}{
		"Twenty before 0.33": {
			cfg: twenty,
			sql: []string{
				legacy(twentydb.Schema, "operation text"),
				`INSERT INTO ` + twentydb.Schema + `.webhook ("targetUrl", operation) VALUES ('` + url +
					`', 'company.*')`,
			},
			table: twentydb.Schema + ".webhook",
			want:  want{workspace: twentydb.Workspace, url: url, operations: "company.*"},
		},
		"Twenty 0.33": {
			cfg: twenty,
			sql: []string{
				legacy(twentydb.Schema, "operation text, operations text[] DEFAULT '{*.*}', description text"),
				`INSERT INTO ` + twentydb.Schema + `.webhook ("targetUrl", operation) VALUES ('` + url +
					`', 'company.created')`,
			},
			table: twentydb.Schema + ".webhook",
			want:  want{workspace: twentydb.Workspace, url: url, operations: "*.*"},
		},
		"Twenty 0.40": {
			cfg: twenty,
			sql: []string{
				legacy(twentydb.Schema, "operations text[] DEFAULT '{*.*}', secret text NOT NULL DEFAULT ''"),
				`INSERT INTO ` + twentydb.Schema + `.webhook ("targetUrl", secret) VALUES ('` + url + `', 's')`,
			},
			table: twentydb.Schema + ".webhook",
			want:  want{workspace: twentydb.Workspace, url: url, secret: "s", operations: "*.*"},
		},
		"a schema that core.workspace names": {
			cfg: twenty,
			sql: []string{
				legacy("apple", "operations text[], secret text"),
				`CREATE SCHEMA core; CREATE TABLE core.workspace (id uuid, "databaseSchema" varchar)`,
				`INSERT INTO core.workspace VALUES ('` + otherWorkspace + `', 'apple'), ('` +
					twentydb.Workspace + `', '')`,
				`INSERT INTO apple.webhook ("targetUrl", secret) VALUES ('` + url + `', 's')`,
			},
			table: "apple.webhook",
			want:  want{workspace: otherWorkspace, url: url, secret: "s", operations: "*.*"},
		},
		"a URL without a scheme, as Twenty takes it": {
			cfg: twenty,
			sql: []string{
				legacy(twentydb.Schema, "operations text[], secret text"),
				`INSERT INTO ` + twentydb.Schema +
					`.webhook ("targetUrl", secret) VALUES (' example.com:8443/hook ', 's')`,
			},
			table: twentydb.Schema + ".webhook",
			want: want{
				workspace: twentydb.Workspace, url: "https://example.com:8443/hook", secret: "s",
				operations: "*.*",
			},
		},
		"the table that the error message makes": {
			cfg: generic,
			sql: []string{
				`CREATE TABLE public.webhooks (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), url text NOT NULL, secret text,
				operations text[] NOT NULL DEFAULT '{*.*}', enabled boolean NOT NULL DEFAULT true)`,
				`INSERT INTO webhooks (url, secret) VALUES ('` + url + `', 's')`,
			},
			table: "public.webhooks",
			want:  everything,
		},
		"no more than a URL": {
			cfg: generic,
			sql: []string{
				`CREATE TABLE webhooks (id int PRIMARY KEY, url text)`,
				`INSERT INTO webhooks VALUES (1, '` + url + `')`,
			},
			table: "public.webhooks",
			want:  want{url: url, operations: "*.*"},
		},
		"operations as jsonb": {
			cfg: generic,
			sql: []string{
				`CREATE TABLE webhook (id int PRIMARY KEY, target_url text, signing_secret text, event_types jsonb, is_active boolean)`,
				`INSERT INTO webhook VALUES (1, '` + url + `', 's', '["person.created", "deal.*"]', true)`,
			},
			table: "public.webhook",
			want:  want{url: url, secret: "s", operations: "person.created deal.*"},
		},
		"operations as a list in a text": {
			cfg: generic,
			sql: []string{
				`CREATE TABLE webhook_endpoints (id int PRIMARY KEY, "endpointUrl" varchar, secret_key varchar, topics text, status text)`,
				`INSERT INTO webhook_endpoints VALUES (1, '` + url +
					`', 's', 'person.created, deal.*  *.deleted', 'ok')`,
			},
			table: "public.webhook_endpoints",
			want:  want{url: url, secret: "s", operations: "person.created deal.* *.deleted"},
		},
		"operations as an array of an enum, from 0, in another schema": {
			cfg: webhook.Config{Profile: "generic", Schemas: []string{"public", "crm"}},
			sql: []string{
				`CREATE SCHEMA crm; CREATE TYPE crm.op AS ENUM ('person.created', '*.*')`,
				`CREATE TABLE crm.webhook_subscriptions (id int PRIMARY KEY, "targetUrl" text, secret text, subscriptions crm.op[])`,
				`INSERT INTO crm.webhook_subscriptions VALUES (1, '` + url +
					`', 's', '[0:0]={person.created}')`,
			},
			table: "crm.webhook_subscriptions",
			want:  want{url: url, secret: "s", operations: "person.created"},
		},
		"a JSON null": {
			cfg: generic,
			sql: []string{
				`CREATE TABLE webhooks (id int PRIMARY KEY, url text, secret text, events jsonb)`,
				`INSERT INTO webhooks VALUES (1, '` + url + `', 's', 'null')`,
			},
			table: "public.webhooks",
			want:  everything,
		},
		"the first usual name without a URL is not a table of webhooks": {
			cfg: generic,
			sql: []string{
				`CREATE TABLE webhooks (id int PRIMARY KEY, delivered int)`,
				`CREATE TABLE webhook_endpoints (id int PRIMARY KEY, endpoint text, secret text)`,
				`INSERT INTO webhook_endpoints VALUES (1, '` + url + `', 's')`,
			},
			table: "public.webhook_endpoints",
			want:  everything,
		},
		"a table that is named": {
			cfg: webhook.Config{Profile: "generic", Table: "crm.Outgoing hooks"},
			sql: []string{
				`CREATE TABLE webhooks (id int PRIMARY KEY, url text)`,
				`CREATE SCHEMA crm; CREATE TABLE crm."Outgoing hooks" (id int PRIMARY KEY, url text, secret text, events text[])`,
				`INSERT INTO crm."Outgoing hooks" VALUES (1, '` + url + `', 's', NULL)`,
			},
			table: "crm.Outgoing hooks",
			want:  everything,
		},
		"columns of a generic table that mean something in our own only": {
			cfg: generic,
			sql: []string{
				`CREATE TABLE webhooks (id int PRIMARY KEY, url text, secret text, workspaces text)`,
				`INSERT INTO webhooks VALUES (1, '` + url + `', 's', 'w')`,
			},
			table: "public.webhooks",
			want:  everything,
		},
		"format and headers of a generic table": {
			cfg: generic,
			sql: []string{
				`CREATE TABLE webhooks (id int PRIMARY KEY, url text, secret text, format text, headers text)`,
				`INSERT INTO webhooks VALUES (1, '` + url + `', 's', 'standard', '{"x-a": "b"}')`,
			},
			table: "public.webhooks",
			want: want{
				url: url, secret: "s", operations: "*.*", format: mapper.FormatStandard,
				headers: http.Header{"X-A": {"b"}},
			},
		},
		"format and headers of a generic table that say nothing": {
			cfg: generic,
			sql: []string{
				`CREATE TABLE webhooks (id int PRIMARY KEY, url text, secret text, format text, headers text)`,
				`INSERT INTO webhooks VALUES (1, '` + url + `', 's', 'json', '')`,
			},
			table: "public.webhooks",
			want:  everything,
		},
		"a generic table that asks for changes": {
			cfg: generic,
			sql: []string{
				`CREATE TABLE webhooks (id int PRIMARY KEY, url text, secret text, per text)`,
				`INSERT INTO webhooks VALUES (1, '` + url + `', 's', 'change')`,
			},
			table: "public.webhooks",
			want:  want{url: url, secret: "s", operations: "*.*", changes: true},
		},
		"a generic table that asks for commits, where others hear of changes": {
			cfg: webhook.Config{Profile: "generic", Per: "change"},
			sql: []string{
				`CREATE TYPE per AS ENUM ('commit', 'change')`,
				`CREATE TABLE webhooks (id int PRIMARY KEY, url text, secret text, per per)`,
				`INSERT INTO webhooks VALUES (1, '` + url + `', 's', 'commit')`,
			},
			table: "public.webhooks",
			want:  everything,
		},
		"a generic table that says nothing of it, where all hear of changes": {
			cfg: webhook.Config{Profile: "generic", Per: "change"},
			sql: []string{
				`CREATE TABLE webhooks (id int PRIMARY KEY, url text, secret text, per text)`,
				`INSERT INTO webhooks VALUES (1, '` + url + `', 's', '')`,
			},
			table: "public.webhooks",
			want:  want{url: url, secret: "s", operations: "*.*", changes: true},
		},
		"a generic table whose webhooks have tenants": {
			cfg: generic,
			sql: []string{
				`CREATE TABLE webhooks (id int PRIMARY KEY, url text, secret text, workspace_id int)`,
				`INSERT INTO webhooks VALUES (1, '` + url + `', 's', 7)`,
			},
			table: "public.webhooks",
			want:  want{workspace: "7", url: url, secret: "s", operations: "*.*"},
		},
		"our own beside Twenty's": {
			cfg: webhook.Config{Profile: "twenty", TwentyWebhooks: "none", Format: mapper.FormatTwenty},
			sql: []string{
				webhook.SchemaSQL("hookline"),
				`INSERT INTO hookline.webhook (workspace_id, url, secret) VALUES (upper('` + otherWorkspace +
					`')::uuid, '` + url + `', 's')`,
			},
			table: "hookline.webhook",
			want: want{
				workspace: otherWorkspace, url: url, secret: "s", operations: "*.*",
				format: mapper.FormatTwenty,
			},
		},
		"our own alone, with all that it can say": {
			cfg: webhook.Config{Profile: "generic", Schema: "Hook line", Table: "Hook line.webhook"},
			sql: []string{
				webhook.SchemaSQL("Hook line"),
				`INSERT INTO "Hook line".webhook (url, secret, operations, format, headers)
					VALUES ('` + url + `', '', '{person.*,*.deleted}', 'standard', '{"authorization": "Bearer t", "X-A": ""}')`,
			},
			table: "Hook line.webhook",
			want: want{
				url: url, operations: "person.* *.deleted", format: mapper.FormatStandard,
				headers: http.Header{"Authorization": {"Bearer t"}},
			},
		},
	}
	database := postgrestest.NewDatabase(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDatabaseIn(t, database, test.cfg, test.sql...)
			d.load()
			list := d.List()
			if len(list) != 1 || list[0].State != webhook.Active || list[0].Reason != "" ||
				list[0].Table != test.table {
				t.Fatalf("want one active webhook of %s, got %+v", test.table, list)
			}
			sub := d.Get(list[0].Key)
			test.want.changes = test.want.changes || test.cfg.Profile == "twenty"
			got := want{
				sub.Workspace, sub.URL, string(sub.Secret), strings.Join(sub.Operations, " "),
				sub.Format, sub.Headers, sub.Changes,
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
			if sub.Key != test.table+"/"+sub.ID || sub.Host != strings.Split(sub.URL, "/")[2] ||
				sub.Current() != sub {
				t.Errorf("key %s, id %s, host %s", sub.Key, sub.ID, sub.Host)
			}
			schema, table, _ := strings.Cut(test.table, ".")
			equal(t, "tables", d.Tables()[len(d.Tables())-1:], []cdc.Table{{Schema: schema, Name: table}})
		})
	}
}

func TestSourcesOfTwenty(t *testing.T) {
	d := newTwenty(t, twenty, legacy(otherSchema, "operations text[], secret text"),
		`INSERT INTO `+otherSchema+`.webhook ("targetUrl", secret) VALUES ('http://left.over', 's')`,
		webhook.SchemaSQL("hookline"),
		`INSERT INTO hookline.webhook (id, workspace_id, url) VALUES
			('11111111-1111-1111-1111-111111111111', '`+otherWorkspace+`', 'http://own.example')`)
	key := d.hook(twentydb.Webhook{
		URL: "http://core.example/hook", Secret: "s",
		Operations: []string{"person.*"},
	})
	d.load()
	equal(t, "tables", d.Tables(), []cdc.Table{
		{Schema: "core", Name: "webhook"},
		{Schema: "hookline", Name: "webhook"},
	})
	equal(t, "in the first workspace", d.matchedIn(twentydb.Workspace, "person.created"),
		[]string{key})
	equal(t, "in the second", d.matchedIn(otherWorkspace, "person.created"),
		[]string{"hookline.webhook/11111111-1111-1111-1111-111111111111"})
	if secret := d.Get("hookline.webhook/11111111-1111-1111-1111-111111111111").Secret; len(
		secret) != 64 {
		t.Errorf("the secret that is made up has %d characters, want 64", len(secret))
	}
}

func TestOldTwentyWithTwoWorkspaces(t *testing.T) {
	const columns = "operations text[], secret text"
	row := `.webhook ("targetUrl", secret) VALUES ('http://example.com/same', 'same')`
	d := newDatabase(t, twenty, legacy(twentydb.Schema, columns), legacy(otherSchema, columns),
		legacy("workspace_notbase36_", columns),
		"INSERT INTO "+twentydb.Schema+row, "INSERT INTO "+otherSchema+row)
	d.load()
	for workspace, schema := range map[string]string{
		twentydb.Workspace: twentydb.Schema,
		otherWorkspace:     otherSchema,
	} {
		keys := d.matchedIn(workspace, "person.created")
		if len(keys) != 1 || !strings.HasPrefix(keys[0], schema+".webhook/") {
			t.Errorf("workspace %s: matched %v, want the webhook of schema %s", workspace, keys, schema)
		}
	}
	equal(t, "tables", d.Tables(), []cdc.Table{
		{Schema: twentydb.Schema, Name: "webhook"},
		{Schema: otherSchema, Name: "webhook"},
	})
}

// badFormat is why a row of format xml is skipped.
const badFormat = `format: "xml": want event, twenty, standard, cloudevents, cloudevents-binary, slack or plain`

// A mistake that is seen in one table is the same in the others, unless a test says so.
func TestRows(t *testing.T) {
	const (
		active   = webhook.Active
		skipped  = webhook.Skipped
		disabled = webhook.Disabled
	)
	own := webhook.Config{Profile: "generic", Table: "hookline.webhook"}
	ownTwenty := webhook.Config{Profile: "twenty", TwentyWebhooks: "none"}
	tests := []struct {
		cfg    webhook.Config
		set    string // what is made of a good row
		state  webhook.RowState
		reason string // "" for none
	}{
		{generic, `url = ''`, skipped, "url: is empty"},
		{generic, `url = NULL`, skipped, "url: is null"},
		{
			generic, `url = 'http://%zz'`, skipped,
			"url: is not a URL: it has a % that two hex digits do not follow; a plain % is %25",
		},
		{
			generic, `url = 'http://hunter2@exa mple/'`, skipped,
			"url: is not a URL: its host has a character that no host has",
		},
		{
			generic, `url = 'http://example.com:99999/'`, skipped,
			"url: has a port that is none: want 1 to 65535",
		},
		{
			generic, `url = 'http://example.com:0/'`, skipped,
			"url: has a port that is none: want 1 to 65535",
		},
		{
			generic, `url = 'http://example.com:hunter2/'`, skipped,
			"url: is not a URL: its port is not a number",
		},
		{
			generic, `url = 'http://example.com/hunter2%zz'`, skipped,
			"url: is not a URL: it has a % that two hex digits do not follow; a plain % is %25",
		},
		{
			generic, `url = 'http://example.com/?hunter2=%zz'`, skipped,
			"url: has a % in its query that two hex digits do not follow: a plain % is %25",
		},
		{generic, `url = E'http://example.com/?hunter2\n'`, active, ""},
		{
			generic, `url = E'http://example.com/?hun\nter2'`, skipped,
			"url: is not a URL: it has a control character",
		},
		{
			generic, `secret = 'v1,whsec_c2VjcmV0'`, skipped,
			"secret: begins with v1, before whsec_, which libraries of Standard Webhooks do not take: " +
				"take v1, away",
		},
		{generic, `secret = 'whsec_c2VjcmV0'`, active, ""},
		{
			generic, `secret = 'whsec_hunter2-'`, skipped,
			"secret: has base64 of the URL-safe kind behind whsec_, which libraries of Standard Webhooks " +
				"do not take: write + for each - in it, and / for each _",
		},
		{
			twenty, `secret = 'whsec_hunter 2'`, skipped,
			"secret: is not base64 behind whsec_: correct it, or take whsec_ away to sign with its text",
		},
		{generic, `url = 'example.com/hook'`, skipped, "url: does not start with http:// or https://"},
		{generic, `url = 'ftp://example.com'`, skipped, "url: does not start with http:// or https://"},
		{generic, `url = 'https://'`, skipped, "url: has no host"},
		{generic, `url = 'https://:443/x'`, skipped, "url: has no host"},
		{generic, `url = 'http:example.com'`, skipped, "url: has no host"},
		{generic, `url = 'HTTP://example.com'`, active, ""},
		{
			generic, `secret = NULL`, skipped,
			"secret: is null; an empty string asks for unsigned deliveries",
		},
		{generic, `secret = ''`, active, ""},
		{
			generic, `secret = 'enc:v2:AAAA'`, skipped,
			"secret: is encrypted by the CRM, so nothing can be signed with it",
		},
		{generic, `operations = '{}'`, skipped, "operations: is empty; *.* hears of everything"},
		{generic, `operations = NULL`, active, ""},
		{
			generic, `operations = '{person.exploded}'`, skipped,
			`operations: "person.exploded": want an object or *, a dot, and created, ` +
				`updated, deleted, restored, destroyed, published, unpublished or *`,
		},
		{generic, `operations = '{person}'`, skipped, `operations: "person": want`},
		{generic, `operations = '{""}'`, skipped, `operations: "": want`},
		{generic, `operations = '{NULL}'`, skipped, `operations: has a null in it; want operations alone`},
		{generic, `operations = '{.created}'`, skipped, `operations: ".created": want`},
		{generic, `operations = '{person.}'`, skipped, `operations: "person.": want`},
		{generic, `operations = '{per*.created}'`, skipped, `operations: "per*.created": want`},
		{generic, `operations = '{person.*.created}'`, skipped, `operations: "person.*.created": want`},
		{generic, `operations = '{"person.created "}'`, skipped, `operations: "person.created ": want`},
		{generic, `operations = '{created.person}'`, skipped, `operations: "created.person": want`},
		{generic, `operations = '{rocketShip2.destroyed,übung.*}'`, active, ""},
		{generic, `operations = '{hookline:person.created}'`, active, ""},
		{
			generic, `operations = '{person.created,person.exploded,*.*}'`, active,
			`operations: "person.exploded": want`,
		},
		{
			generic, `operations = '{metadata.view.created}'`, skipped,
			"operations: metadata operations are not sent",
		},
		{generic, `operations = '{metadata.*.*,person.*}'`, active, ""},
		{generic, `operations = '{metadata.created}'`, active, ""}, // of an object that is called so
		{
			generic, `url = 'nowhere', secret = NULL`, skipped,
			"url: does not start with http:// or https://; secret: is null",
		},
		{generic, `enabled = false`, disabled, "enabled is off"},
		{generic, `enabled = NULL`, disabled, "enabled is off"},
		{generic, `"isPaused" = true`, disabled, "isPaused is set"},
		{generic, `"isPaused" = false`, active, ""},
		{generic, `disabled_at = now()`, disabled, "disabled_at is set"},
		{generic, `"deletedAt" = now(), url = 'nowhere'`, disabled, "deletedAt is set"},
		{generic, `status = 'Inactive'`, disabled, "status is off"},
		{generic, `status = 'failing'`, active, ""},
		{generic, `archived = true`, disabled, "archived is set"},
		{generic, `archived = false`, active, ""},
		{generic, `"archivedAt" = now()`, disabled, "archivedAt is set"},
		{generic, `revoked_at = now()`, disabled, "revoked_at is set"},
		{generic, `suspended = true`, disabled, "suspended is set"},
		{generic, `is_verified = false`, disabled, "is_verified is off"},
		{generic, `is_verified = NULL`, disabled, "is_verified is off"},
		{generic, `status = 'pending'`, disabled, "status is off"},
		{generic, `status = 'Failed'`, disabled, "status is off"},
		{generic, `status = 'blocked'`, disabled, "status is off"},
		{generic, `status = 'draft'`, disabled, "status is off"},
		{generic, `status = 'active'`, active, ""},
		{generic, `expires_at = now() - interval '1 s'`, disabled, "expires_at is over"},
		{generic, `expires_at = now() + interval '1 h'`, active, ""},
		{generic, `expires_at = 'infinity'`, active, ""},
		{generic, `expires_at = '-infinity'`, disabled, "expires_at is over"},
		{
			generic, `filter = '{"city": "Rome"}'`, skipped,
			"filter: is set, and it is not known what it narrows",
		},
		{generic, `filter = '{}'`, active, ""},
		{generic, `filter = '[ ]'`, active, ""},
		{generic, `object = 'contact'`, skipped, "object: is set, and it is not known what it narrows"},
		{generic, `object = '*'`, active, ""},
		{generic, `object = ''`, active, ""},
		{generic, `format = 'xml'`, skipped, badFormat},
		{generic, `headers = '["a"]'`, skipped, `headers: want a JSON object of strings`},
		{generic, `per = 'commit'`, active, ""},
		{
			generic, `per = 'both'`, skipped,
			`per: "both": want change or commit, or null for commit`,
		},
		{own, `format = 'xml'`, skipped, badFormat},
		{own, `headers = '[]'`, skipped, `headers: want a JSON object of strings`},
		{own, `headers = '{"X-Token": 7}'`, skipped, `headers: want a JSON object of strings`},
		{
			own, `headers = '{"X Token": "hunter2"}'`, skipped,
			`headers: "X Token" is not the name of a header that every server lets through: want letters, digits and hyphens`,
		},
		{
			own, `headers = '{"X_Token": "hunter2"}'`, skipped,
			`headers: "X_Token" is not the name of a header that every server`,
		},
		{
			own, `headers = '{"X.Token": "hunter2"}'`, skipped,
			`headers: "X.Token" is not the name of a header that every server`,
		},
		{
			own, `headers = jsonb_build_object('X-Token', repeat('x', 7000))`, skipped,
			`headers: with the URL they take `,
		},
		{own, `headers = jsonb_build_object('X-Token', repeat('x', 6900))`, active, ""},
		{own, `headers = '{"": "hunter2"}'`, skipped, `headers: "" is not the name of a header`},
		{
			own, `headers = '{"X-Token": "hunter2\r\nHost: x"}'`, skipped,
			`headers: the value of "X-Token" has a control character`,
		},
		{
			own, `headers = '{"X-Token": "hunter2", "x-token": "hunter3"}'`, skipped,
			`headers: "X-Token" is there twice`,
		},
		{own, `headers = 'null'`, active, ""},
		{own, `enabled = false`, disabled, "enabled is off"},
		{
			own, `workspace_id = '` + otherWorkspace + `'`, skipped,
			"workspace_id: is set, but nothing says which column of the tables it is matched with",
		},
		{ownTwenty, `workspace_id = '` + otherWorkspace + `'`, active, ""},
		{own, `rekey = 'split'`, active, ""},
		{own, `per = 'change'`, active, ""},
		{
			own, `per = 'both'`, skipped,
			`per: "both": want change or commit, or null for commit`,
		},
		{
			own, `rekey = 'both'`, skipped,
			`rekey: "both": want split, or null for an update`,
		},
		{
			ownTwenty, `workspace_id = NULL`, skipped,
			"workspace_id: is null, but in Twenty's database a webhook hears of one workspace only",
		},
		{twenty, `"deletedAt" = now()`, disabled, "deletedAt is set"},
		{
			twenty, `"targetUrl" = 'ftp://example.com'`, skipped,
			"targetUrl: does not start with http:// or https://",
		},
		{twenty, `"targetUrl" = 'example.com/?next=http://other'`, active, ""},
		{twenty, `"targetUrl" = 'mailto:me'`, skipped, "targetUrl: is not a URL"},
		{twenty, `secret = ''`, active, ""},
		{twenty, `operations = '{hookline:*.*}'`, active, ""},
		{twenty, `operations = '{}'`, skipped, "operations: is empty; *.* hears of everything"},
	}
	hooks := newDatabase(t, generic, webhook.SchemaSQL("hookline"), `
		CREATE TABLE webhooks (id int PRIMARY KEY, url text, secret text, operations text[],
		  enabled boolean, "isPaused" boolean,
			disabled_at timestamptz, "deletedAt" timestamptz, status text, archived boolean,
			  "archivedAt" timestamptz, revoked_at timestamptz,
			suspended boolean, is_verified boolean DEFAULT true, expires_at timestamptz, filter jsonb,
			  object text, format text, headers jsonb,
			per text);
		INSERT INTO webhooks VALUES (1, 'http://example.com', 's', '{*.*}', true);
		INSERT INTO hookline.webhook (url, secret) VALUES ('http://example.com', 's')`)
	crm := newTwenty(t, twenty)
	crm.hook(twentydb.Webhook{URL: "http://example.com", Secret: "s"})
	for _, test := range tests {
		t.Run(test.set, func(t *testing.T) {
			d, table := hooks, "public.webhooks"
			switch {
			case test.cfg.Table != "" || test.cfg.TwentyWebhooks != "":
				table = "hookline.webhook"
			case test.cfg.Profile == "twenty":
				d, table = crm, "core.webhook"
			}
			d.t = t
			d.reopen(test.cfg)
			d.log.take()
			tx, err := d.conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback(t.Context()) }()
			d.exec("UPDATE " + table + " SET " + test.set)
			if err := d.Load(t.Context(), tx, nil); err != nil {
				t.Fatal(err)
			}
			list := slices.DeleteFunc(d.List(), func(s webhook.Status) bool { return s.Table != table })
			got := list[0]
			if got.State != test.state || !strings.HasPrefix(got.Reason, test.reason) ||
				(got.Reason == "") != (test.reason == "") {
				t.Errorf("%s, %q; want %s, %q", got.State, got.Reason, test.state, test.reason)
			}
			if served := d.Get(got.Key) != nil; served != (test.state == active) {
				t.Errorf("served: %t", served)
			}
			log := d.log.take()
			if strings.Contains(log, "hunter") {
				t.Errorf("the row's content was logged: %s", log)
			}
			if told := strings.Contains(log, got.Key); told != (test.state != disabled &&
				test.reason != "") {
				t.Errorf("told of the webhook: %t; log: %s", told, log)
			}
		})
	}
}

func TestTwentyWebhooks(t *testing.T) {
	const marked, mixed, plain = "{hookline:person.*,hookline:company.created}",
		"{company.*,hookline:person.*,hookline:person}", "{person.*}"
	tests := []struct {
		mode, operations string
		state            webhook.RowState
		served           string // operations
		reason           string
	}{
		{"all", plain, webhook.Active, "person.*", ""},
		{"all", marked, webhook.Active, "person.* company.created", ""},
		{"all", mixed, webhook.Active, "company.* person.*", `operations: "person": want`},
		{"marked", plain, webhook.Disabled, "", "no operation carries the prefix hookline:"},
		{"marked", "{person}", webhook.Disabled, "", "no operation carries the prefix hookline:"},
		{"marked", marked, webhook.Active, "person.* company.created", ""},
		{"marked", mixed, webhook.Active, "person.*", `operations: "person": want`},
		{"marked", "{person.*,hookline:person}", webhook.Skipped, "", `operations: "person": want`},
		{"marked", "{hookline:metadata.*.*}", webhook.Disabled, "", "operations: metadata"},
	}
	d := newTwenty(t, twenty, webhook.SchemaSQL("hookline"),
		`INSERT INTO hookline.webhook (workspace_id, url) VALUES ('`+twentydb.Workspace+
			`', 'http://own.example')`)
	key := d.hook(twentydb.Webhook{URL: "http://example.com", Secret: "s"})
	for _, test := range tests {
		t.Run(test.mode+" "+test.operations, func(t *testing.T) {
			d.t = t
			d.exec("UPDATE core.webhook SET operations = '" + test.operations + "'")
			d.reopen(webhook.Config{Profile: "twenty", TwentyWebhooks: test.mode})
			d.log.take()
			d.load()
			if got := d.status(key); got.State != test.state || !strings.HasPrefix(got.Reason, test.reason) {
				t.Errorf("%s, %q; want %s, %q", got.State, got.Reason, test.state, test.reason)
			}
			served := ""
			if sub := d.Get(key); sub != nil {
				served = strings.Join(sub.Operations, " ")
			}
			if served != test.served {
				t.Errorf("serves %q, want %q", served, test.served)
			}
			equal(t, "other operations", d.matchedIn(twentydb.Workspace, "note.created"),
				[]string{d.List()[1].Key})
			warnings := strings.Count(d.log.take(), "Twenty sends to these webhooks too")
			d.load()
			warnings += strings.Count(d.log.take(), "Twenty sends to these webhooks too")
			if want := map[string]int{"all": 1}[test.mode]; warnings != want {
				t.Errorf("warned %d times that Twenty sends too, want %d", warnings, want)
			}
		})
	}
	t.Run("none", func(t *testing.T) {
		d.t = t
		d.reopen(webhook.Config{Profile: "twenty", TwentyWebhooks: "none"})
		d.load()
		equal(t, "tables", d.Tables(), []cdc.Table{{Schema: "hookline", Name: "webhook"}})
		equal(t, "matched", d.matchedIn(twentydb.Workspace, "person.created"), []string{d.List()[0].Key})
		if len(d.List()) != 1 {
			t.Errorf("listed: %+v", d.List())
		}
	})
}

// Rows that row-level security hides would be webhooks that are not served, without a word: nothing
// starts. A policy that shows everything will do.
func TestRowLevelSecurity(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("Postgres%d", major), func(t *testing.T) {
			d := newDatabaseAt(t, postgrestest.NewDatabaseMajor(t, major), generic, table,
				`INSERT INTO webhooks VALUES (1, 'http://one.example'), (2, 'http://two.example')`)
			role := d.conn.Config().Database + "_reader"
			as := func(name string) { d.exec("SET ROLE " + name) }
			d.exec("CREATE ROLE "+role, "GRANT SELECT ON webhooks TO "+role,
				"ALTER TABLE webhooks ENABLE ROW LEVEL SECURITY")
			hidden := func(when string) {
				t.Helper()
				as(role)
				err := d.tryLoad()
				as("postgres")
				problem, ok := errors.AsType[*cdc.Problem](err)
				if !ok || !strings.Contains(problem.What, "row-level security") ||
					!strings.Contains(problem.Hint, "ALTER ROLE "+role+" BYPASSRLS") ||
					!strings.Contains(problem.Hint, "CREATE POLICY hookline ON") {
					t.Errorf("%s: %v, want what hides the rows, and what mends it", when, err)
				}
			}
			shown := func(when string) {
				t.Helper()
				as(role)
				err := d.tryLoad()
				as("postgres")
				if err != nil || len(d.List()) != 2 {
					t.Errorf("%s: %d webhooks are read, want 2: %v", when, len(d.List()), err)
				}
			}
			hidden("without a policy")
			d.exec("CREATE POLICY few ON webhooks FOR SELECT USING (id = 1)")
			hidden("with a policy that shows some")
			d.exec("CREATE POLICY hookline ON webhooks FOR SELECT TO " + role + " USING (true)")
			shown("with a policy that shows all")
			d.exec("CREATE POLICY writers ON webhooks AS RESTRICTIVE FOR UPDATE USING (false)")
			shown("with a restriction of writers")
			d.exec("CREATE POLICY others ON webhooks AS RESTRICTIVE USING (id = 1)")
			hidden("with a restriction")
			d.exec("DROP POLICY others ON webhooks", "DROP POLICY hookline ON webhooks",
				"CREATE POLICY hookline ON webhooks FOR SELECT TO pg_monitor USING (true)")
			hidden("with a policy for others")
			d.exec("ALTER ROLE " + role + " BYPASSRLS")
			shown("with BYPASSRLS")
		})
	}
}
