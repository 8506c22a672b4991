package operate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/config"
	"hookline/internal/bus"
	"hookline/internal/crm"
	"hookline/internal/pg"
	"hookline/notice"
	"hookline/spool"
)

// SpoolChoice is what becomes of the deliveries of the spool when a gap is accepted. It is "" when
// nobody has said.
type SpoolChoice string

const (
	KeepSpool    SpoolChoice = "keep"
	discardSpool SpoolChoice = "discard"
)

// AcceptGap gives up what can no longer be announced, while no other process prepares the database.
// Where there is no gap it changes nothing, and returns a *cdc.Problem.
func AcceptGap(
	ctx context.Context, db *crm.Database, store *spool.Spool, choice SpoolChoice,
) error {
	cfg, log := db.Config, db.Log
	if _, err := needGap(ctx, db, store); err != nil {
		return err
	}
	if err := crm.PrepareSpool(ctx, store, log); err != nil {
		return err
	}
	if !cfg.Bus.On() {
		if err := crm.LeftBus(ctx, store); err != nil {
			return err
		}
	}
	return db.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		return cdc.WithPrepareLockIdle(ctx, conn.Conn(), func() error {
			gap, err := needGap(ctx, db, store)
			if err != nil {
				return err
			}
			if gap.Reason == cdc.BusLost {
				return acceptBus(ctx, cfg, store, log, gap)
			}
			if gap.Reason == cdc.Unreadable {
				begin, to, err := cdc.SkipUnreadable(ctx, conn.Conn(), cfg.CDC, store)
				if err != nil {
					return err
				}
				tellAccepted(log, cfg.CDC.Slot, begin, to)
				_, err = store.Note(ctx, []notice.Row{notice.Gap(string(gap.Reason), begin, to)})
				return err
			}
			if _, err := db.CheckDrop(ctx); err != nil {
				return err
			}
			return acceptLoss(ctx, db, conn.Conn(), store, gap.Reason, choice)
		})
	})
}

// acceptBus gives up what the bus has lost. What a stream that was set back, or emptied, still has
// is delivered; in place of any other the reader makes a new one.
func acceptBus(
	ctx context.Context, cfg config.Config, store *spool.Spool, log *slog.Logger, gap *cdc.Gap,
) error {
	memo, err := store.LoadMemo(ctx)
	if err != nil || memo == nil {
		return err
	}
	left, err := bus.FindLeft(ctx, cfg.Bus, memo, log)
	if err != nil {
		return err
	}
	log.Warn("gap accepted: what was in the bus is not delivered", "what", gap.What)
	if left == nil || !left.Kept {
		return store.ForgetMemo(ctx)
	}
	if err := removeLarge(ctx, cfg, store, memo, log); err != nil {
		return err
	}
	memo.Last = 0
	return store.SaveMemo(ctx, *memo)
}

// removeLarge removes the data of deliveries that the bus has lost. A reader that has put some
// there and not published them yet does so again.
func removeLarge(
	ctx context.Context, cfg config.Config, store *spool.Spool, memo *bus.Memo, log *slog.Logger,
) error {
	list, err := store.Large(ctx)
	if err != nil || len(list) == 0 {
		return err
	}
	list, err = bus.Unreferenced(ctx, cfg.Bus, memo, list, log)
	if err != nil {
		return err
	}
	for _, k := range list {
		if err := store.DeleteLarge(ctx, k.Event, k.Webhook); err != nil {
			return err
		}
	}
	return nil
}

// acceptLoss gives up what is lost of the stream, or of the spool.
func acceptLoss(ctx context.Context, db *crm.Database, conn *pgx.Conn, store *spool.Spool,
	reason cdc.Reason, choice SpoolChoice,
) error {
	if reason == cdc.OtherSpool {
		return acceptSpool(ctx, db, conn, store, choice)
	}
	if err := choice.check(ctx, store); err != nil {
		return err
	}
	if reason == cdc.SlotMoved && choice != discardSpool {
		begin, err := store.LoadCheckpoint(ctx, db.Config.CDC.Slot)
		if err != nil {
			return err
		}
		return keepSlot(ctx, db, conn, store, reason, begin)
	}
	return RenewSlot(ctx, db, conn, store, string(reason), choice)
}

