package mapper

import (
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
)

// twentyRules are the rules of a workspace's objects, and the tables whose rows they are decided by.
type twentyRules struct {
	metadata *twentyMetadata
	tells    func(object string) bool // the owner has it told, whatever Twenty says
	objects  []*twentyObject
	of       map[*twentyObject]*rule
	watches  map[twentyTable]*watch
}

// What Twenty knows by their universal identifiers, in every workspace.
var (
	// Notes and tasks were for everybody before they were for whoever may read what they are attached to. Those that are attached to
	// nothing still are.
	twentyLoose = []pgtype.UUID{
		mustUUID("20202020-0b00-45cd-b6f6-6cd806fc6804"), // note
		mustUUID("20202020-1ba1-48ba-bc83-ef7e5990ed10"), // task
	}
	// From 2.46 on a server holds these private whatever their rows say, which only the upgrade of the workspace changes.
	twentyPrivate = []pgtype.UUID{
		mustUUID("20202020-3f6b-4425-80ab-e468899ab4b2"), // message
		mustUUID("20202020-849a-4c3e-84f5-a25a7d802271"), // messageThread
		mustUUID("20202020-8f1d-4eef-9f85-0d1965e27221"), // calendarEvent
	}
	twentyPrivateFrom = twentyVersion{2, 46}
)

func mustUUID(text string) (id pgtype.UUID) {
	if err := id.Scan(text); err != nil {
		panic(err)
	}
	return id
}

// readableBy returns who may read an object's records: what the workspace says, or else the object's application.
func (m *twentyMetadata) readableBy(o *twentyObject) twentyReadability {
	r := o.readableBy()
	if (r == unsaid || r == open) && m.upgrades.newest.compare(twentyPrivateFrom) >= 0 && slices.Contains(twentyPrivate, o.universal) {
		return restricted
	}
	return r
}

// tells reports whether the owner has an object told, whatever Twenty says.
func (t *Twenty) tells(object string) bool { return t.allPrivate || t.alsoPrivate[object] }

// rulesIn returns the rules of a workspace as the metadata has them now.
func (t *Twenty) rulesIn(workspace pgtype.UUID) *twentyRules {
	if t.ruled == nil || t.ruledAt != t.generation {
		t.ruled, t.ruledAt = t.metadata.rules(t.tells), t.generation
	}
	return t.ruled[workspace].made()
}

// rules returns the rules of all workspaces, to be made when somebody asks.
func (m *twentyMetadata) rules(tells func(string) bool) map[pgtype.UUID]*twentyRules {
	by := map[pgtype.UUID]*twentyRules{}
	for _, o := range m.objects.rows {
		r := by[o.workspace]
		if r == nil {
			r = &twentyRules{metadata: m, tells: tells}
			by[o.workspace] = r
		}
		r.objects = append(r.objects, o)
	}
	return by
}

// made returns r with the rules in it.
func (r *twentyRules) made() *twentyRules {
	if r.of != nil {
		return r
	}
	r.of, r.watches = map[*twentyObject]*rule{}, map[twentyTable]*watch{}
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
func (r *twentyRules) rule(o *twentyObject) *rule {
	if made := r.of[o]; made != nil {
		return made
	}
	made := new(rule)
	r.of[o] = made // before its parents: they may lead back to it
	switch by := r.metadata.readableBy(o); {
	case r.tells(o.name) || by == unsaid || by == open:
		made.kind = ruleTold
	case by == inherited:
		made.kind = ruleInherited
		if made.loose = slices.Contains(twentyLoose, o.universal); made.loose {
			made.self = r.watch(o).find("id")
		}
		r.inherit(made, o)
	}
	return made
}

// inherit has a rule follow the relations that the object names, and those that are one morph relation with them.
func (r *twentyRules) inherit(to *rule, o *twentyObject) {
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
			if back := r.metadata.fields.rows[f.inverse]; back != nil && back.relation == manyToOne {
				to.rows = append(to.rows, downward{r.rule(target), r.watch(target).find(back.column())})
			}
		}
	}
}

// watch returns what is kept of the rows of an object's table.
func (r *twentyRules) watch(o *twentyObject) *watch {
	table := r.table(o)
	w := r.watches[table]
	if w == nil {
		w = newWatch(table.schema, table.name)
		r.watches[table] = w
	}
	return w
}

func (r *twentyRules) table(o *twentyObject) twentyTable {
	if w := r.metadata.workspaces.rows[o.workspace]; w != nil {
		return r.metadata.table(w.schemaName(), o)
	}
	return twentyTable{}
}
