package webhook

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"hookline/cdc"
	"hookline/mapper/tenants"
	"hookline/mapper/twenty"
)

// usualNames are the tables that a generic database is searched for.
var usualNames = []string{"webhooks", "webhook", "webhook_endpoints", "webhook_subscriptions"}

// foundTable is a table of webhooks, and what the system catalog says of it.
type foundTable struct {
	*webhookTable
	info *tableInfo
}

// NoTable is a Problem: there is no table of webhooks yet, and the one that SchemaSQL makes would
// do.
type NoTable struct{ cdc.Problem }

// Unwrap makes it a Problem.
func (n *NoTable) Unwrap() error { return &n.Problem }

// Find returns the tables that webhooks come from, as tx sees it. They have to be published. It
// leaves the registry as it is, and may be called by any goroutine. The error is a *cdc.Problem
// when there is none, or one that cannot be followed.
func (r *Registry) Find(ctx context.Context, tx pgx.Tx) ([]cdc.Table, error) {
	sources, _, err := r.find(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("find webhooks: %w", err)
	}
	tables := make([]cdc.Table, len(sources))
	for i, s := range sources {
		tables[i] = s.table
		tables[i].Webhooks = true
	}
	return tables, nil
}

// FindTenancy returns how the tables that Find returns keep their webhooks apart. The error is a
// *cdc.Problem, too, when that is not clear.
func (r *Registry) FindTenancy(ctx context.Context, tx pgx.Tx) (tenants.Tenancy, error) {
	_, tenancy, err := r.find(ctx, tx)
	if err != nil {
		return tenancy, fmt.Errorf("find webhooks: %w", err)
	}
	return tenancy, nil
}

// find returns the tables that webhooks come from, and how they keep them apart.
func (r *Registry) find(ctx context.Context, tx pgx.Tx) ([]foundTable, tenants.Tenancy, error) {
	sources, err := r.findTables(ctx, tx)
	if err != nil {
		return nil, tenants.Tenancy{}, err
	}
	tenancy, err := r.tenancyOf(sources)
	if err == nil {
		tenancy.Folding, err = foldingOf(ctx, tx, tenancy.Type)
	}
	if err != nil {
		return nil, tenancy, err
	}
	for _, s := range sources {
		if err := s.divide(tenancy); err != nil {
			return nil, tenancy, err
		}
	}
	return sources, tenancy, nil
}

// findTables returns the tables that webhooks come from. The error is a *cdc.Problem when there is
// none, or one that cannot be followed.
func (r *Registry) findTables(ctx context.Context, tx pgx.Tx) ([]foundTable, error) {
	ownName := r.cfg.own()
	tables, err := queryTables(ctx, tx, []string{ownName.Schema}, []string{ownName.Name})
	if err != nil {
		return nil, err
	}
	var all []foundTable
	if t := tables[ownName]; t != nil {
		f, err := r.newTable(t, own)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	} else if r.cfg.ownOnly() {
		return nil, &NoTable{cdc.Problem{
			What: fmt.Sprintf("Hookline's own table of webhooks, %s, is missing", ownName),
			Hint: "run `hookline setup`, or:\n" + strings.TrimSpace(SchemaSQL(ownName.Schema)),
		}}
	}
	var others []foundTable
	switch {
	case r.cfg.ownOnly():
		return all, nil
	case r.cfg.Profile == profileTwenty:
		others, err = r.findTwenty(ctx, tx, len(all) > 0)
	default:
		others, err = r.findGeneric(ctx, tx)
	}
	return append(all, others...), err
}

// newTable returns t as a table of webhooks. Its error says why it cannot be one.
func (r *Registry) newTable(t *tableInfo, k kind) (foundTable, error) {
	if err := t.check(); err != nil {
		return foundTable{}, err
	}
	s := &webhookTable{
		table: t.name(), oid: t.relation.OID, kind: k, tenants: r.cfg.Profile == profileTwenty,
		marked: k == ofTwenty && r.cfg.TwentyWebhooks == twentyMarked, format: r.cfg.Format,
		primaryKey: t.key, unread: t.unread, generated: t.generated, changes: r.cfg.changes(),
	}
	if s.tenants && k == own {
		s.tenantIn = pgtype.UUIDOID
	}
	if err := s.follow(&t.relation); err != nil {
		return foundTable{}, err
	}
	s.has = s.layout.names
	return foundTable{s, t}, nil
}

