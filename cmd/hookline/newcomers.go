package main

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/spool"
)

const (
	lookInterval  = 2 * time.Second  // between two looks for new tables
	retryInterval = 10 * time.Second // after which what failed is tried again
	againInterval = time.Minute      // after which tables that were left as they are get another look
)

// stir has followTables look at once: what the catalog says of the tables has changed.
func (d *database) stir() {
	select {
	case d.stirred <- struct{}{}:
	default:
	}
}

// followTables publishes tables as they come, until ctx ends. It asks the database itself and not the stream, which may be far behind: the
// sooner a table is published, the more of its changes are told one by one.
func (d *database) followTables(ctx context.Context, store *spool.Spool) {
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	var (
		left []uint32  // new tables that the last plan did not publish
		due  time.Time // when to try again; zero when there is nothing left
		told string
	)
	for {
		stirred := false
		select {
		case <-d.stirred:
			stirred = true
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		err := d.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) (err error) {
			found, err := cdc.NewTables(ctx, conn.Conn(), d.cfg.CDC)
			if err != nil || !stirred && slices.Equal(found, left) && (due.IsZero() || time.Now().Before(due)) {
				return err
			}
			left, due = found, time.Now().Add(retryInterval)
			if err := d.publish(ctx, conn, store); err != nil {
				return err
			}
			if left, err = cdc.NewTables(ctx, conn.Conn(), d.cfg.CDC); len(left) > 0 {
				due = time.Now().Add(againInterval)
			} else {
				due = time.Time{}
			}
			return err
		})
		switch {
		case err == nil:
			told = ""
		case ctx.Err() == nil && !cdc.Transient(err) && err.Error() != told:
			told = err.Error()
			d.log.Warn("new tables could not be published, trying again", "every", retryInterval, "error", err)
		}
	}
}

// publish brings the publication up to date. It leaves everything to the stream while there is a gap.
func (d *database) publish(ctx context.Context, conn *pgxpool.Conn, store *spool.Spool) error {
	return cdc.TakeTurns(ctx, conn.Conn(), func() error {
		gap, err := cdc.FindGap(ctx, conn.Conn(), d.cfg.CDC, store)
		if err != nil || gap != nil {
			return err
		}
		return d.prepareOn(ctx, conn.Conn(), store)
	})
}
