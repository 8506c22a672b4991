package webhook_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hookline/internal/migrate"
	"hookline/mapper"
	"hookline/webhook"
)

// TestChoices reads what a webhook gets of events, and which of them. A version of Hookline's own
// table that has no such columns takes them later.
func TestChoices(t *testing.T) {
	d := newDatabase(t, ownAlone, webhook.SchemaSQL("hookline"),
		"ALTER TABLE hookline.webhook DROP previous, DROP filter, DROP mask, DROP fields",
		"INSERT INTO hookline.webhook (url) VALUES ('http://old.example')")
	d.load()
	if list := d.List(); len(list) != 1 || list[0].State != webhook.Active {
		t.Fatalf("without the columns: %+v", list)
	}
	pending := migrate.SQL("hookline", migrate.Webhooks, "choice")
	d.exec("DELETE FROM hookline.webhook", pending, pending)
	row, _, err := d.Add(t.Context(), d.conn, webhook.Settings{
		URL: new("http://one.example"), Filter: new("data.stage == 'WON'"), Previous: new("changed"),
		Fields: []string{"stage", "id", "a,\"b"}, Mask: []string{"name"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if row.Filter != "data.stage == 'WON'" || row.Previous != "changed" ||
		!slices.Equal(row.Fields, []string{"stage", "id", `a,"b`}) ||
		!slices.Equal(row.Mask, []string{"name"}) {
		t.Errorf("row: %+v", row)
	}
	d.stream()
	sub := d.Get(row.Key)
	want := mapper.NewView(mapper.PreviousChanged, []string{"stage", "id", `a,"b`}, []string{"name"})
	if sub.View.String() != want.String() || sub.Filter.String() != row.Filter {
		t.Errorf("view %q, filter %q", sub.View, sub.Filter)
	}
	changes := 0
	d.OnChange(func(string) { changes++ })
	version := sub.Version()
	d.commit("UPDATE hookline.webhook SET description = 'a note'") // which makes no difference
	if changes != 0 || d.Get(row.Key) != sub {
		t.Errorf("%d changes by a note", changes)
	}
	for _, change := range []string{
		"filter = 'true'", "previous = 'all'", "fields = '{}'", "mask = '{id}'", "fields = NULL",
		"filter = NULL, previous = NULL, mask = '{}'",
	} {
		d.commit("UPDATE hookline.webhook SET " + change)
		now := d.Get(row.Key)
		if now == nil || now.Version() == version {
			t.Errorf("%s: %+v is of the same version", change, now)
		}
		if version = now.Version(); change == "fields = '{}'" && now.View.Fields == nil {
			t.Error("an empty list of fields is all of them")
		}
	}
	if sub = d.Get(row.Key); sub.View != nil || sub.Filter != nil {
		t.Errorf("view %q, filter %q, and want none", sub.View, sub.Filter)
	}
	d.commit("INSERT INTO hookline.webhook (id, url) VALUES " +
		"('11111111-1111-1111-1111-111111111111', 'http://one.example')")
	if plain := d.Get("hookline.webhook/11111111-1111-1111-1111-111111111111"); plain.View != nil ||
		plain.Filter != nil {
		t.Errorf("a row that says nothing: %+v", plain)
	}
	var invalid *webhook.InvalidError
	_, err = d.Edit(t.Context(), d.conn, row.Key, webhook.Settings{Filter: new("dat.stage == 1")})
	if !errors.As(err, &invalid) ||
		!strings.HasPrefix(invalid.Reason, "filter: line 1, column 1: undeclared reference") {
		t.Errorf("edited: %v", err)
	}
	row, err = d.Edit(t.Context(), d.conn, row.Key, webhook.Settings{
		Filter: new(""), Previous: new("all"), Fields: []string{}, Mask: []string{},
	})
	if err != nil || row.Filter != "" || row.Previous != "all" || row.Fields != nil || row.Mask != nil {
		t.Errorf("edited: %+v, %v", row, err)
	}
}

// A row that cannot be served as it asks is skipped, and says why.
func TestChoicesWithMistakes(t *testing.T) {
	tests := []struct{ set, reason string }{
		{
			"previous = 'old'",
			`previous: "old": want changed or all, or null`,
		},
		{"previous = 'all', format = 'twenty'", "previous: format twenty has no room for it"},
		{"filter = ''", "filter: is empty; null stands for no filter"},
		{"filter = 'data.stage = 1'", "filter: line 1, column 12: Syntax error"},
		{"filter = '1'", "filter: line 1, column 1: is int, and has to be true or false"},
		{"fields = '{id,\"\"}'", "fields: has an empty name"},
		{"fields = '{NULL}'", "fields: has a null in it; want names alone"},
		{"mask = '{id,NULL}'", "mask: has a null in it"},
		{"ignore = '{NULL}'", "ignore: has a null in it; want entries alone"},
		{"format = repeat('x', 100000)", `format: "` + strings.Repeat("x", 64) + `": want event`},
		{"ignore = '{{actor:a}}'", "ignore: is not a list of entries, such as {actor:API}"},
		{
			"url = 'http://one.example/' || repeat('x', 7000)",
			"url: takes 7019 bytes, want fewer than 7000: servers refuse larger requests",
		},
		{
			"url = 'http://one.example/' || repeat('x', 2600), batch = 100",
			"url: takes 2619 bytes, want fewer than 2600",
		},
		{"operations = '{NULL}'", "operations: has a null in it; want operations alone"},
		{"fields = '{{id},{b}}'", "fields: is not a list of names, such as {id,stage}"},
		{"mask = '{\"\"}'", "mask: has an empty name"},
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

// The columns of a CRM's own table that are called so are not ours: one that narrows keeps a row
// from being served, as it is not known what it means.
func TestChoicesOfTheCRM(t *testing.T) {
	d := newDatabase(t, generic, table, "ALTER TABLE webhooks ADD previous text, ADD mask text[],"+
		" ADD filter text",
		"INSERT INTO webhooks (id, url, previous, mask) VALUES (1, 'http://one.example', 'all', '{id}')",
		"INSERT INTO webhooks (id, url, filter) VALUES (2, 'http://two.example', 'true')")
	d.load()
	if sub := d.Get("public.webhooks/1"); sub == nil || sub.View != nil || sub.Filter != nil {
		t.Errorf("served: %+v", sub)
	}
	if got := d.status("public.webhooks/2"); got.State != webhook.Skipped {
		t.Errorf("with a filter: %+v", got)
	}
}