// needGap returns the gap that is to be accepted, and a *cdc.Problem where there is none. A slot
// that is missing before anything was announced is none: nothing is given up by making it.
func needGap(ctx context.Context, db *crm.Database, store *spool.Spool) (*cdc.Gap, error) {
	slot := db.Config.CDC.Slot
	gap, err := findGap(ctx, db, store)
	if err != nil {
		return nil, err
	}
	checkpoint, err := store.LoadCheckpoint(ctx, slot)
	if err != nil || gap != nil && (gap.Reason != cdc.SlotMissing || checkpoint != nil) {
		return gap, err
	}
	if _, err := db.CheckDrop(ctx); err != nil {
		return nil, err
	}
	if checkpoint == nil {
		return nil, &cdc.Problem{
			What: fmt.Sprintf("there is no gap: nothing was announced yet from slot %q", slot),
			Hint: "hookline setup, which makes what is missing; hookline run does so, too",
		}
	}
	gap, err = cdc.FindStreamGap(ctx, db.Config.CDC, checkpoint.Settled.End)
	if gap != nil || err != nil {
		return gap, err
	}
	at, err := db.SlotPosition(ctx)
	if err != nil {
		return nil, err
	}
	return nil, &cdc.Problem{
		What: fmt.Sprintf("there is no gap: slot %q is at %s, and brings all that was committed since",
			slot, at),
		Hint: fmt.Sprintf("hookline run goes on from there. If what it brings is to be given up all the "+
			"same, drop it, and then run this again: SELECT pg_drop_replication_slot(%s);",
			pg.Literal(slot)),
	}
}

// findGap looks for a gap of the slot, and else of the bus.
func findGap(ctx context.Context, db *crm.Database, store *spool.Spool) (*cdc.Gap, error) {
	gap, err := db.FindGap(ctx, store)
	if err != nil || gap != nil || !db.Config.Bus.On() {
		return gap, err
	}
	err = bus.Inspect(ctx, db.Config.Bus, store, db.Log)
	if gap, ok := errors.AsType[*cdc.Gap](err); ok {
		return gap, nil
	}
	return nil, err
}

// check returns a *cdc.Problem when there are deliveries and nobody has said what becomes of them.
// Whether they are this database's to make cannot be told: a copy of a server's files has the same
// identifier as the original, and its spool.
func (c SpoolChoice) check(ctx context.Context, store *spool.Spool) error {
	queues, err := store.Queues(ctx)
	if err != nil || c != "" {
		return err
	}
	waiting, dead := 0, 0
	for _, q := range queues {
		waiting, dead = waiting+q.Waiting, dead+q.Dead
	}
	if waiting+dead == 0 {
		return nil
	}
	return &cdc.Problem{
		What: fmt.Sprintf("deliveries in the spool: %d waiting, %d dead; it has to be said what "+
			"becomes of them", waiting, dead),
		Hint: "--spool=keep sends what waits when this database is the one that was announced before. " +
			"--spool=discard forgets all of it when this is a copy of that one, which sends them itself",
	}
}

// acceptSpool goes on with another spool than before: from where the slot stands, which has all
// that was not settled, or with a new slot where that is of no use, or the original of this copy
// sends what it has. A checkpoint that is found in the spool tells of neither. Killed at any point,
// there is still a gap, and the same can be done again: the note is forgotten last.
func acceptSpool(ctx context.Context, db *crm.Database, conn *pgx.Conn, store *spool.Spool,
	choice SpoolChoice,
) error {
	cfg := db.Config
	unusable, err := cdc.FindGap(ctx, conn, cfg.CDC, nil)
	if err != nil {
		return err
	}
	if choice == "" && unusable == nil {
		return &cdc.Problem{
			What: "the spool is another one than before, and the slot is there; it has to be said " +
				"whether this database is the one that was announced before",
			Hint: "--spool=keep, when it is, goes on where the slot stands. --spool=discard, when this " +
				"is a copy of that one, makes a new slot, and forgets what is in the spool",
		}
	}
	if err := choice.check(ctx, store); err != nil {
		return err
	}
	if err := store.ForgetCheckpoint(ctx, cfg.CDC.Slot); err != nil {
		return err
	}
	if unusable != nil || choice == discardSpool {
		return RenewSlot(ctx, db, conn, store, string(cdc.OtherSpool), choice)
	}
	return keepSlot(ctx, db, conn, store, cdc.OtherSpool, nil)
}

