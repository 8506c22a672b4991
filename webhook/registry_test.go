package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
	"hookline/internal/twentydb"
	"hookline/webhook"
)

// table is a table of webhooks in which every row is switched on and signs, unless it says
// otherwise.
const table = `CREATE TABLE webhooks (id int PRIMARY KEY, url text, secret text DEFAULT 's', operations text[] DEFAULT '{*.*}',
	enabled boolean DEFAULT true, note text);`

func TestOpenRefuses(t *testing.T) {
	tests := map[string]webhook.Config{
		`profile "auto": want twenty or generic`: {Profile: "auto"},
		`HOOKLINE_TWENTY_WEBHOOKS "some"`: {
			Profile:        "twenty",
			TwentyWebhooks: "some",
		},
		`HOOKLINE_WEBHOOKS_TABLE "webhooks"`: {
			Profile: "generic",
			Table:   "webhooks",
		},
		`HOOKLINE_WEBHOOKS_TABLE "public."`: {
			Profile: "generic",
			Table:   "public.",
		},
		`in Twenty's database want auto, core.webhook, or hookline.webhook`: {
			Profile: "twenty",
			Table:   "public.webhooks",
		},
	}
	for want, cfg := range tests {
		_, err := webhook.Open(cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %s", cfg, err, want)
		}
	}
}

// What an error says to do must be what helps.
func TestProblems(t *testing.T) {
	tests := map[string]struct {
		cfg  webhook.Config
		sql  []string
		what string
		mend string // how what is to be done begins, or goes on after the SQL
	}{
		"no table": {
			cfg: generic,
			what: "no table of webhooks found: looked for public.webhooks, public.webhook, " +
				"public.webhook_endpoints, " +
				"public.webhook_subscriptions with a column url, target_url, endpoint or endpoint_url",
			mend: "HOOKLINE_WEBHOOKS_TABLE=hookline.webhook uses Hookline's own table, " +
				"which setup makes: no other is needed;\n" +
				"or set it to the table that holds them (schema.table);",
		},
		"our own is not enough unless it is asked for": {
			cfg: generic, sql: []string{webhook.SchemaSQL("hookline")}, what: "no table of webhooks found",
			mend: "HOOKLINE_WEBHOOKS_TABLE=hookline.webhook uses",
		},
		"the named table is missing": {
			cfg: webhook.Config{Profile: "generic", Table: "public.hooks"}, sql: []string{table},
			what: "table public.hooks, which HOOKLINE_WEBHOOKS_TABLE names, does not exist",
			mend: "HOOKLINE_WEBHOOKS_TABLE=hookline.webhook uses",
		},
		"its key is DEFERRABLE": {
			cfg: generic, sql: []string{
				`CREATE TABLE webhooks (id int PRIMARY KEY DEFERRABLE, url text, secret text)`,
			},
			what: `the primary key of table "public"."webhooks" is DEFERRABLE`,
		},
		"our own is missing": {
			cfg: webhook.Config{Profile: "generic", Table: "hookline.webhook"}, sql: []string{table},
			what: `Hookline's own table of webhooks, "hookline"."webhook", is missing`,
		},
		"Twenty is not set up": {
			cfg:  twenty,
			what: "no table of webhooks found: looked for core.webhook, ",
		},
		"no URL in the named table": {
			cfg:  webhook.Config{Profile: "generic", Table: "public.hooks"},
			sql:  []string{"CREATE TABLE hooks (id int PRIMARY KEY)"},
			what: `table "public"."hooks" has no column for the URL`, mend: "or set HOOKLINE_WEBHOOKS_TABLE",
		},
		"no primary key": {
			cfg: generic, sql: []string{"CREATE TABLE webhooks (id int, url text)"},
			what: `table "public"."webhooks" has no primary key`,
		},
		"nothing to make a primary key of": {
			cfg: generic, sql: []string{"CREATE TABLE webhooks (url text)"},
			what: `table "public"."webhooks" has no primary key`,
		},
		"a replica identity that deletes cannot be told from": {
			cfg: generic,
			sql: []string{
				"CREATE TABLE webhooks (id int PRIMARY KEY, url text NOT NULL UNIQUE)",
				"ALTER TABLE webhooks REPLICA IDENTITY USING INDEX webhooks_url_key",
			},
			what: `the replica identity of table "public"."webhooks" is not its primary key`,
		},
		"Twenty's table is broken": {
			cfg: twenty, sql: []string{
				`CREATE SCHEMA core; CREATE TABLE core.webhook (id uuid, "targetUrl" text, "workspaceId" uuid)`,
			},
			what: `table "core"."webhook" has no primary key`,
		},
	}
	database := postgrestest.NewDatabase(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDatabaseIn(t, database, test.cfg, test.sql...)
			err := d.tryLoad()
			var problem *cdc.Problem
			if !errors.As(err, &problem) || !strings.HasPrefix(problem.What, test.what) {
				t.Fatalf("error %v, want a problem: %s", err, test.what)
			}
			sql, rest, _ := strings.Cut(problem.Hint, "\nor set ")
			rest = "or set " + rest
			const last = "\nor, if the schema is yours:\n"
			if settings, statements, found := strings.Cut(problem.Hint, last); found {
				sql, rest = statements, settings // which come first
			}
			if !strings.HasPrefix(rest, test.mend) {
				t.Errorf("to mend it: %s\nwant among it: %s", problem.Hint, test.mend)
			}
			if _, statements, found := strings.Cut(sql, "or:\n"); found {
				sql = statements
			}
			d.exec(sql)
			d.load()
		})
	}
}

