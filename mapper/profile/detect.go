package profile

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/mapper"
	"hookline/mapper/generic"
	"hookline/mapper/preset"
	"hookline/mapper/twenty"
)

// Detect returns the profile that fits the database: twenty where Twenty's workspaces and object
// metadata are, that of an application that has a preset where its tables are, else generic.
func Detect(ctx context.Context, conn *pgx.Conn) (profile string, err error) {
	twenty, err := twenty.Detect(ctx, conn)
	if err != nil {
		return "", fmt.Errorf("detect the profile: %w", err)
	}
	if twenty {
		return "twenty", nil
	}
	if p, err := preset.Detect(ctx, conn); err != nil {
		return "", fmt.Errorf("detect the profile: %w", err)
	} else if p != nil {
		return p.Name, nil
	}
	return "generic", nil
}

// New returns the catalog of one of Names; it is empty until Load. auto is not among
// them: see Detect. pool may be asked about tables and types as their changes arrive; its
// connections must have pg.SessionSettings.
func New(profile string, cfg Config, pool *pgxpool.Pool, log *slog.Logger) (mapper.Catalog, error) {
	switch profile {
	case "twenty":
		return twenty.New(cfg.twenty(), log), nil
	case "generic":
		return generic.New(cfg.generic(), pool, log), nil
	}
	if p := preset.Named(profile); p != nil {
		return generic.NewPreset(p, cfg.generic(), pool, log), nil
	}
	return nil, fmt.Errorf("profile %q: want one of %s", profile, strings.Join(Names(), ", "))
}

// Names returns the names of all profiles, auto not among them.
func Names() []string {
	names := []string{"twenty", "generic"}
	for _, p := range preset.All {
		names = append(names, p.Name)
	}
	return names
}
