package cdc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// CheckServer checks what Preflight does, whether there is room for a slot and its reader, and what the server's settings may do to
// a slot. holdWAL is how many bytes of WAL Hookline may hold of its own accord. The server may be one that cannot be streamed.
func CheckServer(ctx context.Context, conn *pgx.Conn, cfg Config, holdWAL int64) ([]Finding, error) {
	cfg = cfg.withDefaults()
	s, err := lookAtServer(ctx, conn)
	if err != nil {
		return nil, err
	}
	found := s.findings()
	r, err := lookAtRoom(ctx, conn, cfg.Slot)
	if err != nil {
		return nil, err
	}
	found = append(found, r.checkSlots(&s.platform), r.checkSenders(&s.platform), r.checkKeepSize(&s.platform, holdWAL))
	synchronous, err := checkSynchronous(ctx, conn)
	if err != nil {
		return nil, err
	}
	found = append(found, synchronous)
	standbys, err := lookAtStandbySlots(ctx, conn, cfg.Slot)
	if err != nil {
		return nil, err
	}
	if standbys.setting != nil {
		found = append(found, standbys.finding(cfg.Slot, &s.platform))
	}
	if r.idleTimeout != nil {
		found = append(found, r.checkIdleTimeout(&s.platform))
	}
	return append(found, s.platform.patroniSlots(cfg.Slot, conn.Config().Database)...), nil
}

// room is what a server has left for replication, and when it gives a slot up.
type room struct {
	maxSlots, slots     int
	maxSenders, senders int
	exists, active      bool    // our slot
	keepSize            int64   // max_slot_wal_keep_size in MiB; -1 for no limit
	idleTimeout         *string // idle_replication_slot_timeout; nil before Postgres 18
}

func lookAtRoom(ctx context.Context, conn *pgx.Conn, slot string) (r room, err error) {
	err = conn.QueryRow(ctx, `
		SELECT current_setting('max_replication_slots')::int, count(*), current_setting('max_wal_senders')::int,
		       (SELECT count(*) FROM pg_stat_replication), coalesce(bool_or(slot_name = $1), false),
		       coalesce(bool_or(slot_name = $1 AND active), false),
		       (SELECT setting::bigint FROM pg_settings WHERE name = 'max_slot_wal_keep_size'),
		       current_setting('idle_replication_slot_timeout', true)
		FROM pg_replication_slots`, slot).
		Scan(&r.maxSlots, &r.slots, &r.maxSenders, &r.senders, &r.exists, &r.active, &r.keepSize, &r.idleTimeout)
	if err != nil {
		return r, fmt.Errorf("check the server's limits: %w", err)
	}
	return r, nil
}

func (r *room) checkSlots(on *platformFacts) Finding {
	const setting = "max_replication_slots"
	if !r.exists && r.slots >= r.maxSlots {
		f := Finding{Level: Wrong, Check: setting, Found: fmt.Sprintf("all of %d slots are taken, see pg_replication_slots", r.maxSlots)}
		f.Mend, f.SQL = on.set(setting, fmt.Sprint(r.slots+5), true)
		return f
	}
	return OK(setting, "%d of %d slots are taken", r.slots, r.maxSlots)
}

func (r *room) checkSenders(on *platformFacts) Finding {
	const setting = "max_wal_senders"
	if !r.active && r.senders >= r.maxSenders {
		f := Finding{Level: Wrong, Check: setting, Found: fmt.Sprintf("all of %d senders are taken, see pg_stat_replication", r.maxSenders)}
		f.Mend, f.SQL = on.set(setting, fmt.Sprint(r.senders+5), true)
		return f
	}
	return OK(setting, "%d of %d senders are taken", r.senders, r.maxSenders)
}

const suggestedKeepSize = "10GB"

func (r *room) checkKeepSize(on *platformFacts, holdWAL int64) Finding {
	const setting = "max_slot_wal_keep_size"
	f := Finding{Level: Warning, Check: setting}
	switch {
	case r.keepSize < 0:
		f.Found = "no limit: while Hookline does not run, Postgres keeps all WAL, until the disk is full and the CRM stops"
	case r.keepSize<<20 < 2*holdWAL:
		f.Found = fmt.Sprintf("%s: an outage of Hookline that is longer than it takes the CRM to write so much loses the slot, and events with it; "+
			"HOOKLINE_HOLD_WAL alone is %s", sizeOf(r.keepSize<<20), sizeOf(holdWAL))
	default:
		return OK(setting, "%s", sizeOf(r.keepSize<<20))
	}
	f.Mend, f.SQL = on.set(setting, suggestedKeepSize, false)
	return f
}