func TestAView(t *testing.T) {
	d := newDatabase(t, webhook.Config{Profile: "generic", Table: "public.hooks"}, table,
		"CREATE VIEW hooks AS SELECT * FROM webhooks")
	var problem *cdc.Problem
	if err := d.tryLoad(); !errors.As(err, &problem) ||
		!strings.Contains(problem.What, `"public"."hooks" is not a table`) {
		t.Errorf("error %v", err)
	}
}

func TestNoRightToRead(t *testing.T) {
	d := newDatabase(t, generic, table)
	d.exec(`DROP ROLE IF EXISTS "read er"; CREATE ROLE "read er" LOGIN`)
	t.Cleanup(func() {
		admin, err := pgx.Connect(context.Background(), d.url)
		if err != nil {
			t.Fatal(err)
		}
		defer admin.Close(context.Background())
		if _, err := admin.Exec(context.Background(),
			`DROP OWNED BY "read er"; DROP ROLE "read er"`); err != nil {
			t.Error(err)
		}
	})
	config := d.conn.Config()
	config.User = "read er"
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	admin := d.conn
	d.conn = conn
	err = d.tryLoad()
	d.conn = admin
	var problem *cdc.Problem
	if !errors.As(err, &problem) ||
		problem.What != `role "read er" may not read table "public"."webhooks"` {
		t.Fatalf("error %v", err)
	}
	d.exec(problem.Hint)
	d.conn = conn
	d.load()
	d.conn = admin
}

