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

// Watch is who is told of what Monitor sees. All are called with each look, by one goroutine; none may wait.
type Watch struct {
	Behind  func(bytes int64)     // WAL that is not acknowledged: that part of what the server keeps is Hookline's own
	Blocked func(error)           // only when the server's settings have changed so that the slot must not be read: a *Blocked
	Held    func(*Held)           // what has the server send nothing; nil when nothing has
	Unsent  func(since time.Time) // since when the server has WAL that it has not gone through; zero when it has gone through all
}

// Monitor looks at the slot from outside every 2 s, until ctx ends, and keeps gauges of how much WAL it holds back. restart_lsn, not the
// acknowledged position, is what pins WAL, and a long transaction of the CRM holds it back whatever Hookline does. For much of that the
// server is asked for haste.
//
// https://www.postgresql.org/docs/current/view-pg-replication-slots.html
func Monitor(ctx context.Context, pool *pgxpool.Pool, cfg Config, log *slog.Logger, registerer prometheus.Registerer, watch Watch) {
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
	var progress progress
	tick := time.NewTicker(monitorInterval)
	defer tick.Stop()
	for {
		var s slotLook
		query, cancel := context.WithTimeout(ctx, monitorTimeout)
		err := s.ask(query, pool, cfg.Slot)
		if err == nil && s.found.blocked() {
			err = tellBlocked(query, pool, cfg.Slot, watch.Blocked)
		}
		if err == nil {
			watch.Unsent(progress.unsent(s.sent, s.position, time.Now()))
			err = tellHeld(query, pool, cfg, progress.still && s.event == awaitsStandby, watch.Held)
		}
		if err == nil && haste.due(s.retained-s.lag, s.position) {
			if err := haste.ask(query, pool); err != nil && ctx.Err() == nil {
				log.Debug("the server could not be asked to let go of WAL", "slot", cfg.Slot, "error", err)
			}
		}
		cancel()
		if err == nil {
			lag.Set(max(0, s.lag))
			retained.Set(max(0, s.retained))
			safe.Set(s.safe)
			watch.Behind(int64(s.lag))
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

// slotLook is how a slot stands, in bytes of WAL.
type slotLook struct {
	lag, retained, safe float64
	position            float64 // the server's
	sent                float64 // how far it has gone for who reads the slot; its own position when nobody does
	event               string  // what the sender waits for
	found               system
}

func (s *slotLook) ask(ctx context.Context, pool *pgxpool.Pool, slot string) error {
	return pool.QueryRow(ctx, `SELECT coalesce(pg_current_wal_lsn() - confirmed_flush_lsn, 0)::float8,
		coalesce(pg_current_wal_lsn() - restart_lsn, 0)::float8, coalesce(safe_wal_size, -1)::float8,
		(pg_current_wal_lsn() - '0/0')::float8, (coalesce(sent_lsn, pg_current_wal_flush_lsn()) - '0/0')::float8,
		coalesce(wait_event, ''), current_setting('`+synchronousNames+`'), current_setting('application_name')
		FROM pg_replication_slots LEFT JOIN pg_stat_get_wal_senders() sender ON sender.pid = active_pid
		LEFT JOIN LATERAL pg_stat_get_activity(active_pid) activity ON active_pid IS NOT NULL WHERE slot_name = $1`, slot).
		Scan(&s.lag, &s.retained, &s.safe, &s.position, &s.sent, &s.event, &s.found.synchronous, &s.found.application)
}

// progress tells whether a sender goes on.
type progress struct {
	last  float64   // where it was at the last look
	still bool      // it was there at the one before, too
	goal  float64   // where the server was at the time since
	since time.Time // zero: there is no goal
}

// unsent returns since when the server has had WAL that the sender has not gone through.
func (p *progress) unsent(sent, position float64, now time.Time) time.Time {
	p.still, p.last = sent == p.last, sent
	if !p.since.IsZero() && sent < p.goal {
		return p.since
	}
	if p.since = (time.Time{}); sent < position {
		p.goal, p.since = position, now
	}
	return time.Time{}
}

// tellHeld hands on what has the sender wait for a standby.
func tellHeld(ctx context.Context, pool *pgxpool.Pool, cfg Config, waits bool, held func(*Held)) error {
	if !waits {
		held(nil)
		return nil
	}
	return pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		found, err := FindHeld(ctx, conn.Conn(), cfg, true)
		if err == nil {
			held(found)
		}
		return err
	})
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
