package doctor

import (
	"context"
	"errors"

	"hookline/cdc"
	"hookline/mapper"
)

// read reads catalog and webhooks, and finds out which tables have to be published for them. It
// does without webhooks when they are only to be had from Hookline's own table, which is yet to be
// made.
func (x *checkup) read(ctx context.Context) ([]cdc.Finding, error) {
	tablesOfAll, err := x.db.Tables(ctx, x.conn)
	if err == nil {
		err = x.db.Read(ctx, x.conn)
	}
	if _, ok := errors.AsType[*cdc.Problem](err); ok && x.waitsForOwnTable(ctx) {
		if tablesOfAll, err = x.db.RecordsAlone(ctx, x.conn); err != nil {
			found, err := cdc.AsFindings("tables", err)
			return found, err
		}
	}
	if err == nil {
		x.tables, x.known = tablesOfAll, x.known|tables
	}
	return nil, err
}

// waitsForOwnTable reports whether Hookline's own table of webhooks is missing, and would do.
func (x *checkup) waitsForOwnTable(ctx context.Context) bool {
	there, err := x.db.HasSchema(ctx, x.conn)
	return err == nil && !there && (x.db.Catalog.Profile() == "twenty" ||
		x.cfg.Webhook.Table == x.cfg.Webhook.Schema+".webhook")
}

// announced counts the tables.
func (x *checkup) announced(context.Context) ([]cdc.Finding, error) {
	records, others := 0, 0
	for _, t := range x.tables {
		switch {
		case t.Skip:
		case t.Full:
			records++
		default:
			others++
		}
	}
	if records > 0 {
		return []cdc.Finding{cdc.OK("tables",
			"%d with records, %d that describe them or hold webhooks", records, others)}, nil
	}
	f := cdc.Finding{
		Level: cdc.Warning, Check: "tables", Found: "none holds records that are announced",
		Hint: "HOOKLINE_SCHEMAS, HOOKLINE_INCLUDE, HOOKLINE_EXCLUDE and HOOKLINE_PROFILE say which " +
			"are; hookline objects tells of each table why it is left out",
	}
	if selective, ok := x.db.Catalog.(mapper.Selective); ok {
		f.Found += "; tables: " + selective.Nothing(x.tables)
	}
	return []cdc.Finding{f}, nil
}

// preparation asks what has to be done to the tables.
func (x *checkup) preparation(ctx context.Context) ([]cdc.Finding, error) {
	return cdc.CheckTables(ctx, x.conn, x.cfg.CDC, x.tables)
}

func (x *checkup) readBack(ctx context.Context) ([]cdc.Finding, error) {
	return cdc.CheckReadBack(ctx, x.conn, x.tables)
}