func TestObserve(t *testing.T) {
	d := newDatabase(t, generic, table, "INSERT INTO webhooks VALUES (1, 'http://one.example')")
	d.stream(cdc.Table{Schema: "public", Name: "webhooks"})
	first := d.Get("public.webhooks/1")

	d.commit("INSERT INTO webhooks VALUES (2, 'http://two.example', 's', '{person.created}')")
	equal(t, "after an insert", d.matched("person.created"),
		[]string{"public.webhooks/1", "public.webhooks/2"})
	second := d.Get("public.webhooks/2")

	d.commit("UPDATE webhooks SET operations = '{note.*}' WHERE id = 2")
	equal(t, "after an update", d.matched("person.created"), []string{"public.webhooks/1"})
	equal(t, "after an update", d.matched("note.created"),
		[]string{"public.webhooks/1", "public.webhooks/2"})
	if now := second.Current(); now == second || !slices.Equal(now.Operations, []string{"note.*"}) ||
		now != d.Get(second.Key) {
		t.Errorf("current after an update: %v, operations %v", now, now.Operations)
	}

	now := second.Current()
	d.log.take()
	d.commit("UPDATE webhooks SET note = 'nothing that matters' WHERE id = 2")
	if second.Current() != now {
		t.Error("an update of a column that does not matter made a new version")
	}
	if log := d.log.take(); log != "" {
		t.Errorf("and was logged: %s", log)
	}

	d.commit("UPDATE webhooks SET enabled = false WHERE id = 2")
	equal(t, "after it was switched off", d.matched("note.created"), []string{"public.webhooks/1"})
	if second.Current() != nil || now.Current() != nil {
		t.Error("still current, though switched off")
	}
	d.commit("UPDATE webhooks SET enabled = true WHERE id = 2")
	equal(t, "after it was switched on", d.matched("note.created"),
		[]string{"public.webhooks/1", "public.webhooks/2"})
	if second.Current() == nil || second.Current() != d.Get(second.Key) {
		t.Error("not current, though switched on again")
	}

	d.commit("DELETE FROM webhooks WHERE id = 1")
	equal(t, "after a delete", d.matched("note.created"), []string{"public.webhooks/2"})
	if first.Current() != nil || d.Get(first.Key) != nil || len(d.List()) != 1 {
		t.Errorf("still there after a delete: %+v", d.List())
	}
	d.commit("INSERT INTO webhooks VALUES (1, 'http://again.example')")
	if now := first.Current(); now == nil || now.Host != "again.example" {
		t.Errorf("current after it was inserted again: %v", now)
	}

	d.commit("UPDATE webhooks SET id = 3 WHERE id = 2")
	equal(t, "after a change of the key", d.matched("note.created"),
		[]string{"public.webhooks/1", "public.webhooks/3"})
	if second.Current() != nil {
		t.Error("the old key is still current")
	}

	d.commit(
		"BEGIN; UPDATE webhooks SET id = 4 WHERE id = 3; INSERT INTO webhooks VALUES (3, " +
			"'http://three.example'); COMMIT")
	equal(t, "after two changes in one transaction", d.matched("note.created"),
		[]string{"public.webhooks/1", "public.webhooks/3", "public.webhooks/4"})
	if got := d.Get("public.webhooks/4").Host + " " +
		d.Get("public.webhooks/3").Host; got != "two.example three.example" {
		t.Errorf("hosts of 4 and 3: %s", got)
	}

	d.commit("TRUNCATE webhooks")
	equal(t, "after a truncate", d.matched("note.created"), nil)
	if first.Current() != nil || len(d.List()) != 0 {
		t.Errorf("still there after a truncate: %+v", d.List())
	}
	d.commit("INSERT INTO webhooks VALUES (9, 'http://nine.example')")
	equal(t, "after the truncate", d.matched("note.created"), []string{"public.webhooks/9"})
}

// The stream leaves out what an update did not touch of a row that is too long for a page.
func TestUnchangedTOAST(t *testing.T) {
	d := newDatabase(t, generic, table,
		"ALTER TABLE webhooks ALTER operations SET STORAGE EXTERNAL, ALTER secret SET STORAGE EXTERNAL",
		`INSERT INTO webhooks SELECT 1, 'http://example.com', repeat('s', 4000), array_agg('object' || i || '.*')
			FROM generate_series(1, 1000) i`)
	d.stream()
	first := d.Get("public.webhooks/1")
	d.exec("UPDATE webhooks SET url = 'http://changed.example'", "UPDATE webhooks SET id = 2",
		"INSERT INTO marker VALUES (-1)")
	changes := d.observe()
	if i := changes[0].Relation.Column("operations"); len(changes) != 2 ||
		!changes[0].New[i].IsUnchanged() {
		t.Fatalf("want two updates without the operations, got %d changes", len(changes))
	}
	now := d.Get("public.webhooks/2")
	if now == nil || now.Host != "changed.example" || now.Secret != first.Secret ||
		!slices.Equal(now.Operations, first.Operations) {
		t.Errorf("after updates that left columns out: %v", now)
	}
	equal(t, "matched", d.matched("object1000.created"), []string{"public.webhooks/2"})
}

