package webhook_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/webhook"
)

// What waits for a webhook is not given up when its row gets a mistake, and what it hears of is kept
// for it where it is known what that is.
func TestMistakesHold(t *testing.T) {
	d := newDatabase(t, ownAlone, webhook.SchemaSQL("hookline"))
	d.stream()
	const id = "3b8e6458-5fc1-4e63-8563-008ccddaa6db"
	const key = "hookline.webhook/" + id
	d.commit(`INSERT INTO hookline.webhook (id, url, operations, filter)
		VALUES ('` + id + `', 'http://one.example', '{person.*}', 'data.a == 1')`)
	first := d.Get(key)
	good := first.Version()
	for _, test := range []struct {
		set, mend string
		keeps     bool
	}{
		{"filter = 'data.a =='", "filter = 'data.a == 1'", true},
		{"filter = '1'", "filter = 'data.a == 1'", true},
		{"url = 'nowhere'", "url = 'http://one.example'", true},
		{"headers = '[]'", "headers = NULL", true},
		{"rate = 0", "rate = NULL", true},
		{"rate = 'NaN', batch = 1", "rate = NULL, batch = NULL", true},
		{"settle = '-1s'", "settle = NULL", true},
		{"ignore = '{everything}'", "ignore = NULL", true},
		{"format = 'xml'", "format = NULL", true},
		{"ca = 'x'", "ca = NULL", true},
		{"mask = '{NULL}'", "mask = NULL", false},
		{"fields = '{NULL}'", "fields = NULL", false},
		{"previous = 'old'", "previous = NULL", false},
		{"thin = true, fields = '{a}'", "thin = NULL, fields = NULL", false},
		{"operations = '{deal}'", "operations = '{person.*}'", false},
		{"workspace_id = 'acme'", "workspace_id = NULL", false},
		{"format = 'slack'", "format = NULL", false},
	} {
		d.commit("UPDATE hookline.webhook SET " + test.set)
		now, status := first.Current(), d.List()[0]
		if now == nil || now.Held == "" || now.Held != status.Reason || d.Known(key) != now ||
			d.Get(key) != nil || status.State != webhook.Skipped || status.Keeps != test.keeps {
			t.Errorf("%s: %+v, held: %+v", test.set, status, now)
			continue
		}
		if matched := d.matched("person.created"); slices.Contains(matched, key) != test.keeps {
			t.Errorf("%s: an event is for %q", test.set, matched)
		}
		if now.Version() == good {
			t.Errorf("%s: it is the same version", test.set)
		}
		if test.keeps != strings.Contains(status.Meanwhile(), "hears of, is kept") {
			t.Errorf("%s: %s", test.set, status.Meanwhile())
		}
		if again := anotherProcess(t, d).Known(key); again == nil || again.Version() != now.Version() {
			t.Errorf("%s: another process has another version", test.set)
		}
		d.commit("UPDATE hookline.webhook SET " + test.mend)
		if now := first.Current(); now == nil || now.Held != "" || now.Version() != good {
			t.Errorf("%s: after %s: %+v", test.set, test.mend, d.List()[0])
		}
	}
	d.commit("UPDATE hookline.webhook SET url = 'nowhere', enabled = false")
	if first.Current() != nil || d.Known(key) != nil {
		t.Error("one that is switched off is held")
	}
}

// anotherProcess returns the registry of another process, which finds the webhooks as they are.
func anotherProcess(t *testing.T, d *database) *webhook.Registry {
	t.Helper()
	r, err := webhook.Open(ownAlone, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	err = pgx.BeginFunc(t.Context(), d.conn, func(tx pgx.Tx) error { return r.Load(t.Context(), tx, nil) })
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A row of the CRM's own table may never be mended: nothing more is kept for it than what waits.
func TestMistakesOfTheCRMHold(t *testing.T) {
	d := newDatabase(t, generic, table,
		"INSERT INTO webhooks VALUES (1, 'http://one.example', 's', '{person.*}')")
	d.stream()
	sub := d.Get("public.webhooks/1")
	d.commit("UPDATE webhooks SET url = 'nowhere'")
	if now := sub.Current(); now == nil || now.Held == "" || d.List()[0].Keeps {
		t.Errorf("%+v of %+v", now, d.List()[0])
	}
	equal(t, "matched", d.matched("person.created"), nil)
	d.commit("UPDATE webhooks SET url = 'http://one.example'")
	if now := sub.Current(); now == nil || now.Held != "" {
		t.Errorf("after it is mended: %+v", now)
	}
	equal(t, "matched", d.matched("person.created"), []string{"public.webhooks/1"})
}

// The time of a webhook can be over while its row has a mistake: then it is switched off.
func TestHeldUntilItsTimeIsOver(t *testing.T) {
	d := newDatabase(t, generic, `CREATE TABLE webhooks
		(id int PRIMARY KEY, url text, secret text, operations text[], expires_at timestamptz)`,
		"INSERT INTO webhooks VALUES (1, 'http://one.example', 's', '{person.*}', now() + '1 h')")
	d.stream()
	const key = "public.webhooks/1"
	sub := d.Get(key)
	var told []string
	d.OnChange(func(key string) { told = append(told, key) })
	d.commit("UPDATE webhooks SET url = 'nowhere', expires_at = clock_timestamp() + '200 ms'")
	if now := sub.Current(); now != nil && now.Held == "" {
		t.Fatalf("it is served: %+v", d.status(key))
	}
	told = nil
	for sub.Current() != nil {
		<-time.After(time.Millisecond)
	}
	d.matched("person.created")
	if s := d.status(key); s.State != webhook.Disabled || s.Reason != "expires_at is over" {
		t.Errorf("%+v, want one whose time is over", s)
	}
	equal(t, "told", told, []string{key})
}
