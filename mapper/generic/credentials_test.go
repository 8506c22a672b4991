package generic

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/mapper/credential"
	"hookline/mapper/mappertest"
	"hookline/mapper/pattern"
)

// TestCredentialsOfColumns reads rows with credentials in columns of every type that has names of
// its own within.
func TestCredentialsOfColumns(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("Postgres%d", major), func(t *testing.T) {
			testCredentialsOfColumns(t, mappertest.NewPoolOn(t, major))
		})
	}
}

func testCredentialsOfColumns(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	mappertest.RunSQL(t, pool, `
		CREATE EXTENSION hstore;
		CREATE EXTENSION citext;
		CREATE TYPE login AS (name text, "passWord" text, extra jsonb, tokens int, hash text, salt text);
		CREATE TYPE mood AS ENUM ('secret', 'open');
		CREATE DOMAIN document AS jsonb;
		CREATE DOMAIN word AS text;
		CREATE TABLE users (
			id int PRIMARY KEY, email text, "encryptedPassword" text, api_key word, salt text, hash text, file_hash text,
			token mood, tokens_left int, password_changed_at timestamptz, is_secret boolean, notify_token uuid,
			meta jsonb, raw json, doc document, docs jsonb[], note text, notes text[], login login, logins login[], tags hstore, tagses hstore[],
			folded citext);
		INSERT INTO users VALUES (1, 'ada@example.com', 'canary', 'canary', 'canary', 'canary', 'canary',
			'secret', 3, '2025-01-01', true, gen_random_uuid(),
			'{"a":1,"password":"canary"}', '{"a": 1, "in": {"apiKey": "canary"}}', '{"token":"canary"}', ARRAY['{"pwd":"canary"}'::jsonb, '{"b":2}'],
			'{"client_secret": "canary", "c": 3}', ARRAY['{"otp":"canary"}', 'plain'],
			('ada', 'canary', '{"pin":"canary","d":4}', 7, 'canary', 'canary'), ARRAY[('bob', 'canary', '{"e":5}', 8, 'canary', 'canary')::login],
			'a=>1, "secret"=>"canary"', ARRAY['"access_key"=>"canary"'::hstore], ' {"token":"canary"}')`)
	g := New(Config{}, pool, mappertest.Discard)
	rel := mappertest.DescribeTable(t, pool, "public", "users")
	o := compilePlan(t, g, rel)
	row := mappertest.ReadTuples(t, pool, rel)[0]
	const want = `{"id":1,"email":"ada@example.com","token":"secret","tokensLeft":3,"passwordChangedAt":"2025-01-01T00:00:00Z","isSecret":true,` +
		`"meta":{"a":1},"raw":{"a":1,"in":{}},"doc":{},"docs":[{},{"b":2}],"note":"{\"c\":3}","notes":["{}","plain"],` +
		`"login":{"name":"ada","extra":{"d":4},"tokens":7},"logins":[{"name":"bob","extra":{"e":5},"tokens":8}],` +
		`"tags":{"a":"1"},"tagses":[{}],"folded":"{}"}`
	if got := string(mappertest.RowOf(t, o, row)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := string(mappertest.KnownOf(t, o, row)); got != want {
		t.Errorf("known columns: got  %s\nwant %s", got, want)
	}

	// an update of nothing but credentials
	mappertest.RunSQL(t, pool, `UPDATE users SET "encryptedPassword" = 'canary2', api_key = 'canary2', salt = 'x', hash = 'y', file_hash = 'z',
		notify_token = gen_random_uuid(), meta = '{"a":1,"password":"canary2"}', raw = '{"a":1,"in":{"apiKey":[1,2]}}', doc = '{}',
		note = '{"client_secret":"canary2","c":3}', login = ('ada', 'canary2', '{"d":4}', 7, 'x', 'y'), tags = 'a=>1'`)
	after := mappertest.ReadTuples(t, pool, rel)[0]
	if updated, announce := mappertest.UpdateOf(t, o, row, after); announce || updated != nil {
		t.Errorf("an update of credentials alone is announced, with %q", updated)
	}
	mappertest.RunSQL(t, pool, `UPDATE users SET meta = '{"a":2}', email = 'x'`)
	if updated, announce := mappertest.UpdateOf(t, o, row, mappertest.ReadTuples(t, pool,
		rel)[0]); !announce || !slices.Equal(updated, []string{"email", "meta"}) {
		t.Errorf("updated fields are %q, %t", updated, announce)
	}

	// let through, a column is as it stands, whatever it holds
	mappertest.RunSQL(t, pool,
		`UPDATE users SET meta = '{"password":"canary"}', note = '{"pwd": "canary"}', api_key = 'canary'`)
	var secrets credential.SecretColumns
	if err := secrets.UnmarshalText(
		[]byte("-users.meta, -user.note, -api_key, public.users.email, -*.salt")); err != nil {
		t.Fatal(err)
	}
	o = compilePlan(t, New(Config{SecretColumns: secrets}, pool, mappertest.Discard), rel)
	got := string(mappertest.RowOf(t, o, mappertest.ReadTuples(t, pool, rel)[0]))
	for _, want := range []string{
		`"meta":{"password":"canary"}`, `"note":"{\"pwd\": \"canary\"}"`,
		`"apiKey":"canary"`, `"salt":"x"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not let through: %s", want, got)
		}
	}
	if strings.Contains(got, "email") {
		t.Errorf("the column that is named is not left out: %s", got)
	}

	// a composite of another version of its type cannot be read, so it cannot be redacted either
	o = compilePlan(t, New(Config{}, pool, mappertest.Discard), rel)
	row = mappertest.ReadTuples(t, pool, rel)[0]
	row[rel.Column("login")] = cdc.Text([]byte(`(ada,canary)`))
	if got := string(mappertest.RowOf(t, o, row)); !strings.Contains(got, `"login":null`) {
		t.Errorf("got %s", got)
	}
}

// TestCredentialsOfRows reads settings, of which the name tells whether the value is a credential.
func TestCredentialsOfRows(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, `
		CREATE TABLE settings (id int PRIMARY KEY, key text, value text, updated_at timestamptz);
		INSERT INTO settings VALUES (1, 'smtp_password', 'canary'), (2, 'theme', 'dark'), (3, 'theme', '{"token":"canary","a":1}');
		CREATE TYPE option AS ENUM ('smtp_password', 'theme');
		CREATE TABLE options (id int PRIMARY KEY, name text, key option, value text);
		INSERT INTO options VALUES (1, 'Mail', 'smtp_password', 'canary'), (2, 'Look', 'theme', 'dark');
		CREATE TABLE audits (id int PRIMARY KEY, field text, "oldValue" text, new_value text);
		INSERT INTO audits VALUES (1, 'api_key', 'canary', 'canary'), (2, 'phone', '1', '2');
		CREATE TABLE deals (id int PRIMARY KEY, name text, value numeric);
		INSERT INTO deals VALUES (1, 'Token deal', 12)`)
	g := New(Config{}, pool, mappertest.Discard)
	for table, want := range map[string][]string{
		"settings": {
			`{"id":1,"key":"smtp_password","updatedAt":null}`,
			`{"id":2,"key":"theme","value":"dark","updatedAt":null}`,
			`{"id":3,"key":"theme","value":"{\"a\":1}","updatedAt":null}`,
		},
		"options": {
			`{"id":1,"name":"Mail","key":"smtp_password"}`,
			`{"id":2,"name":"Look","key":"theme","value":"dark"}`,
		},
		"audits": {
			`{"id":1,"field":"api_key"}`,
			`{"id":2,"field":"phone","oldValue":"1","newValue":"2"}`,
		},
		"deals": {`{"id":1,"name":"Token deal","value":12}`},
	} {
		rel := mappertest.DescribeTable(t, pool, "public", table)
		o := compilePlan(t, g, rel)
		for i, row := range mappertest.ReadTuples(t, pool, rel) {
			if got := string(mappertest.RowOf(t, o, row)); got != want[i] {
				t.Errorf("%s: got %s, want %s", table, got, want[i])
			}
			if got := string(mappertest.KnownOf(t, o, row)); got != want[i] {
				t.Errorf("known columns of %s: got %s, want %s", table, got, want[i])
			}
		}
	}
	rel := mappertest.DescribeTable(t, pool, "public", "settings")
	o := compilePlan(t, g, rel)
	before := mappertest.ReadTuples(t, pool, rel)[0]
	mappertest.RunSQL(t, pool, `UPDATE settings SET value = 'canary2' WHERE id = 1`)
	rows := mappertest.ReadTuples(t, pool, rel)
	if updated, announce := mappertest.UpdateOf(t, o, before, rows[len(rows)-1]); announce {
		t.Errorf("an update of a setting that is a credential is announced, with %q", updated)
	}
}

// TestCredentialsOfKeys has credentials in a key: what is left out of it neither tells records
// apart nor is a change of it.
func TestCredentialsOfKeys(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, `
		CREATE TABLE account (id jsonb PRIMARY KEY, name text);
		INSERT INTO account VALUES ('{"at":"shop","token":"canary"}', 'a'), ('{"at":"shop","token":"canary2"}', 'a'),
			('{"at":"mill","token":"canary"}', 'a');
		CREATE TABLE alias (id text PRIMARY KEY);
		INSERT INTO alias VALUES ('shop'), ('mill')`)
	g := New(Config{}, pool, mappertest.Discard)
	rel := mappertest.DescribeTable(t, pool, "public", "account")
	o := compilePlan(t, g, rel)
	rows := mappertest.ReadTuples(t, pool, rel)
	if mappertest.RecordIn(t, o, rows[0]) != mappertest.RecordIn(t, o, rows[1]) ||
		mappertest.Rekeys(t, o, rows[0], rows[1]) {
		t.Error("a credential in the key tells records apart")
	}
	if mappertest.RecordIn(t, o, rows[0]) == mappertest.RecordIn(t, o, rows[2]) ||
		!mappertest.Rekeys(t, o, rows[0], rows[2]) {
		t.Error("the rest of the key does not tell records apart")
	}
	rel = mappertest.DescribeTable(t, pool, "public", "alias")
	rows = mappertest.ReadTuples(t, pool, rel)
	if o = compilePlan(t, g, rel); mappertest.RecordIn(t, o, rows[0]) == mappertest.RecordIn(t, o,
		rows[1]) {
		t.Error("texts do not tell records apart")
	}
}

// TestCredentialsOfTables lists tables that are not announced at all, and what is said of them.
func TestCredentialsOfTables(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("Postgres%d", major), func(t *testing.T) {
			testCredentialsOfTables(t, mappertest.NewPoolOn(t, major))
		})
	}
}

func testCredentialsOfTables(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	mappertest.RunSQL(t, pool, `
		CREATE TABLE people (id int PRIMARY KEY, password text, phone text);
		CREATE TABLE refresh_tokens (token text PRIMARY KEY, user_id int);
		CREATE TABLE covered (id int, token text, PRIMARY KEY (id) INCLUDE (token));
		CREATE TABLE sessions (id text PRIMARY KEY, a_session bytea, "LastUpdated" timestamp);
		CREATE TABLE hooks (id int PRIMARY KEY, url text, secret text);
		CREATE TABLE settings (id int PRIMARY KEY, key text, value text);
		CREATE TABLE keyless (password text);`)
	hooks := func(_ string, columns []string) bool {
		return slices.Contains(columns, "url") && slices.Contains(columns, "secret")
	}
	list := func(entries string) (announced, log string, found []cdc.Finding) {
		var secrets credential.SecretColumns
		if entries != "" {
			if err := secrets.UnmarshalText([]byte(entries)); err != nil {
				t.Fatal(err)
			}
		}
		g := New(Config{SecretColumns: secrets, HoldsWebhooks: hooks}, pool, mappertest.Discard)
		announced, _, log = listTables(t, g, pool)
		for table := range strings.SplitSeq("people refresh_tokens sessions hooks settings covered",
			" ") {
			o, err := g.Describe(t.Context(), mappertest.DescribeTable(t, pool, "public", table))
			if err != nil {
				t.Fatal(err)
			}
			if listed := slices.Contains(strings.Fields(announced), "public."+table); listed != (o != nil) {
				t.Errorf("%s: listed %t, announced %t", table, listed, o != nil)
			}
		}
		mappertest.WithConn(t, pool, func(conn *pgx.Conn) {
			var err error
			if found, err = g.checkCredentials(t.Context(), conn); err != nil {
				t.Fatal(err)
			}
		})
		return announced, log, found
	}
	announced, log, found := list("")
	if announced != "public.covered public.people public.settings" {
		t.Errorf("announced are %s", announced)
	}
	var text bytes.Buffer
	for _, f := range found {
		fmt.Fprintln(&text, f.Level, f.Found, f.Hint)
	}
	for _, want := range []string{
		"people.password", "HOOKLINE_SECRET_COLUMNS=-refresh_tokens.token",
		"HOOKLINE_SECRET_COLUMNS=-sessions.*",
		"looks like a table of webhooks",
	} {
		if !strings.Contains(log, want) || !strings.Contains(text.String(), want) {
			t.Errorf("%s is not said: by the log\n%sby the doctor\n%s", want, log, text.String())
		}
	}
	if !strings.Contains(text.String(), "values of settings") ||
		strings.Contains(text.String(), "keyless") || strings.Contains(text.String(), "warning") {
		t.Errorf("the doctor says\n%s", text.String())
	}
	announced, log, found = list(
		"-refresh_tokens.token,-sessions.*,-hooks.secret,people.phon,-passwort,people.phone")
	if want := "public.covered public.hooks public.people public.refresh_tokens public.sessions public.settings"; announced != want {
		t.Errorf("announced are %s, want %s", announced, want)
	}
	for _, want := range []string{
		`entry=people.phon reason="it matches no column: is people.phone meant?"`,
		`entry=-passwort reason="it matches no column, and holds for keys of JSON alone: is password meant?"`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("%s is not said: %s", want, log)
		}
	}
	if last := found[len(found)-1]; last.Level != cdc.Warning ||
		!strings.Contains(last.Found, "passwort") {
		t.Errorf("found %+v", last)
	}
	if announced, _,
		_ = list(
		"off"); announced != "public.covered public.people public.refresh_tokens public.sessions "+
		"public.settings" {
		t.Errorf("announced are %s with off", announced)
	}
}

// TestBusyTables tells of tables that have had many more updates than they have rows, and of
// columns that tell when something was last used.
func TestBusyTables(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, `
		CREATE TABLE states (id int PRIMARY KEY, n int); INSERT INTO states VALUES (1, 0);
		CREATE TABLE counters (id int PRIMARY KEY, n int); INSERT INTO counters VALUES (1, 0);
		CREATE TABLE tokens (id int PRIMARY KEY, last_used_at timestamp, last_used text);
		CREATE TABLE users (id int PRIMARY KEY, last_seen timestamp, "lastActivity" date);
		CREATE TABLE people (id int PRIMARY KEY, n int); INSERT INTO people SELECT i, 0 FROM generate_series(1, 10000) i`)
	var touch pattern.Columns
	if err := touch.UnmarshalText([]byte("user.last_seen")); err != nil {
		t.Fatal(err)
	}
	g := New(Config{Exclude: []string{"counter"}, TouchColumns: touch}, pool, mappertest.Discard)
	conn, err := pgx.ConnectConfig(t.Context(), pool.Config().ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.PgConn().Exec(t.Context(), `UPDATE people SET n = 1;
		DO $$ BEGIN FOR i IN 1..10000 LOOP UPDATE states SET n = i; UPDATE counters SET n = i; END LOOP; END $$;`).ReadAll()
	// statistics are there when the session is gone
	if err = errors.Join(err, conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	tables := []cdc.Table{
		{Schema: "public", Name: "states", Full: true},
		{Schema: "public", Name: "people", Full: true},
		{Schema: "public", Name: "counters", Skip: true, Full: true},
	}
	for {
		var inserts, updates int // those of a session that goes on come later
		err := pool.QueryRow(t.Context(), `SELECT sum(n_tup_ins), sum(n_tup_upd) FROM pg_stat_user_tables`).
			Scan(&inserts, &updates)
		if err != nil {
			t.Fatal(err)
		}
		if inserts == 10002 && updates == 30000 {
			break
		}
	}
	mappertest.WithConn(t, pool, func(conn *pgx.Conn) {
		found, err := g.checkBusy(t.Context(), conn, tables)
		if err != nil || len(found) != 2 || !strings.Contains(found[0].Found, `"states"`) ||
			!strings.Contains(found[0].Hint, "HOOKLINE_EXCLUDE=state") {
			t.Fatalf("found %+v, %v", found, err)
		}
		want := "HOOKLINE_TOUCH_COLUMNS=tokens.last_used_at,users.lastActivity"
		if !strings.HasSuffix(found[1].Hint, want) {
			t.Errorf("found %+v", found[1])
		}
	})
}

// TestSecretColumnsRefused names what cannot be read.
func TestSecretColumnsRefused(t *testing.T) {
	for _, text := range []string{"", "a,,b", "-", "a.", ".a", "a.b.c.d", "a[b]", "_", "a.?"} {
		if err := new(credential.SecretColumns).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// TestCredentialsAreNotReadBack has the mapper leave a credential that the stream did not send
// where it is.
func TestCredentialsAreNotReadBack(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, `CREATE TABLE people (id int PRIMARY KEY, password text, bio text)`)
	o := compilePlan(t, New(Config{}, pool, mappertest.Discard),
		mappertest.DescribeTable(t, pool, "public", "people"))
	if want := []bool{false, true, false}; !slices.Equal(o.Ignore, want) {
		t.Errorf("not read back are %v, want %v", o.Ignore, want)
	}
}
