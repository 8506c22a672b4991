package generic

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/naming"
	"hookline/mapper/tenants"
)

// Objects tells of all tables but those of the server.
func (g *Catalog) Objects(ctx context.Context, db mapper.Querier) ([]mapper.ObjectStatus, error) {
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
		SELECT n.nspname, c.relname, coalesce(parent.schema, ''), coalesce(parent.name, ''),
		  c.relkind::text, c.relpersistence = 'u',
		       EXISTS (
		           SELECT FROM pg_depend d
		           WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
		             AND d.deptype = 'e'),
		       c.oid = ANY ($2::oid[]),
		       ARRAY (
		           SELECT a.attname::text
		           FROM pg_index i CROSS
		             JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, position)
		           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
		           WHERE i.indrelid = c.oid AND i.indisprimary AND k.position <= i.indnkeyatts
		             ORDER BY k.position),
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
	var list []mapper.ObjectStatus
	var t tableFacts
	_, err = pgx.ForEachRow(rows, []any{
		&t.Schema, &t.Name, &t.ParentSchema, &t.Parent, &t.kind, &t.unlogged, &t.extension,
		&t.skipped, &t.key, &t.days,
	}, func() error {
		f := known.OfTable(t.Schema, t.Name)
		if t.drafts = f.Drafts != ""; t.drafts {
			t.key = f.Identity
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
func (g *Catalog) status(
	t *tableFacts, survey *survey, owners []tenants.Ownership,
) mapper.ObjectStatus {
	s := mapper.ObjectStatus{Table: t.Schema + "." + t.Name}
	as := cdc.Table{Schema: t.Schema, Name: t.Name}
	if g.omits(t.Schema, t.Name) != "" && t.Parent != "" {
		as = cdc.Table{Schema: t.ParentSchema, Name: t.Parent}
	}
	judged := survey.tables[cdc.Table{Schema: t.Schema, Name: t.Name}]
	switch s.Reason = g.omits(as.Schema, as.Name); {
	case s.Reason != "":
	case judged.own:
		s.Reason = judged.Whole
	case t.skipped:
		s.Reason = "webhooks are read from it, or were"
	case t.extension:
		s.Reason = "it belongs to an extension"
	case t.kind == "f":
		s.Reason = "it is a foreign table"
	case t.unlogged:
		s.Reason = "it is UNLOGGED, so the stream has nothing of its rows"
	case judged.framework != nil:
		s.Reason = judged.Whole + "; " + announcing(t.Schema, t.Name) + " has it announced"
	case len(t.key) == 0:
		s.Reason = "no primary key, so its records cannot be told apart"
	case judged.Whole != "":
		if s.Reason = judged.Whole; judged.Hint != "" {
			s.Reason += "; HOOKLINE_SECRET_COLUMNS=" + judged.Hint + " has it announced"
		}
	}
	if s.Reason != "" {
		return s
	}
	s.Object, s.Key = g.nameOf(as.Schema, as.Name), slices.Clone(t.key)
	soft := slices.ContainsFunc(t.days, func(c string) bool {
		return naming.CamelCase(c) == "deletedAt"
	})
	s.Events = mapper.EventNames(s.Object, soft, false, t.drafts)
	for i, c := range judged.Columns {
		if judged.Omitted[i] {
			s.LeftOut = append(s.LeftOut, c.Name)
		} else if l := judged.limitOf(i); l != 0 {
			s.LeftOut = append(s.LeftOut, fmt.Sprintf("%s (%s)", c.Name, l))
		}
	}
	if judged.Setting != nil {
		for _, c := range judged.Setting.Values {
			s.LeftOut = append(s.LeftOut, judged.Columns[c].Name+" (of some rows)")
		}
	}
	if i := slices.IndexFunc(owners, func(o tenants.Ownership) bool { return o.Table == as }); i >= 0 {
		s.Tenant = owners[i].String()
	}
	return s
}

func (g *Catalog) skippedOIDs() []uint32 {
	oids := []uint32{}
	for oid := range g.skipped.Load().oids {
		oids = append(oids, oid)
	}
	return oids
}