func (r *room) checkIdleTimeout(on *platformFacts) Finding {
	const setting = "idle_replication_slot_timeout"
	if *r.idleTimeout == "0" {
		return OK(setting, "off")
	}
	f := Finding{Level: Warning, Check: setting, Found: fmt.Sprintf("a slot that nobody has read for %s is lost, and events with it", *r.idleTimeout)}
	f.Mend, f.SQL = on.set(setting, "0", false)
	return f
}

// CheckStream checks that a replication connection comes through: poolers and some rules of pg_hba.conf let other connections in only.
func CheckStream(ctx context.Context, url string) (Finding, error) {
	const check = "replication connection"
	err := TryReplication(ctx, url)
	if err == nil {
		return OK(check, "comes through"), nil
	}
	if ctx.Err() != nil {
		return Finding{}, context.Cause(ctx)
	}
	if pooler, ok := errors.AsType[*Problem](err); ok {
		return Finding{Level: Wrong, Check: check, Found: pooler.What, Mend: pooler.Mend}, nil
	}
	return Finding{
		Level: Wrong, Check: check, Found: err.Error(),
		Mend: "point HOOKLINE_DATABASE_URL at Postgres itself: most poolers do not pass replication on. " +
			"If it does already, the line of pg_hba.conf that lets the role into its database must not be behind one that rejects it",
	}, nil
}

// CheckTransactions looks for transactions that have been open for longer than so long. A slot keeps WAL from where the oldest of them
// began, whatever its reader does.
func CheckTransactions(ctx context.Context, conn *pgx.Conn, longer time.Duration) ([]Finding, error) {
	const check = "open transactions"
	rows, err := conn.Query(ctx, `
		SELECT format('session %s of role %s (%s)', pid, usename, coalesce(nullif(application_name, ''), 'no name')), xact_start,
		       format('SELECT pg_terminate_backend(%s)', pid)
		FROM pg_stat_activity
		WHERE backend_xid IS NOT NULL AND xact_start <= now() - $1::interval AND pid <> pg_backend_pid()
		UNION ALL
		SELECT format('prepared transaction %L of role %s', gid, owner), prepared, format('ROLLBACK PREPARED %L', gid)
		FROM pg_prepared_xacts WHERE prepared <= now() - $1::interval
		ORDER BY 2`, longer)
	if err != nil {
		return nil, fmt.Errorf("look for open transactions: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f Finding, err error) {
		var who, sql string
		var since time.Time
		err = row.Scan(&who, &since, &sql)
		return Finding{
			Level: Warning, Check: check,
			Found: fmt.Sprintf("%s has one since %s; the server keeps WAL from there", who, since.UTC().Format(time.RFC3339)),
			Mend:  "finish it, or end it", SQL: []string{sql},
		}, err
	})
	if err != nil {
		return nil, fmt.Errorf("look for open transactions: %w", err)
	}
	if len(found) == 0 {
		found = append(found, OK(check, "none that writes is older than %s, of those that the role may see", longer))
	}
	return found, nil
}

// AsFindings returns what err tells of a check: each of Problems, a Gap, or what the server has refused. Others are returned as they are.
func AsFindings(check string, err error) ([]Finding, error) {
	if err == nil {
		return nil, nil
	}
	if many, ok := errors.AsType[Problems](err); ok {
		var found []Finding
		for _, p := range many {
			found = append(found, p.Finding(check))
		}
		return found, nil
	}
	if one, ok := errors.AsType[*Problem](err); ok {
		return []Finding{one.Finding(check)}, nil
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return []Finding{{
			Level: Wrong, Check: check, Found: refused.Error(),
			Mend: "the message names what is missing. If it tells of time or of a lock, try again later",
		}}, nil
	}
	return nil, err
}

func sizeOf(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }
