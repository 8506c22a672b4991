package generic

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/naming"
	"hookline/mapper/pattern"
	"hookline/mapper/preset"
)

// The tables product_tag and product_tags would both be productTag. Whichever was announced so
// first goes on: a table that comes must not change the name of one that is there, nor must one
// that goes. So the names under which tables were announced are written down. An object's name
// depends on what is written and on the table's own name. When it is announced for the first time,
// it also depends on whether the name is free.

// givenNames are the names of tables whose objects are not called as their own names alone would
// have it. It is immutable.
type givenNames struct {
	noted map[string]string // under which tables were announced before, by schema.table
	names map[cdc.Table]string
}

// Remember tells the catalog under which names tables, as schema.table, were
// announced before. Safe for concurrent use.
func (g *Catalog) Remember(noted map[string]string) {
	g.skipping.Lock()
	defer g.skipping.Unlock()
	g.given.Store(&givenNames{noted: noted, names: g.given.Load().names})
}

// isNamed reports whether the configuration names the object of a table.
func (g *Catalog) isNamed(t cdc.Table) bool {
	_, named := g.names[written(t)]
	return named
}

// giveNames settles how the objects of tables are called of which several would have the same name.
func (g *Catalog) giveNames(known *preset.Knowledge, tables []listedTable) {
	g.skipping.Lock()
	defer g.skipping.Unlock()
	before := g.given.Load()
	rivals := map[string][]cdc.Table{} // by the name that they would have
	taken := map[string]bool{}
	for _, l := range tables {
		t := cdc.Table{Schema: l.Schema, Name: l.Name}
		switch {
		case !l.keyed || !slices.Contains(g.schemas, t.Schema) || isReserved(t.Schema) ||
			g.skipped.Load().names[t]:
		case g.isNamed(t):
			taken[g.names[written(t)]] = true
		case l.framework: // nobody hears of it, so the name is free
		case l.Parent == "" && known.OfTable(t.Schema, t.Name).Skipped == "":
			name := known.ObjectName(t.Schema, t.Name)
			rivals[name] = append(rivals[name], t)
		}
	}
	for name := range rivals {
		taken[name] = true
	}
	now := &givenNames{noted: before.noted, names: map[cdc.Table]string{}}
	for _, name := range slices.Sorted(maps.Keys(rivals)) {
		list := rivals[name]
		holder := g.holder(name, list, now.noted)
		for _, t := range list {
			others := otherNames(t)
			switch noted := now.noted[written(t)]; {
			case slices.Contains(others, noted):
				now.names[t] = noted
			case t != holder:
				now.names[t] = firstFree(others, taken)
			default:
				continue
			}
			taken[now.names[t]] = true
		}
	}
	if !maps.Equal(before.names, now.names) {
		g.given.Store(now)
		g.generation.Add(1)
	}
	for _, t := range slices.SortedFunc(maps.Keys(now.names), compareTables) {
		if name := now.names[t]; g.selection.Omits(
			pattern.Candidate{Schema: t.Schema, Table: t.Name, Object: name}) == "" &&
			!g.reportedAlready("given "+t.String()+" "+name) {
			g.log.Warn(
				"an object has another name than its table says, since another table has that one; "+
					"HOOKLINE_OBJECT_NAMES can give it any name",
				"table",
				t.String(),
				"object",
				name,
				"taken",
				known.ObjectName(t.Schema, t.Name),
			)
		}
	}
}

// holder returns the table among rivals for a name that has it: one that was announced so, or else
// one that is called so itself, or else the first.
func (g *Catalog) holder(name string, rivals []cdc.Table, noted map[string]string) cdc.Table {
	rank := func(t cdc.Table) int {
		switch {
		case noted[written(t)] == name:
			return 0
		case slices.Contains(otherNames(t), noted[written(t)]):
			return 3
		case naming.Join(naming.Words(t.Name)) == name:
			return 1
		}
		return 2
	}
	return slices.MinFunc(rivals, func(a, b cdc.Table) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		if d := slices.Index(g.schemas, a.Schema) - slices.Index(g.schemas, b.Schema); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
}

// otherNames are what the object of a table may be called when the first name is taken: its own
// name as it stands, with its schema before it, and one that no other table has.
func otherNames(t cdc.Table) (names []string) {
	name := naming.Object(t.Name)
	if own := naming.Join(naming.Words(t.Name)); own != "" && own != name {
		names = append(names, own)
	}
	qualified := naming.Join(append(naming.Words(t.Schema), naming.Words(name)...))
	sum := uint32(xxhash.Sum64String(t.String())) //nolint:gosec // half of the hash will do
	return append(names, qualified, fmt.Sprintf("%s%08x", name, sum))
}

func firstFree(names []string, taken map[string]bool) string {
	for _, name := range names {
		if !taken[name] {
			return name
		}
	}
	return names[len(names)-1]
}

// written is a table's name as settings have it.
func written(t cdc.Table) string { return t.Schema + "." + t.Name }

func compareTables(a, b cdc.Table) int { return strings.Compare(a.String(), b.String()) }

// NamedObjects returns what is to be written down for Remember.
func (g *Catalog) NamedObjects(tables []cdc.Table) (list []mapper.NamedObject) {
	for _, t := range tables {
		if name, announced := g.announces(t.Schema, t.Name); announced && !t.Skip && t.Parent == "" &&
			t.Full {
			list = append(list, mapper.NamedObject{Table: t, Object: name, Confirmed: g.isNamed(t)})
		}
	}
	return list
}

// checkGivenNames tells of objects that have another name than the one they were announced under.
func (g *Catalog) checkGivenNames(tables []cdc.Table) (found []cdc.Finding) {
	noted := g.given.Load().noted
	for _, o := range g.NamedObjects(tables) {
		t := o.Table
		was := noted[written(t)]
		if was == "" || was == o.Object {
			continue
		}
		f := cdc.Finding{
			Level: cdc.Warning,
			Check: "names of objects",
			Found: fmt.Sprintf("%s is announced as %s, and was announced as %s", t, o.Object, was),
			Hint: fmt.Sprintf(
				"HOOKLINE_OBJECT_NAMES=%s.%s=%s keeps the old name. With the new one in it, "+
					"this is not said again; then webhooks' operations and receivers have to know it",
				t.Schema,
				t.Name,
				was,
			),
		}
		if o.Confirmed {
			f = cdc.OK(f.Check, "%s; from the next start on the new name is the known one", f.Found)
		}
		found = append(found, f)
	}
	return found
}

// logNewNames logs the same, once.
func (g *Catalog) logNewNames(tables []cdc.Table) {
	noted := g.given.Load().noted
	for _, o := range g.NamedObjects(tables) {
		t := o.Table
		was := noted[written(t)]
		if was != "" && was != o.Object && !g.reportedAlready("noted "+t.String()+" "+o.Object) {
			g.log.Warn("an object has another name than it was announced under; "+
				"HOOKLINE_OBJECT_NAMES can keep the old one, or confirm the new one",
				"table", t.String(), "object", o.Object, "before", was)
		}
	}
}
