package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/internal/crm"
	"hookline/internal/run"
	"hookline/mapper"
)

type objectsCommand struct{ jsonFlag }

func (c objectsCommand) Run(ctx context.Context) error {
	db, err := openToTell(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	list, err := db.Objects(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(os.Stdout, list)
	}
	return printObjects(os.Stdout, list)
}

// openToTell opens the database for a command that prints how things stand: what is found as usual
// is not logged beside it, and one that is away is not waited for.
func openToTell(ctx context.Context) (*crm.Database, error) {
	cfg, err := load()
	if err != nil {
		return nil, err
	}
	cfg.LogLevel = max(cfg.LogLevel, slog.LevelWarn)
	db, err := crm.Open(ctx, cfg, run.NewLogger(cfg), prometheus.NewRegistry())
	if err != nil {
		return nil, err
	}
	db.Tries = crm.FewTries
	return db, nil
}

// printObjects prints what is announced, and then what is not.
func printObjects(out io.Writer, list []mapper.ObjectStatus) error {
	var told, untold table
	for _, o := range list {
		if o.Reason != "" {
			continue
		}
		if told.rows == nil {
			told.head("TABLE", "OBJECT", "EVENTS", "KEY", "TENANT", "LEFT OUT")
		}
		actions := make([]string, len(o.Events))
		for i, e := range o.Events {
			actions[i] = strings.TrimPrefix(e, o.Object+".")
		}
		told.row(o.Table, o.Object, strings.Join(actions, " "), strings.Join(o.Key, " "),
			cmp.Or(o.Tenant, "-"), cmp.Or(strings.Join(o.LeftOut, ", "), "-"))
	}
	s := screenOf(out)
	if told.rows == nil {
		fmt.Fprintln(s, "No table is announced.")
	}
	if err := told.print(s); err != nil {
		return err
	}
	for _, o := range list {
		if o.Reason == "" {
			continue
		}
		if untold.rows == nil {
			fmt.Fprintln(s)
			untold.head("NOT ANNOUNCED", "WHY")
		}
		untold.row(o.Table, o.Reason)
	}
	return untold.print(s)
}
