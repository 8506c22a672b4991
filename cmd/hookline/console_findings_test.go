package main

import (
	"context"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/admin"
	"hookline/admin/api"
	"hookline/admin/console"
	"hookline/cdc"
	"hookline/config"
	"hookline/internal/postgres"
)

// sick is a database that something is wrong with.
type sick struct {
	name   string
	url    string   // in place of that of a new database
	same   bool     // it is the one before, with what was wrong there
	role   string   // that looks, in place of the superuser
	before string   // statements, before its setup
	setup  bool     // it is set up
	after  string   // statements, after it
	until  string   // a question, whose answer has to be yes
	env    []string // names and values, by turns
	reads  bool     // somebody reads its slot, and does nothing
	want   []string // checks that are not fine
	fine   []string // checks that are, and tell something
	says   []string // of findings
}

const (
	contacts = "CREATE TABLE contacts (id text PRIMARY KEY, name text);"
	hooks    = `CREATE TABLE webhooks (id text PRIMARY KEY, url text, secret text, operations text[]);
		INSERT INTO webhooks VALUES ('1', 'https://one.example', 'secret-of-one', '{*.*}');`
	nowhere = "postgres://postgres:confidential@127.0.0.1:1/crm?sslmode=disable"
)

// notMade are checks that no case here makes fail, and why.
var notMade = map[string]string{
	"open transactions":     "a transaction would have to be open for five minutes",
	"version":               "it takes a server that is too old, or has a known fault",
	"server":                "it is where a server refuses to tell of itself, which none does here",
	"prepared transactions": "hookline upgrade makes it, and not the doctor",
	"lost slots":            "likewise",
	"slots of others":       "likewise",
}

// TestConsoleTellsWhatTheDoctorFinds has every failure that the doctor knows made for real, and
// told by the console in the same words: on the doctor's page all of it, on the first page what
// needs attention. A check that no case has fail has its reason in notMade.
func TestConsoleTellsWhatTheDoctorFinds(t *testing.T) {
	h := &hospital{t: t, failed: map[string]bool{}, seen: map[string]bool{}}
	for _, cases := range []func() []sick{
		h.connections, h.rows, h.settings, h.published, h.streams, h.twenties, h.servers,
	} {
		for _, c := range cases() { // which may be about the database of the one before
			t.Run(c.name, func(t *testing.T) { h.examine(t, &c) })
		}
	}
	h.standby()
	unmade := maps.Clone(notMade)
	if _, err := postgres.FindMajor(18); err != nil {
		for _, check := range h.newest() {
			unmade[check] = "it takes Postgres 18"
		}
	}
	for check, fails := range doctorsChecks(t) {
		why, excused := unmade[check]
		switch {
		case excused && h.failed[check]:
			t.Errorf("%q has failed, and is said not to: %s", check, why)
		case excused:
		case fails && !h.failed[check]:
			t.Errorf("no case has the check %q fail: make one, or say in notMade why not", check)
		case !h.seen[check]:
			t.Errorf("no case shows the check %q: make one, or say in notMade why not", check)
		}
		delete(unmade, check)
	}
	if len(unmade) > 0 {
		t.Errorf("there are no such checks: %v", unmade)
	}
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
