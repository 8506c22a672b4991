package crm

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/internal/eventschema"
	"hookline/internal/pg"
	"hookline/mapper"
	"hookline/mapper/twenty"
	"hookline/webhook"
)

// Events tells what the events of all announced tables are made of, as these are now. With a tenant
// it is of tables of others no more than those that several share.
func (d *Database) Events(
	ctx context.Context, tenant string,
) (objects []eventschema.Object, labels eventschema.Labels, err error) {
	list, err := d.Objects(ctx)
	if err != nil {
		return nil, nil, err
	}
	list = slices.DeleteFunc(list, func(s mapper.ObjectStatus) bool { return s.Reason != "" })
	err = d.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		tables, err := queryDescribed(ctx, conn.Conn(), list)
		if err != nil {
			return fmt.Errorf("look tables up: %w", err)
		}
		for _, s := range list {
			t := tables[s.Table]
			if t == nil { // dropped since
				continue
			}
			o, err := d.eventsOf(ctx, s, t)
			if err != nil {
				return err
			}
			ofOthers := tenant != "" && o != nil && o.Tenant != "" && o.Tenant != mapper.Everyone &&
				o.Tenant != tenant
			if o != nil && !ofOthers {
				objects = append(objects, *o)
			}
		}
		labels, err = queryLabels(ctx, conn.Conn(), objects)
		return err
	})
	return objects, labels, err
}

