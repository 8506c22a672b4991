package main

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/spool"
)

const (
	lookInterval  = 2 * time.Second  // between two looks at the tables
	retryInterval = 10 * time.Second // after which what failed, or could not be done, is tried again
)

// stir has followTables look at once: what the catalog says of the tables has changed.
func (d *database) stir() {
	select {
	case d.stirred <- struct{}{}:
	default:
	}
}

// followTables keeps the publication as it should be while tables come, go and change, until ctx ends. It
// asks the database itself and not the stream, which may be far behind: the sooner a table is published,
// the more of its changes are told one by one. It calls renew, and returns, when the session has to begin anew.
func (d *database) followTables(ctx context.Context, store *spool.Spool, renew func(cause error)) {
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	var look tableLook
	var told string
	for {
		select {
		case <-d.stirred:
			look = tableLook{}
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		err := d.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error { return d.look(ctx, conn, store, &look) })
		switch {
		case err == nil:
			told = ""
		case errors.Is(err, errTenants):
			renew(err)
			return
		case ctx.Err() == nil && !cdc.Transient(err) && err.Error() != told:
			told = err.Error()
			d.log.Warn("the publication could not be brought up to date, trying again", "every", retryInterval, "error", err)
		}
	}
}

// tableLook is what the last look at the tables has left.
type tableLook struct {
	tables string    // cdc.Fingerprint, of before the last plan
	due    time.Time // when to try again what is pending; zero when nothing is
}

// look plans anew when something has changed since the last look, or is due to be tried again.
func (d *database) look(ctx context.Context, conn *pgxpool.Conn, store *spool.Spool, last *tableLook) error {
	tables, err := cdc.Fingerprint(ctx, conn.Conn(), d.cfg.CDC)
	if err != nil || tables == last.tables && (last.due.IsZero() || time.Now().Before(last.due)) {
		return err
	}
	last.tables, last.due = tables, time.Now().Add(retryInterval)
	pending, err := d.publish(ctx, conn, store)
	if err == nil && !pending {
		last.due = time.Time{}
	}
	return err
}

// publish brings the publication up to date, and reports whether something is pending. It leaves
// everything to the stream while there is a gap.
func (d *database) publish(ctx context.Context, conn *pgxpool.Conn, store *spool.Spool) (pending bool, err error) {
	err = cdc.TakeTurns(ctx, conn.Conn(), func() error {
		gap, err := cdc.FindGap(ctx, conn.Conn(), d.cfg.CDC, store)
		if err != nil || gap != nil {
			return err
		}
		pending, err = d.prepareOn(ctx, conn.Conn(), store)
		return err
	})
	return pending, err
}
