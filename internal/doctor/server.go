package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/amount"
)

// server asks whether there is room for a slot and its reader, what Preflight asks, and what the
// server's settings may do to a slot.
func (x *checkup) server(ctx context.Context) ([]cdc.Finding, error) {
	found, err := checkServer(ctx, x.conn, x.cfg.CDC, x.cfg.HoldWAL)
	if _, left := cdc.AsFindings("server", err); left != nil {
		return found, err
	}
	x.known |= answers | mayReplicate
	for _, f := range found {
		switch {
		case f.Level != cdc.Wrong:
		case f.Check == "version" || f.Check == "primary":
			x.known &^= answers
		case f.Check == "role":
			x.known &^= mayReplicate
		}
	}
	return found, err
}

// checkServer checks a server, which may be one that cannot be streamed. holdWAL is how many bytes
// of WAL Hookline may hold of its own accord.
func checkServer(ctx context.Context, conn *pgx.Conn, cfg cdc.Config, holdWAL int64) (
	[]cdc.Finding, error,
) {
	s, err := cdc.QueryServer(ctx, conn)
	if err != nil {
		return nil, err
	}
	found := s.Findings()
	writes, err := checkWrites(ctx, conn, &s)
	if err != nil {
		return nil, err
	}
	found = append(found, writes)
	r, err := queryRoom(ctx, conn, cfg.Slot)
	if err != nil {
		return nil, err
	}
	found = append(found, r.checkSlots(&s), r.checkSenders(&s), r.checkKeepSize(&s, holdWAL))
	standbys, err := s.CheckStandbys(ctx, conn, cfg.Slot)
	if err != nil {
		return nil, err
	}
	found = append(found, standbys...)
	if r.idleTimeout != nil {
		found = append(found, r.checkIdleTimeout(&s))
	}
	return append(found, s.CheckFailover(cfg.Slot, conn.Config().Database)...), nil
}

// checkWrites checks whether a session may write, unless it asks for more: this one cannot, as it
// has asked for that itself.
func checkWrites(ctx context.Context, conn *pgx.Conn, on *cdc.Server) (cdc.Finding, error) {
	const setting = "default_transaction_read_only"
	var value string
	err := conn.QueryRow(ctx, `SELECT reset_val FROM pg_settings WHERE name = $1`, setting).
		Scan(&value)
	if err != nil {
		return cdc.Finding{}, fmt.Errorf("check %s: %w", setting, err)
	}
	if value == "off" {
		return cdc.OK(setting, "off"), nil
	}
	f := cdc.Finding{
		Level: cdc.Wrong, Check: setting,
		Found: "on: Hookline can save neither its checkpoint nor what has to wait in the spool, and " +
			"does not start",
	}
	f.Hint, f.SQL = on.Set(setting, "off", false)
	f.Hint = "where it is not the server's setting, but the role's or the database's (ALTER ROLE, " +
		"ALTER DATABASE … RESET), take it back there; else " + f.Hint
	return f, nil
}

// room is what a server has left for replication, and when it gives a slot up.
type room struct {
	maxSlots, slots     int
	maxSenders, senders int
	exists, active      bool    // our slot
	keepSize            int64   // max_slot_wal_keep_size in MiB; -1 for no limit
	idleTimeout         *string // idle_replication_slot_timeout; nil before Postgres 18
}

func queryRoom(ctx context.Context, conn *pgx.Conn, slot string) (r room, err error) {
	err = conn.QueryRow(ctx, `
		SELECT current_setting('max_replication_slots')::int, count(*),
		       current_setting('max_wal_senders')::int,
		       (SELECT count(*) FROM pg_stat_replication), coalesce(bool_or(slot_name = $1), false),
		       coalesce(bool_or(slot_name = $1 AND active), false),
		       (SELECT setting::bigint FROM pg_settings WHERE name = 'max_slot_wal_keep_size'),
		       current_setting('idle_replication_slot_timeout', true)
		FROM pg_replication_slots`, slot).
		Scan(&r.maxSlots, &r.slots, &r.maxSenders, &r.senders, &r.exists, &r.active, &r.keepSize,
			&r.idleTimeout)
	if err != nil {
		return r, fmt.Errorf("check the server's limits: %w", err)
	}
	return r, nil
}

func (r *room) checkSlots(on *cdc.Server) cdc.Finding {
	return checkTaken(on, "max_replication_slots", "slots", "pg_replication_slots",
		r.slots, r.maxSlots, r.exists)
}

func (r *room) checkSenders(on *cdc.Server) cdc.Finding {
	return checkTaken(on, "max_wal_senders", "senders", "pg_stat_replication",
		r.senders, r.maxSenders, r.active)
}

// checkTaken checks whether one more of what a setting limits can be had, unless it is ours
// already.
func checkTaken(
	on *cdc.Server, setting, things, view string, taken, most int, ours bool,
) cdc.Finding {
	if ours || taken < most {
		return cdc.OK(setting, "%d of %d %s are taken", taken, most, things)
	}
	f := cdc.Finding{
		Level: cdc.Wrong, Check: setting,
		Found: fmt.Sprintf("all of %d %s are taken, see %s", most, things, view),
	}
	f.Hint, f.SQL = on.Set(setting, fmt.Sprint(taken+5), true)
	return f
}

