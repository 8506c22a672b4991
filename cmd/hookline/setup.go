package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/config"
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
	if err := cdc.TryReplication(ctx, cfg.CDC.URL); err != nil { // before anything is changed
		return err
	}
	if c.AcceptGap {
		return acceptGap(ctx, cfg, db, store, log)
	}
	if err := db.prepare(ctx, store); err != nil {
		return err
	}
	if err := db.load(ctx); err != nil { // which tells of webhooks with a mistake
		log.Warn("the webhooks cannot be read", "error", err)
	}
	log.Info("the database is ready", "slot", cfg.CDC.Slot, "publication", cfg.CDC.Publication)
	return nil
}
