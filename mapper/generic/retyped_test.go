package generic

import (
	"fmt"
	"strings"
	"testing"
)

// TestKeyOfAnotherType changes a key, then its type, and then the row again, in one transaction: it
// is told once, and the key before as it was told. Where the new type prints a key otherwise, what
// comes before and after it are two records to whoever reads the stream, and each is told.
func TestKeyOfAnotherType(t *testing.T) {
	for _, test := range []struct{ from, to, want string }{
		{"integer", "bigint", `updated {"id":3} was {"id":1}; deleted {"id":7}`},
		{"integer", "text", `updated {"id":"3"} was {"id":1}; deleted {"id":7}`},
		{
			"integer", "numeric(9,2)", `updated {"id":2} was {"id":1}; updated {"id":7}; ` +
				`updated {"id":3.00} was {"id":2.00}; deleted {"id":7.00}`,
		},
		{
			"text", "integer USING id::integer",
			`updated {"id":3} was {"id":"1"}; deleted {"id":"7"}`,
		},
		{"text", "jsonb USING id::jsonb", `updated {"id":3} was {"id":"1"}; deleted {"id":"7"}`},
	} {
		for _, major := range []int{0, 18} {
			t.Run(fmt.Sprintf("%s to %s on %d", test.from, test.to, major), func(t *testing.T) {
				app := application{
					name: "generic",
					schema: fmt.Sprintf("CREATE TABLE things (id %s PRIMARY KEY, note text);"+
						"INSERT INTO things VALUES ('1', 'a'), ('7', 'b')", test.from),
					acts: []act{{"", "DO $$ BEGIN " +
						"UPDATE things SET id = '2' WHERE note = 'a'; UPDATE things SET note = 'c' WHERE note = " +
						"'b'; " +
						"ALTER TABLE things ALTER id TYPE " + test.to + "; " +
						"UPDATE things SET id = '3' WHERE note = 'a'; DELETE FROM things WHERE note = 'c'; END $$"}},
				}
				var got []string
				for _, e := range app.told(t, major, nil)[0] {
					text := fmt.Sprintf("%s %s", e.Action, e.Parts().Key)
					if was := e.Parts().PreviousKey; was != nil {
						text += " was " + string(was)
					}
					got = append(got, text)
				}
				if list := strings.Join(got, "; "); list != test.want {
					t.Errorf("got  %s\nwant %s", list, test.want)
				}
			})
		}
	}
}