// findTwenty returns Twenty's table, or tables in an old version. Without any it is enough that
// there is our own: an old version without a workspace has none yet.
func (r *Registry) findTwenty(ctx context.Context, tx pgx.Tx, enough bool) ([]foundTable, error) {
	tables, err := queryTables(ctx, tx, []string{twenty.WebhookTable.Schema},
		[]string{twenty.WebhookTable.Name})
	if err != nil {
		return nil, err
	}
	if t := tables[twenty.WebhookTable]; t != nil {
		f, err := r.newTable(t, ofTwenty)
		return []foundTable{f}, err
	}
	of, err := twenty.WorkspacesBySchema(ctx, tx)
	if err != nil {
		return nil, refused(err, twenty.WorkspaceTable, tx)
	}
	if tables, err = queryTables(ctx, tx, slices.Collect(maps.Keys(of)),
		[]string{twenty.WebhookTable.Name}); err != nil {
		return nil, err
	}
	var all []foundTable
	for name, t := range tables {
		f, err := r.newTable(t, ofTwenty)
		if err != nil {
			if _, told := r.left.LoadOrStore(name, true); !told {
				r.log.Error("the webhooks of a workspace are left out", "table", name.Schema+"."+name.Name,
					"error", err)
			}
			continue
		}
		f.workspace = of[name.Schema]
		all = append(all, f)
	}
	if all == nil && !enough {
		return nil, &NoTable{
			cdc.Problem{
				What: "no table of webhooks found: looked for core.webhook, webhook in the schemas of " +
					"Twenty's workspaces, and " + r.cfg.own().
					String(),
				Hint: "let Twenty finish its own setup, or, to use Hookline's own table, run `hookline " +
					"setup`, or:\n" +
					strings.TrimSpace(SchemaSQL(r.cfg.Schema)),
			},
		}
	}
	return all, nil
}

// findGeneric returns the table that the configuration names, or the first of the usual ones that
// has a column for a URL.
func (r *Registry) findGeneric(ctx context.Context, tx pgx.Tx) ([]foundTable, error) {
	var candidates []cdc.Table
	if named := r.cfg.named(); r.cfg.Table != auto {
		candidates = append(candidates, named)
	} else {
		for _, schema := range r.cfg.Schemas {
			for _, name := range usualNames {
				if t := (cdc.Table{Schema: schema, Name: name}); t != r.cfg.own() {
					candidates = append(candidates, t)
				}
			}
		}
	}
	schemas, names := make([]string, len(candidates)), make([]string, len(candidates))
	for i, t := range candidates {
		schemas[i], names[i] = t.Schema, t.Name
	}
	tables, err := queryTables(ctx, tx, schemas, names, r.cfg.tenantColumns()...)
	if err != nil {
		return nil, err
	}
	for _, name := range candidates {
		t := tables[name]
		if t == nil || r.cfg.Table == auto && t.urlColumn() < 0 {
			continue
		}
		f, err := r.newTable(t, generic)
		return []foundTable{f}, err
	}
	return nil, r.missing(candidates)
}

// missing says that none of the candidates exists, and how to make one.
func (r *Registry) missing(candidates []cdc.Table) error {
	looked := make([]string, len(candidates))
	for i, t := range candidates {
		looked[i] = t.Schema + "." + t.Name
	}
	what := "table " + looked[0] + ", which HOOKLINE_WEBHOOKS_TABLE names, does not exist"
	if r.cfg.Table == auto {
		what = "no table of webhooks found: looked for " + strings.Join(looked, ", ") +
			" with a column url, target_url, endpoint or endpoint_url"
	}
	name := candidates[0]
	return &cdc.Problem{
		What: what,
		Hint: fmt.Sprintf(
			"HOOKLINE_WEBHOOKS_TABLE=%s.%s uses Hookline's own table, which setup makes: "+
				"no other is needed;\n"+
				"or set it to the table that holds them (schema.table);\n"+
				"or, if the schema is yours:\n"+
				"CREATE TABLE %s (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), url text NOT NULL, "+
				"secret text NOT NULL DEFAULT replace(gen_random_uuid()::text || gen_random_uuid()::text, "+
				"'-', ''), "+
				"operations text[] NOT NULL DEFAULT '{*.*}', enabled boolean NOT NULL DEFAULT true);",
			r.cfg.Schema,
			OwnTable,
			name,
		),
	}
}
