package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/config"
	"hookline/mapper"
	"hookline/webhook"
)

type objectsCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (c objectsCommand) Run(ctx context.Context) error {
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	cfg.LogLevel = max(cfg.LogLevel, slog.LevelWarn) // what is found as usual is what it prints
	db, err := openDatabase(ctx, cfg, newLogger(cfg), prometheus.NewRegistry())
	if err != nil {
		return err
	}
	defer db.close()
	db.tries = fewTries
	list, err := db.objects(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(list)
	}
	return printObjects(os.Stdout, list)
}

// objects tells what is announced of each table, or would be once the database is prepared.
func (d *database) objects(ctx context.Context) (list []mapper.ObjectStatus, err error) {
	err = d.pool.AcquireFunc(ctx, func(pooled *pgxpool.Conn) error {
		conn := pooled.Conn()
		tables, err := d.tables(ctx, conn)
		if err == nil {
			err = d.read(ctx, conn)
		}
		if _, ok := errors.AsType[*webhook.NoTable](err); ok {
			tables, err = d.recordsAlone(ctx, conn) // the table of webhooks is yet to be made
		}
		if err != nil {
			return err
		}
		catalog, ok := d.catalog.(mapper.Lister)
		if !ok {
			return fmt.Errorf("profile %s does not list its objects", d.catalog.Profile())
		}
		if list, err = catalog.Objects(ctx, conn); err != nil {
			return err
		}
		skipped, err := cdc.FindSkipped(ctx, conn, d.cfg.CDC, tables)
		d.leaveOut(list, skipped)
		return err
	})
	list = slices.DeleteFunc(list, func(s mapper.ObjectStatus) bool {
		return strings.HasPrefix(s.Table, d.cfg.Webhook.Schema+".")
	})
	return list, err
}

// recordsAlone reads the catalog where there is no table of webhooks.
func (d *database) recordsAlone(ctx context.Context, conn *pgx.Conn) ([]cdc.Table, error) {
	err := d.inSnapshot(ctx, conn, func(tx pgx.Tx) error {
		snapshot, err := cdc.TakeSnapshot(ctx, tx)
		if err != nil {
			return err
		}
		if err := d.divideAsConfigured(ctx, tx); err != nil {
			return err
		}
		return d.catalog.Load(ctx, tx, snapshot)
	})
	if err != nil {
		return nil, err
	}
	return d.records(ctx, conn)
}

// leaveOut adds the tables that cannot be published.
func (d *database) leaveOut(list []mapper.ObjectStatus, skipped []cdc.Skipped) {
	for _, s := range skipped {
		i := slices.IndexFunc(list, func(o mapper.ObjectStatus) bool {
			return o.Table == s.Table.Schema+"."+s.Table.Name
		})
		if i < 0 || s.Published || list[i].Reason != "" {
			continue
		}
		list[i] = mapper.ObjectStatus{Table: list[i].Table, Reason: s.Why}
	}
}

// printObjects prints what is announced, and then what is not.
func printObjects(out io.Writer, list []mapper.ObjectStatus) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	announced := 0
	for _, o := range list {
		if o.Reason != "" {
			continue
		}
		if announced++; announced == 1 {
			fmt.Fprintln(w, "TABLE\tOBJECT\tEVENTS\tKEY\tTENANT\tLEFT OUT")
		}
		actions := make([]string, len(o.Events))
		for i, e := range o.Events {
			actions[i] = strings.TrimPrefix(e, o.Object+".")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", o.Table, o.Object,
			strings.Join(actions, " "), strings.Join(o.Key, " "),
			cmp.Or(o.Tenant, "-"), cmp.Or(strings.Join(o.LeftOut, ", "), "-"))
	}
	if announced == 0 {
		fmt.Fprintln(w, "No table is announced.")
	}
	if announced < len(list) {
		fmt.Fprintln(w, "\nNOT ANNOUNCED\tWHY")
	}
	for _, o := range list {
		if o.Reason != "" {
			fmt.Fprintf(w, "%s\t%s\n", o.Table, strings.ReplaceAll(o.Reason, "\n", " "))
		}
	}
	return w.Flush()
}
