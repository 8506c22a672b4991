package mapper

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Detect returns the profile that fits the database: twenty where Twenty's workspaces and object metadata are, that of an application
// that has a preset where its tables are, else generic.
func Detect(ctx context.Context, conn *pgx.Conn) (profile string, err error) {
	// Not to_regclass: it fails where the role may not use the schema.
	var twenty bool
	err = conn.QueryRow(ctx, `
		SELECT count(*) FILTER (WHERE c.relname = 'workspace') > 0 AND count(*) FILTER (WHERE c.relname = 'objectMetadata') > 0
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND (n.nspname, c.relname) IN
			(('core', 'workspace'), ('core', 'objectMetadata'), ('metadata', 'objectMetadata'))`).Scan(&twenty)
	if err != nil {
		return "", fmt.Errorf("detect the profile: %w", err)
	}
	if twenty {
		return "twenty", nil
	}
	for _, p := range presets {
		schemas, err := p.schemas(ctx, conn)
		if err != nil {
			return "", fmt.Errorf("detect the profile: %w", err)
		}
		if len(schemas) > 0 {
			return p.name, nil
		}
	}
	return "generic", nil
}

// NewCatalog returns the catalog of one of Profiles; it is empty until Load. auto is not among them: see Detect.
// pool may be asked about tables and types as their changes arrive; its connections must have cdc.SessionSettings.
func NewCatalog(profile string, cfg Config, pool *pgxpool.Pool, log *slog.Logger) (Catalog, error) {
	switch profile {
	case "twenty":
		return NewTwenty(cfg, log), nil
	case "generic":
		return NewGeneric(cfg, pool, log), nil
	}
	if p := presetNamed(profile); p != nil {
		return newPreset(p, cfg, pool, log), nil
	}
	return nil, fmt.Errorf("profile %q: want one of %s", profile, strings.Join(Profiles(), ", "))
}
