package webhook_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hookline/webhook"
)

// docs/webhooks.md has a row for each column of Hookline's own table, with a wrong value, and with
// what is said of that.
func TestDocumentedMistakes(t *testing.T) {
	text, err := os.ReadFile("../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	d := newDatabase(t, ownAlone, webhook.SchemaSQL("hookline"))
	d.exec("INSERT INTO hookline.webhook (url) VALUES ('http://one.example')")
	d.load()
	if list := d.List(); list[0].State != webhook.Active {
		t.Fatalf("a row that says nothing is %+v", list[0])
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| .* \\| (?:`(.+)`: `(.+)`|([^`|]*)) \\|$")
	var columns []string
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		column, value, want, none := m[1], m[2], m[3], m[4]
		if slices.Contains(columns, column) { // a later table, of something else
			break
		}
		columns = append(columns, column)
		set := fmt.Sprintf("UPDATE hookline.webhook SET %s = %s", column, value)
		switch none {
		case "":
		case "Postgres refuses it":
			if _, err := d.conn.Exec(t.Context(), fmt.Sprintf(
				"UPDATE hookline.webhook SET %s = 'x'", column)); err == nil {
				t.Errorf("the server takes anything for %s", column)
			}
			continue
		default: // whatever it is, it is taken
			d.exec(fmt.Sprintf("UPDATE hookline.webhook SET %s = repeat('x', 10000)", column))
			d.load()
			if got := d.List()[0]; got.State != webhook.Active {
				t.Errorf("%s: %+v", column, got)
			}
			continue
		}
		d.exec(set)
		d.load()
		if got := d.List()[0]; got.State != webhook.Skipped || got.Reason != want {
			t.Errorf("%s: %s, %q; want %q", set, got.State, got.Reason, want)
		}
		d.exec("DELETE FROM hookline.webhook")
		d.exec("INSERT INTO hookline.webhook (url) VALUES ('http://one.example')")
	}
	for _, line := range strings.Split(webhook.SchemaSQL("hookline"), "\n") {
		if m := regexp.MustCompile(`^ {4}([a-z_]+) +[a-z]`).FindStringSubmatch(line); m != nil &&
			!slices.Contains(columns, m[1]) {
			t.Errorf("column %s is not in docs/webhooks.md", m[1])
		}
	}
}
