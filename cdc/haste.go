package cdc

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	hasteFrom = 32 << 20 // bytes of WAL that are kept though they are acknowledged, from which on the server is asked for haste
	hasteStep = 8 << 20  // bytes that are written from one time to the next, at least: an idle database stays idle
)

// haste asks the server to let go of WAL that is acknowledged. Postgres moves restart_lsn only at a record of the running transactions, which
// it writes every 15 s, and often only to where the one before was. With a CRM that writes much, and a spool that grows, that comes to many
// megabytes. From Postgres 16 on whoever has the right may have such a record written, of some 50 bytes; by default that is superusers alone.
//
// https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-BACKUP
type haste struct {
	asked float64 // position of the server when it was asked last
}

// due reports whether it is time to ask, with so many bytes kept that are acknowledged.
func (h *haste) due(kept, position float64) bool {
	if kept < hasteFrom || position-h.asked < hasteStep {
		return false
	}
	h.asked = position
	return true
}

// ask asks. Where that is not possible, or not allowed, it does nothing.
func (h *haste) ask(ctx context.Context, pool *pgxpool.Pool) error {
	var may bool
	err := pool.QueryRow(ctx, `SELECT coalesce(has_function_privilege(to_regprocedure('pg_log_standby_snapshot()'), 'EXECUTE'), false)`).Scan(&may)
	if err == nil && may {
		_, err = pool.Exec(ctx, `SELECT pg_log_standby_snapshot()`)
	}
	return err
}
