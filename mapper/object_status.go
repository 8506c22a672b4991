package mapper

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"hookline/cdc"
)

// ObjectStatus is what is announced of a table, or why nothing is.
type ObjectStatus struct {
	Table   string   `json:"table"` // schema.table
	Object  string   `json:"object,omitempty"`
	Events  []string `json:"events,omitempty"`
	Key     []string `json:"key,omitempty"`     // columns that tell records apart
	Tenant  string   `json:"tenant,omitempty"`  // whose the records are; "" where there are no tenants
	LeftOut []string `json:"leftOut,omitempty"` // columns that are, as credentials
	Reason  string   `json:"reason,omitempty"`  // why nothing is announced
}

// Lister is a catalog that can tell what becomes of each table.
type Lister interface {
	// Objects returns what is announced of the tables there are, by their names.
	Objects(ctx context.Context, db querier) ([]ObjectStatus, error)
}

var (
	_ Lister = (*Generic)(nil)
	_ Lister = (*Twenty)(nil)
)

// eventNames returns the names of the events that an object may have.
func eventNames(object string, softDeletes, destroys, drafts bool) (names []string) {
	for a := range actions {
		switch {
		case a == Published && !drafts, a == Unpublished && !drafts:
		case a == Restored && !softDeletes, a == Destroyed && !softDeletes && !destroys:
		default:
			names = append(names, object+"."+a.String())
		}
	}
	return names
}

// Objects tells of all tables but those of the server.
func (g *Generic) Objects(ctx context.Context, db querier) ([]ObjectStatus, error) {
	known, err := g.know(ctx, db)
	if err != nil {
		return nil, err
	}
	survey, err := g.survey(ctx, db, known)
	if err != nil {
		return nil, err
	}
	owners, err := g.Ownerships(ctx, db)
	if err != nil {
		return nil, err
	}
	rows, err := db.Query(ctx, `
		SELECT n.nspname, c.relname, coalesce(parent.schema, ''), coalesce(parent.name, ''), c.relkind::text, c.relpersistence = 'u',
		       EXISTS (
		           SELECT FROM pg_depend d
		           WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e'),
		       c.oid = ANY ($2::oid[]),
		       ARRAY (
		           SELECT a.attname::text
		           FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, position)
		           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
		           WHERE i.indrelid = c.oid AND i.indisprimary AND k.position <= i.indnkeyatts ORDER BY k.position),
		       ARRAY (
		           SELECT a.attname::text FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
		           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		             AND coalesce(nullif(t.typbasetype, 0), t.oid) = ANY ($1::oid[]))
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`+parentSQL+`
		WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND c.relpersistence <> 't'
		  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
		ORDER BY n.nspname, c.relname`,
		[]uint32{pgtype.DateOID, pgtype.TimestampOID, pgtype.TimestamptzOID}, g.skippedOIDs())
	if err != nil {
		return nil, fmt.Errorf("list objects: %w", err)
	}
	var list []ObjectStatus
	var t tableFacts
	_, err = pgx.ForEachRow(rows, []any{
		&t.Schema, &t.Name, &t.ParentSchema, &t.Parent, &t.kind, &t.unlogged, &t.extension, &t.skipped, &t.key, &t.days,
	}, func() error {
		f := known.ofTable(t.Schema, t.Name)
		if t.drafts = f.drafts != ""; t.drafts {
			t.key = f.identity
		}
		list = append(list, g.status(&t, survey, owners))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list objects: %w", err)
	}
	return list, nil
}

// tableFacts are what the catalog has of a table.
type tableFacts struct {
	cdc.Table
	kind                                 string
	unlogged, extension, skipped, drafts bool
	key, days                            []string
}

// status tells what becomes of one table.
func (g *Generic) status(t *tableFacts, survey *survey, owners []Ownership) ObjectStatus {
	s := ObjectStatus{Table: t.Schema + "." + t.Name}
	as := cdc.Table{Schema: t.Schema, Name: t.Name}
	if g.omits(t.Schema, t.Name) != "" && t.Parent != "" {
		as = cdc.Table{Schema: t.ParentSchema, Name: t.Parent}
	}
	judged := survey.tables[cdc.Table{Schema: t.Schema, Name: t.Name}]
	switch s.Reason = g.omits(as.Schema, as.Name); {
	case s.Reason != "":
	case t.skipped:
		s.Reason = "webhooks are read from it, or were"
	case t.extension:
		s.Reason = "it belongs to an extension"
	case t.kind == "f":
		s.Reason = "it is a foreign table"
	case t.unlogged:
		s.Reason = "it is UNLOGGED, so the stream has nothing of its rows"
	case len(t.key) == 0:
		s.Reason = "no primary key, so its records cannot be told apart"
	case judged.whole != "":
		if s.Reason = judged.whole; judged.mend != "" {
			s.Reason += "; HOOKLINE_SECRET_COLUMNS=" + judged.mend + " has it announced"
		}
	}
	if s.Reason != "" {
		return s
	}
	s.Object, s.Key = g.nameOf(as.Schema, as.Name), slices.Clone(t.key)
	soft := slices.ContainsFunc(t.days, func(c string) bool { return camelCase(c) == "deletedAt" })
	s.Events = eventNames(s.Object, soft, false, t.drafts)
	for i, c := range judged.columns {
		if judged.left[i] {
			s.LeftOut = append(s.LeftOut, c.name)
		}
	}
	if judged.setting != nil {
		for _, c := range judged.setting.values {
			s.LeftOut = append(s.LeftOut, judged.columns[c].name+" (of some rows)")
		}
	}
	if i := slices.IndexFunc(owners, func(o Ownership) bool { return o.Table == as }); i >= 0 {
		s.Tenant = owners[i].String()
	}
	return s
}

func (g *Generic) skippedOIDs() []uint32 {
	oids := []uint32{}
	for oid := range g.skipped.Load().oids {
		oids = append(oids, oid)
	}
	return oids
}

// Objects tells of the objects of all workspaces, as of the last Load. It asks nothing.
func (t *Twenty) Objects(context.Context, querier) ([]ObjectStatus, error) {
	m := t.metadata
	var list []ObjectStatus
	for _, o := range m.objects.rows {
		w := m.workspaces.rows[o.workspace]
		if w == nil {
			continue
		}
		table := m.table(w.schemaName(), o)
		s := ObjectStatus{Table: table.schema + "." + table.name}
		switch {
		case w.deleted:
			s.Reason = "its workspace is deleted"
		case !o.active:
			s.Reason = "the object is not active"
		case t.omits(m, o) != "":
			s.Reason = t.omits(m, o)
		case !m.tables[table]:
			s.Reason = "there is no such table"
		case !t.shown(o):
			s.Reason = "it is private: " + t.reason(o) + "; HOOKLINE_PRIVATE_OBJECTS has it announced"
		default:
			s.Object, s.Key, s.Tenant = o.name, []string{"id"}, o.workspace.String()
			s.Events = eventNames(o.name, true, true, false)
			if t.rulesIn(o.workspace).of[o].kind == ruleInherited {
				s.Tenant += ", record by record"
			}
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b ObjectStatus) int { return strings.Compare(a.Table, b.Table) })
	return list, nil
}
