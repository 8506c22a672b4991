package spool

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
	"hookline/sender"
)

var errUnclaimed = errors.New("the spool is not claimed: Claim goes before every change")

// claim is what a process knows of its ownership.
type claim struct {
	epoch   int64
	changes atomic.Int64 // made under it, as far as the server has acknowledged them
}

// acknowledged returns how many changes are known to be durable; 0 of no claim.
func (c *claim) acknowledged() int64 {
	if c == nil {
		return 0
	}
	return c.changes.Load()
}

// made notes that a change is durable, which was counted as the nth.
func (c *claim) made(n int64) {
	for now := c.changes.Load(); now < n && !c.changes.CompareAndSwap(now, n); {
		now = c.changes.Load()
	}
}

// check compares what the server has of an owner with what the process has done. A server that
// has taken over may lack some of it: then what is in memory is not true any more. Who has no claim
// relies on nothing.
func (c *claim) check(epoch, changes, acknowledged int64) error {
	switch {
	case c == nil:
		return nil
	case epoch > c.epoch:
		return sender.ErrFenced
	case epoch < c.epoch || changes < acknowledged:
		return sender.ErrBehind
	}
	return nil
}

// Claim makes this process the one that may change the slot's deliveries, and fences off whoever
// might before: a change that it has in hand is done before Claim returns, or fails with
// sender.ErrFenced. Call it while the slot is held; of a part, while its partition is.
func (s *Spool) Claim(ctx context.Context) error {
	var c claim
	err := s.pool.QueryRow(ctx, `INSERT INTO {{schema}}.owner AS o (slot, epoch) VALUES ($1, 1)
		ON CONFLICT (slot) DO UPDATE SET epoch = o.epoch + 1, changes = 0 RETURNING epoch`,
		s.owner).Scan(&c.epoch)
	if pg.Is(err, pg.LockNotAvailable) {
		return fmt.Errorf(
			"claim the spool of slot %q: the process before this one is still writing to it: %v", s.cfg.Slot,
			err) //nolint:errorlint // it passes
	}
	if err != nil {
		return fmt.Errorf("claim the spool of slot %q: %w", s.cfg.Slot, err)
	}
	s.claim.Store(&c)
	return nil
}

// count adds to batch what counts a change, sets n to its number, and keeps others from claiming
// the spool until the transaction ends. It fails unless the spool is still this process's, and has
// all that this process has written.
func (c *claim) count(batch *pgx.Batch, slot string, n *int64) {
	before := c.acknowledged()
	batch.Queue(`WITH counted AS (
			UPDATE {{schema}}.owner SET changes = changes + 1 WHERE slot = $1 AND epoch = $2
			RETURNING epoch, changes
		)
		SELECT epoch, changes FROM counted UNION ALL
		SELECT epoch + (epoch = $2)::int, 0 FROM {{schema}}.owner
		WHERE slot = $1 AND NOT EXISTS (SELECT FROM counted)`, slot, c.epoch).
		QueryRow(func(row pgx.Row) error {
			var epoch int64
			if err := row.Scan(&epoch, n); err != nil && !errors.Is(err, pgx.ErrNoRows) {
				return err
			}
			return c.check(epoch, *n-1, before)
		})
}