func TestReplicaIdentityFullAndKeyOfTwoColumns(t *testing.T) {
	d := newDatabase(t, generic, `CREATE TABLE webhooks (url text, b text, a text, secret text DEFAULT 's', PRIMARY KEY (a, b));
		ALTER TABLE webhooks REPLICA IDENTITY FULL; INSERT INTO webhooks VALUES ('http://example.com', 'b', 'a')`)
	d.stream()
	first := d.Get("public.webhooks/a,b")
	d.commit("UPDATE webhooks SET url = 'http://changed.example'")
	if now := first.Current(); now.Host != "changed.example" {
		t.Errorf("after an update: %v", now)
	}
	d.commit("UPDATE webhooks SET b = 'c,d'")
	equal(t, "after a change of the key", d.matched("note.created"),
		[]string{`public.webhooks/a,c\,d`})
	d.commit("DELETE FROM webhooks")
	equal(t, "after a delete", d.matched("note.created"), nil)
}

func TestObserveTwenty(t *testing.T) {
	d := newTwenty(t, twenty)
	key := d.hook(twentydb.Webhook{URL: "http://example.com", Secret: "s"})
	d.stream()
	sub := d.Get(key)
	d.commit(`UPDATE core.webhook SET "deletedAt" = now()`)
	if sub.Current() != nil || d.status(key).State != webhook.Disabled {
		t.Error("served though soft-deleted")
	}
	d.commit(`UPDATE core.webhook SET "deletedAt" = NULL`)
	if sub.Current() == nil {
		t.Error("not served though restored")
	}
	d.commit(`UPDATE core.webhook SET "workspaceId" = '` + otherWorkspace + `'`)
	equal(t, "in the first workspace", d.matchedIn(twentydb.Workspace, "note.created"), nil)
	equal(t, "in the second", d.matchedIn(otherWorkspace, "note.created"), []string{key})
	if now := d.Get(key); sub.Current() != nil || now == nil || now.Current() != now {
		t.Error("what is queued in the first workspace would be sent to the second")
	}
	d.commit(`DELETE FROM core.workspace WHERE id = '` + otherWorkspace + `'`)
	if len(d.List()) != 0 {
		t.Errorf("listed after the workspace went: %+v", d.List())
	}
}

// What was committed before the snapshot of Load is in the tables as read; the stream brings it all
// the same.
func TestCoveredChangesArePassedOver(t *testing.T) {
	d := newDatabase(t, generic, table,
		"INSERT INTO webhooks VALUES (1, 'http://one.example'), (2, 'http://two.example')")
	d.stream()
	d.exec("UPDATE webhooks SET url = 'http://old.example' WHERE id = 1",
		"UPDATE webhooks SET url = 'http://new.example' WHERE id = 1",
		"DELETE FROM webhooks WHERE id = 2", "TRUNCATE webhooks",
		"INSERT INTO webhooks VALUES (3, 'http://three.example')")
	second := d.Get("public.webhooks/2")
	d.load()
	loaded := d.List()
	if second.Current() != nil || len(loaded) != 1 {
		t.Fatalf("after Load: %+v", loaded)
	}
	third := d.Get("public.webhooks/3")
	d.commit()
	if !reflect.DeepEqual(d.List(), loaded) || third.Current() != third {
		t.Errorf("after changes that Load had seen: %+v, want %+v", d.List(), loaded)
	}
	d.commit("UPDATE webhooks SET url = 'http://later.example' WHERE id = 3")
	if now := third.Current(); now == nil || now.Host != "later.example" {
		t.Errorf("after a change that Load had not seen: %v", now)
	}
}

func TestLoadKeepsWhatIsThere(t *testing.T) {
	d := newDatabase(t, generic, table,
		"INSERT INTO webhooks VALUES (1, 'http://one.example'), (2, 'http://two.example'), (3, "+
			"'nowhere')")
	d.load()
	one, two := d.Get("public.webhooks/1"), d.Get("public.webhooks/2")
	d.exec("UPDATE webhooks SET url = 'http://changed.example' WHERE id = 2")
	d.log.take()
	d.load()
	if one.Current() != one {
		t.Error("a row that did not change has a new version")
	}
	if now := two.Current(); now == nil || now.Host != "changed.example" {
		t.Errorf("a row that changed: %v", now)
	}
	if log := d.log.take(); strings.Contains(log, "public.webhooks/3") {
		t.Errorf("a mistake was told again: %s", log)
	}
	d.exec("DROP TABLE webhooks")
	if err := d.tryLoad(); err == nil {
		t.Fatal("no error though the table is gone")
	}
	if one.Current() != one || len(d.List()) != 3 {
		t.Error("a Load that failed changed something")
	}
}

