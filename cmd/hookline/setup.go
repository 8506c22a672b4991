package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/config"
	"hookline/internal/crm"
	"hookline/internal/operate"
	"hookline/internal/run"
)

type setupCommand struct {
	PrintSQL  bool `name:"print-sql" xor:"mode" help:"Change nothing: print the SQL."`
	AcceptGap bool `name:"accept-gap" xor:"mode" help:"Give up what cannot be announced."`
	LeaveBus  bool `name:"leave-bus" xor:"mode" help:"${setup_leave_bus}"`
	// What becomes of deliveries that wait or are dead. It has to be said when there are any.
	Spool operate.SpoolChoice `enum:",keep,discard" default:"" help:"${setup_spool}"`
}

// Validate has --spool stand beside --accept-gap only.
func (c setupCommand) Validate() error {
	if c.Spool != "" && !c.AcceptGap {
		return errors.New("--spool goes with --accept-gap")
	}
	return nil
}

func (c setupCommand) Run(ctx context.Context) error {
	cfg, err := load()
	if err != nil {
		return err
	}
	log := run.NewLogger(cfg)
	db, err := crm.Open(ctx, cfg, log, prometheus.NewRegistry())
	if err != nil {
		return err
	}
	defer db.Close()
	if !c.PrintSQL {
		return c.prepare(ctx, cfg, db, log)
	}
	sql, err := db.Script(ctx)
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

func (c setupCommand) prepare(ctx context.Context, cfg config.Config, db *crm.Database,
	log *slog.Logger,
) error {
	store, err := crm.OpenSpool(ctx, cfg)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := cdc.TryReplication(ctx, cfg.CDC.URL); err != nil { // before anything is changed
		return err
	}
	if c.LeaveBus {
		return operate.LeaveBus(ctx, db, store)
	}
	if c.AcceptGap {
		return operate.AcceptGap(ctx, db, store, c.Spool)
	}
	if err := db.Prepare(ctx, store); err != nil {
		return err
	}
	if err := db.Load(ctx); err != nil { // which tells of webhooks with a mistake
		log.Warn("the webhooks cannot be read", "error", err)
	}
	log.Info("the database is ready", "slot", cfg.CDC.Slot, "publication", cfg.CDC.Publication)
	return nil
}
