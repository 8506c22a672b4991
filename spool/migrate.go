package spool

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate makes the schema or brings it up to date; several processes may do so at once.
func (s *Spool) Migrate(ctx context.Context, log *slog.Logger) error {
	if err := migrate(ctx, s.pool.Config().ConnConfig.Copy(), s.cfg.Schema, log); err != nil {
		return fmt.Errorf("spool database: bring schema %q up to date: %w", s.cfg.Schema, err)
	}
	return nil
}

const migrateLimit = time.Minute

func migrate(ctx context.Context, config *pgx.ConnConfig, schema string, log *slog.Logger) error {
	ctx, cancel := context.WithTimeoutCause(ctx, migrateLimit, fmt.Errorf("not done after %s", migrateLimit))
	defer cancel()
	delete(config.RuntimeParams, "lock_timeout") // others may take long, each its own time
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended('hookline spool', 0))"); err != nil { // ends with conn
		return err
	}
	var there bool
	if err := conn.QueryRow(ctx, `SELECT to_regnamespace(quote_ident($1)) IS NOT NULL`, schema).Scan(&there); err != nil {
		return err
	}
	if !there { // the right to make schemas is wanted only when one is missing
		if _, err := conn.Exec(ctx, "CREATE SCHEMA "+pgx.Identifier{schema}.Sanitize()); err != nil {
			return err
		}
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config)
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithTableName("schema_version"),
		goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	pending, err := provider.HasPending(ctx)
	if err != nil || !pending {
		return err
	}
	done, err := provider.Up(ctx)
	for _, m := range done {
		log.Info("schema brought up to date", "schema", schema, "migration", m.Source.Path)
	}
	return err
}
