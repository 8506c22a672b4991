package cdc

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	monitorInterval = 2 * time.Second
	monitorTimeout  = 5 * time.Second
	releasePause    = 10 * time.Millisecond // between two looks whether a slot that was given up is free
)

// Monitor looks at the slot from outside every 2 s, until ctx ends, and keeps gauges of how much WAL it holds back. restart_lsn, not the
// acknowledged position, is what pins WAL, and a long transaction of the CRM holds it back whatever Hookline does. behind is told with each
// look how many bytes of WAL are not acknowledged: that part is Hookline's own. For much of the rest, the server is asked for haste. blocked is
// told when the server's settings have changed so that the slot must not be read: a *Blocked.
//
// https://www.postgresql.org/docs/current/view-pg-replication-slots.html
func Monitor(ctx context.Context, pool *pgxpool.Pool, cfg Config, log *slog.Logger, registerer prometheus.Registerer,
	behind func(bytes int64), blocked func(error),
) {
	cfg = cfg.withDefaults()
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
		registerer.MustRegister(g)
		return g
	}
	lag := gauge("hookline_lag_bytes", "WAL between the server's position and the slot's acknowledged one.")
	retained := gauge("hookline_retained_wal_bytes", "WAL that the server keeps for the slot.")
	safe := gauge("hookline_safe_wal_bytes", "WAL that can still be written before the slot is lost; -1 without max_slot_wal_keep_size.")
	var haste haste
	tick := time.NewTicker(monitorInterval)
	defer tick.Stop()
	for {
		var lagBytes, retainedBytes, safeBytes, position float64
		var found system
		query, cancel := context.WithTimeout(ctx, monitorTimeout)
		err := pool.QueryRow(query, `SELECT coalesce(pg_current_wal_lsn() - confirmed_flush_lsn, 0)::float8,
			coalesce(pg_current_wal_lsn() - restart_lsn, 0)::float8, coalesce(safe_wal_size, -1)::float8,
			(pg_current_wal_lsn() - '0/0')::float8, current_setting('`+synchronousNames+`'), current_setting('application_name')
			FROM pg_replication_slots WHERE slot_name = $1`, cfg.Slot).
			Scan(&lagBytes, &retainedBytes, &safeBytes, &position, &found.synchronous, &found.application)
		if err == nil && found.blocked() {
			err = tellBlocked(query, pool, cfg.Slot, blocked)
		}
		if err == nil && haste.due(retainedBytes-lagBytes, position) {
			if err := haste.ask(query, pool); err != nil && ctx.Err() == nil {
				log.Debug("the server could not be asked to let go of WAL", "slot", cfg.Slot, "error", err)
			}
		}
		cancel()
		if err == nil {
			lag.Set(max(0, lagBytes))
			retained.Set(max(0, retainedBytes))
			safe.Set(safeBytes)
			behind(int64(lagBytes))
		} else if ctx.Err() == nil {
			log.Debug("the slot could not be looked at", "slot", cfg.Slot, "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// tellBlocked hands on the Blocked that a look has found. Commits that wait already are let go when a standby reports again, which it does
// when there is WAL for it. So once nobody reads the slot there is a little.
func tellBlocked(ctx context.Context, pool *pgxpool.Pool, slot string, blocked func(error)) error {
	return pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		found, err := FindBlocked(ctx, conn.Conn())
		if found == nil || err != nil {
			return err
		}
		blocked(found)
		for active := true; active; {
			if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1 AND active)`, slot).Scan(&active); err != nil {
				return err
			}
			select {
			case <-time.After(releasePause):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		_, err = conn.Exec(ctx, `SELECT pg_logical_emit_message(true, 'hookline', '')`)
		return err
	})
}
