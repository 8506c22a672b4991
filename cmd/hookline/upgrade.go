package main

import (
	"context"
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/internal/crm"
	"hookline/internal/doctor"
	"hookline/internal/run"
	"hookline/spool"
)

type upgradeCommand struct {
	Prepare upgradePrepare `cmd:"" help:"Before pg_upgrade: deliver, and make the slot ready."`
	Finish  upgradeFinish  `cmd:"" help:"After pg_upgrade: go on with slot and spool."`
}

type upgradePrepare struct{}

func (upgradePrepare) Run(ctx context.Context) error {
	return withDatabase(ctx, func(db *crm.Database, store *spool.Spool) error {
		found, err := run.FindRefused(ctx, db)
		if err != nil {
			return err
		}
		report := doctor.Diagnose(found)
		if err := printDiagnosis(os.Stdout, &report); err != nil {
			return err
		}
		if !report.Healthy {
			return errUnhealthy
		}
		ready, err := run.PrepareUpgrade(ctx, db, store)
		if err != nil {
			return err
		}
		return tellPrepared(db.Config.CDC.Slot, ready)
	})
}

// withDatabase calls f with the database as it is, and the spool.
func withDatabase(ctx context.Context, f func(db *crm.Database, store *spool.Spool) error) error {
	cfg, err := load()
	if err != nil {
		return err
	}
	db, err := crm.Open(ctx, cfg, run.NewLogger(cfg), prometheus.NewRegistry())
	if err != nil {
		return err
	}
	defer db.Close()
	store, err := crm.OpenSpool(ctx, cfg)
	if err != nil {
		return err
	}
	defer store.Close()
	return f(db, store)
}

// tellPrepared prints what there is to do next.
func tellPrepared(slot string, ready run.ReadyForUpgrade) error {
	finish, also := "hookline upgrade finish", "If pg_upgrade says that the slot has not consumed "+
		"all of the WAL, something was committed since, if only by "+
		"autovacuum:\nstart the old server, and run this again.\n"
	if !ready.KeepsSlot {
		finish, also = "hookline upgrade finish --new-slot", "pg_upgrade does not bring slots of this "+
			"version along, so what is committed before that is not announced.\n"
	}
	_, err := fmt.Printf("Ready: all is delivered or in the spool, "+
		`and slot %q has confirmed all up to %s.
  1. Leave Hookline and the CRM stopped, and stop Postgres.
  2. Run pg_upgrade. The new server needs %s.
  3. Start the new server, and before the CRM: %s
%s`, slot, ready.Confirmed, ready.Needs, finish, also)
	return err
}

type upgradeFinish struct {
	NewSlot bool `name:"new-slot" help:"The slot has not come along: make a new one."`
}

func (c upgradeFinish) Run(ctx context.Context) error {
	return withDatabase(ctx, func(db *crm.Database, store *spool.Spool) error {
		done, err := run.FinishUpgrade(ctx, db, store, c.NewSlot)
		if err != nil {
			return err
		}
		switch done {
		case run.NothingToFinish:
			fmt.Println("There is no upgrade to finish: start hookline run.")
		case run.UpgradeFinished:
			fmt.Printf("Finished: slot %q, the spool and the dead letters go on where they were. Start "+
				"hookline run.\n", db.Config.CDC.Slot)
		}
		return nil
	})
}
