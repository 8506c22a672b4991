package main

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/config"
	"hookline/spool"
)

// acceptGap gives up what can no longer be announced, while no other process prepares the database.
func acceptGap(ctx context.Context, cfg config.Config, db *database, store *spool.Spool, log *slog.Logger) error {
	if err := prepareSpool(ctx, store, log); err != nil {
		return err
	}
	return db.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		return cdc.TakeTurns(ctx, conn.Conn(), func() error {
			gap, err := db.findGap(ctx, store)
			if err != nil {
				return err
			}
			if gap == nil || gap.Reason != cdc.Unreadable {
				return renewSlot(ctx, cfg, db, conn.Conn(), store, gap, log)
			}
			begin, to, err := cdc.SkipUnsent(ctx, conn.Conn(), cfg.CDC, store)
			if err == nil {
				tellAccepted(log, cfg.CDC.Slot, begin, to)
			}
			return err
		})
	})
}

// renewSlot makes a new slot in place of the one that cannot be read any more. The checkpoint tells where the gap begins, and goes last: killed
// at any point before, there is still a gap, of a slot that is missing or that was moved, and the same can be done again.
//
//  1. The checkpoint is there. Where nothing was announced yet it is made, of where the slot stands.
//  2. The old slot is dropped.
//  3. Deliveries that came along with a copy of another database are discarded.
//  4. What the slot needs is made, and then the slot. This takes as long as others' transactions do.
//  5. The checkpoint is forgotten: the next start takes up where the slot stands.
func renewSlot(ctx context.Context, cfg config.Config, db *database, conn *pgx.Conn, store *spool.Spool, gap *cdc.Gap, log *slog.Logger) error {
	begin, err := cdc.KeepBegin(ctx, cfg.CDC, store)
	if err != nil {
		return err
	}
	if err := db.dropSlot(ctx); err != nil {
		return err
	}
	if gap != nil && gap.Reason == cdc.OtherSystem {
		if err := emptySpool(ctx, store, log); err != nil {
			return err
		}
	}
	if _, err := db.prepareOn(ctx, conn, nil); err != nil {
		return err
	}
	to, err := db.slotPosition(ctx)
	if err != nil {
		return err
	}
	tellAccepted(log, cfg.CDC.Slot, begin, to)
	return store.ForgetCheckpoint(ctx, cfg.CDC.Slot)
}

// tellAccepted tells from where to where nothing is announced.
func tellAccepted(log *slog.Logger, slot string, begin *cdc.Checkpoint, to cdc.LSN) {
	given := []any{"slot", slot}
	if begin != nil {
		given = append(given, "from", begin.Settled.End)
	}
	given = append(given, "to", to)
	if begin != nil && begin.Settled.Commit != 0 {
		given = append(given, "of_the_transaction_at", begin.Settled.Commit, "from_change", begin.Settled.Index)
	}
	if begin != nil && !begin.Time.IsZero() {
		given = append(given, "last_change", begin.Time)
	}
	log.Warn("gap accepted: what was committed in it is not announced", given...)
}

// emptySpool discards what a copy of the database has brought along: those deliveries are the original's to make.
func emptySpool(ctx context.Context, store *spool.Spool, log *slog.Logger) error {
	if err := store.Claim(ctx); err != nil {
		return err
	}
	queues, err := store.Queues(ctx)
	if err != nil {
		return err
	}
	for _, q := range queues {
		if err := store.Discard(ctx, q.Webhook); err != nil {
			return err
		}
		if err := store.Pause(ctx, q.Webhook, "", ""); err != nil {
			return err
		}
		log.Warn("discarded the other database's deliveries", "webhook", q.Webhook, "waiting", q.Waiting, "dead", q.Dead)
	}
	_, err = store.DiscardDead(ctx, spool.Filter{})
	return err
}
