package main

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/admin"
	"hookline/admin/api"
	"hookline/admin/api/apitest"
	"hookline/admin/console"
	"hookline/cdc"
	"hookline/config"
	"hookline/internal/doctor"
	"hookline/internal/operate"
	"hookline/internal/pg"
	"hookline/internal/postgres/postgrestest"
	"hookline/internal/tlstest"
)

// sick is a database that something is wrong with.
type sick struct {
	name   string
	url    string   // in place of that of a new database
	same   bool     // it is the one before, with what was wrong there
	before string   // statements, before its setup
	setup  bool     // it is set up
	env    []string // names and values, by turns
	want   []string // checks that are not ok
	says   []string // of findings
}

const (
	contacts = "CREATE TABLE contacts (id text PRIMARY KEY, name text);"
	hooks    = `CREATE TABLE webhooks (id text PRIMARY KEY, url text, secret text, operations text[]);
		INSERT INTO webhooks VALUES ('1', 'https://one.example', 'secret-of-one', '{*.*}');`
	nowhere = "postgres://postgres:confidential@127.0.0.1:1/crm?sslmode=disable"
)

// Every failure that the doctor tells of is told by the console in the same words: on the doctor's
// page all of it, on the first page what needs attention.
func TestConsoleTellsWhatTheDoctorFinds(t *testing.T) {
	server, other := postgrestest.NewDatabase(t), postgrestest.NewDatabase(t)
	query(t, server, "CREATE ROLE poor_of_console LOGIN")
	t.Cleanup(func() { query(t, server, "DROP OWNED BY poor_of_console; DROP ROLE poor_of_console") })
	asPoor, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	asPoor.User = url.User("poor_of_console")
	isNowhere, asNobody := *asPoor, *asPoor
	isNowhere.Path, isNowhere.User = "/nowhere", url.User("postgres")
	asNobody.User = url.User("nobody_of_console")
	query(t, server, contacts+hooks+"GRANT SELECT ON webhooks TO poor_of_console")
	query(t, other, contacts+hooks)
	setUp(t, other)
	certificate, key := tlstest.NewAuthority(t, "clients").
		Issue(t, "crm", time.Now().Add(-time.Minute))
	own := []string{"HOOKLINE_WEBHOOKS_TABLE", "hookline.webhook"}

	seen := map[string]bool{}
	top, last := t, ""
	for _, c := range []sick{
		{name: "nobody listens", url: nowhere, want: []string{"connection"}},
		{name: "no such database", url: isNowhere.String(), want: []string{"connection"}},
		{name: "no such role", url: asNobody.String(), want: []string{"connection"}},
		{name: "poor role", url: asPoor.String(), want: []string{"role", "own schema", "ownership"}},
		{name: "no webhooks", before: contacts, want: []string{"webhooks"}},
		{name: "own table to come", before: contacts, env: own, want: []string{"webhooks"}},
		{
			name: "odd rows", before: contacts + hooks + `CREATE TABLE keyless (name text);
				INSERT INTO webhooks VALUES ('2', 'https://two.example', NULL, '{*.*}'),
				('3', 'https://three.example', 's', '{unheard.created}'),
				('4', 'ftp://four.example', 's', '{*.*}'),
				('5', 'https://five.example', 's', '{contact.*,contact.exploded}')`,
			want: []string{"table left out", "webhook"},
		},
		{name: "nothing to tell of", before: hooks, want: []string{"tables"}},
		{
			name: "a credential", before: contacts + hooks + `ALTER TABLE contacts ADD password_hash text`,
		},
		{
			name: "a slot of another database", before: contacts + hooks,
			env: []string{"HOOKLINE_SLOT", nameOf(other)}, want: []string{"slot"},
		},
		{
			name: "spool away", before: contacts + hooks,
			env: []string{"HOOKLINE_SPOOL_DATABASE_URL", nowhere}, want: []string{"spool"},
		},
		{name: "nobody reads", before: contacts + hooks, setup: true, want: []string{"slot"}},
		{
			name: "queues", same: true,
			before: `INSERT INTO hookline.queue (slot, webhook, waiting, dead, paused, is_full)
				VALUES (current_database(), 'public.webhooks/1', 3, 7, 'it answered 410', true),
				(current_database(), 'public.webhooks/deleted', 2, 0, 'it answered 410', true)`,
			want: []string{"spool"},
			says: []string{"is paused", "the spool is full", "was deleted, and 2 deliveries wait"},
		},
		{
			name: "a rotated secret", same: true,
			before: `INSERT INTO hookline.webhook (url, previous_secret, previous_secret_until)
				VALUES ('https://one.example', 'secret', now() - interval '1 s')`,
			want: []string{"rotated secrets"},
		},
		{
			name: "what webhooks say of events and receivers", same: true,
			before: fmt.Sprintf(`INSERT INTO hookline.webhook
					(url, operations, ignore, filter, client_certificate, client_key)
				VALUES ('https://one.example', '{contact.*}', '{origin:nobody}', 'data.nickname == "Z"',
					%s, %s), ('http://10.0.0.1/', '{contact.*}', NULL, NULL, NULL, NULL)`,
				pg.Literal(certificate), pg.Literal(key)),
			want: []string{"certificates", "ignored changes", "webhook"},
			says: []string{"names the field", "gets nothing", "has been valid until"},
		},
		{
			name: "bus away", same: true,
			env:  []string{"HOOKLINE_NATS_URL", "nats://someone:confidential@127.0.0.1:1"},
			want: []string{"bus"},
		},
		{
			name: "identity taken back", same: true,
			before: "ALTER TABLE contacts REPLICA IDENTITY DEFAULT; CREATE TABLE more (id text PRIMARY KEY)",
		},
		{
			name: "publication dropped", same: true,
			before: `DROP PUBLICATION hookline;
				INSERT INTO hookline.checkpoint (slot, system_identifier, database_oid, timeline,
					settled_lsn, commit_lsn, change_index)
				SELECT slot_name, (SELECT system_identifier::text FROM pg_control_system()), datoid::text,
					(SELECT timeline_id FROM pg_control_checkpoint()), confirmed_flush_lsn, '0/0', 0
				FROM pg_replication_slots WHERE database = current_database()`,
			want: []string{"gap"},
		},
		{
			name: "slot dropped", same: true,
			before: "SELECT pg_drop_replication_slot(current_database())", want: []string{"gap"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i := 0; i < len(c.env); i += 2 {
				t.Setenv(c.env[i], c.env[i+1])
			}
			if c.url == "" {
				if !c.same {
					last = postgrestest.NewDatabase(top)
				}
				c.url = last
				query(t, c.url, c.before)
				if c.setup {
					setUp(t, c.url)
				}
			}
			cfg := configOf(t, c.url)
			all, err := doctor.CheckAll(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			d := operate.New(cfg, starting{})
			defer d.Close()
			if _, err := d.Diagnosis(t.Context()); err != nil {
				t.Fatal(err)
			}
			compare(t, d, all.Findings)
			for _, f := range all.Findings {
				seen[f.Check] = true
			}
			for _, text := range c.says {
				if !slices.ContainsFunc(all.Findings, func(f cdc.Finding) bool {
					return strings.Contains(f.Found, text)
				}) {
					t.Errorf("nothing is found that says %q: %+v", text, all.Findings)
				}
			}
			for _, check := range c.want {
				if !slices.ContainsFunc(all.Findings, func(f cdc.Finding) bool {
					return f.Check == check && f.Level != cdc.Fine
				}) {
					t.Errorf("%s is fine: %+v", check, all.Findings)
				}
			}
		})
	}

	// What no database is made for here goes the same way.
	backend := apitest.New()
	backend.Findings.Findings, backend.Over.Attention = nil, nil
	for _, check := range checks(t) {
		if seen[check] {
			continue
		}
		for _, level := range []cdc.Level{cdc.Fine, cdc.Warning, cdc.Wrong} {
			f := cdc.Finding{
				Level: level, Check: check, Found: check + ` is "<odd>" & so`,
				Hint: "do this,\nor that", SQL: []string{"SELECT 'one' < 'other'", "SELECT 2"},
			}
			backend.Findings.Findings = append(backend.Findings.Findings, f)
			if level != cdc.Fine {
				backend.Over.Attention = append(backend.Over.Attention, f)
			}
		}
	}
	if len(seen) < 15 || len(backend.Findings.Findings) == 0 {
		t.Errorf("seen for real: %v", seen)
	}
	compare(t, backend, backend.Findings.Findings)
}

// starting is a process that has done nothing yet.
type starting struct{}

func (starting) State() cdc.State { return cdc.Connecting }
func (starting) Gap() *cdc.Gap    { return nil }

// compare looks for findings, word by word and in order, on the pages of a console.
func compare(t *testing.T, b api.Backend, findings []cdc.Finding) {
	t.Helper()
	pages, err := console.New(b, admin.NewAccess(""), false, discard)
	if err != nil {
		t.Fatal(err)
	}
	read := func(path string) string {
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, http.NoBody))
		return wordsOf(html.UnescapeString(tags.ReplaceAllString(w.Body.String(), " ")))
	}
	doctors, first := read("/part/doctor"), read("/part/overview")
	rest := doctors
	for _, f := range findings {
		text := fmt.Sprintf("%s %s %s %s", f.Level, f.Check, f.Found, f.Hint)
		for _, sql := range f.SQL {
			text += " " + sql + ";"
		}
		text = wordsOf(text)
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Errorf("the doctor's page does not say %q:\n%s", text, doctors)
			continue
		}
		rest = after
		if f.Level != cdc.Fine && !strings.Contains(first, text) {
			t.Errorf("the first page does not say %q:\n%s", text, first)
		}
	}
}

