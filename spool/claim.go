package spool

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/sender"
)

// lockNotAvailable is https://www.postgresql.org/docs/current/errcodes-appendix.html
const lockNotAvailable = "55P03"

var errUnclaimed = errors.New("the spool is not claimed: Claim goes before every change")

// Claim makes this process the one that may change the slot's deliveries, and fences off whoever might before: a change that it has in hand
// is done before Claim returns, or fails with sender.ErrFenced. Call it while the slot is held.
func (s *Spool) Claim(ctx context.Context) error {
	var epoch int64
	err := s.pool.QueryRow(ctx, `INSERT INTO {{schema}}.owner AS o (slot, epoch) VALUES ($1, 1)
		ON CONFLICT (slot) DO UPDATE SET epoch = o.epoch + 1 RETURNING epoch`, s.cfg.Slot).Scan(&epoch)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == lockNotAvailable {
		return fmt.Errorf("claim the spool of slot %q: the process before this one is still writing to it: %v", s.cfg.Slot, err) //nolint:errorlint // it passes
	}
	if err != nil {
		return fmt.Errorf("claim the spool of slot %q: %w", s.cfg.Slot, err)
	}
	s.epoch.Store(epoch)
	return nil
}

// own adds to batch what fails unless epoch is still that of the slot, and what keeps it so until the transaction ends.
func own(batch *pgx.Batch, slot string, epoch int64) {
	batch.Queue(`SELECT epoch FROM {{schema}}.owner WHERE slot = $1 FOR SHARE`, slot).QueryRow(func(row pgx.Row) error {
		var now int64
		if err := row.Scan(&now); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if now != epoch {
			return sender.ErrFenced
		}
		return nil
	})
}
