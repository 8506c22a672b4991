package cdc

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// advanceFrom is how many bytes of WAL are kept though they are acknowledged, from which on the
	// server is asked.
	advanceFrom = 32 << 20
	// advanceStep is how many bytes are written at least from one time to the next: an idle database
	// stays idle.
	advanceStep = 8 << 20
)

// restartAdvancer asks the server to move restart_lsn on, and so to let go of WAL that is
// acknowledged. Postgres moves it only at a record of the running transactions, which it writes
// every 15 s. Often it moves only to where the record before was. With a CRM that writes much, and
// a spool that grows, that comes to many megabytes. From Postgres 16 on whoever has the right may
// have such a record written, of some 50 bytes; by default that is superusers alone.
//
// https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-BACKUP
type restartAdvancer struct {
	requestedAt LSN // position of the server when it was asked last
}

// due reports whether it is time to ask, with so many bytes kept that are acknowledged.
func (a *restartAdvancer) due(kept int64, position LSN) bool {
	if kept < advanceFrom || int64(position)-int64(a.requestedAt) < advanceStep {
		return false
	}
	a.requestedAt = position
	return true
}

// request asks. Where that is not possible, or not allowed, it does nothing.
func (a *restartAdvancer) request(ctx context.Context, pool *pgxpool.Pool) error {
	var may bool
	err := pool.QueryRow(ctx, `SELECT coalesce(
		has_function_privilege(to_regprocedure('pg_log_standby_snapshot()'), 'EXECUTE'), false)`).
		Scan(&may)
	if err == nil && may {
		_, err = pool.Exec(ctx, `SELECT pg_log_standby_snapshot()`)
	}
	return err
}
