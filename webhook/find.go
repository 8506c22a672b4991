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
	"hookline/mapper"
)

// coreWebhook is where Twenty keeps its webhooks since 1.1; before, each workspace's schema had a table of its own.
var coreWebhook = cdc.Table{Schema: "core", Name: "webhook"}

// usualNames are the tables that a generic database is searched for.
var usualNames = []string{"webhooks", "webhook", "webhook_endpoints", "webhook_subscriptions"}

// found is a source and the table that it reads.
type found struct {
	*source
	described *table
}

// NoTable is a Problem: there is no table of webhooks yet, and the one that SchemaSQL makes would do.
type NoTable struct{ cdc.Problem }

// Unwrap makes it a Problem.
func (n *NoTable) Unwrap() error { return &n.Problem }

// Find returns the tables that webhooks come from, as tx sees it. They have to be published. It leaves the registry as it is, and may be
// called by any goroutine. The error is a *cdc.Problem when there is none, or one that cannot be followed.
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

// FindTenancy returns how the tables that Find returns keep their webhooks apart. The error is a *cdc.Problem, too, when that is not clear.
func (r *Registry) FindTenancy(ctx context.Context, tx pgx.Tx) (mapper.Tenancy, error) {
	_, tenancy, err := r.find(ctx, tx)
	if err != nil {
		return tenancy, fmt.Errorf("find webhooks: %w", err)
	}
	return tenancy, nil
}

// find returns the tables that webhooks come from, and how they keep them apart.
func (r *Registry) find(ctx context.Context, tx pgx.Tx) ([]found, mapper.Tenancy, error) {
	sources, err := r.findSources(ctx, tx)
	if err != nil {
		return nil, mapper.Tenancy{}, err
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

// findSources returns the tables that webhooks come from. The error is a *cdc.Problem when there is none, or one that cannot be followed.
func (r *Registry) findSources(ctx context.Context, tx pgx.Tx) ([]found, error) {
	ownName := r.cfg.own()
	tables, err := describe(ctx, tx, []string{ownName.Schema}, []string{ownName.Name})
	if err != nil {
		return nil, err
	}
	var all []found
	if t := tables[ownName]; t != nil {
		f, err := r.source(t, own)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	} else if r.cfg.ownOnly() {
		return nil, &NoTable{cdc.Problem{
			What: fmt.Sprintf("Hookline's own table of webhooks, %s, is missing", ownName),
			Mend: "run `hookline setup`, or:\n" + strings.TrimSpace(SchemaSQL(ownName.Schema)),
		}}
	}
	var others []found
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

// source returns a source that reads t. Its error says why t cannot be one.
func (r *Registry) source(t *table, k kind) (found, error) {
	if err := t.check(); err != nil {
		return found{}, err
	}
	s := &source{
		table: t.name(), oid: t.relation.OID, kind: k, tenants: r.cfg.Profile == profileTwenty, marked: k == ofTwenty && r.cfg.TwentyWebhooks == twentyMarked,
		format: r.cfg.Format, primaryKey: t.key, unread: t.unread,
	}
	if s.tenants && k == own {
		s.tenantIn = pgtype.UUIDOID
	}
	if err := s.follow(&t.relation); err != nil {
		return found{}, err
	}
	s.has = s.layout.names
	return found{s, t}, nil
}

// findTwenty returns Twenty's table, or tables in an old version. Without any it is enough that there is our own: an old version without a
// workspace has none yet.
func (r *Registry) findTwenty(ctx context.Context, tx pgx.Tx, enough bool) ([]found, error) {
	tables, err := describe(ctx, tx, []string{coreWebhook.Schema}, []string{coreWebhook.Name})
	if err != nil {
		return nil, err
	}
	if t := tables[coreWebhook]; t != nil {
		f, err := r.source(t, ofTwenty)
		return []found{f}, err
	}
	of, err := workspacesBySchema(ctx, tx)
	if err != nil {
		return nil, err
	}
	if tables, err = describe(ctx, tx, slices.Collect(maps.Keys(of)), []string{coreWebhook.Name}); err != nil {
		return nil, err
	}
	var all []found
	for name, t := range tables {
		f, err := r.source(t, ofTwenty)
		if err != nil {
			if _, told := r.left.LoadOrStore(name, true); !told {
				r.log.Error("the webhooks of a workspace are left out", "table", name.Schema+"."+name.Name, "error", err)
			}
			continue
		}
		f.workspace = of[name.Schema]
		all = append(all, f)
	}
	if all == nil && !enough {
		return nil, &NoTable{cdc.Problem{
			What: "no table of webhooks found: looked for core.webhook, webhook in the schemas of Twenty's workspaces, and " + r.cfg.own().String(),
			Mend: "let Twenty finish its own setup, or, to use Hookline's own table, run `hookline setup`, or:\n" +
				strings.TrimSpace(SchemaSQL(r.cfg.Schema)),
		}}
	}
	return all, nil
}

// findGeneric returns the table that the configuration names, or the first of the usual ones that has a column for a URL.
func (r *Registry) findGeneric(ctx context.Context, tx pgx.Tx) ([]found, error) {
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
	tables, err := describe(ctx, tx, schemas, names, r.cfg.tenantColumns()...)
	if err != nil {
		return nil, err
	}
	for _, name := range candidates {
		t := tables[name]
		if t == nil || r.cfg.Table == auto && t.urlColumn() < 0 {
			continue
		}
		f, err := r.source(t, generic)
		return []found{f}, err
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
		what = "no table of webhooks found: looked for " + strings.Join(looked, ", ") + " with a column url, target_url, endpoint or endpoint_url"
	}
	name := candidates[0]
	return &cdc.Problem{
		What: what,
		Mend: fmt.Sprintf("CREATE TABLE %s (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), url text NOT NULL, "+
			"secret text NOT NULL DEFAULT replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), "+
			"operations text[] NOT NULL DEFAULT '{*.*}', enabled boolean NOT NULL DEFAULT true);\n"+
			"or set HOOKLINE_WEBHOOKS_TABLE to the table that holds them (schema.table), or to %s.%s to use Hookline's own alone",
			name, r.cfg.Schema, ownTable),
	}
}
