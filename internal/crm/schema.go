package crm

import (
	"context"
	"errors"
	"fmt"
	"slices"

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

// laterColumns are those that Hookline's own table has got since its first version, in their order,
// with what is said of a table that lacks one of them, and what adds them.
var laterColumns = []struct {
	names []string
	lacks string
	sql   func(schema string) string
}{
	{
		[]string{"rekey"},
		"Hookline's own table has no column rekey, so changed keys are told as updates",
		webhook.RekeySQL,
	},
	{
		[]string{"previous_secret_until"},
		"Hookline's own table has no column previous_secret, " +
			"so secrets cannot be rotated with a grace period",
		webhook.RotationSQL,
	},
	{
		[]string{"per"},
		"Hookline's own table has no column per, so all webhooks hear of a commit in the same way",
		webhook.PerSQL,
	},
	{
		[]string{"timeout", "rate", "thin", "batch", "batch_wait"},
		"Hookline's own table lacks one of the columns timeout, rate, thin, batch and batch_wait, " +
			"so webhooks cannot say how they are sent to",
		webhook.PaceSQL,
	},
	{
		[]string{"previous", "filter", "fields", "mask"},
		"Hookline's own table lacks one of the columns previous, filter, fields and mask, " +
			"so webhooks cannot choose by it",
		webhook.ChoiceSQL,
	},
	{
		[]string{"ignore"},
		"Hookline's own table has no column ignore, so webhooks hear of their own echo",
		webhook.IgnoreSQL,
	},
	{
		[]string{"settle", "settle_max", "catch_up"},
		"Hookline's own table lacks one of the columns settle, settle_max and catch_up, " +
			"so webhooks hear of each change by itself",
		webhook.SettleSQL,
	},
}

// older returns what Hookline's own table lacks, where there is one.
func (d *Database) older(ctx context.Context, conn *pgx.Conn) (updates []tableUpdate, err error) {
	schema := d.Config.Webhook.Schema
	var columns []string
	var uuids, annotates bool
	err = conn.QueryRow(ctx, `
		SELECT coalesce(array_agg(attname::text), '{}'),
			coalesce(bool_or(attname = 'workspace_id' AND atttypid = 'uuid'::regtype), false),
			EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
				WHERE n.nspname = $1 AND p.proname = $2)
		FROM pg_attribute
		WHERE attrelid = to_regclass(format('%I.webhook', $1::text)) AND attnum > 0 AND NOT attisdropped`,
		schema, webhook.AnnotateFunction).Scan(&columns, &uuids, &annotates)
	if err != nil || len(columns) == 0 {
		return nil, err
	}
	if uuids {
		updates = append(updates, tableUpdate{
			"column workspace_id of Hookline's own table takes nothing but UUIDs",
			webhook.MoreTenantsSQL(schema),
		})
	}
	for _, later := range laterColumns {
		lacks := func(name string) bool { return !slices.Contains(columns, name) }
		if slices.ContainsFunc(later.names, lacks) {
			updates = append(updates, tableUpdate{later.lacks, later.sql(schema)})
		}
	}
	if !annotates {
		updates = append(updates, tableUpdate{
			"Hookline's own schema has no function annotate, so writers cannot annotate what they change",
			webhook.AnnotateSQL(schema),
		})
	}
	return updates, nil
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