// A mistake is told once, listed as long as it is there, and forgotten when it is mended.
func TestMistakesAreToldOnce(t *testing.T) {
	d := newDatabase(t, generic, table,
		"INSERT INTO webhooks VALUES (1, 'nowhere', 's', '{note.*}'), (2, 'http://two.example', 's', "+
			"'{person.*,person}')")
	d.stream()
	steps := []struct {
		sql  string
		told int // lines about mistakes
		one  webhook.RowState
	}{
		{"", 2, webhook.Skipped}, // by Load
		{"UPDATE webhooks SET note = 'x'", 0, webhook.Skipped},
		{"UPDATE webhooks SET url = 'nowhere else' WHERE id = 1", 0, webhook.Skipped},
		{"UPDATE webhooks SET secret = NULL WHERE id = 1", 1, webhook.Skipped},
		{"UPDATE webhooks SET enabled = false WHERE id = 1", 0, webhook.Disabled},
		{"UPDATE webhooks SET enabled = true WHERE id = 1", 1, webhook.Skipped},
		{"UPDATE webhooks SET url = 'http://one.example', secret = 's' WHERE id = 1", 0, webhook.Active},
		{"UPDATE webhooks SET url = 'nowhere' WHERE id = 1", 1, webhook.Skipped},
		{"UPDATE webhooks SET operations = '{person.*}' WHERE id = 2", 0, webhook.Skipped},
		{"UPDATE webhooks SET operations = '{person.*,note}' WHERE id = 2", 1, webhook.Skipped},
	}
	for _, step := range steps {
		if step.sql != "" {
			d.commit(step.sql)
		}
		log := d.log.take()
		if told := strings.Count(log, "level=WARN"); told != step.told {
			t.Errorf("%s: %d warnings, want %d: %s", step.sql, told, step.told, log)
		}
		if got := d.status("public.webhooks/1"); got.State != step.one ||
			(got.Reason == "") != (step.one == webhook.Active) {
			t.Errorf("%s: %+v, want it %s", step.sql, got, step.one)
		}
	}
	equal(t, "matched", d.matched("person.created"), []string{"public.webhooks/2"})
}

func TestTableChangesItsShape(t *testing.T) {
	d := newDatabase(t, generic, table,
		"INSERT INTO webhooks VALUES (1, 'http://one.example', 'first', '{person.*}')")
	d.stream()
	sub := d.Get("public.webhooks/1")

	d.commit("ALTER TABLE webhooks RENAME url TO target_url; ALTER TABLE webhooks ADD extra int",
		"ALTER TABLE webhooks RENAME secret TO signing_secret",
		"UPDATE webhooks SET target_url = 'http://renamed.example', signing_secret = 'second'")
	if now := sub.Current(); now == nil || now.Host != "renamed.example" || now.Secret != "second" {
		t.Errorf("after columns were renamed: %v", now)
	}

	d.commit(
		"ALTER TABLE webhooks RENAME signing_secret TO passphrase; ALTER TABLE webhooks RENAME "+
			"operations TO wanted",
		"UPDATE webhooks SET target_url = 'http://again.example'")
	now := sub.Current()
	if now == nil || now.Host != "again.example" || now.Secret != "second" ||
		!slices.Equal(now.Operations, []string{"person.*"}) {
		t.Errorf("after columns got names that say nothing: %v", now)
	}
	d.commit("INSERT INTO webhooks (id, target_url) VALUES (2, 'http://two.example')")
	if got := d.status("public.webhooks/2"); got.State != webhook.Skipped ||
		!strings.HasPrefix(got.Reason, "secret: is not known") {
		t.Errorf("a new row whose secret is not known: %+v", got)
	}

	d.log.take()
	d.commit("ALTER TABLE webhooks RENAME id TO number",
		"UPDATE webhooks SET target_url = 'http://lost.example'", "DELETE FROM webhooks")
	log := d.log.take()
	if strings.Count(log, "column id is no longer the key of table public.webhooks") != 1 {
		t.Errorf("the loss of the key was not told once: %s", log)
	}
	if now := sub.Current(); now == nil || now.Host != "again.example" {
		t.Errorf("without a key, the row was changed: %v", now)
	}
}