// keepSlot goes on from where the slot stands, which has all that was committed since. The gap
// begins at a checkpoint; without one nothing of the stream is lost.
func keepSlot(ctx context.Context, db *crm.Database, conn *pgx.Conn, store *spool.Spool,
	reason cdc.Reason, begin *cdc.Checkpoint,
) error {
	cfg := db.Config.CDC
	to, err := db.SlotPosition(ctx)
	if err != nil {
		return err
	}
	if begin == nil {
		begin = &cdc.Checkpoint{Settled: cdc.Position{End: to}}
		db.Log.Warn("gap accepted: what waited in the spool of before is not delivered, and the stream "+
			"goes on where it was", "slot", cfg.Slot, "from", to)
	} else {
		tellAccepted(db.Log, cfg.Slot, begin, to)
	}
	// told twice when killed after it
	if _, err := store.Note(ctx, []notice.Row{notice.Gap(string(reason), begin, to)}); err != nil {
		return err
	}
	return forgetCheckpoint(ctx, cfg, conn, store)
}

// forgetCheckpoint has the next start take up where the slot stands. Killed between the two steps,
// the slot is still ahead of a checkpoint.
func forgetCheckpoint(
	ctx context.Context, cfg cdc.Config, conn *pgx.Conn, store *spool.Spool,
) error {
	if err := cdc.ForgetSpool(ctx, conn, cfg); err != nil {
		return err
	}
	return store.ForgetCheckpoint(ctx, cfg.Slot)
}

// RenewSlot makes a new slot in place of the one that cannot be read any more. The checkpoint tells
// where the gap begins, and goes last: killed at any point before, there is still a gap, of a slot
// that is missing or that was moved, and the same can be done again.
//
//  1. The checkpoint is there. Where nothing was announced yet it is made, of where the slot
//     stands.
//  2. The old slot is dropped.
//  3. Deliveries are discarded, if that was said.
//  4. What the slot needs is made, and then the slot. This takes as long as others' transactions
//     do.
//  5. The checkpoint is forgotten, and before it the note of it: the next start takes up where the
//     slot stands.
func RenewSlot(ctx context.Context, db *crm.Database, conn *pgx.Conn,
	store *spool.Spool, reason string, choice SpoolChoice,
) error {
	cfg, log := db.Config, db.Log
	begin, err := cdc.EnsureCheckpoint(ctx, cfg.CDC, store)
	if err != nil {
		return err
	}
	if err := db.DropSlot(ctx); err != nil {
		return err
	}
	if choice == discardSpool {
		if err := emptySpool(ctx, store, log); err != nil {
			return err
		}
	}
	// the one that is told is noted with the rest
	if err := cdc.ForgetEnvironment(ctx, conn, cfg.CDC); err != nil {
		return err
	}
	if _, err := db.PrepareOn(ctx, conn, nil); err != nil {
		return err
	}
	to, err := db.SlotPosition(ctx)
	if err != nil {
		return err
	}
	tellAccepted(log, cfg.CDC.Slot, begin, to)
	// told twice when killed after it
	if _, err := store.Note(ctx, []notice.Row{notice.Gap(reason, begin, to)}); err != nil {
		return err
	}
	return forgetCheckpoint(ctx, cfg.CDC, conn, store)
}

// tellAccepted tells from where to where nothing is announced.
func tellAccepted(log *slog.Logger, slot string, begin *cdc.Checkpoint, to cdc.LSN) {
	given := []any{"slot", slot}
	if begin != nil {
		given = append(given, "from", begin.Settled.End)
	}
	given = append(given, "to", to)
	if begin != nil && begin.Settled.Commit != 0 {
		given = append(given, "of_the_transaction_at", begin.Settled.Commit, "from_change",
			begin.Settled.Index)
	}
	if begin != nil && !begin.Time.IsZero() {
		given = append(given, "last_change", begin.Time)
	}
	log.Warn("gap accepted: what was committed in it is not announced", given...)
}

// emptySpool discards all deliveries, and tells how many there were for each webhook.
func emptySpool(ctx context.Context, store *spool.Spool, log *slog.Logger) error {
	if err := errors.Join(store.Claim(ctx), store.FenceParts(ctx)); err != nil {
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
		log.Warn("discarded deliveries", "webhook", q.Webhook, "waiting", q.Waiting, "dead", q.Dead)
	}
	_, err = store.DiscardDead(ctx, spool.Filter{})
	return errors.Join(err, store.ForgetNotices(ctx))
}
