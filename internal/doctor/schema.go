package doctor

import (
	"cmp"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/migrate"
	"hookline/internal/pg"
)

func (x *checkup) ownSchema(ctx context.Context) ([]cdc.Finding, error) {
	schema := x.cfg.Webhook.Schema
	found, err := checkSchema(ctx, x.conn, "own schema", schema)
	if err != nil {
		return found, err
	}
	if made, err := x.db.HasSchema(ctx, x.conn); err != nil || !made {
		return found, nil //nolint:nilerr // found tells
	}
	pending, err := migrate.Pending(ctx, x.conn, schema, migrate.Webhooks)
	return append(found, lacking(pending)...), err
}

// lacking tells what Hookline's own table of webhooks lacks that an older version has made. The
// start adds it, unless the role does not own the table or somebody has it locked.
func lacking(pending []migrate.Migration) (found []cdc.Finding) {
	for _, m := range pending {
		found = append(found, cdc.Finding{
			Level: cdc.Warning, Check: "own schema", Found: m.Lacks,
			Hint: "the next start adds it, if the role owns the table; else, as its owner",
			SQL:  []string{m.SQL},
		})
	}
	return found
}

// spoolSchema asks for the schema in a database other than the CRM's.
func (x *checkup) spoolSchema(ctx context.Context) ([]cdc.Finding, error) {
	if x.cfg.Spool.URL == "" {
		return nil, nil
	}
	cfg, err := pg.PoolConfig(x.cfg.Spool.URL, 1)
	if err != nil {
		return nil, fmt.Errorf("HOOKLINE_SPOOL_DATABASE_URL: %w", err)
	}
	cfg.ConnConfig.ConnectTimeout = cmp.Or(cfg.ConnConfig.ConnectTimeout, connectLimit)
	conn, err := pgx.ConnectConfig(ctx, cfg.ConnConfig)
	if err != nil {
		return nil, nil //nolint:nilerr // the spool is asked next, and tells
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return checkSchema(ctx, conn, "spool schema", x.cfg.Spool.Schema)
}

// checkSchema checks that the role may make Hookline's own tables, or use those there are.
func checkSchema(ctx context.Context, conn *pgx.Conn, check, schema string) ([]cdc.Finding, error) {
	var role, database, quoted string
	var exists, mayMake, mayUse, mayTables bool
	err := conn.QueryRow(ctx, `
		SELECT quote_ident(current_user), quote_ident(current_database()), quote_ident($1),
		       n.oid IS NOT NULL,
		       has_database_privilege(current_database(), 'CREATE'),
		       coalesce(has_schema_privilege(n.oid, 'USAGE')
		           AND has_schema_privilege(n.oid, 'CREATE'), false),
		       NOT EXISTS (SELECT FROM pg_class c
		           WHERE c.relnamespace = n.oid AND c.relkind = 'r' AND NOT (
		           has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
		           AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')))
		FROM (SELECT) one LEFT JOIN pg_namespace n ON n.nspname = $1`, schema).
		Scan(&role, &database, &quoted, &exists, &mayMake, &mayUse, &mayTables)
	if err != nil {
		return nil, fmt.Errorf("look for schema %q: %w", schema, err)
	}
	f := cdc.Finding{Level: cdc.Wrong, Check: check, Hint: "as a superuser"}
	switch {
	case !exists && mayMake:
		f = cdc.OK(check, "%q is not made yet; hookline run makes it", schema)
	case !exists:
		f.Found = fmt.Sprintf("%q does not exist, and the role may not make it", schema)
		f.SQL = []string{fmt.Sprintf("GRANT CREATE ON DATABASE %s TO %s", database, role)}
	case !mayUse || !mayTables:
		f.Found = fmt.Sprintf("%q is there, and the role may not use all of it", schema)
		f.SQL = []string{
			fmt.Sprintf("GRANT USAGE, CREATE ON SCHEMA %s TO %s", quoted, role),
			fmt.Sprintf("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %s TO %s", quoted,
				role),
		}
	default:
		f = cdc.OK(check, "%q is there, and the role may use it", schema)
	}
	return []cdc.Finding{f}, nil
}
