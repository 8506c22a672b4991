package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/config"
	"hookline/spool"
)

type setupCommand struct {
	PrintSQL  bool `name:"print-sql" xor:"mode" help:"Change nothing: print the SQL, for someone with more rights to run."`
	AcceptGap bool `name:"accept-gap" xor:"mode" help:"Give up changes that can no longer be announced, and go on from now with a new slot."`
}

func (c setupCommand) Run(ctx context.Context) error {
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	log := newLogger(cfg)
	db, err := openDatabase(ctx, cfg, log, prometheus.NewRegistry())
	if err != nil {
		return err
	}
	defer db.close()
	if !c.PrintSQL {
		return c.prepare(ctx, cfg, db, log)
	}
	sql, err := db.script(ctx)
	if err != nil {
		return err
	}
	if len(sql) == 0 {
		fmt.Fprintln(os.Stderr, "The database is ready: there is nothing to run.")
	}
	for _, statement := range sql {
		fmt.Println(statement + ";")
	}
	return nil
}

func (c setupCommand) prepare(ctx context.Context, cfg config.Config, db *database, log *slog.Logger) error {
	store, err := openSpool(ctx, cfg)
	if err != nil {
		return err
	}
	defer store.Close()
	if c.AcceptGap {
		return acceptGap(ctx, cfg, db, store, log)
	}
	if err := db.prepare(ctx, store); err != nil {
		return err
	}
	log.Info("the database is ready", "slot", cfg.CDC.Slot, "publication", cfg.CDC.Publication)
	return nil
}

// acceptGap gives up what can no longer be announced: the slot goes, and the checkpoint, so that the database is prepared as if it were new.
func acceptGap(ctx context.Context, cfg config.Config, db *database, store *spool.Spool, log *slog.Logger) error {
	if err := prepareSpool(ctx, store, log); err != nil {
		return err
	}
	gap, err := db.findGap(ctx, store)
	if err != nil {
		return err
	}
	from, err := db.dropSlot(ctx)
	if err != nil {
		return err
	}
	checkpoint, err := store.LoadCheckpoint(ctx, cfg.CDC.Slot)
	if err != nil {
		return err
	}
	if checkpoint != nil {
		from = checkpoint.Settled.End
	}
	if gap != nil && gap.Reason == cdc.OtherSystem {
		if err := emptySpool(ctx, store, log); err != nil {
			return err
		}
	}
	if err := store.ForgetCheckpoint(ctx, cfg.CDC.Slot); err != nil {
		return err
	}
	if err := db.prepare(ctx, store); err != nil {
		return err
	}
	to, err := db.slotPosition(ctx)
	if err != nil {
		return err
	}
	given := []any{"slot", cfg.CDC.Slot, "from", from, "to", to}
	if checkpoint != nil && !checkpoint.Time.IsZero() {
		given = append(given, "last_change", checkpoint.Time)
	}
	log.Warn("gap accepted: what was committed in it is not announced", given...)
	return nil
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
