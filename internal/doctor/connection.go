package doctor

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/internal/pg"
)

// connection connects.
func (x *checkup) connection(ctx context.Context) ([]cdc.Finding, error) {
	pool, err := x.openPool(ctx)
	if err != nil {
		return nil, unfinished{err}
	}
	x.pool = pool
	if x.pooled, err = pool.Acquire(ctx); err != nil {
		return []cdc.Finding{checkConnection(err)}, nil
	}
	x.conn = x.pooled.Conn()
	x.known |= connected
	cfg := x.conn.Config()
	return []cdc.Finding{cdc.OK("connection", "role %s, database %s at %s:%d", cfg.User, cfg.Database,
		cfg.Host, cfg.Port)}, nil
}

// openPool returns a pool of connections that cannot write, and do not wait for long for what the
// CRM has locked.
func (x *checkup) openPool(ctx context.Context) (*pgxpool.Pool, error) {
	cfg, err := pg.PoolConfig(x.cfg.CDC.URL, 3)
	if err != nil {
		return nil, fmt.Errorf("HOOKLINE_DATABASE_URL: %w", err)
	}
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = connectLimit
	}
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SET default_transaction_read_only = on; "+
			"SET lock_timeout = '5s'; SET statement_timeout = '30s'")
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("HOOKLINE_DATABASE_URL: %w", err)
	}
	return pool, nil
}

// checkConnection tells why there is none. The error holds no password.
//
// https://www.postgresql.org/docs/current/errcodes-appendix.html
func checkConnection(err error) cdc.Finding {
	f := cdc.Finding{
		Level: cdc.Wrong, Check: "connection", Found: err.Error(),
		Hint: "HOOKLINE_DATABASE_URL has to lead to the CRM's Postgres, and the network to let it",
	}
	if pooler, ok := errors.AsType[*cdc.Problem](cdc.ExplainPooler(err)); ok {
		f.Found, f.Hint = pooler.What, pooler.Hint
	} else if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch refused.Code {
		case pg.InvalidPassword:
			f.Hint = "HOOKLINE_DATABASE_URL has to have the role's password. A superuser can give it " +
				"another: \\password <role> in psql"
		case pg.InvalidAuthorization:
			f.Hint = "the role has to exist, with the right to log in, and pg_hba.conf to let it into " +
				"this database from here"
		case pg.InvalidCatalogName:
			f.Hint = "HOOKLINE_DATABASE_URL has to name the CRM's database; " +
				"psql -l lists those there are"
		case pg.TooManyConnections:
			f.Hint = "the server has no connection left: raise max_connections, or end some"
		}
	}
	return f
}
