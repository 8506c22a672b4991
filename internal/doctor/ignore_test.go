package doctor

import (
	"strings"
	"testing"

	"hookline/cdc"
	"hookline/webhook"
)

// What can never be matched is told with what mends it, and the rest is not.
func TestCheckIgnored(t *testing.T) {
	twenty := ignorable{
		schema: "hookline", actors: true, sources: []string{"API", "MANUAL"}, annotates: true,
		origins: []string{"mysync"},
	}
	kept, older := twenty, twenty
	kept.keeps, older.annotates = true, false
	for _, test := range []struct {
		known      ignorable
		entry, say string // "" where it is fine
		sql        string
	}{
		{twenty, "actor:API", "", ""},
		{twenty, "actor:API:sync", "", ""},
		{twenty, "actor:member:1", "", ""},
		{twenty, "actor:ROBOT", "no record has that source", ""},
		{kept, "actor:API", "without the row before", ""},
		{ignorable{}, "actor:API", "no row of this database", ""},
		{twenty, "origin:mysync", "", ""},
		{twenty, "origin:o'r", "no replication origin", "pg_replication_origin_create('o''r')"},
		{twenty, "annotation:source=mysync", "", ""},
		{older, "annotation:source", "no function annotate", `FUNCTION "hookline".annotate(`},
	} {
		found := checkIgnored(test.known, []webhook.Status{
			{Key: "hookline.webhook/1", Ignore: []string{test.entry}},
		})
		if test.say == "" {
			if found != nil {
				t.Errorf("%s: %+v, want nothing", test.entry, found)
			}
			continue
		}
		if len(found) != 1 || found[0].Level != cdc.Warning || found[0].Hint == "" ||
			!strings.Contains(found[0].Found, test.say) ||
			!strings.Contains(strings.Join(found[0].SQL, ""), test.sql) {
			t.Errorf("%s: %+v, want %q", test.entry, found, test.say)
		}
	}
}
