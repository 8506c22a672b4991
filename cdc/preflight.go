package cdc

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const oldestServer = 14

// Preflight checks that the server can stream to the role of conn: its version, wal_level, that it is a primary, and the role's right to
// replicate. The error is a Problems with everything that is wrong.
func Preflight(ctx context.Context, conn *pgx.Conn) error {
	var (
		version               int
		walLevel, role        string
		standby, mayReplicate bool
	)
	// RDS grants replication through a role of its own.
	err := conn.QueryRow(ctx, `
		SELECT current_setting('server_version_num')::int / 10000, current_setting('wal_level'), pg_is_in_recovery(),
		       current_user, r.rolsuper OR r.rolreplication
		       OR EXISTS (SELECT FROM pg_roles g WHERE g.rolname = 'rds_replication' AND pg_has_role(r.oid, g.oid, 'MEMBER'))
		FROM pg_roles r WHERE r.rolname = current_user`).
		Scan(&version, &walLevel, &standby, &role, &mayReplicate)
	if err != nil {
		return fmt.Errorf("check the server: %w", err)
	}
	var found Problems
	if version < oldestServer {
		found = append(found, &Problem{
			What: fmt.Sprintf("the server is Postgres %d", version),
			Mend: fmt.Sprintf("Hookline needs Postgres %d or newer", oldestServer),
		})
	}
	if standby {
		found = append(found, &Problem{
			What: "the server is a read-only standby",
			Mend: "point HOOKLINE_DATABASE_URL at the primary",
		})
	}
	if walLevel != "logical" {
		found = append(found, &Problem{
			What: fmt.Sprintf("wal_level is %q, and logical replication needs \"logical\"", walLevel),
			Mend: "ALTER SYSTEM SET wal_level = 'logical'; then restart Postgres.\n" +
				"In a container: command: postgres -c wal_level=logical. Managed services have a setting for it " +
				"(RDS: rds.logical_replication = 1; Cloud SQL: cloudsql.logical_decoding = on)",
		})
	}
	if !mayReplicate {
		found = append(found, &Problem{
			What: fmt.Sprintf("role %q has no right to replicate", role),
			Mend: fmt.Sprintf("as a superuser: ALTER ROLE %s REPLICATION; (RDS: GRANT rds_replication TO %[1]s;)",
				pgx.Identifier{role}.Sanitize()),
		})
	}
	return found.err()
}
