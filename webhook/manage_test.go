package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/migrate"
	"hookline/webhook"
)

var ownAlone = webhook.Config{Profile: "generic", Table: "hookline.webhook"}

// served loads anew and returns the subscription of that key, nil when it is not served.
func (d *database) served(key string) *webhook.Subscription {
	d.t.Helper()
	d.load()
	return d.Get(key)
}

// count returns how many webhooks Hookline's own table has.
func (d *database) count() (n int) {
	d.t.Helper()
	row := d.conn.QueryRow(d.t.Context(), "SELECT count(*) FROM hookline.webhook")
	if err := row.Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

func TestWhatIsAddedIsServed(t *testing.T) {
	d := newDatabase(t, ownAlone, webhook.SchemaSQL("hookline"))
	ctx := t.Context()
	const target = "https://u:canary-password@example.com/hooks?token=canary-token"
	row, secret, err := d.Add(ctx, d.conn, webhook.Settings{
		URL: new(target), Operations: []string{"person.*", "*.created"},
		Format: new("standard"), Headers: &map[string]string{"Authorization": "Bearer canary-header"},
		Rekey: new("split"), Per: new("change"), Description: new("for the shop"),
	})
	if err != nil {
		t.Fatal(err)
	}
	sub := d.served(row.Key)
	if sub == nil || sub.Secret != secret || len(string(secret)) != 64 || sub.URL != target ||
		strings.Join(sub.Operations, " ") != "person.* *.created" || sub.Format.String() != "standard" ||
		sub.Headers.Get("Authorization") != "Bearer canary-header" || !sub.Split || !sub.Changes {
		t.Fatalf("served: %+v of %+v", sub, row)
	}
	if row.Description != "for the shop" || row.Created.IsZero() || !row.Own || !row.Signed ||
		row.State != webhook.Active || row.URL != "https://***@example.com/hooks?token=***" {
		t.Errorf("row: %+v", row)
	}
	text, err := json.Marshal(row)
	if err != nil || strings.Contains(string(text), "canary") ||
		strings.Contains(string(text), string(secret)) {
		t.Errorf("what is shown of it: %s, %v", text, err)
	}
	other, secret, err := d.Add(ctx, d.conn, webhook.Settings{
		URL: new("http://example.com"), Secret: new(webhook.Secret("")),
	})
	sub = d.served(other.Key)
	if err != nil || sub == nil || secret != "" || sub.Secret != "" || other.Signed {
		t.Errorf("one that is unsigned: %+v, %v", other, err)
	}
}

func TestWhatWouldNotBeServedIsNotKept(t *testing.T) {
	d := newDatabase(t, ownAlone, webhook.SchemaSQL("hookline"))
	ctx := t.Context()
	const target = "https://example.com/hooks"
	good, _, err := d.Add(ctx, d.conn, webhook.Settings{URL: new(target)})
	if err != nil {
		t.Fatal(err)
	}
	version := d.served(good.Key).Version()
	for _, c := range []struct {
		settings webhook.Settings
		want     string
	}{
		{
			webhook.Settings{URL: new("ftp://canary.example.com")},
			"url: does not start with http:// or https://",
		},
		{webhook.Settings{URL: new("https://example.com/\x00canary")}, "url: has a NUL character"},
		{
			webhook.Settings{Operations: []string{"person.sold"}},
			`operations: "person.sold": want an object or *`,
		},
		{
			webhook.Settings{Operations: []string{"person.created", "person.sold"}},
			`operations: "person.sold": want`,
		},
		{webhook.Settings{Operations: []string{}}, "operations: is empty"},
		{
			webhook.Settings{Secret: new(webhook.Secret("whsec_canary!"))},
			"secret: is not base64 behind whsec_",
		},
		{webhook.Settings{Format: new("xml")}, `format: "xml"`},
		{webhook.Settings{Rekey: new("both")}, `rekey: "both": want split, or null for an update`},
		{
			webhook.Settings{Ignore: []string{"origin:here", "API"}},
			`ignore: "API": want actor:SOURCE, actor:SOURCE:NAME`,
		},
		{
			webhook.Settings{Headers: &map[string]string{"X Y": "canary"}},
			`headers: "X Y" is not the name of a header`,
		},
		{webhook.Settings{Workspace: new("7")}, "workspace_id: is set, but nothing says"},
		{
			webhook.Settings{Headers: &map[string]string{"content-type": "canary", "X-A": "b"}},
			`headers: "Content-Type" is one that Hookline or HTTP sets itself, so it is left out`,
		},
		{
			webhook.Settings{Filter: new("\n  'canary' + event")},
			"filter: line 2, column 3: is string, and has to be true or false",
		},
		{webhook.Settings{Filter: new("data.stage =")}, "filter: line 1, column "},
		{
			webhook.Settings{PaceSettings: webhook.PaceSettings{Rate: new(-1.0)}},
			`rate: "-1": want requests in a second from 0.001 to 100000, or 0 for no limit`,
		},
		{
			webhook.Settings{PaceSettings: webhook.PaceSettings{Batch: new(101)}},
			`batch: "101": want events in a request from 2 to 100, or 0 for one, and no array`,
		},
	} {
		adding := c.settings
		if adding.URL == nil {
			adding.URL = new(target)
		}
		_, _, added := d.Add(ctx, d.conn, adding)
		_, edited := d.Edit(ctx, d.conn, good.Key, c.settings)
		for what, err := range map[string]error{"add": added, "edit": edited} {
			invalid, ok := errors.AsType[*webhook.InvalidError](err)
			if !ok || !strings.HasPrefix(invalid.Reason, c.want) ||
				strings.Contains(invalid.Reason, "canary") {
				t.Errorf("%s %+v: %v, want %s", what, c.settings, err, c.want)
			}
		}
	}
	_, _, err = d.Add(ctx, d.conn, webhook.Settings{})
	if err == nil || err.Error() != "url: is not given" {
		t.Errorf("without a URL: %v", err)
	}
	now := d.served(good.Key).Version()
	if n := d.count(); n != 1 || now != version {
		t.Errorf("%d webhooks are there, and the good one is %s, was %s", n, now, version)
	}
}

func TestPauseResumeRemove(t *testing.T) {
	d := newDatabase(t, ownAlone, webhook.SchemaSQL("hookline"))
	ctx := t.Context()
	row, _, err := d.Add(ctx, d.conn, webhook.Settings{URL: new("https://example.com")})
	if err != nil {
		t.Fatal(err)
	}
	row, err = d.Pause(ctx, d.conn, row.ID[:8])
	if err != nil || row.State != webhook.Disabled || d.served(row.Key) != nil {
		t.Errorf("paused: %+v, %v", row, err)
	}
	sub, _, err := d.Subscription(ctx, d.conn, row.Key)
	if err != nil || sub == nil || sub.Host != "example.com" {
		t.Errorf("of one that is paused: %v, %v", sub, err)
	}
	d.exec("UPDATE hookline.webhook SET format = 'xml'")
	const mistake = `format: "xml"`
	_, err = d.Resume(ctx, d.conn, row.Key)
	if err == nil || !strings.HasPrefix(err.Error(), mistake) {
		t.Errorf("resumed with a mistake: %v", err)
	}
	_, _, err = d.Subscription(ctx, d.conn, row.Key)
	if err == nil || !strings.HasPrefix(err.Error(), mistake) {
		t.Errorf("subscription with a mistake: %v", err)
	}
	if _, err := d.Edit(ctx, d.conn, row.Key, webhook.Settings{Rekey: new("split")}); err == nil ||
		!strings.HasPrefix(err.Error(), mistake) {
		t.Errorf("edited while it is switched off, with a mistake: %v", err)
	}
	d.exec("UPDATE hookline.webhook SET format = NULL")
	row, err = d.Resume(ctx, d.conn, row.Key)
	if err != nil || row.State != webhook.Active || d.served(row.Key) == nil {
		t.Errorf("resumed: %+v, %v", row, err)
	}
	row, err = d.Edit(ctx, d.conn, row.Key, webhook.Settings{})
	if err != nil || row.State != webhook.Active {
		t.Errorf("edited in nothing: %+v, %v", row, err)
	}
	if _, err := d.Remove(ctx, d.conn, row.Key); err != nil || d.count() != 0 {
		t.Errorf("removed: %v, left %d", err, d.count())
	}
	_, err = d.Remove(ctx, d.conn, row.Key)
	if _, ok := errors.AsType[*webhook.NotFoundError](err); !ok {
		t.Errorf("removed twice: %v", err)
	}
}

func TestRotate(t *testing.T) {
	d := newDatabase(t, ownAlone, webhook.SchemaSQL("hookline"))
	ctx := t.Context()
	row, first, err := d.Add(ctx, d.conn, webhook.Settings{URL: new("https://example.com")})
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	row, second, err := d.Rotate(ctx, d.conn, row.Key, "", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	sub := d.served(row.Key)
	grace := sub.PreviousUntil.Sub(before)
	if sub.Secret != second || second == first || sub.Previous != first ||
		grace < time.Hour || grace > 61*time.Minute || !row.PreviousUntil.Equal(sub.PreviousUntil) {
		t.Errorf("rotated: %v until %s", row, sub.PreviousUntil)
	}
	version := sub.Version()
	_, _, err = d.Rotate(ctx, d.conn, row.Key, "another", time.Hour)
	if err == nil || !strings.Contains(err.Error(), "signs, too, until") {
		t.Errorf("rotated within the grace period: %v", err)
	}
	if row, err = d.EndRotation(ctx, d.conn, row.Key); err != nil || !row.PreviousUntil.IsZero() {
		t.Errorf("ended: %+v, %v", row, err)
	}
	sub = d.served(row.Key)
	if sub.Secret != second || sub.Previous != "" || sub.Version() == version {
		t.Error("the rotation has not ended")
	}
	if _, err := d.EndRotation(ctx, d.conn, row.Key); err == nil {
		t.Error("a rotation that was over has ended")
	}
	if _, _, err := d.Rotate(ctx, d.conn, row.Key, second, time.Hour); err == nil {
		t.Error("rotated to the secret that it has")
	}
	_, _, err = d.Rotate(ctx, d.conn, row.Key, "whsec_!", time.Hour)
	if err == nil || !strings.HasPrefix(err.Error(), "secret: is not base64") {
		t.Errorf("rotated to what cannot sign: %v", err)
	}
	if _, _, err = d.Rotate(ctx, d.conn, row.Key, "third", time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, _, err = d.Rotate(ctx, d.conn, row.Key, "fourth", 0); err != nil {
		t.Fatal(err)
	}
	if sub = d.served(row.Key); sub.Secret != "fourth" || sub.Previous != "" {
		t.Error("a rotation without a grace period has left another secret that signs")
	}
	d.exec("UPDATE hookline.webhook SET previous_secret = 'x'")
	row, err = d.Row(ctx, d.conn, row.Key)
	if err != nil || row.State != webhook.Skipped || row.Reason != "previous_secret_until: "+
		"is not a time, so it is not known until when the secret before signs, too" {
		t.Errorf("without an end: %+v, %v", row, err)
	}
}

// A table that a version before made has no columns for a secret that was rotated, and gets them.
// another opens a connection to a database.
func another(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// Of two who rotate at the same time the second one sees what the first has done: no secret that
// was handed out is lost.
func TestRotateAtTheSameTime(t *testing.T) {
	d := newDatabase(t, ownAlone, webhook.SchemaSQL("hookline"))
	ctx := t.Context()
	row, _, err := d.Add(ctx, d.conn, webhook.Settings{URL: new("https://example.com")})
	if err != nil {
		t.Fatal(err)
	}
	first, second := another(t, d.url), another(t, d.url)
	if _, err := first.Exec(ctx, `BEGIN; UPDATE hookline.webhook SET previous_secret = secret,
		secret = 'another', previous_secret_until = now() + interval '1 hour'`); err != nil {
		t.Fatal(err)
	}
	rotated := make(chan error, 1)
	go func() {
		_, _, err := d.Rotate(ctx, second, row.Key, "", time.Hour)
		rotated <- err
	}()
	for waiting := 0; waiting == 0; {
		if err := d.conn.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity
			WHERE pid = $1 AND wait_event_type = 'Lock'`, second.PgConn().PID()).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := first.Exec(ctx, "COMMIT"); err != nil {
		t.Fatal(err)
	}
	err = <-rotated
	if _, late := errors.AsType[*cdc.Problem](err); late { // it has given up the lock by then
		_, _, err = d.Rotate(ctx, second, row.Key, "", time.Hour)
	}
	if _, ok := errors.AsType[*webhook.InvalidError](err); !ok {
		t.Error("the secret that the first one was told is replaced")
	}
}

func TestRotateInAnOlderTable(t *testing.T) {
	d := newDatabase(t, ownAlone, webhook.SchemaSQL("hookline"),
		"ALTER TABLE hookline.webhook DROP previous_secret, DROP previous_secret_until")
	ctx := t.Context()
	row, first, err := d.Add(ctx, d.conn, webhook.Settings{URL: new("https://example.com")})
	if err != nil {
		t.Fatal(err)
	}
	version := d.served(row.Key).Version()
	_, _, err = d.Rotate(ctx, d.conn, row.Key, "", time.Hour)
	if _, ok := errors.AsType[*cdc.Problem](err); !ok {
		t.Errorf("rotated: %v", err)
	}
	rotation := migrate.SQL("hookline", migrate.Webhooks, "rotation")
	d.exec(rotation, rotation)
	if sub := d.served(row.Key); sub == nil || sub.Version() != version {
		t.Errorf("the columns have changed what is served: %v", sub)
	}
	_, _, err = d.Rotate(ctx, d.conn, row.Key, "", time.Hour)
	if err != nil || d.served(row.Key).Previous != first {
		t.Errorf("rotated: %v", err)
	}
}

func TestWebhooksOfTheCRMAreItsOwn(t *testing.T) {
	d := newDatabase(t, generic, webhook.SchemaSQL("hookline"), `CREATE TABLE public.webhooks
		(id int PRIMARY KEY, url text, secret text, previous_secret text, active boolean);
		INSERT INTO public.webhooks VALUES
		(1, 'https://example.com/T000/B000/4pVxKcanary9s7sd8f', 'canary', 'canary', false)`)
	ctx := t.Context()
	rows, err := d.Rows(ctx, d.conn)
	if err != nil || len(rows) != 1 || rows[0].Key != "public.webhooks/1" || rows[0].Own ||
		rows[0].State != webhook.Disabled || rows[0].URL != "https://example.com/T000/B000/***" {
		t.Fatalf("%+v, %v", rows, err)
	}
	for what, f := range map[string]func() error{
		"edit": func() error {
			_, err := d.Edit(ctx, d.conn, "1", webhook.Settings{URL: new("https://x.org")})
			return err
		},
		"pause":  func() error { _, err := d.Pause(ctx, d.conn, "public.webhooks/1"); return err },
		"resume": func() error { _, err := d.Resume(ctx, d.conn, "1"); return err },
		"rotate": func() error { _, _, err := d.Rotate(ctx, d.conn, "1", "", 0); return err },
		"remove": func() error { _, err := d.Remove(ctx, d.conn, "1"); return err },
	} {
		err := f()
		if !errors.Is(err, webhook.ErrNotOwn) ||
			!strings.Contains(err.Error(), "webhook public.webhooks/1: it belongs to the CRM") {
			t.Errorf("%s: %v", what, err)
		}
	}
	sub, _, err := d.Subscription(ctx, d.conn, "1")
	if err != nil || sub.Secret != "canary" || sub.Previous != "" {
		t.Errorf("to test it: %v, %v", sub, err)
	}
}

func TestWebhooksAreFoundByTheirNames(t *testing.T) {
	d := newDatabase(t, ownAlone, webhook.SchemaSQL("hookline"),
		`INSERT INTO hookline.webhook (id, url) VALUES
			('aa11c22f-0000-4000-8000-000000000001', 'https://a.org'),
			('aa11c22f-0000-4000-8000-000000000002', 'https://b.org'),
			('bb11c22f-0000-4000-8000-000000000003', 'https://c.org')`)
	for name, want := range map[string]string{
		"bb":                                   "https://c.org",
		"aa11c22f-0000-4000-8000-000000000001": "https://a.org",
		"hookline.webhook/aa11c22f-0000-4000-8000-000000000002": "https://b.org",
		"aa": `"aa" may be any of hookline.webhook/aa11c22f-0000-4000-8000-000000000001, ` +
			"hookline.webhook/aa11c22f-0000-4000-8000-000000000002",
		"hookline.webhok/bb11c22f-0000-4000-8000-000000000003": `there is no webhook ` +
			`"hookline.webhok/bb11c22f-0000-4000-8000-000000000003"; ` +
			"did you mean hookline.webhook/bb11c22f-0000-4000-8000-000000000003?",
		"": `there is no webhook ""`,
	} {
		row, err := d.Row(t.Context(), d.conn, name)
		if err != nil && err.Error() != want || err == nil && row.URL != want {
			t.Errorf("%q: %q, %v; want %s", name, row.URL, err, want)
		}
	}
}

func TestTwentysWebhooksNeedAWorkspace(t *testing.T) {
	d := newTwenty(t, twenty, webhook.SchemaSQL("hookline"))
	ctx := t.Context()
	settings := webhook.Settings{URL: new("https://example.com")}
	_, _, err := d.Add(ctx, d.conn, settings)
	if err == nil || !strings.HasPrefix(err.Error(), "workspace_id: is null, but in Twenty's") {
		t.Errorf("without: %v", err)
	}
	settings.Workspace = new("3b8e6458-0000-4000-8000-000000000000")
	_, _, err = d.Add(ctx, d.conn, settings)
	if err == nil || err.Error() != "there is no workspace "+*settings.Workspace {
		t.Errorf("of another: %v", err)
	}
	settings.Workspace = new(otherWorkspace)
	row, _, err := d.Add(ctx, d.conn, settings)
	if err != nil || row.Workspace != otherWorkspace || d.served(row.Key) == nil {
		t.Errorf("of one that is there: %+v, %v", row, err)
	}
}

func TestMaskURL(t *testing.T) {
	for given, want := range map[string]string{
		"https://example.com":                        "https://example.com",
		"https://name:word@example.com/hooks/crm":    "https://***@example.com/hooks/crm",
		"https://example.com/?a=b&c&d=":              "https://example.com/?a=***&***&d=***",
		"https://example.com/services/T0/Xk29fbnQp":  "https://example.com/services/T0/Xk29fbnQp",
		"https://example.com/T0/Xk29fbnQpwnf9ad4":    "https://example.com/T0/***",
		"https://example.com/a-long-name-of-a-thing": "https://example.com/a-long-name-of-a-thing",
		"ftp://example.com":                          "",
	} {
		if got := webhook.MaskURL(given); got != want {
			t.Errorf("%s: %s, want %s", given, got, want)
		}
	}
}

// A secret that signs no more stands in its row until Hookline changes that, and is told of.
func TestRotatedSecretGoes(t *testing.T) {
	d := newDatabase(t, ownAlone, webhook.SchemaSQL("hookline"))
	ctx := t.Context()
	row, _, err := d.Add(ctx, d.conn, webhook.Settings{URL: new("https://example.com")})
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func() (webhook.Row, error){
		"finished": func() (webhook.Row, error) { return d.EndRotation(ctx, d.conn, row.Key) },
		"edited": func() (webhook.Row, error) {
			return d.Edit(ctx, d.conn, row.Key, webhook.Settings{Description: new("x")})
		},
		"paused": func() (webhook.Row, error) { return d.Pause(ctx, d.conn, row.Key) },
	} {
		if _, _, err := d.Rotate(ctx, d.conn, row.Key, "", time.Hour); err != nil {
			t.Fatal(err)
		}
		d.exec(`UPDATE hookline.webhook SET previous_secret_until = now() - interval '1 s'`)
		if row, err = d.Row(ctx, d.conn, row.Key); err != nil || !row.PreviousLeft ||
			!row.PreviousUntil.IsZero() {
			t.Errorf("over: %+v, %v", row, err)
		}
		var left bool
		row, err := change()
		scan := d.conn.QueryRow(ctx, `SELECT previous_secret IS NOT NULL OR
			previous_secret_until IS NOT NULL FROM hookline.webhook`).Scan(&left)
		if err != nil || scan != nil || left || row.PreviousLeft {
			t.Errorf("%s: left %t, %+v, %v, %v", what, left, row, err, scan)
		}
	}
}
