package webhook

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
)

// coreWorkspace is where Twenty keeps its workspaces. The catalog has it published.
var coreWorkspace = cdc.Table{Schema: "core", Name: "workspace"}

// workspaces tells of each of Twenty's workspaces, by id, whether it is soft-deleted. nil when the database does not say which there are.
type workspaces map[string]bool

// readWorkspaces returns the workspaces that there are.
func readWorkspaces(ctx context.Context, tx pgx.Tx) (workspaces, error) {
	columns, err := columnsOf(ctx, tx, coreWorkspace)
	if err != nil || !slices.Contains(columns, "id") {
		return nil, err
	}
	deleted := "false"
	if slices.Contains(columns, "deletedAt") {
		deleted = `"deletedAt" IS NOT NULL`
	}
	rows, err := tx.Query(ctx, `SELECT id::text, `+deleted+` FROM core.workspace`)
	if err != nil {
		return nil, refused(err, coreWorkspace, tx)
	}
	found := workspaces{}
	var id string
	var gone bool
	_, err = pgx.ForEachRow(rows, []any{&id, &gone}, func() error {
		found[id] = gone
		return nil
	})
	return found, refused(err, coreWorkspace, tx)
}

// columnsOf returns the names of a table's columns, nil when there is no such table.
func columnsOf(ctx context.Context, tx pgx.Tx, table cdc.Table) ([]string, error) {
	rows, err := tx.Query(ctx, `
		SELECT a.attname::text
		FROM pg_class c
		JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE n.nspname = $1 AND c.relname = $2`, table.Schema, table.Name)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// observe takes a change of core.workspace and returns the workspaces that have come, gone, or changed sides.
func (w workspaces) observe(change cdc.Change) (changed []string) {
	id := change.Relation.Column("id")
	if id < 0 {
		return nil
	}
	set := func(id string, there, deleted bool) {
		if before, known := w[id]; known == there && before == deleted {
			return
		}
		changed = append(changed, id)
		if w[id] = deleted; !there {
			delete(w, id)
		}
	}
	if change.Kind == cdc.Truncate {
		for id := range w {
			set(id, false, false)
		}
		return changed
	}
	if change.Old != nil && (change.New == nil || change.Old[id].String() != change.New[id].String()) {
		set(change.Old[id].String(), false, false)
	}
	if change.New != nil {
		deletedAt := change.Relation.Column("deletedAt")
		set(change.New[id].String(), true, deletedAt >= 0 && !change.New[deletedAt].IsNull())
	}
	return changed
}
