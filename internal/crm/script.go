package crm

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/internal/migrate"
	"hookline/internal/pg"
	"hookline/webhook"
)

// Script returns the SQL that prepare would run, for someone with more rights to run it.
func (d *Database) Script(ctx context.Context) (sql []string, err error) {
	store, err := OpenSpool(ctx, d.Config)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	checkpoint, err := store.LoadCheckpoint(ctx, d.Config.CDC.Slot)
	if err != nil {
		return nil, err
	}
	var checkpoints cdc.Checkpoints // in a gap the SQL is for a new beginning
	if checkpoint == nil {
		checkpoints = store
	}
	err = d.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		own, err := d.HasSchema(ctx, conn.Conn())
		if err != nil {
			return err
		}
		schema := d.Config.Webhook.Schema
		role := pg.Identifier(conn.Conn().Config().User)
		pending, err := migrate.Pending(ctx, conn.Conn(), schema, migrate.Webhooks)
		if err != nil {
			return err
		}
		if own { // each may be left out
			for _, m := range pending {
				sql = append(sql, m.SQL)
			}
		} else {
			sql = append(sql, migrate.Join(pending))
		}
		tables, err := d.Tables(ctx, conn.Conn())
		if _, ok := errors.AsType[*webhook.NoTable](err); ok && !own {
			tables, err = d.records(ctx, conn.Conn()) // the SQL makes the table of webhooks that is missing
		}
		if err != nil {
			return err
		}
		plan, err := cdc.NewPlan(ctx, conn.Conn(), d.Config.CDC, tables, checkpoints)
		if err != nil {
			return err
		}
		sql = append(sql, plan.SQL()...)
		if !own {
			sql = append(sql, fmt.Sprintf("ALTER PUBLICATION %s ADD TABLE ONLY %s",
				pg.Identifier(d.Config.CDC.Publication),
				pg.Identifier(schema, "webhook")))
		}
		if !own || plan.Creates {
			sql = append(sql, fmt.Sprintf("GRANT USAGE, CREATE ON SCHEMA %s TO %s",
				pg.Identifier(schema), role),
				fmt.Sprintf("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %s TO %s",
					pg.Identifier(schema), role))
		}
		// It is in the SQL.
		d.tellSkipped(slices.DeleteFunc(plan.Skipped,
			func(s cdc.Skipped) bool { return s.Reason.ForOthers() }))
		return nil
	})
	return sql, err
}
