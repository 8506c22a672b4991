package mapper

import (
	"slices"
	"strings"
	"testing"

	"hookline/cdc"
	"hookline/internal/twentydb"
)

// TestTwentySelection leaves objects out by their names, and by those of their tables, wherever it is asked.
func TestTwentySelection(t *testing.T) {
	conn := twentyDatabase(t)
	for _, test := range []struct {
		include, exclude string
		rocket, person   bool // they are announced
	}{
		{"", "", true, true},
		{"", "rocket", false, true},
		{"", twentydb.Schema + "._rocket", false, true},
		{"", "*.person", true, false},
		{"per*", "", false, true},
		{"*", "Rocket,person", false, false},
	} {
		catalog := twentyCatalog(t, conn, Config{Include: patternsOf(t, test.include), Exclude: patternsOf(t, test.exclude)})
		tables := tableNames(t, conn, catalog)
		list, err := catalog.Objects(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		for table, want := range map[string]bool{"_rocket": test.rocket, "person": test.person} {
			name := twentydb.Schema + "." + table
			o, err := catalog.object(t.Context(), relation(t, conn, twentydb.Schema, table))
			i := slices.IndexFunc(list, func(s ObjectStatus) bool { return s.Table == name })
			if err != nil || (o != nil) != want || slices.Contains(tables, name) != want || i < 0 || (list[i].Reason == "") != want {
				t.Errorf("include %q, exclude %q: %s is announced: %t, published: %t, listed as %+v, want %t, %v",
					test.include, test.exclude, table, o != nil, slices.Contains(tables, name), list[max(i, 0)], want, err)
			}
		}
	}
}

// TestTwentyTouchColumns has an update of a field alone not be told.
func TestTwentyTouchColumns(t *testing.T) {
	conn := twentyDatabase(t)
	cfg := Config{}
	if err := cfg.TouchColumns.UnmarshalText([]byte("person.job_title")); err != nil {
		t.Fatal(err)
	}
	rel := relation(t, conn, twentydb.Schema, "person")
	o := describe(t, twentyCatalog(t, conn, cfg), rel)
	before := make(cdc.Tuple, len(rel.Columns))
	before[rel.Column("id")] = cdc.Text([]byte("0b8e6458-5fc1-4e63-8563-008ccddaa6db"))
	after := slices.Clone(before)
	after[rel.Column("jobTitle")] = cdc.Text([]byte("CTO"))
	if _, updated, announce := o.update(before, after); announce || updated != nil {
		t.Errorf("an update of the job title is told: %s", updated)
	}
	after[rel.Column("avatarUrl")] = cdc.Text([]byte("a.png"))
	_, updated, announce := o.update(before, after)
	if slices.Sort(updated); !announce || strings.Join(updated, " ") != "avatarUrl jobTitle" {
		t.Errorf("updated are %s, %t", updated, announce)
	}
}
