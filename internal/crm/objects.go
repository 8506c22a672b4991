package crm

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/webhook"
)

// Objects tells what is announced of each table, or would be once the database is prepared.
func (d *Database) Objects(ctx context.Context) (list []mapper.ObjectStatus, err error) {
	err = d.Pool.AcquireFunc(ctx, func(pooled *pgxpool.Conn) error {
		conn := pooled.Conn()
		tables, err := d.Tables(ctx, conn)
		if err == nil {
			err = d.Read(ctx, conn)
		}
		if _, ok := errors.AsType[*webhook.NoTable](err); ok {
			tables, err = d.RecordsAlone(ctx, conn) // the table of webhooks is yet to be made
		}
		if err != nil {
			return err
		}
		if list, err = d.Catalog.Objects(ctx, conn); err != nil {
			return err
		}
		skipped, err := cdc.FindSkipped(ctx, conn, d.Config.CDC, tables)
		d.leaveOut(list, skipped)
		return err
	})
	list = slices.DeleteFunc(list, func(s mapper.ObjectStatus) bool {
		return strings.HasPrefix(s.Table, d.Config.Webhook.Schema+".")
	})
	return list, err
}

// RecordsAlone reads the catalog where there is no table of webhooks.
func (d *Database) RecordsAlone(ctx context.Context, conn *pgx.Conn) ([]cdc.Table, error) {
	err := d.inSnapshot(ctx, conn, func(tx pgx.Tx) error {
		snapshot, err := cdc.TakeSnapshot(ctx, tx)
		if err != nil {
			return err
		}
		if err := d.divideAsConfigured(ctx, tx); err != nil {
			return err
		}
		return d.Catalog.Load(ctx, tx, snapshot)
	})
	if err != nil {
		return nil, err
	}
	return d.records(ctx, conn)
}

// leaveOut adds the tables that cannot be published.
func (d *Database) leaveOut(list []mapper.ObjectStatus, skipped []cdc.Skipped) {
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
