package mapper

import (
	"fmt"
	"slices"
	"strings"

	"hookline/cdc"
)

// selectable returns the tables that settings may name, and those in schemas that are not announced.
func (g *Generic) selectable(tables []cdc.Table) (here, elsewhere []candidate) {
	for _, t := range tables {
		c := candidate{t.Schema, t.Name, g.nameOf(t.Schema, t.Name)}
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

// tellSelection logs, once, which entries of settings name nothing, and that nothing is announced.
func (g *Generic) tellSelection(listed []listedTable, tables []cdc.Table) {
	all := make([]cdc.Table, len(listed))
	for i, l := range listed {
		all[i] = l.Table
	}
	here, elsewhere := g.selectable(all)
	for _, m := range g.selection.mistakes(here, elsewhere, g.forms.Zones.tables) {
		if !g.reportedAlready("entry " + m.setting + m.entry + m.why) {
			g.log.Warn("an entry of "+m.setting+" names nothing", "entry", m.entry, "reason", m.why)
		}
	}
	g.tellNewNames(tables)
	if where := g.Nothing(tables); where != "" && !g.reportedAlready("nothing "+where) {
		g.log.Warn("no table is announced", "schemas", strings.Join(g.schemas, ","), "tables", where,
			"to_announce_some", "HOOKLINE_SCHEMAS names schemas; hookline objects tells of each table why it is left out")
	}
}

// Nothing tells where there are tables when none of them is announced; "" when one is.
func (g *Generic) Nothing(tables []cdc.Table) string {
	counts := map[string]int{}
	var schemas []string
	for _, t := range tables {
		if t.Full && !t.Left {
			return ""
		}
		if isReserved(t.Schema) || !t.Full || g.skipped.Load().names[cdc.Table{Schema: t.Schema, Name: t.Name}] {
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

// CheckSelection tells of entries of settings that name nothing.
func (g *Generic) CheckSelection(tables []cdc.Table) (found []cdc.Finding) {
	here, elsewhere := g.selectable(tables)
	for _, m := range g.selection.mistakes(here, elsewhere, g.forms.Zones.tables) {
		found = append(found, m.finding("objects"))
	}
	return found
}