func TestTenantsWithTheSameURLAndSecret(t *testing.T) {
	d := newTwenty(t, twenty)
	one := d.hook(twentydb.Webhook{URL: "http://example.com/same", Secret: "same"})
	two := d.hook(twentydb.Webhook{
		Workspace: otherWorkspace, URL: "http://example.com/same",
		Secret: "same",
	})
	d.load()
	equal(t, "in the first workspace", d.matchedIn(twentydb.Workspace, "person.created"),
		[]string{one})
	equal(t, "in the second", d.matchedIn(otherWorkspace, "person.created"), []string{two})
	equal(t, "in none", d.matchedIn("", "person.created"), nil)
	equal(t, "in a third", d.matchedIn("00000000-0000-0000-0000-000000000000", "person.created"), nil)
}

func TestMetrics(t *testing.T) {
	d := newDatabase(t, generic, table,
		"INSERT INTO webhooks VALUES (1, 'http://one.example'), (2, 'http://two.example'), (3, "+
			"'nowhere')")
	d.stream()
	check := func(active, skipped, disabled float64) {
		t.Helper()
		families, err := d.metrics.Gather()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		for _, metric := range families[0].GetMetric() {
			got[metric.GetLabel()[0].GetValue()] = metric.GetGauge().GetValue()
		}
		want := map[string]float64{"active": active, "skipped": skipped, "disabled": disabled}
		if families[0].GetName() != "hookline_webhooks" || !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", families[0].GetName(), got, want)
		}
	}
	check(2, 1, 0)
	d.commit("UPDATE webhooks SET enabled = false WHERE id = 1",
		"UPDATE webhooks SET url = 'http://three.example' WHERE id = 3")
	check(2, 0, 1)
	d.commit("DELETE FROM webhooks WHERE id = 2", "UPDATE webhooks SET id = 4 WHERE id = 3")
	check(1, 0, 1)
	d.load()
	check(1, 0, 1)
	d.commit("TRUNCATE webhooks")
	check(0, 0, 0)
	if _, err := webhook.Open(generic, slog.New(slog.DiscardHandler), d.metrics); err == nil {
		t.Error("no error though the metrics are registered already")
	}
}

// List and Get are for other goroutines than the pump's; the race detector watches.
func TestListWhileObserving(t *testing.T) {
	d := newDatabase(t, generic, table, "INSERT INTO webhooks VALUES (1, 'http://one.example')")
	d.stream()
	sub := d.Get("public.webhooks/1")
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				d.List()
				d.Get(sub.Key)
				sub.Current()
			}
		}
	}()
	for i := range 20 {
		d.commit(fmt.Sprintf("UPDATE webhooks SET url = 'http://%d.example', enabled = id %% 2 = 1", i),
			fmt.Sprintf("INSERT INTO webhooks VALUES (%d, 'http://other.example')", i+2))
	}
	d.load()
	close(stop)
	<-done
	if len(d.List()) != 21 {
		t.Errorf("%d webhooks, want 21", len(d.List()))
	}
}

func TestSchemaSQL(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), postgrestest.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for range 2 { // it leaves alone what is there
		for _, schema := range []string{"hookline", `Robert"; DROP`} {
			if _, err := conn.PgConn().Exec(t.Context(), webhook.SchemaSQL(schema)).ReadAll(); err != nil {
				t.Fatal(err)
			}
		}
	}
	var uncommented []string
	err = conn.QueryRow(t.Context(), `SELECT coalesce(array_agg(attname::text), '{}') FROM pg_attribute
		WHERE attrelid = 'hookline.webhook'::regclass AND attnum > 0 AND col_description(attrelid, attnum) IS NULL`).Scan(&uncommented)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "columns without a comment", uncommented, []string{"id", "created_at"})
}