var (
	tags    = regexp.MustCompile(`<[^>]*>`)
	figures = regexp.MustCompile(`\b\d[\d.]*( ?(B|[kKMG]i?B|(milli)?seconds?|minutes?))?\b`)
)

// wordsOf returns a text without figures, which are others a moment later, and with single spaces.
func wordsOf(text string) string {
	return figures.ReplaceAllString(strings.Join(strings.Fields(text), " "), "#")
}

// checks returns the names of all checks that the source has.
func checks(t *testing.T) (names []string) {
	t.Helper()
	name := regexp.MustCompile(`(?:Check: |\bOK\(|\.Finding\(|\bcheck = |\n\t\{)"([a-zA-Z_ -]{3,})"`)
	for _, dir := range []string{
		"../../internal/doctor", "../../internal/operate", "../../cdc", "../../mapper",
		"../../mapper/*", "../../webhook",
	} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range name.FindAllSubmatch(text, -1) {
				names = append(names, string(found[1]))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func configOf(t *testing.T, address string) config.Config {
	t.Helper()
	t.Setenv("HOOKLINE_DATABASE_URL", address)
	if os.Getenv("HOOKLINE_SLOT") == "" {
		t.Setenv("HOOKLINE_SLOT", nameOf(address))
	}
	cfg, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// nameOf returns the name of the database of a URL, which its slot has, too.
func nameOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Path, "/")
}

func setUp(t *testing.T, address string) {
	t.Helper()
	t.Run("setup", func(t *testing.T) {
		configOf(t, address)
		if code := execute([]string{"setup"}, io.Discard); code != exitFine {
			t.Fatalf("setup ends with %d", code)
		}
	})
}

func query(t *testing.T, address, sql string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
