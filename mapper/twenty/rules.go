package twenty

import (
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
)

// rules are the rules of a workspace's objects, and the tables whose rows they are decided by.
type rules struct {
	metadata         *metadata
	announcesPrivate func(object string) bool // the owner has it told, whatever Twenty says
	objects          []*object
	of               map[*object]*rule
	watches          map[tableName]*watch
}

// What Twenty knows by their universal identifiers, in every workspace.
var (
	// Notes and tasks were for everybody before they were for whoever may read what they are
	// attached to. Those that are attached to nothing still are.
	looseObjects = []pgtype.UUID{
		mustUUID("20202020-0b00-45cd-b6f6-6cd806fc6804"), // note
		mustUUID("20202020-1ba1-48ba-bc83-ef7e5990ed10"), // task
	}
	// From 2.46 on a server holds these private whatever their rows say, which only the upgrade of
	// the workspace changes.
	privateObjects = []pgtype.UUID{
		mustUUID("20202020-3f6b-4425-80ab-e468899ab4b2"), // message
		mustUUID("20202020-849a-4c3e-84f5-a25a7d802271"), // messageThread
		mustUUID("20202020-8f1d-4eef-9f85-0d1965e27221"), // calendarEvent
	}
	privateFrom = version{2, 46}
)

func mustUUID(text string) (id pgtype.UUID) {
	if err := id.Scan(text); err != nil {
		panic(err)
	}
	return id
}

// readableBy returns who may read an object's records: what the workspace says, or else the
// object's application.
func (m *metadata) readableBy(o *object) access {
	r := o.readableBy()
	if (r == unsaid || r == open) && m.upgrades.newest.compare(privateFrom) >= 0 &&
		slices.Contains(privateObjects, o.universal) {
		return restricted
	}
	return r
}

// announcesPrivate reports whether the owner has an object told, whatever Twenty says.
func (t *Catalog) announcesPrivate(
	object string,
) bool {
	return t.allPrivate || t.alsoPrivate[object]
}

// rulesIn returns the rules of a workspace as the metadata has them now.
func (t *Catalog) rulesIn(workspace pgtype.UUID) *rules {
	if t.ruled == nil || t.ruledAt != t.generation {
		t.ruled, t.ruledAt = t.metadata.rules(t.announcesPrivate), t.generation
	}
	return t.ruled[workspace].made()
}

// rules returns the rules of all workspaces, to be made when somebody asks.
func (m *metadata) rules(tells func(string) bool) map[pgtype.UUID]*rules {
	by := map[pgtype.UUID]*rules{}
	for _, o := range m.objects.rows {
		r := by[o.workspace]
		if r == nil {
			r = &rules{metadata: m, announcesPrivate: tells}
			by[o.workspace] = r
		}
		r.objects = append(r.objects, o)
	}
	return by
}

// made returns r with the rules in it.
func (r *rules) made() *rules {
	if r.of != nil {
		return r
	}
	r.of, r.watches = map[*object]*rule{}, map[tableName]*watch{}
	for _, o := range r.objects {
		r.rule(o)
	}
	for o, rule := range r.of {
		if w := r.watches[r.table(o)]; w != nil {
			for _, up := range rule.columns {
				rule.places = append(rule.places, w.keep(up.column))
			}
		}
	}
	return r
}

// rule returns the rule of an object's records, and makes it first if need be.
func (r *rules) rule(o *object) *rule {
	if made := r.of[o]; made != nil {
		return made
	}
	made := new(rule)
	r.of[o] = made // before its parents: they may lead back to it
	switch by := r.metadata.readableBy(o); {
	case r.announcesPrivate(o.name) || by == unsaid || by == open:
		made.kind = ruleTold
	case by == inherited:
		made.kind = ruleInherited
		if made.loose = slices.Contains(looseObjects, o.universal); made.loose {
			made.self = r.watch(o).find("id")
		}
		r.inherit(made, o)
	}
	return made
}

// inherit has a rule follow the relations that the object names, and those that are one morph
// relation with them.
func (r *rules) inherit(to *rule, o *object) {
	var morphs []pgtype.UUID
	fields := r.metadata.fieldsOf[o.id]
	for _, f := range fields {
		if f.morph.Valid && f.relation == manyToOne && o.inheritsBy(f) {
			morphs = append(morphs, f.morph)
		}
	}
	for _, f := range fields {
		named := o.inheritsBy(f)
		target := r.metadata.objects.rows[f.target]
		switch {
		case target == nil || target.workspace != o.workspace:
		case f.relation == manyToOne && (named || f.morph.Valid && slices.Contains(morphs, f.morph)):
			up := upward{column: f.column(), of: r.rule(target)}
			if up.of.kind == ruleInherited {
				up.by = r.watch(target).find("id")
			}
			to.columns = append(to.columns, up)
		case f.relation == oneToMany && named:
			if back := r.metadata.fields.rows[f.inverse]; back != nil &&
				back.relation == manyToOne {
				to.rows = append(to.rows, downward{r.rule(target), r.watch(target).find(back.column())})
			}
		}
	}
}

// watch returns what is kept of the rows of an object's table.
func (r *rules) watch(o *object) *watch {
	table := r.table(o)
	w := r.watches[table]
	if w == nil {
		w = newWatch(table.schema, table.name)
		r.watches[table] = w
	}
	return w
}

func (r *rules) table(o *object) tableName {
	if w := r.metadata.workspaces.rows[o.workspace]; w != nil {
		return r.metadata.table(w.schemaName(), o)
	}
	return tableName{}
}
