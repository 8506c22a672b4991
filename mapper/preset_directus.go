package mapper

import (
	"slices"
	"strings"
)

// Directus calls things as their tables and columns are called: a collection is a table, and a
// field a column. Which tables are collections it says in directus_collections, and in
// directus_fields what is special about a field. Tables that join two collections are collections,
// too.
var directus = &preset{
	name: "directus", title: "Directus",
	marks: []string{directusCollections, directusFields, "directus_settings"},
	says: []saying{
		{table: directusCollections, key: "collection", columns: []string{"collection"}},
		{table: directusFields, key: "id", columns: []string{"collection", "field", "special"}},
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
	return func(d *outline) facts {
		if strings.HasPrefix(d.table, "directus_") {
			return facts{left: "it is one of Directus' own"}
		}
		fields := special[d.table]
		if fields == nil {
			return facts{} // Directus does not know it
		}
		is := func(names ...string) func(string) bool {
			return func(column string) bool {
				return slices.ContainsFunc(names, func(n string) bool {
					return slices.Contains(fields[column], n)
				})
			}
		}
		return facts{
			object: d.table,
			key:    func(column string) string { return column },
			secret: is("hash", "conceal", "encrypt"),
			touch:  is("date-updated", "user-updated"),
		}
	}
}
