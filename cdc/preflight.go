package cdc

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
)

const oldestServer = 14

// server holds what decides whether a server can be streamed: its settings, and the rights of the
// role that is connected.
type server struct {
	platform                  platformFacts
	version, minor            int
	walLevel, role            string
	standby, super, replicate bool // replicate: the role may
}

// Preflight checks that the server can stream to the role of conn: its version, wal_level, that it
// is a primary, and the role's right to replicate. The error is a Problems with everything that is
// wrong.
func Preflight(ctx context.Context, conn *pgx.Conn) error {
	s, err := queryServer(ctx, conn)
	if err != nil {
		return err
	}
	return problems(s.findings()).err()
}

func queryServer(ctx context.Context, conn *pgx.Conn) (s server, err error) {
	// RDS grants replication through a role of its own.
	err = conn.QueryRow(ctx, `
		SELECT current_setting('server_version_num')::int / 10000,
		       current_setting('server_version_num')::int % 10000, current_setting('wal_level'),
		       pg_is_in_recovery(),
		       current_user, r.rolsuper, r.rolsuper OR r.rolreplication
		       OR EXISTS (SELECT FROM pg_roles g WHERE g.rolname = 'rds_replication'
		           AND pg_has_role(r.oid, g.oid, 'MEMBER'))
		FROM pg_roles r WHERE r.rolname = current_user`).
		Scan(&s.version, &s.minor, &s.walLevel, &s.standby, &s.role, &s.super, &s.replicate)
	if err != nil {
		return s, fmt.Errorf("check the server: %w", err)
	}
	s.platform, err = queryPlatform(ctx, conn)
	return s, err
}

func (s *server) findings() []Finding {
	return []Finding{s.checkVersion(), s.checkPrimary(), s.checkWALLevel(), s.checkRole()}
}

func (s *server) checkVersion() Finding {
	if s.version < oldestServer {
		return Finding{
			Level: Wrong, Check: "version", Found: fmt.Sprintf("the server is Postgres %d", s.version),
			Hint: fmt.Sprintf("Hookline needs Postgres %d or newer", oldestServer),
		}
	}
	if known := KnownFaults(s.version, s.minor); known != "" {
		return Finding{
			Level: Warning, Check: "version",
			Found: fmt.Sprintf("Postgres %d.%d %s", s.version, s.minor, known),
			Hint:  "bring the server to its latest minor release",
		}
	}
	if p := s.platform.platform(); p != Plain {
		return OK("version", "Postgres %d, by the look of it under %s", s.version, p)
	}
	return OK("version", "Postgres %d", s.version)
}

func (s *server) checkPrimary() Finding {
	if s.standby {
		return Finding{
			Level: Wrong, Check: "primary", Found: "the server is a read-only standby",
			Hint: "point HOOKLINE_DATABASE_URL at the primary",
		}
	}
	return OK("primary", "the server takes writes")
}

func (s *server) checkWALLevel() Finding {
	if s.walLevel == "logical" {
		return OK("wal_level", "logical")
	}
	f := Finding{Level: Wrong, Check: "wal_level", Found: fmt.Sprintf("wal_level is %q, and "+
		"logical replication needs \"logical\"", s.walLevel)}
	f.Hint, f.SQL = s.platform.set("wal_level", "logical", true)
	return f
}

func (s *server) checkRole() Finding {
	switch {
	case s.super:
		return OK("role", "%q is a superuser", s.role)
	case s.replicate:
		return OK("role", "%q has the right to replicate", s.role)
	}
	name, p := pg.Identifier(s.role), s.platform.platform()
	sql := fmt.Sprintf("ALTER ROLE %s REPLICATION", name)
	if p == RDS {
		sql = "GRANT rds_replication TO " + name
	}
	return Finding{
		Level: Wrong, Check: "role", Found: fmt.Sprintf("role %q has no right to replicate", s.role),
		Hint: p.admin(), SQL: []string{sql},
	}
}