// CheckWorkspace returns an error when there is no workspace of that id: it names those that there
// are.
func (d *Database) CheckWorkspace(ctx context.Context, id string) error {
	if d.Catalog.Profile() != "twenty" {
		return fmt.Errorf("workspace %.64q: this is not Twenty's database, and has none", id)
	}
	var known twenty.Workspaces
	look := pgx.TxOptions{AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, d.Pool, look, func(tx pgx.Tx) (err error) {
		known, err = twenty.ReadWorkspaces(ctx, tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("read workspaces: %w", err)
	}
	ids := []string{}
	for there, deleted := range known {
		if !deleted {
			ids = append(ids, there)
		}
	}
	if known == nil || slices.Contains(ids, id) {
		return nil
	}
	slices.Sort(ids)
	return fmt.Errorf("there is no workspace %.64q; there are: %s", id,
		cmp.Or(strings.Join(ids, ", "), "none"))
}

// EventsFor tells what all events are made of that a webhook hears of, operator events and the one
// that it is tested with among them.
func (d *Database) EventsFor(
	ctx context.Context, to *webhook.Subscription,
) (heard []eventschema.Object, labels eventschema.Labels, err error) {
	tenant := to.Workspace
	if tenant == mapper.Everyone {
		tenant = ""
	}
	objects, labels, err := d.Events(ctx, tenant)
	if err != nil {
		return nil, nil, err
	}
	tenanted := slices.ContainsFunc(objects, func(o eventschema.Object) bool { return o.Tenanted })
	for _, o := range objects {
		if tenanted && !o.Tenanted { // nobody hears of it
			continue
		}
		o.Events = slices.DeleteFunc(slices.Clone(o.Events), func(event string) bool {
			action, _ := mapper.ParseAction(strings.TrimPrefix(event, o.Name+"."))
			return !to.Hears(&mapper.Subject{
				Name: event, Object: o.Name, Action: action, Workspace: to.Workspace,
			})
		})
		if len(o.Events) > 0 {
			heard = append(heard, o)
		}
	}
	heard = append(heard, eventschema.Trial(objects))
	if to.Operator != nil {
		heard = append(heard, eventschema.Operator(to.Operator))
	}
	return heard, labels, nil
}

// Columns returns a text that stays the same as long as no column of a table, or of a composite
// type, comes, goes, or gets another name or type. With 10,000 tables it takes some 0.15 s of
// the server.
func (d *Database) Columns(ctx context.Context) (text string, err error) {
	err = d.Pool.QueryRow(ctx, `
		SELECT concat(sum(hash_record_extended(ROW(attrelid, attnum, attname, atttypid, atttypmod,
		    attisdropped), 0)))
		FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
		WHERE attnum > 0 AND relkind IN ('r', 'p', 'c') AND relpersistence = 'p'
		  AND c.oid >= 16384`).Scan(&text)
	if err != nil {
		return "", fmt.Errorf("look whether columns have changed: %w", err)
	}
	return text, nil
}

// eventsOf tells of one table, nil when nothing of it is announced.
func (d *Database) eventsOf(
	ctx context.Context, s mapper.ObjectStatus, t *describedTable,
) (*eventschema.Object, error) {
	description, err := d.Catalog.Describe(ctx, &t.relation)
	if err != nil || description == nil {
		return nil, err
	}
	o := &eventschema.Object{
		Name: s.Object, Table: s.Table, Events: s.Events, Tenant: description.Workspace,
		Tenanted: description.Workspace != "" || description.Tenant != nil,
		Whole:    t.relation.Full(), Key: description.Identity(),
	}
	for i := range description.Fields {
		f := &description.Fields[i]
		o.Fields = append(o.Fields, eventschema.Field{
			Name: f.Name, Shape: f.Shape, MayLack: f.Limit != 0 || f.MaybeSecret,
			NotNull: len(f.Columns) == 1 && t.notNull[f.Columns[0]],
		})
	}
	return o, nil
}

// describedTable is a table as the stream describes it.
type describedTable struct {
	relation cdc.Relation
	notNull  []bool // by column
}

// queryDescribed looks tables up by their names.
//
// A column may be null though its domain is NOT NULL: an empty scalar subquery is of the domain,
// and is not looked at again. Since Postgres 18 it may be where its own NOT NULL is NOT VALID, too:
// that says nothing of rows that were there before.
//
// https://www.postgresql.org/docs/current/sql-createdomain.html#SQL-CREATEDOMAIN-NOTES
func queryDescribed(
	ctx context.Context, conn *pgx.Conn, list []mapper.ObjectStatus,
) (map[string]*describedTable, error) {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = s.Table
	}
	rows, err := conn.Query(ctx, `
		SELECT n.nspname, c.relname, c.oid, c.relreplident::text, a.attname, a.atttypid, a.atttypmod,
		       a.attnotnull AND NOT EXISTS (SELECT FROM pg_constraint r
		         WHERE r.conrelid = c.oid AND r.contype = 'n' AND r.conkey = ARRAY[a.attnum]
		           AND NOT r.convalidated)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE n.nspname || '.' || c.relname = ANY ($1) AND c.relkind IN ('r', 'p')
		  AND NOT `+pg.OmittedColumnSQL+`
		ORDER BY c.oid, a.attnum`, names)
	if err != nil {
		return nil, err
	}
	found := map[string]*describedTable{}
	var schema, name, identity string
	var oid uint32
	var notNull bool
	column := cdc.Column{Identity: true}
	_, err = pgx.ForEachRow(rows, []any{
		&schema, &name, &oid, &identity, &column.Name, &column.Type, &column.Modifier, &notNull,
	}, func() error {
		t := found[schema+"."+name]
		if t == nil {
			t = &describedTable{relation: cdc.Relation{
				OID: oid, Schema: schema, Name: name, Identity: identity[0],
			}}
			found[schema+"."+name] = t
		}
		t.relation.Columns = append(t.relation.Columns, column)
		t.notNull = append(t.notNull, notNull)
		return nil
	})
	return found, err
}

// queryLabels returns the labels of all enums that objects have values of.
func queryLabels(
	ctx context.Context, conn *pgx.Conn, objects []eventschema.Object,
) (eventschema.Labels, error) {
	oids := []uint32{}
	var add func(s *mapper.Shape)
	add = func(s *mapper.Shape) {
		if s == nil {
			return
		}
		if s.Type != 0 {
			oids = append(oids, s.Type)
		}
		add(s.Items)
		for _, m := range s.Members {
			add(m.Shape)
		}
	}
	for _, o := range objects {
		for _, f := range o.Fields {
			add(f.Shape)
		}
	}
	rows, err := conn.Query(ctx, `
		SELECT t.oid, array_agg(l.enumlabel::text ORDER BY l.enumsortorder)
		FROM pg_type t JOIN pg_enum l
		ON l.enumtypid = CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE t.oid END
		WHERE t.oid = ANY ($1::oid[]) GROUP BY t.oid`, oids)
	if err != nil {
		return nil, fmt.Errorf("look enums up: %w", err)
	}
	labels := eventschema.Labels{}
	var oid uint32
	var list []string
	_, err = pgx.ForEachRow(rows, []any{&oid, &list}, func() error {
		labels[oid] = list
		return nil
	})
	return labels, err
}
