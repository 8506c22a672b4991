package generic

import (
	"fmt"
	"slices"
	"strings"

	"hookline/cdc"
	"hookline/mapper/pattern"
)

// selectable returns the tables that settings may name, and those in schemas that are not
// announced.
func (g *Catalog) selectable(tables []cdc.Table) (here, elsewhere []pattern.Candidate) {
	for _, t := range tables {
		c := pattern.Candidate{Schema: t.Schema, Table: t.Name, Object: g.nameOf(t.Schema, t.Name)}
		switch {
		case isReserved(t.Schema):
		case slices.Contains(g.schemas, t.Schema):
			here = append(here, c)
		default:
			elsewhere = append(elsewhere, c)
		}
	}
	return here, elsewhere
}

// zonedTables returns what HOOKLINE_TIMESTAMP_ZONE names.
func (g *Catalog) zonedTables() (list []pattern.Named) {
	for _, z := range g.forms.Zones.tables {
		list = append(list, pattern.Named{
			Setting: "HOOKLINE_TIMESTAMP_ZONE", Entry: z.table,
			Matches: func(c pattern.Candidate) bool { return z.matches(c.Schema, c.Table) },
		})
	}
	return list
}

// logSelection logs, once, which entries of settings name nothing, and that nothing is announced.
func (g *Catalog) logSelection(listed []listedTable, tables []cdc.Table) {
	all := make([]cdc.Table, len(listed))
	for i, l := range listed {
		all[i] = l.Table
	}
	here, elsewhere := g.selectable(all)
	for _, m := range g.selection.Mistakes(here, elsewhere, g.zonedTables()...) {
		if !g.reportedAlready("entry " + m.Setting + m.Entry + m.Why) {
			g.log.Warn("an entry of "+m.Setting+" names nothing", "entry", m.Entry, "reason", m.Why)
		}
	}
	g.logNewNames(tables)
	if where := g.Nothing(tables); where != "" && !g.reportedAlready("nothing "+where) {
		g.log.Warn(
			"no table is announced",
			"schemas",
			strings.Join(g.schemas, ","),
			"tables",
			where,
			"to_announce",
			"HOOKLINE_SCHEMAS names schemas; "+
				"hookline objects tells of each table why it is left out",
		)
	}
}

// Nothing tells where there are tables when none of them is announced; "" when one is.
func (g *Catalog) Nothing(tables []cdc.Table) string {
	counts := map[string]int{}
	var schemas []string
	for _, t := range tables {
		if t.Full && !t.Skip {
			return ""
		}
		if isReserved(t.Schema) || !t.Full ||
			g.skipped.Load().names[cdc.Table{Schema: t.Schema, Name: t.Name}] {
			continue
		}
		if counts[t.Schema]++; counts[t.Schema] == 1 {
			schemas = append(schemas, t.Schema)
		}
	}
	slices.SortStableFunc(schemas, func(a, b string) int { return counts[b] - counts[a] })
	parts := make([]string, len(schemas))
	for i, s := range schemas {
		parts[i] = fmt.Sprintf("%d in %s", counts[s], s)
	}
	if len(parts) == 0 {
		return "there are none"
	}
	return strings.Join(parts, ", ")
}

// checkSelection tells of entries of settings that name nothing.
func (g *Catalog) checkSelection(tables []cdc.Table) (found []cdc.Finding) {
	here, elsewhere := g.selectable(tables)
	for _, m := range g.selection.Mistakes(here, elsewhere, g.zonedTables()...) {
		found = append(found, m.Finding("objects"))
	}
	return found
}
