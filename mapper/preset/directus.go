package preset

import (
	"slices"
	"strings"

	"hookline/mapper/credential"
)

// Directus calls things as their tables and columns are called: a collection is a table, and a
// field a column. Which tables are collections it says in directus_collections, and in
// directus_fields what is special about a field. Tables that join two collections are collections,
// too.
var directus = &Preset{
	Name: "directus", Title: "Directus",
	Marks: []string{directusCollections, directusFields, "directus_settings"},
	Says: []Saying{
		{Table: directusCollections, key: "collection", columns: []string{"collection"}},
		{Table: directusFields, key: "id", columns: []string{"collection", "field", "special"}},
	},
	learn: learnDirectus,
}

const (
	directusCollections = "directus_collections"
	directusFields      = "directus_fields"
)

func learnDirectus(rows said) about {
	special := map[string]map[string][]string{}
	for _, row := range rows[directusCollections] {
		special[row["collection"]] = map[string][]string{}
	}
	for _, row := range rows[directusFields] {
		if fields := special[row["collection"]]; fields != nil {
			fields[row["field"]] = strings.Split(row["special"], ",")
		}
	}
	return func(d *credential.Outline) Facts {
		if strings.HasPrefix(d.Table, "directus_") {
			return Facts{Skipped: "it is one of Directus' own"}
		}
		fields := special[d.Table]
		if fields == nil {
			return Facts{} // Directus does not know it
		}
		is := func(names ...string) func(string) bool {
			return func(column string) bool {
				return slices.ContainsFunc(names, func(n string) bool {
					return slices.Contains(fields[column], n)
				})
			}
		}
		return Facts{
			object: d.Table,
			key:    func(column string) string { return column },
			Secret: is("hash", "conceal", "encrypt"),
			Touch:  is("date-updated", "user-updated"),
		}
	}
}
