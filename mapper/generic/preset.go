package generic

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/preset"
)

// NewPreset returns the catalog of a database that has the tables of an application.
func NewPreset(p *preset.Preset, cfg Config, pool *pgxpool.Pool, log *slog.Logger) *Catalog {
	g := New(cfg, pool, log)
	g.preset = p
	return g
}

// know reads what is known of the application's tables, as db sees them. What was never known is
// from now on; what is known follows the stream alone.
func (g *Catalog) know(ctx context.Context, db mapper.Querier) (*preset.Knowledge, error) {
	if g.preset == nil {
		return nil, nil
	}
	now, err := g.preset.Read(ctx, db, g.schemas)
	if err != nil {
		return nil, err
	}
	if len(now.By) == 0 && !g.reportedAlready("preset") {
		g.log.Warn(
			"no schema of HOOKLINE_SCHEMAS has the tables of the application that the profile is of, so "+
				"it says nothing",
			"profile",
			g.preset.Name,
			"tables",
			g.preset.Marks,
		)
	}
	g.known.CompareAndSwap(nil, now)
	return now, nil
}

// learn is know for who follows the stream from snapshot on.
func (g *Catalog) learn(ctx context.Context, db mapper.Querier, snapshot *cdc.Snapshot) error {
	now, err := g.know(ctx, db)
	if now != nil {
		g.snapshot = snapshot
		g.known.Store(now)
		g.generation.Add(1)
	}
	return err
}

// apply sets what a preset knows of the records of a table, beside the names of their fields.
func (g *Catalog) apply(f preset.Facts, o *mapper.Description, rel *cdc.Relation) {
	var apart []int
	for _, name := range f.Identity {
		c := rel.Column(name)
		if c < 0 {
			return
		}
		apart = append(apart, c)
	}
	o.Apart = apart
	if c := rel.Column(f.Drafts); f.Drafts != "" && c >= 0 && rel.Full() && o.Tenant == nil &&
		len(o.Key) > 0 {
		o.Drafts, o.Published = true, c
	}
}