// A webhook is served until its time is over, and not after it, though nobody touches its row.
func TestExpiry(t *testing.T) {
	d := newDatabase(t, generic,
		"CREATE TABLE webhooks (id int PRIMARY KEY, url text, expires_at timestamptz, tries int, name "+
			"text)",
		"INSERT INTO webhooks VALUES (1, 'http://one.example', now() + interval '1 h'), (2, "+
			"'http://two.example', NULL)")
	d.stream()
	const one, two = "public.webhooks/1", "public.webhooks/2"
	equal(t, "matched", d.matched("person.created"), []string{one, two})
	sub := d.Get(one)
	if sub.Current() != sub {
		t.Error("a webhook whose time is not over is not served")
	}
	equal(t, "not read", d.Unread(), []string{"tries"})

	version := sub.Version()
	d.commit("UPDATE webhooks SET expires_at = clock_timestamp() + interval '200 ms' WHERE id = 1")
	for d.Get(one) != nil { // it is over at its time, whatever the stream brings
		<-time.After(time.Millisecond)
	}
	if sub.Current() != nil {
		t.Error("what waits for a webhook whose time is over would still be sent")
	}
	equal(t, "matched when its time is over", d.matched("person.created"), []string{two})
	if s := d.status(one); s.State != webhook.Disabled || s.Reason != "expires_at is over" {
		t.Errorf("it is %s: %s", s.State, s.Reason)
	}
	d.commit("UPDATE webhooks SET expires_at = now() + interval '2 h' WHERE id = 1")
	equal(t, "matched when it has got more time", d.matched("person.created"), []string{one, two})
	if d.Get(one).Version() == version {
		t.Error("another expiry has the same version")
	}
}

// A generated column that counts may not be in the stream. That one was added shows
// when somebody looks, and each change from then on asks for the table to be read.
func TestGeneratedColumnIsAdded(t *testing.T) {
	d := newDatabase(t, generic, table,
		"INSERT INTO webhooks VALUES (1, 'http://one.example', 's', '{*.*}')")
	d.stream()
	where := func() (found webhook.Whereabouts) {
		err := pgx.BeginFunc(t.Context(), d.conn, func(tx pgx.Tx) (err error) {
			found, err = d.Moved(t.Context(), tx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	d.commit("UPDATE webhooks SET secret = 't'")
	if got := where(); got != webhook.There || d.Behind() {
		t.Errorf("whereabouts %d, or behind, while the stream has all", got)
	}
	var kind string
	err := d.conn.QueryRow(t.Context(), `SELECT CASE
		WHEN current_setting('server_version_num')::int >= 180000 THEN 'VIRTUAL'
		ELSE 'STORED' END`).Scan(&kind)
	if err != nil {
		t.Fatal(err)
	}
	d.exec("ALTER TABLE webhooks ADD muted boolean GENERATED ALWAYS AS (secret = 'off') " + kind)
	if got := where(); got != webhook.Replaced {
		t.Errorf("whereabouts %d after a generated column was added", got)
	}
	d.load()
	d.commit("UPDATE webhooks SET secret = 'off'")
	if !d.Behind() || d.Behind() {
		t.Error("a change of the table does not ask, once, for it to be read")
	}
	d.load()
	if got := d.status("public.webhooks/1"); got.State != webhook.Disabled {
		t.Errorf("read anew it is %+v", got)
	}
}

// Of what has happened to webhooks by when they were read, it is told once which are gone or
// switched off, and of which tables any may be.
func TestChangesOfBeforeAreToldOnce(t *testing.T) {
	d := newDatabase(t, generic, table,
		`INSERT INTO webhooks VALUES (1, 'http://one.example', 's', '{person.*}'),
			(2, 'http://two.example', 's', '{person.*}')`)
	d.stream()
	d.exec("TRUNCATE webhooks", "INSERT INTO webhooks VALUES (3, 'http://three.example', 's', NULL)",
		"UPDATE webhooks SET url = url || '/'", "DELETE FROM webhooks",
		"INSERT INTO webhooks VALUES (4, 'http://four.example', 's', NULL)",
		"INSERT INTO public.marker VALUES (0)")
	d.load()
	var told []string
	d.OnChange(func(key string) { told = append(told, key) })
	equal(t, "emptied before", d.Emptied(), nil)
	d.observe()
	equal(t, "told", told, []string{"public.webhooks/3"})
	equal(t, "emptied", d.Emptied(), []string{"public.webhooks/"})
	equal(t, "emptied again", d.Emptied(), nil)
}
