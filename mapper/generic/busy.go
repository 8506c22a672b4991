package generic

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/mapper/credential"
	"hookline/mapper/naming"
)

// A table that changes at every request, as one of sessions or counters does, has had many more
// updates than it has rows.
const (
	busyUpdates = 10_000 // since the server's statistics were reset
	busyPerRow  = 100
)

// checkBusy tells of announced tables that seem to change at every request.
func (g *Catalog) checkBusy(ctx context.Context, conn *pgx.Conn, tables []cdc.Table,
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
			return t.Schema == table.Schema && t.Name == table.Name && t.Full && !t.Skip
		})
		if object, announced := g.announces(table.Schema, table.Name); listed && announced {
			found = append(found, cdc.Finding{
				Level: cdc.Warning,
				Check: "busy table",
				Found: fmt.Sprintf(
					"%s has had %d updates and has %d rows: it seems to change at every request, "+
						"and each change is an event",
					table,
					updates,
					live,
				),
				Hint: "if nobody wants to hear of it: HOOKLINE_EXCLUDE=" + object,
			})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look up how often tables change: %w", err)
	}
	byName, err := g.busyByName(ctx, conn)
	return append(found, byName...), err
}

// useColumns tell when something was last used, and change whenever it is.
var useColumns = naming.Set(`
	lastused lastusedat lastuse lastactivity lastactivityat lastaccess lastaccessed lastaccessedat
	lastseen lastseenat lastrequest lastrequestat lastping lastpingat
`)

// busyByName tells of columns of announced tables that change at every request, by their names.
func (g *Catalog) busyByName(ctx context.Context, conn *pgx.Conn) ([]cdc.Finding, error) {
	known := g.known.Load()
	s, err := g.survey(ctx, conn, known)
	if err != nil {
		return nil, err
	}
	isKey := func(c credential.Column) bool { return c.Key }
	var columns []string
	for _, table := range slices.SortedFunc(maps.Keys(s.tables), compareTables) {
		d := s.tables[table]
		if d.Whole != "" || !slices.ContainsFunc(d.Columns, isKey) {
			continue
		}
		f, names := known.Of(&d.Outline), []string{d.Table, d.Object}
		for i, c := range d.Columns {
			passed := f.Touch != nil && f.Touch(c.Name) || g.touch.Matches(d.Schema, names, c.Name)
			if useColumns[naming.Folded(c.Name)] && c.Of == credential.Fact && !d.withholds(i) &&
				!passed {
				columns = append(columns, d.Table+"."+c.Name)
			}
		}
	}
	if columns == nil {
		return nil, nil
	}
	return []cdc.Finding{
		{
			Level: cdc.Warning,
			Check: "busy column",
			Found: "by their names, these may change at every request, and each change is an event: " +
				strings.Join(columns, ", "),
			Hint: "if nobody wants to hear of that: HOOKLINE_TOUCH_COLUMNS=" + strings.Join(columns, ","),
		},
	}, nil
}
