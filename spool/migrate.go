package spool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"hookline/cdc"
	"hookline/internal/migrate"
)

// Migrate makes the schema or brings it up to date; several processes may do so at once.
func (s *Spool) Migrate(ctx context.Context, log *slog.Logger) error {
	err := migrate.Run(ctx, s.pool.Config().ConnConfig.Copy(), s.cfg.Schema, migrate.Spool,
		func(m migrate.Migration) {
			log.Info("schema brought up to date", "schema", s.cfg.Schema, "migration", m.Name)
		})
	if newer, ok := errors.AsType[*migrate.NewerError](err); ok {
		err = &cdc.Problem{
			What: newer.Error() + ": a newer one has used it, and what that has written cannot be read",
			Hint: "run the newer version. The way back is told in docs/upgrades.md",
		}
	}
	if err != nil {
		return fmt.Errorf("spool database: bring schema %q up to date: %w", s.cfg.Schema, err)
	}
	return nil
}
