// Package spool keeps on disk, in Postgres, what must outlive the process: how far the stream is settled.
package spool

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"hookline/cdc"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Spool is a schema in a database, which need not be the CRM's. Safe for concurrent use.
type Spool struct {
	pool   *pgxpool.Pool
	schema string
	table  string // of checkpoints, quoted
}

// Open returns the spool in a schema of the database at url. Its connections are made as they are needed.
func Open(ctx context.Context, url, schema string) (*Spool, error) {
	config, err := cdc.PoolConfig(url, 2)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("spool database: %w", err)
	}
	return &Spool{pool: pool, schema: schema, table: pgx.Identifier{schema, "checkpoint"}.Sanitize()}, nil
}

// Migrate makes the schema or brings it up to date; several processes may do so at once.
func (s *Spool) Migrate(ctx context.Context, log *slog.Logger) error {
	if err := migrate(ctx, s.pool.Config().ConnConfig, s.schema, log); err != nil {
		return fmt.Errorf("spool database: bring schema %q up to date: %w", s.schema, err)
	}
	return nil
}

// Close ends the connections.
func (s *Spool) Close() { s.pool.Close() }

const migrateLimit = time.Minute

func migrate(ctx context.Context, config *pgx.ConnConfig, schema string, log *slog.Logger) error {
	ctx, cancel := context.WithTimeoutCause(ctx, migrateLimit, fmt.Errorf("not done after %s", migrateLimit))
	defer cancel()
	config = config.Copy()
	config.RuntimeParams["search_path"] = pgx.Identifier{schema}.Sanitize()
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

// undefinedTable is https://www.postgresql.org/docs/current/errcodes-appendix.html
const undefinedTable = "42P01"

// LoadCheckpoint returns the checkpoint of a slot, nil when there is none, nor a schema that could hold one.
func (s *Spool) LoadCheckpoint(ctx context.Context, slot string) (*cdc.Checkpoint, error) {
	var c cdc.Checkpoint
	var at *time.Time
	err := s.pool.QueryRow(ctx, `SELECT system_identifier, database_oid, timeline, settled_lsn, commit_lsn, change_index, commit_time
		FROM `+s.table+` WHERE slot = $1`, slot).
		Scan(&c.System, &c.Database, &c.Timeline, &c.Settled.End, &c.Settled.Commit, &c.Settled.Index, &at)
	refused, _ := errors.AsType[*pgconn.PgError](err)
	if errors.Is(err, pgx.ErrNoRows) || (refused != nil && refused.Code == undefinedTable) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load checkpoint of slot %q: %w", slot, err)
	}
	if at != nil {
		c.Time = at.UTC()
	}
	return &c, nil
}

// SaveCheckpoint stores the checkpoint of a slot; it is durable on return. A position before the stored one of the same database is not
// taken: a process that was replaced does not set back the one that replaced it.
func (s *Spool) SaveCheckpoint(ctx context.Context, slot string, c cdc.Checkpoint) error {
	var at *time.Time
	if !c.Time.IsZero() {
		at = &c.Time
	}
	_, err := s.pool.Exec(ctx, `INSERT INTO `+s.table+` AS old
			(slot, system_identifier, database_oid, timeline, settled_lsn, commit_lsn, change_index, commit_time)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (slot) DO UPDATE SET
			system_identifier = EXCLUDED.system_identifier, database_oid = EXCLUDED.database_oid, timeline = EXCLUDED.timeline,
			settled_lsn = EXCLUDED.settled_lsn, commit_lsn = EXCLUDED.commit_lsn, change_index = EXCLUDED.change_index,
			commit_time = coalesce(EXCLUDED.commit_time, old.commit_time), saved_at = now()
		WHERE (old.system_identifier, old.database_oid) <> (EXCLUDED.system_identifier, EXCLUDED.database_oid)
			OR old.timeline <> EXCLUDED.timeline
			OR (old.settled_lsn, old.commit_lsn, old.change_index) < (EXCLUDED.settled_lsn, EXCLUDED.commit_lsn, EXCLUDED.change_index)`,
		slot, c.System, c.Database, c.Timeline, c.Settled.End, c.Settled.Commit, c.Settled.Index, at)
	if err != nil {
		return fmt.Errorf("save checkpoint of slot %q: %w", slot, err)
	}
	return nil
}

// ForgetCheckpoint removes the checkpoint of a slot: the next start takes up wherever the slot stands.
func (s *Spool) ForgetCheckpoint(ctx context.Context, slot string) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM `+s.table+` WHERE slot = $1`, slot); err != nil {
		return fmt.Errorf("forget checkpoint of slot %q: %w", slot, err)
	}
	return nil
}
