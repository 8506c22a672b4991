package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// retention follows how much WAL the server keeps for a slot.
type retention struct {
	end     context.CancelFunc
	ended   chan error
	samples []retained
}

// retained is one sample of it, in MiB.
type retained struct {
	at        time.Time
	kept      float64 // from restart_lsn: what is on the disk for the slot
	unsettled float64 // from confirmed_flush_lsn: what Hookline has not acknowledged
}

// retentionEvery is the time between two samples.
const retentionEvery = 250 * time.Millisecond

// watchWAL follows the slot until stop is called.
func (d *database) watchWAL(ctx context.Context, slot string) (*retention, error) {
	conn, err := pgx.Connect(ctx, d.url)
	if err != nil {
		return nil, err
	}
	r := &retention{ended: make(chan error, 1)}
	ctx, r.end = context.WithCancel(ctx)
	go func() {
		defer conn.Close(context.WithoutCancel(ctx))
		err := until(ctx, retentionEvery, func() (bool, error) {
			return false, r.sample(ctx, conn, slot)
		})
		if ctx.Err() != nil {
			err = nil
		}
		r.ended <- err
	}()
	return r, nil
}

func (r *retention) sample(ctx context.Context, conn *pgx.Conn, slot string) error {
	now := retained{at: time.Now()}
	err := conn.QueryRow(ctx, `SELECT (pg_current_wal_lsn() - restart_lsn)::float8 / 1048576,
			(pg_current_wal_lsn() - confirmed_flush_lsn)::float8 / 1048576
		FROM pg_replication_slots WHERE slot_name = $1`, slot).Scan(&now.kept, &now.unsettled)
	r.samples = append(r.samples, now)
	return err
}

// stop ends the sampling. Before that the samples are not to be read.
func (r *retention) stop() error {
	r.end()
	return <-r.ended
}

// peak returns the most that was retained between two moments.
func (r *retention) peak(from, to time.Time) (p retained) {
	for _, look := range r.samples {
		if !look.at.Before(from) && look.at.Before(to) {
			p.kept, p.unsettled = max(p.kept, look.kept), max(p.unsettled, look.unsettled)
		}
	}
	return p
}
