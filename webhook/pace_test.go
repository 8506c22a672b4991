package webhook_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hookline/internal/migrate"
	"hookline/webhook"
)

// TestPace reads how a webhook is sent to. A version of Hookline's own table that has no such
// columns takes them later.
func TestPace(t *testing.T) {
	d := newDatabase(t, ownAlone, webhook.SchemaSQL("hookline"),
		"ALTER TABLE hookline.webhook DROP timeout, DROP rate, DROP thin, DROP batch, DROP batch_wait",
		"INSERT INTO hookline.webhook (url) VALUES ('http://old.example')")
	d.load()
	if list := d.List(); len(list) != 1 || list[0].State != webhook.Active {
		t.Fatalf("without the columns: %+v", list)
	}
	pending := migrate.SQL("hookline", migrate.Webhooks, "pace")
	d.exec("DELETE FROM hookline.webhook", pending, pending)
	row, _, err := d.Add(t.Context(), d.conn, webhook.Settings{
		URL: new("http://one.example"),
		PaceSettings: webhook.PaceSettings{
			Timeout: new("90s"), Rate: new(2.5), Thin: new(true), Batch: new(50),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if row.Timeout != "1m30s" || row.Rate != 2.5 || !row.Thin || row.Batch != 50 ||
		row.BatchWait != "100ms" {
		t.Errorf("row: %+v", row.PaceRow)
	}
	d.stream()
	if got, want := d.Get(row.Key).Pace, (webhook.Pace{
		Timeout: 90 * time.Second, Rate: 2.5, Batch: 50, BatchWait: 100 * time.Millisecond,
	}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	version := d.Get(row.Key).Version()
	for _, change := range []string{
		"timeout = '2 minutes'", "timeout = NULL", "rate = 3", "rate = NULL",
		"thin = false", "thin = true", "thin = NULL",
		"batch_wait = '1 s'", "batch = 2", "batch = NULL, batch_wait = NULL",
	} {
		d.commit("UPDATE hookline.webhook SET " + change)
		if now := d.Get(row.Key); now == nil || now.Version() == version {
			t.Errorf("%s: %+v is of the same version", change, now)
		} else {
			version = now.Version()
		}
	}
	if got := d.Get(row.Key).Pace; got != (webhook.Pace{}) {
		t.Errorf("%+v, and want nothing", got)
	}
	if d.Get(row.Key).View != nil {
		t.Error("there is a view, and want none")
	}
	d.commit("UPDATE hookline.webhook SET previous = 'all'")
	var invalid *webhook.InvalidError
	for _, test := range []struct {
		set  webhook.PaceSettings
		want string
	}{
		{webhook.PaceSettings{Timeout: new("soon")}, `timeout: "soon": want a time such as 5s`},
		{webhook.PaceSettings{Rate: new(-1.0)}, `rate: "-1": want requests in a second from 0.001`},
		{webhook.PaceSettings{Thin: new(true)}, "thin: true: nothing but the key is sent then; want false, or null for previous"},
		{webhook.PaceSettings{Batch: new(1)}, `batch: "1": want events in a request from 2 to 100, or 0 for one, and no array`},
		{webhook.PaceSettings{Batch: new(3_000_000_000)}, `batch: "3000000000": want events in a request from 2 to 100, or 0 for one, and no array`},
		{webhook.PaceSettings{BatchWait: new("1s")}, `batch_wait: "1s": nothing waits without batch`},
		{webhook.PaceSettings{Timeout: new("11m")}, `timeout: "11m": want an interval from 1ms`},
	} {
		_, err := d.Edit(t.Context(), d.conn, row.Key, webhook.Settings{PaceSettings: test.set})
		if !errors.As(err, &invalid) || !strings.HasPrefix(invalid.Reason, test.want) {
			t.Errorf("edited: %v, want %s", err, test.want)
		}
	}
	row, err = d.Edit(t.Context(), d.conn, row.Key, webhook.Settings{
		PaceSettings: webhook.PaceSettings{Timeout: new(""), Rate: new(0.0), Thin: new(false), Batch: new(0)},
	})
	if err != nil || row.PaceRow != (webhook.PaceRow{}) {
		t.Errorf("edited: %+v, %v", row, err)
	}
}

// A row that cannot be served as it asks is skipped, and says why.
func TestPaceWithMistakes(t *testing.T) {
	tests := []struct{ set, reason string }{
		{"timeout = '0'", `timeout: "0s": want an interval from 1ms to 10m, or null`},
		{"timeout = '-1 s'", `timeout: "-1s": want an interval from 1ms to 10m, or null`},
		{"timeout = '1 month'", `timeout: "1 mon": want an interval from 1ms to 10m, or null`},
		{"rate = 0", `rate: "0": want requests in a second from 0.001 to 100000, or null`},
		{"rate = 'NaN'", `rate: "NaN": want requests in a second from 0.001 to 100000, or null`},
		{"thin = true, fields = '{}'", "thin: true: nothing but the key is sent then; want false, or null for fields"},
		{"batch = 101", `batch: "101": want events in a request from 2 to 100, or null`},
		{"batch = 9, batch_wait = '11s'", `batch_wait: "11s": want an interval from 1ms to 10s, or null`},
		{"batch = 9, format = 'slack', operations = '{hookline.*}'", `batch: "9": format slack has no arrays; want null`},
		{
			"batch = 100, headers = jsonb_build_object('X-A', repeat('a', 3000))",
			"headers: with the URL they take 3025 bytes, want fewer than 2600: servers refuse larger requests",
		},
		{"batch = 9, format = 'cloudevents-binary'", `batch: "9": format cloudevents-binary has no batches; want null, or format cloudevents`},
		{`format = 'cloudevents-binary', headers = '{"ce-id": "1"}'`, `headers: "Ce-Id" is an attribute of cloudevents-binary`},
		{"timeout = '20 days'", `timeout: "480h": want an interval from 1ms to 10m, or null`},
	}
	d := newDatabase(t, ownAlone, webhook.SchemaSQL("hookline"))
	for i, test := range tests {
		d.exec(fmt.Sprintf("INSERT INTO hookline.webhook (id, url) VALUES (lpad('%d', 32, '0')::uuid, "+
			"'http://one.example')", i))
		d.exec(fmt.Sprintf(
			"UPDATE hookline.webhook SET %s WHERE id = lpad('%d', 32, '0')::uuid", test.set, i))
	}
	d.load()
	for i, got := range d.List() {
		if got.State != webhook.Skipped || !strings.HasPrefix(got.Reason, tests[i].reason) {
			t.Errorf("%s: %s, %q; want %q", tests[i].set, got.State, got.Reason, tests[i].reason)
		}
	}
	if n := len(d.List()); n != len(tests) {
		t.Errorf("%d webhooks, want %d", n, len(tests))
	}
}
