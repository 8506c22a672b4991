package main

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/spool"
	"hookline/webhook"
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
// the more of its changes are told one by one. halt ends the stream, for the session to begin anew: when
// what it has to know was not in it for a while, or tenants are told apart otherwise.
func (d *database) followTables(ctx context.Context, store *spool.Spool, halt func(error)) {
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
		err := d.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error { return d.look(ctx, conn, store, &look, halt) })
		switch {
		case err == nil:
			told = ""
		case errors.Is(err, errTenants):
			halt(err)
			return
		case ctx.Err() == nil && !cdc.Transient(err) && err.Error() != told:
			told = err.Error()
			d.log.Warn("the publication could not be brought up to date, trying again", "every", retryInterval, "error", err)
		}
	}
}

// tableLook is what the last look at the tables has left.
type tableLook struct {
	fingerprints cdc.Fingerprints
	tables       string    // the fingerprint of before the last plan; "" when there was none
	due          time.Time // when to try again what is pending; zero when nothing is
	dropped      bool      // a table of webhooks was gone, and none in its place
	unlisted     bool      // of tables that are published, that is yet to be written down
}

// look plans anew when something has changed since the last look, or is due to be tried again.
func (d *database) look(ctx context.Context, conn *pgxpool.Conn, store *spool.Spool, last *tableLook, halt func(error)) error {
	tables, err := last.fingerprints.Take(ctx, conn.Conn(), d.cfg.CDC)
	if err != nil {
		return err
	}
	if tables == last.tables && (last.due.IsZero() || time.Now().Before(last.due)) {
		return d.list(ctx, last)
	}
	last.tables, last.due = tables, time.Now().Add(retryInterval)
	plan, err := d.publish(ctx, conn, store)
	if err == nil && (plan == nil || !plan.Pending()) {
		last.due = time.Time{}
	}
	last.unlisted = last.unlisted || plan != nil
	err = errors.Join(err, d.list(ctx, last))
	if plan != nil && plan.Refollowed {
		halt(cdc.ErrStale)
	}
	return errors.Join(err, d.lookAfterWebhooks(ctx, conn, last))
}

// list writes down which tables are published, where that is yet to be done.
func (d *database) list(ctx context.Context, last *tableLook) (err error) {
	if last.unlisted {
		if waiting, failed := d.listings.Note(ctx); failed != nil {
			err = failed
		} else {
			last.unlisted = waiting
		}
	}
	return err
}

// lookAfterWebhooks has the webhooks read anew when their table was dropped, or another has taken its place. What is dropped may be made
// anew in the next transaction: it counts as gone at the second look.
func (d *database) lookAfterWebhooks(ctx context.Context, conn *pgxpool.Conn, last *tableLook) error {
	var found webhook.Whereabouts
	err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		found, err = d.webhooks.Moved(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	again := found == webhook.Dropped && !last.dropped
	if last.dropped = found == webhook.Dropped; again {
		last.due = time.Now()
	} else if found != webhook.There {
		d.wake()
	}
	return nil
}

// publish brings the publication up to date, and returns the plan for that. It leaves everything to the
// stream while there is a gap, and returns none.
func (d *database) publish(ctx context.Context, conn *pgxpool.Conn, store *spool.Spool) (plan *cdc.Plan, err error) {
	err = cdc.TakeTurns(ctx, conn.Conn(), func() error {
		gap, err := cdc.FindGap(ctx, conn.Conn(), d.cfg.CDC, store)
		if err != nil || gap != nil {
			return err
		}
		plan, err = d.prepareOn(ctx, conn.Conn(), store)
		return err
	})
	return plan, err
}
