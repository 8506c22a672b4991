package crm

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/webhook"
)

// makeSchema makes Hookline's own tables where they are missing.
func (d *Database) makeSchema(ctx context.Context, conn *pgx.Conn) error {
	there, err := d.HasSchema(ctx, conn)
	if err != nil {
		return err
	}
	if there {
		return d.updateSchema(ctx, conn)
	}
	schema := d.Config.Webhook.Schema
	err = pg.ExecDDL(ctx, conn, webhook.SchemaSQL(schema))
	if pg.Is(err, pg.InsufficientPrivilege) {
		return &cdc.Problem{
			What: fmt.Sprintf("the role may not make schema %q in this database", schema),
			Hint: fmt.Sprintf("GRANT CREATE ON DATABASE %s TO %s; "+
				"or let a superuser run what `hookline setup --print-sql` prints",
				pg.Identifier(conn.Config().Database),
				pg.Identifier(conn.Config().User)),
		}
	}
	if err != nil {
		return fmt.Errorf("make schema %q: %w", schema, err)
	}
	d.Log.Info("made the schema of Hookline's own tables", "schema", schema)
	return nil
}

// updateSchema brings Hookline's own table up to date, unless the role may not, or somebody has it
// locked. It works as it is, too.
func (d *Database) updateSchema(ctx context.Context, conn *pgx.Conn) error {
	older, err := d.older(ctx, conn)
	if err != nil {
		return err
	}
	for _, update := range older {
		err = pg.ExecDDL(ctx, conn, "BEGIN; SET LOCAL lock_timeout = '1s'; "+update.sql+"; COMMIT")
		if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
			if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
				return err
			}
			d.Log.Warn(update.lacks, "error", refused, "sql", update.sql)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// tableUpdate brings Hookline's own table up to date where an older version made it.
type tableUpdate struct{ lacks, sql string }

// older returns what Hookline's own table lacks, where there is one.
func (d *Database) older(ctx context.Context, conn *pgx.Conn) (updates []tableUpdate, err error) {
	var uuids, wholeOnly, oneSecret, alike, unpaced, unchosen, hearsAll, restless, silent bool
	schema := d.Config.Webhook.Schema
	err = conn.QueryRow(ctx, `
		SELECT coalesce(bool_or(attname = 'workspace_id' AND atttypid = 'uuid'::regtype), false),
			count(*) > 0 AND NOT coalesce(bool_or(attname = 'rekey'), false),
			count(*) > 0 AND NOT coalesce(bool_or(attname = 'previous_secret_until'), false),
			count(*) > 0 AND NOT coalesce(bool_or(attname = 'per'), false),
			count(*) > 0 AND count(*) FILTER (
				WHERE attname IN ('timeout', 'rate', 'thin', 'batch', 'batch_wait')) < 5,
			count(*) > 0 AND count(*) FILTER (
				WHERE attname IN ('previous', 'filter', 'fields', 'mask')) < 4,
			count(*) > 0 AND NOT coalesce(bool_or(attname = 'ignore'), false),
			count(*) > 0 AND count(*) FILTER (
				WHERE attname IN ('settle', 'settle_max', 'catch_up')) < 3,
			count(*) > 0 AND NOT EXISTS (SELECT FROM pg_proc p
				JOIN pg_namespace n ON n.oid = p.pronamespace
				WHERE n.nspname = $1 AND p.proname = $2)
		FROM pg_attribute
		WHERE attrelid = to_regclass(format('%I.webhook', $1::text)) AND attnum > 0 AND NOT attisdropped`,
		schema, webhook.AnnotateFunction).
		Scan(&uuids, &wholeOnly, &oneSecret, &alike, &unpaced, &unchosen, &hearsAll, &restless, &silent)
	if uuids {
		updates = append(updates, tableUpdate{
			"column workspace_id of Hookline's own table takes nothing but UUIDs",
			webhook.MoreTenantsSQL(d.Config.Webhook.Schema),
		})
	}
	if wholeOnly {
		updates = append(updates, tableUpdate{
			"Hookline's own table has no column rekey, so changed keys are told as updates",
			webhook.RekeySQL(d.Config.Webhook.Schema),
		})
	}
	if oneSecret {
		updates = append(updates, tableUpdate{
			"Hookline's own table has no column previous_secret, " +
				"so secrets cannot be rotated with a grace period",
			webhook.RotationSQL(d.Config.Webhook.Schema),
		})
	}
	if alike {
		updates = append(updates, tableUpdate{
			"Hookline's own table has no column per, so all webhooks hear of a commit in the same way",
			webhook.PerSQL(d.Config.Webhook.Schema),
		})
	}
	if unpaced {
		updates = append(updates, tableUpdate{
			"Hookline's own table lacks one of the columns timeout, rate, thin, batch and batch_wait, " +
				"so webhooks cannot say how they are sent to",
			webhook.PaceSQL(schema),
		})
	}
	if unchosen {
		updates = append(updates, tableUpdate{
			"Hookline's own table lacks one of the columns previous, filter, fields and mask, " +
				"so webhooks cannot choose by it",
			webhook.ChoiceSQL(schema),
		})
	}
	if hearsAll {
		updates = append(updates, tableUpdate{
			"Hookline's own table has no column ignore, so webhooks hear of their own echo",
			webhook.IgnoreSQL(schema),
		})
	}
	if restless {
		updates = append(updates, tableUpdate{
			"Hookline's own table lacks one of the columns settle, settle_max and catch_up, " +
				"so webhooks hear of each change by itself",
			webhook.SettleSQL(schema),
		})
	}
	if silent {
		updates = append(updates, tableUpdate{
			"Hookline's own schema has no function annotate, so writers cannot annotate what they change",
			webhook.AnnotateSQL(schema),
		})
	}
	return updates, err
}

// HasSchema reports whether Hookline's own table of webhooks is there.
func (d *Database) HasSchema(ctx context.Context, conn *pgx.Conn) (there bool, err error) {
	err = conn.QueryRow(ctx, `SELECT to_regclass(format('%I.webhook', $1::text)) IS NOT NULL`,
		d.Config.Webhook.Schema).Scan(&there)
	if err != nil {
		err = fmt.Errorf("look for schema %q: %w", d.Config.Webhook.Schema, err)
		return false, d.Permitted(conn, err)
	}
	return there, nil
}