const suggestedKeepSize = "10GB"

func (r *room) checkKeepSize(on *cdc.Server, holdWAL int64) cdc.Finding {
	const setting = "max_slot_wal_keep_size"
	f := cdc.Finding{Level: cdc.Warning, Check: setting}
	switch {
	case r.keepSize < 0:
		f.Found = "no limit: while Hookline does not run, Postgres keeps all WAL, until the disk is " +
			"full and the CRM stops"
	case r.keepSize<<20 < 2*holdWAL:
		f.Found = fmt.Sprintf("%s: an outage of Hookline that is longer than it takes the CRM to write "+
			"so much loses the slot, and events with it; HOOKLINE_HOLD_WAL alone is %s",
			amount.Bytes(r.keepSize<<20), amount.Bytes(holdWAL))
	default:
		return cdc.OK(setting, "%s", amount.Bytes(r.keepSize<<20))
	}
	f.Hint, f.SQL = on.Set(setting, suggestedKeepSize, false)
	return f
}

func (r *room) checkIdleTimeout(on *cdc.Server) cdc.Finding {
	const setting = "idle_replication_slot_timeout"
	if *r.idleTimeout == "0" {
		return cdc.OK(setting, "off")
	}
	f := cdc.Finding{
		Level: cdc.Warning, Check: setting,
		Found: fmt.Sprintf("a slot that nobody has read for %s is lost, and events with it",
			*r.idleTimeout),
	}
	f.Hint, f.SQL = on.Set(setting, "0", false)
	return f
}

// stream asks for a replication connection.
func (x *checkup) stream(ctx context.Context) ([]cdc.Finding, error) {
	f, err := checkStream(ctx, x.cfg.CDC.URL)
	if err != nil {
		return nil, unfinished{err}
	}
	return []cdc.Finding{f}, nil
}

// checkStream checks that a replication connection comes through: poolers and some rules of
// pg_hba.conf let other connections in only.
func checkStream(ctx context.Context, url string) (cdc.Finding, error) {
	const check = "replication connection"
	err := cdc.TryReplication(ctx, url)
	if err == nil {
		return cdc.OK(check, "comes through"), nil
	}
	if ctx.Err() != nil {
		return cdc.Finding{}, context.Cause(ctx)
	}
	if pooler, ok := errors.AsType[*cdc.Problem](err); ok {
		return cdc.Finding{Level: cdc.Wrong, Check: check, Found: pooler.What, Hint: pooler.Hint}, nil
	}
	return cdc.Finding{
		Level: cdc.Wrong, Check: check, Found: err.Error(),
		Hint: "point HOOKLINE_DATABASE_URL at Postgres itself: " +
			"most poolers do not pass replication on. " +
			"If it does already, the line of pg_hba.conf that lets the role into its database must not " +
			"be behind one that rejects it",
	}, nil
}

// transactions asks who keeps WAL of the server.
func (x *checkup) transactions(ctx context.Context) ([]cdc.Finding, error) {
	return checkTransactions(ctx, x.conn, longTransaction)
}

// checkTransactions looks for transactions that have been open for longer than so long. A slot
// keeps WAL from where the oldest of them began, whatever its reader does.
func checkTransactions(ctx context.Context, conn *pgx.Conn, longer time.Duration) (
	[]cdc.Finding, error,
) {
	const check = "open transactions"
	rows, err := conn.Query(ctx, `
		SELECT format('session %s of role %s (%s)', pid, usename,
		           coalesce(nullif(application_name, ''), 'no name')), xact_start,
		       format('SELECT pg_terminate_backend(%s)', pid)
		FROM pg_stat_activity
		WHERE backend_xid IS NOT NULL AND xact_start <= now() - $1::interval AND pid <> pg_backend_pid()
		UNION ALL
		SELECT format('prepared transaction %L of role %s', gid, owner), prepared,
		       format('ROLLBACK PREPARED %L', gid)
		FROM pg_prepared_xacts WHERE prepared <= now() - $1::interval
		ORDER BY 2`, longer)
	if err != nil {
		return nil, fmt.Errorf("look for open transactions: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f cdc.Finding, err error) {
		var who, sql string
		var since time.Time
		err = row.Scan(&who, &since, &sql)
		return cdc.Finding{
			Level: cdc.Warning, Check: check,
			Found: fmt.Sprintf("%s has one since %s; the server keeps WAL from there", who,
				since.UTC().Format(time.RFC3339)),
			Hint: "finish it, or end it", SQL: []string{sql},
		}, err
	})
	if err != nil {
		return nil, fmt.Errorf("look for open transactions: %w", err)
	}
	if len(found) == 0 {
		found = append(found, cdc.OK(check,
			"none that writes is older than %s, of those that the role may see", longer))
	}
	return found, nil
}
