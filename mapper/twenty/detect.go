package twenty

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Detect reports whether the database is one of a Twenty server: it has Twenty's workspaces and
// metadata of objects.
func Detect(ctx context.Context, conn *pgx.Conn) (found bool, err error) {
	// Not to_regclass: it fails where the role may not use the schema.
	err = conn.QueryRow(ctx, `
		SELECT count(*) FILTER (WHERE c.relname = 'workspace') > 0
		       AND count(*) FILTER (WHERE c.relname = 'objectMetadata') > 0
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND (n.nspname, c.relname) IN
			(('core', 'workspace'), ('core', 'objectMetadata'), ('metadata', 'objectMetadata'))`).
		Scan(&found)
	return found, err
}
