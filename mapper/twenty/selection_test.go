package twenty

import (
	"slices"
	"strings"
	"testing"

	"hookline/cdc"
	"hookline/internal/twentydb"
	"hookline/mapper"
	"hookline/mapper/mappertest"
	"hookline/mapper/pattern"
)

// TestTwentySelection leaves objects out by their names, and by those of their tables, wherever it
// is asked.
func TestTwentySelection(t *testing.T) {
	conn := TwentyDatabase(t)
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
		catalog := TwentyCatalog(t, conn, Config{
			Include: objectPatterns(t, test.include),
			Exclude: objectPatterns(t, test.exclude),
		})
		tables := mappertest.TableNames(t, conn, catalog)
		list, err := catalog.Objects(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		for table, want := range map[string]bool{"_rocket": test.rocket, "person": test.person} {
			name := twentydb.Schema + "." + table
			o, err := catalog.Describe(t.Context(), mappertest.Relation(t, conn, twentydb.Schema, table))
			i := slices.IndexFunc(list, func(s mapper.ObjectStatus) bool { return s.Table == name })
			if err != nil || (o != nil) != want || slices.Contains(tables, name) != want || i < 0 ||
				(list[i].Reason == "") != want {
				t.Errorf(
					"include %q, exclude %q: %s is announced: %t, published: %t, listed as %+v, want %t, %v",
					test.include, test.exclude, table, o != nil, slices.Contains(tables, name), list[max(i, 0)],
					want, err)
			}
		}
	}
}

// TestTwentyTouchColumns has an update of a field alone not be told.
func TestTwentyTouchColumns(t *testing.T) {
	conn := TwentyDatabase(t)
	cfg := Config{}
	if err := cfg.TouchColumns.UnmarshalText([]byte("person.job_title")); err != nil {
		t.Fatal(err)
	}
	rel := mappertest.Relation(t, conn, twentydb.Schema, "person")
	o := mappertest.Describe(t, TwentyCatalog(t, conn, cfg), rel)
	before := make(cdc.Tuple, len(rel.Columns))
	before[rel.Column("id")] = cdc.Text([]byte("0b8e6458-5fc1-4e63-8563-008ccddaa6db"))
	after := slices.Clone(before)
	after[rel.Column("jobTitle")] = cdc.Text([]byte("CTO"))
	if updated, announce := mappertest.UpdateOf(t, o, before, after); announce || updated != nil {
		t.Errorf("an update of the job title is told: %s", updated)
	}
	after[rel.Column("avatarUrl")] = cdc.Text([]byte("a.png"))
	updated, announce := mappertest.UpdateOf(t, o, before, after)
	if slices.Sort(updated); !announce || strings.Join(updated, " ") != "avatarUrl jobTitle" {
		t.Errorf("updated are %s, %t", updated, announce)
	}
}

// objectPatterns returns the patterns of a list.
func objectPatterns(t testing.TB, text string) (p pattern.Objects) {
	t.Helper()
	if text != "" {
		if err := p.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	return p
}
