package webhook_test

import (
	"slices"
	"strings"
	"testing"

	"hookline/internal/migrate"
	"hookline/mapper"
	"hookline/webhook"
)

// A webhook of Hookline's own table ignores what its row says, from the commit of that on, also in
// a table that an older version has made; who ignores nothing is served as before.
func TestIgnoreColumn(t *testing.T) {
	d := newDatabase(t, ownAlone, webhook.SchemaSQL("hookline"),
		"ALTER TABLE hookline.webhook DROP ignore")
	d.stream()
	const id = "11111111-1111-1111-1111-111111111111"
	const key = "hookline.webhook/" + id
	d.commit(`INSERT INTO hookline.webhook (id, url) VALUES ('` + id + `', 'http://one.example')`)
	version := d.Get(key).Version()
	d.commit(migrate.SQL("hookline", migrate.Webhooks, "ignore"))
	check := func(row, state string, want ...string) {
		t.Helper()
		d.commit(`UPDATE hookline.webhook SET ignore = ` + row)
		status := d.List()[0]
		if string(status.State) != state {
			t.Errorf("%s: the webhook is %s: %s", row, status.State, status.Reason)
		}
		sub := d.Get(key)
		if state != "active" {
			if sub != nil || !strings.HasPrefix(status.Reason, "ignore: ") {
				t.Errorf("%s: it is served, or skipped because %s", row, status.Reason)
			}
			return
		}
		if !slices.Equal(status.Ignore, want) || (sub.Ignore != nil) != (want != nil) ||
			d.Audience() != (mapper.Audience{Commits: true, Ignores: want != nil}) {
			t.Errorf("%s: it ignores %q, the audience is %+v, want %q", row, status.Ignore, d.Audience(),
				want)
		}
		if (sub.Version() == version) != (want == nil) {
			t.Errorf("%s: whether it is the version of nothing ignored: %t", row, want != nil)
		}
	}
	check("'{}'", "active")
	check("NULL", "active")
	check(`'{"annotation:source=my sync, the 2nd","origin:there"}'`, "active",
		"annotation:source=my sync, the 2nd", "origin:there")
	check(`'{origin:there,NULL}'`, "skipped")
	check(`'{everything}'`, "skipped")
	check("'{actor:API}'", "active", "actor:API")
	d.commit("DELETE FROM hookline.webhook")
	if d.Audience().Ignores {
		t.Error("somebody ignores changes though nobody is there")
	}

	ctx := t.Context()
	row, _, err := d.Add(ctx, d.conn, webhook.Settings{
		URL: new("https://example.com"), Ignore: []string{"origin:a, b"},
	})
	if err != nil || !slices.Equal(row.Ignore, []string{"origin:a, b"}) {
		t.Errorf("added: %+v, %v", row, err)
	}
	row, err = d.Edit(ctx, d.conn, row.Key, webhook.Settings{Description: new("other")})
	if err != nil || row.Ignore == nil {
		t.Errorf("an edit of something else has left of it %q: %v", row.Ignore, err)
	}
	row, err = d.Edit(ctx, d.conn, row.Key, webhook.Settings{Ignore: []string{}})
	if err != nil || row.Ignore != nil {
		t.Errorf("an edit to nothing has left of it %q: %v", row.Ignore, err)
	}
}
