package cdc

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/internal/pg"
)

const (
	monitorInterval = 2 * time.Second
	monitorTimeout  = 5 * time.Second
	// between two polls whether a slot that was given up is free
	releasePoll = 10 * time.Millisecond
)

// Watch is who is told of what Monitor sees. All are called with each sample, by one goroutine;
// none may wait.
type Watch struct {
	// WAL that the server keeps, and that can still be written before the slot is lost; negative: any.
	Retained func(kept, left int64)

	// WAL that is not acknowledged: that part of what the server keeps is Hookline's own
	Lag func(bytes int64)
	// only when the server's settings have changed so that the slot must not be read: a *Blocked
	Blocked func(error)
	Held    func(*Held) // what has the server send nothing; nil when nothing has
	// since when the server has WAL that it has not gone through; zero when it has gone through all
	Pending func(since time.Time)
}

// Monitor looks at the slot from outside every 2 s while anything moves, until ctx ends, and keeps
// gauges of how much WAL it holds back. restart_lsn, not the acknowledged position, is what pins
// WAL, and a long transaction of the CRM holds it back whatever Hookline does. For much of that the
// server is asked to advance restart_lsn.
//
// https://www.postgresql.org/docs/current/view-pg-replication-slots.html
func Monitor(
	ctx context.Context, pool *pgxpool.Pool, cfg Config, log *slog.Logger,
	registerer prometheus.Registerer, watch Watch,
) {
	cfg = cfg.withDefaults()
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
		registerer.MustRegister(g)
		return g
	}
	lag := gauge("hookline_lag_bytes", "WAL between the server's position and the slot's "+
		"acknowledged one.")
	retained := gauge("hookline_retained_wal_bytes", "WAL that the server keeps for the slot.")
	safe := gauge("hookline_safe_wal_bytes", "WAL that can still be written before the slot is "+
		"lost; -1 without max_slot_wal_keep_size.")
	var restart restartAdvancer
	var progress senderProgress
	tick := cfg.Schedule.Every(monitorInterval)
	defer tick.Stop()
	for {
		var s slotSample
		query, cancel := context.WithTimeout(ctx, monitorTimeout)
		err := s.query(query, pool, cfg.Slot)
		if err == nil && s.found.blocked() {
			err = notifyBlocked(query, pool, cfg.Slot, watch.Blocked)
		}
		if err == nil {
			watch.Pending(progress.pendingSince(s.sent, s.Current, time.Now()))
			err = notifyHeld(query, pool, cfg, progress.still && s.event == awaitsStandby, watch.Held)
		}
		if err == nil && restart.due(s.Retained()-s.Lag(), s.Current) {
			if err := restart.request(query, pool); err != nil && ctx.Err() == nil {
				log.Debug("the server could not be asked to let go of WAL", "slot", cfg.Slot, "error", err)
			}
		}
		cancel()
		if err == nil {
			lag.Set(float64(max(0, s.Lag())))
			retained.Set(float64(max(0, s.Retained())))
			safe.Set(float64(s.safe()))
			watch.Lag(s.Lag())
			watch.Retained(s.Retained(), s.safe())
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

// slotSample is what one sample of the slot has found.
type slotSample struct {
	pg.Slot
	// how far the server has gone for who reads the slot; its own position when nobody does
	sent  LSN
	event string // what the sender waits for
	found system
}

// query asks for the slot. It fails where there is none.
func (s *slotSample) query(ctx context.Context, pool *pgxpool.Pool, slot string) error {
	err := pool.QueryRow(ctx, `SELECT `+pg.SlotSQL("$1")+`,
		coalesce(sent_lsn, pg_current_wal_flush_lsn()), coalesce(wait_event, ''),
		current_setting('`+synchronousNames+`'), current_setting('application_name')
		FROM pg_replication_slots
		LEFT JOIN pg_stat_get_wal_senders() sender ON sender.pid = active_pid
		LEFT JOIN LATERAL pg_stat_get_activity(active_pid) activity ON active_pid IS NOT NULL
		WHERE slot_name = $1`, slot).
		Scan(&s.Slot, &s.sent, &s.event, &s.found.synchronous, &s.found.application)
	if err != nil {
		return fmt.Errorf("look slot %q up: %w", slot, err)
	}
	return nil
}

// safe returns the bytes of WAL that can still be written before the slot is lost; -1 for any
// number.
func (s *slotSample) safe() int64 {
	if s.SafeWAL == nil {
		return -1
	}
	return *s.SafeWAL
}

// senderProgress tells whether a sender goes on.
type senderProgress struct {
	last  LSN       // where it was at the last catalog scan
	still bool      // it was there at the one before, too
	goal  LSN       // where the server was at the time since
	since time.Time // zero: there is no goal
}

// pendingSince returns since when the server has had WAL that the sender has not gone through.
func (p *senderProgress) pendingSince(sent, position LSN, now time.Time) time.Time {
	p.still, p.last = sent == p.last, sent
	if !p.since.IsZero() && sent < p.goal {
		return p.since
	}
	if p.since = (time.Time{}); sent < position {
		p.goal, p.since = position, now
	}
	return time.Time{}
}

// notifyHeld hands on what has the sender wait for a standby.
func notifyHeld(
	ctx context.Context, pool *pgxpool.Pool, cfg Config, waits bool, held func(*Held),
) error {
	if !waits {
		held(nil)
		return nil
	}
	return pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		found, err := findHeld(ctx, conn.Conn(), cfg, true)
		if err == nil {
			held(found)
		}
		return err
	})
}

// notifyBlocked hands on the Blocked that a sample has found. Commits that wait already are let go
// when a standby reports again, which it does when there is WAL for it. So once nobody reads the
// slot there is a little.
func notifyBlocked(
	ctx context.Context, pool *pgxpool.Pool, slot string, blocked func(error),
) error {
	return pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		found, err := FindBlocked(ctx, conn.Conn())
		if found == nil || err != nil {
			return err
		}
		blocked(found)
		for active := true; active; {
			now, err := pg.QuerySlot(ctx, conn, slot)
			if err != nil {
				return err
			}
			active = now.Active
			select {
			case <-time.After(releasePoll):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		_, err = conn.Exec(ctx, `SELECT pg_logical_emit_message(true, 'hookline', '')`)
		return err
	})
}
