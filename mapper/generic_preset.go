package mapper

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
)

// newPreset returns the catalog of a database that has the tables of an application.
func newPreset(p *preset, cfg Config, pool *pgxpool.Pool, log *slog.Logger) *Generic {
	g := NewGeneric(cfg, pool, log)
	g.preset = p
	return g
}

// Keeps returns what cdc.Config.Keeps has to be for the mapper of a catalog. What it returns is safe for concurrent use.
func Keeps(c Catalog) func(*cdc.Relation) bool {
	if g, ok := c.(*Generic); ok && g.preset != nil {
		return g.preset.drafts
	}
	return nil
}

// know reads what is known of the application's tables, as db sees them. What was never known is
// from now on; what is known follows the stream alone.
func (g *Generic) know(ctx context.Context, db querier) (*knowledge, error) {
	if g.preset == nil {
		return nil, nil
	}
	now, err := g.preset.read(ctx, db, g.schemas)
	if err != nil {
		return nil, err
	}
	if len(now.by) == 0 && !g.reportedAlready("preset") {
		g.log.Warn("no schema of HOOKLINE_SCHEMAS has the tables of the application that the profile is of, so it says nothing",
			"profile", g.preset.name, "tables", g.preset.marks)
	}
	g.known.CompareAndSwap(nil, now)
	return now, nil
}

// learn is know for who follows the stream from snapshot on.
func (g *Generic) learn(ctx context.Context, db querier, snapshot *cdc.Snapshot) error {
	now, err := g.know(ctx, db)
	if now != nil {
		g.snapshot = snapshot
		g.known.Store(now)
		g.generation.Add(1)
	}
	return err
}

// withSayings marks the tables that describe others: they are published, and not announced.
func (k *knowledge) withSayings(tables []cdc.Table) []cdc.Table {
	for i, t := range tables {
		if k.followed(&cdc.Relation{Schema: t.Schema, Name: t.Name}) != nil {
			tables[i] = cdc.Table{Schema: t.Schema, Name: t.Name}
		}
	}
	return tables
}

// apply sets what a preset knows of the records of a table, beside the names of their fields.
func (g *Generic) apply(f facts, o *object, rel *cdc.Relation) {
	var apart []int
	for _, name := range f.identity {
		c := rel.Column(name)
		if c < 0 {
			return
		}
		apart = append(apart, c)
	}
	o.apart = apart
	if c := rel.Column(f.drafts); f.drafts != "" && c >= 0 && rel.Kept && o.tenant == nil && len(o.key) > 0 {
		o.drafts = &drafts{published: c}
	}
}

// fieldNames returns the keys of columns in records.
func (f *facts) fieldNames(columns []string) []string {
	if f.key == nil {
		return fieldNames(columns)
	}
	names, taken := make([]string, len(columns)), map[string]int{}
	for i, c := range columns {
		names[i] = f.key(c)
		taken[names[i]]++
	}
	for i, c := range columns {
		if taken[names[i]] > 1 {
			names[i] = c
		}
	}
	return names
}

// ridesOn returns the columns whose changes explain one of a column.
func (f *facts) ridesOn(column string, rel *cdc.Relation) (list []int) {
	if f.rides == nil {
		return nil
	}
	for _, name := range f.rides(column) {
		if c := rel.Column(name); c >= 0 {
			list = append(list, c)
		}
	}
	return list
}
