package mapper

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
)

// A table that changes at every request, as one of sessions or counters does, has had many more
// updates than it has rows.
const (
	busyUpdates = 10_000 // since the server's statistics were reset
	busyPerRow  = 100
)

// CheckBusy tells of announced tables that seem to change at every request.
func (g *Generic) CheckBusy(ctx context.Context, conn *pgx.Conn, tables []cdc.Table,
) ([]cdc.Finding, error) {
	rows, err := conn.Query(ctx, `
		SELECT schemaname, relname, n_tup_upd, n_live_tup FROM pg_stat_user_tables
		WHERE n_tup_upd >= $1 AND n_tup_upd >= $2 * n_live_tup
		ORDER BY n_tup_upd DESC, 1, 2`, busyUpdates, busyPerRow)
	if err != nil {
		return nil, fmt.Errorf("look up how often tables change: %w", err)
	}
	var found []cdc.Finding
	var table cdc.Table
	var updates, live int64
	_, err = pgx.ForEachRow(rows, []any{&table.Schema, &table.Name, &updates, &live}, func() error {
		listed := slices.ContainsFunc(tables, func(t cdc.Table) bool {
			return t.Schema == table.Schema && t.Name == table.Name && t.Full && !t.Left
		})
		if object, announced := g.announces(table.Schema, table.Name); listed && announced {
			found = append(found, cdc.Finding{
				Level: cdc.Warning, Check: "busy table",
				Found: fmt.Sprintf("%s has had %d updates and has %d rows: it seems to change at every request, "+
					"and each change is an event", table, updates, live),
				Mend: "if nobody wants to hear of it: HOOKLINE_EXCLUDE=" + object,
			})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look up how often tables change: %w", err)
	}
	return found, nil
}
