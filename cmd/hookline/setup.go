package main

import (
	"context"
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/config"
)

type setupCommand struct {
	PrintSQL bool `name:"print-sql" help:"Change nothing: print the SQL, for someone with more rights to run."`
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
		if err := db.prepare(ctx); err != nil {
			return err
		}
		log.Info("the database is ready", "slot", cfg.CDC.Slot, "publication", cfg.CDC.Publication)
		return nil
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
