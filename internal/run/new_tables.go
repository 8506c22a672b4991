package run

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/internal/crm"
	"hookline/spool"
	"hookline/webhook"
)

const (
	checkInterval = 2 * time.Second  // between two checks of the tables while anything moves
	retryInterval = 10 * time.Second // after which what failed, or could not be done, is tried again
)

// newTables keeps the publication as it should be while tables come, go and change.
type newTables struct {
	db       *crm.Database
	store    *spool.Spool
	listings *cdc.StreamCoverage
	wake     func()        // has the pump read the webhooks anew
	halt     func(error)   // ends the stream, for the session to begin anew
	due      chan struct{} // see checkSoon

	fingerprints cdc.Fingerprints
	planned      string    // the fingerprint of before the last plan; "" when there was none
	retryAt      time.Time // when to try again what is pending; zero when nothing is
	dropped      bool      // a table of webhooks was gone, and none in its place
	unlisted     bool      // of tables that are published, that is yet to be written down
}

func newNewTables(db *crm.Database) *newTables {
	return &newTables{db: db, due: make(chan struct{}, 1)}
}

// checkSoon has follow check at once: what the catalog says of the tables has changed. It waits for
// nothing, and is safe for concurrent use.
func (n *newTables) checkSoon() {
	select {
	case n.due <- struct{}{}:
	default:
	}
}

// follow checks again and again until ctx ends. It asks the database itself and not the stream,
// which may be far behind: the sooner a table is published, the more of its changes are told one by
// one. The stream is halted in three cases: what it has to know was not in it for a while, tenants
// are told apart otherwise, or there is a gap. The process then tells of it and waits until it is
// over.
func (n *newTables) follow(ctx context.Context) {
	tick := n.db.Config.CDC.Schedule.Every(checkInterval)
	defer tick.Stop()
	var told string
	for {
		select {
		case <-n.due:
			n.planned, n.retryAt, n.dropped, n.unlisted = "", time.Time{}, false, false
			n.fingerprints = cdc.Fingerprints{}
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		err := n.db.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error { return n.check(ctx, conn) })
		gap, _ := errors.AsType[*cdc.Gap](err)
		switch {
		case err == nil:
			told = ""
		case errors.Is(err, crm.ErrTenants):
			n.halt(err)
			return
		case gap != nil && gap.Reason == cdc.SlotMoved: // nobody moves it while it is held: watchSpool
		case gap != nil && gap.Reason != cdc.Unreadable: // of that the stream tells, which tries again
			n.halt(gap)
			return
		case ctx.Err() == nil && !cdc.Transient(err) && err.Error() != told:
			told = err.Error()
			n.db.Log.Warn("the publication could not be brought up to date, trying again", "next_in",
				retryInterval, "error", err)
		}
	}
}

// check plans anew when something has changed since the last time, or is due to be tried again.
func (n *newTables) check(ctx context.Context, conn *pgxpool.Conn) error {
	now, err := n.fingerprints.Take(ctx, conn.Conn(), n.db.Config.CDC)
	if err != nil {
		return err
	}
	if now == n.planned && (n.retryAt.IsZero() || time.Now().Before(n.retryAt)) {
		return n.list(ctx)
	}
	n.planned, n.retryAt = now, time.Now().Add(retryInterval)
	plan, err := n.publish(ctx, conn)
	if err == nil && (plan == nil || !plan.Pending()) {
		n.retryAt = time.Time{}
	}
	n.unlisted = n.unlisted || plan != nil
	err = errors.Join(err, n.list(ctx))
	if plan != nil && plan.Refollowed {
		n.halt(cdc.ErrStale)
	}
	return errors.Join(err, n.checkWebhooks(ctx, conn))
}

// list writes down which tables are published, where that is yet to be done.
func (n *newTables) list(ctx context.Context) (err error) {
	if n.unlisted {
		if waiting, failed := n.listings.Record(ctx); failed != nil {
			err = failed
		} else {
			n.unlisted = waiting
		}
	}
	return err
}

// checkWebhooks has the webhooks read anew when their table was dropped, or another has taken its
// place. What is dropped may be made anew in the next transaction: it counts as gone when it is
// found so twice.
func (n *newTables) checkWebhooks(ctx context.Context, conn *pgxpool.Conn) error {
	var found webhook.Whereabouts
	readOnly := pgx.TxOptions{AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, conn, readOnly, func(tx pgx.Tx) (err error) {
		found, err = n.db.Webhooks.Moved(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	again := found == webhook.Dropped && !n.dropped
	if n.dropped = found == webhook.Dropped; again {
		n.retryAt = time.Now()
	} else if found != webhook.There {
		n.wake()
	}
	return nil
}

// publish brings the publication up to date, and returns the plan for that. In a gap it changes
// nothing, and the error is that *cdc.Gap: a table that were published now would look as if the
// stream had all of it.
func (n *newTables) publish(ctx context.Context, conn *pgxpool.Conn) (plan *cdc.Plan, err error) {
	err = cdc.WithPrepareLock(ctx, conn.Conn(), func() error {
		gap, err := cdc.FindGap(ctx, conn.Conn(), n.db.Config.CDC, n.store)
		if gap != nil {
			return gap
		}
		if err != nil {
			return err
		}
		plan, err = n.db.PrepareOn(ctx, conn.Conn(), n.store)
		return err
	})
	return plan, err
}
