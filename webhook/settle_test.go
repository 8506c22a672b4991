package webhook_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hookline/internal/migrate"
	"hookline/webhook"
)

// A webhook of Hookline's own table settles as its row says, from the commit of that on, also in a
// table that an older version has made. A value that says nothing has it skipped.
func TestSettleColumns(t *testing.T) {
	d := newDatabase(t, ownAlone, webhook.SchemaSQL("hookline"),
		"ALTER TABLE hookline.webhook DROP settle, DROP settle_max, DROP catch_up")
	d.stream()
	const id = "11111111-1111-1111-1111-111111111111"
	const key = "hookline.webhook/" + id
	d.commit(`INSERT INTO hookline.webhook (id, url) VALUES ('` + id + `', 'http://one.example')`)
	version := d.Get(key).Version()
	d.commit(migrate.SQL("hookline", migrate.Webhooks, "settle"))
	for _, c := range []struct {
		settle, most, catchUp string
		want                  webhook.Settling
		wrong                 string
	}{
		{"NULL", "NULL", "NULL", webhook.Settling{}, ""},
		{"NULL", "NULL", "'all'", webhook.Settling{}, ""},
		{"NULL", "NULL", "'latest'", webhook.Settling{Latest: true}, ""},
		{"'5s'", "NULL", "NULL", webhook.Settling{For: 5 * time.Second, Max: 50 * time.Second}, ""},
		{"'1.5s'", "'1m 2s'", "NULL", webhook.Settling{For: 1500 * time.Millisecond, Max: 62 * time.Second}, ""},
		{"'5h'", "NULL", "NULL", webhook.Settling{For: 5 * time.Hour, Max: 24 * time.Hour}, ""},
		{"'1 day'", "'1 day'", "NULL", webhook.Settling{For: 24 * time.Hour, Max: 24 * time.Hour}, ""},
		{"'0s'", "NULL", "NULL", webhook.Settling{}, "settle: \"0s\": want an interval from 10ms to 24h, or null"},
		{"'-1s'", "NULL", "NULL", webhook.Settling{}, "settle: \"-1s\": want an interval from 10ms to 24h, or null"},
		{"'2 days'", "NULL", "NULL", webhook.Settling{}, "settle: \"48h\": want an interval from 10ms to 24h, or null"},
		{"'1 month'", "NULL", "NULL", webhook.Settling{}, "settle: \"1 mon\": want an interval from 10ms to 24h, or null"},
		{"'5s'", "'2s'", "NULL", webhook.Settling{}, "settle_max: \"2s\": want an interval from 5s to 24h, or null"},
		{"'2 days'", "'1s'", "NULL", webhook.Settling{}, `settle: "48h": want an interval from 10ms to 24h, or null`},
		{"NULL", "'2s'", "NULL", webhook.Settling{}, `settle_max: "2s": bounds nothing without settle; want null`},
		{"NULL", "NULL", "'newest'", webhook.Settling{}, `catch_up: "newest": want latest, or all or null for every event`},
	} {
		d.commit(`UPDATE hookline.webhook SET settle = ` + c.settle + `, settle_max = ` + c.most +
			`, catch_up = ` + c.catchUp)
		sub, status := d.Get(key), d.List()[0]
		switch {
		case c.wrong != "":
			if sub != nil || status.State != webhook.Skipped || !strings.HasPrefix(status.Reason, c.wrong) {
				t.Errorf("%+v: the webhook is %s: %s", c, status.State, status.Reason)
			}
		case sub == nil || sub.Settling != c.want:
			t.Errorf("%+v: the webhook is %s: %s, %+v", c, status.State, status.Reason, sub)
		case (sub.Version() == version) != (c.want == webhook.Settling{}):
			t.Errorf("%+v: whether it is the version of none is wrong", c)
		}
	}
	d.commit("DELETE FROM hookline.webhook")

	ctx := t.Context()
	row, _, err := d.Add(ctx, d.conn, webhook.Settings{
		URL: new("https://example.com"), Settle: new("90s"), SettleMax: new("10m"), CatchUp: new("latest"),
	})
	if err != nil || row.Settle != "1m30s" || row.SettleMax != "10m" || row.CatchUp != "latest" {
		t.Fatalf("added %q, %q, %q: %v", row.Settle, row.SettleMax, row.CatchUp, err)
	}
	row, err = d.Edit(ctx, d.conn, row.Key, webhook.Settings{
		Settle: new(""), CatchUp: new(""), // settle_max means nothing without
	})
	if err != nil || row.Settle != "" || row.SettleMax != "" || row.CatchUp != "" {
		t.Errorf("left %q, %q, %q: %v", row.Settle, row.SettleMax, row.CatchUp, err)
	}
	for _, s := range []webhook.Settings{
		{Settle: new("soon")}, {SettleMax: new("5s")}, {Settle: new("1us")}, {CatchUp: new("none")},
	} {
		_, err := d.Edit(ctx, d.conn, row.Key, s)
		if invalid, ok := errors.AsType[*webhook.InvalidError](err); !ok {
			t.Errorf("%+v: %v, want it to be refused", s, err)
		} else {
			t.Log(invalid)
		}
	}
}
