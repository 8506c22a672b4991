package crm

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/cdc"
	"hookline/internal/migrate"
	"hookline/internal/pg"
)

// makeSchema makes Hookline's own table of webhooks where it is missing, and brings it up to date
// where it is not.
func (d *Database) makeSchema(ctx context.Context, conn *pgx.Conn) error {
	there, err := d.HasSchema(ctx, conn)
	if err != nil {
		return err
	}
	schema := d.Config.Webhook.Schema
	pending, err := migrate.Pending(ctx, conn, schema, migrate.Webhooks)
	if err != nil {
		return err
	}
	if there {
		return d.updateSchema(ctx, conn, pending)
	}
	err = pg.ExecDDL(ctx, conn, migrate.Join(pending))
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
func (d *Database) updateSchema(ctx context.Context, conn *pgx.Conn, pending []migrate.Migration,
) error {
	for _, m := range pending {
		err := pg.ExecDDL(ctx, conn, "BEGIN; SET LOCAL lock_timeout = '1s'; "+m.SQL+"; COMMIT")
		if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
			if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
				return err
			}
			d.Log.Warn(m.Lacks, "error", refused, "sql", m.SQL)
		} else if err != nil {
			return err
		}
	}
	for _, part := range []migrate.Part{migrate.Webhooks, migrate.Stream} {
		if err := migrate.Adopt(ctx, conn, d.Config.Webhook.Schema, part); err != nil {
			return err
		}
	}
	return nil
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
