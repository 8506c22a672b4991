package twenty

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
)

// Where Twenty keeps its workspaces and, since 1.1, its webhooks; before, each workspace's schema
// had a table of webhooks. The catalog has the first published.
var (
	WorkspaceTable = cdc.Table{Schema: "core", Name: "workspace"}
	WebhookTable   = cdc.Table{Schema: "core", Name: "webhook"}
)

// Workspaces tells of each workspace, by id, whether it is soft-deleted. It is nil when the
// database does not say which there are.
type Workspaces map[string]bool

// ReadWorkspaces returns the workspaces that there are.
func ReadWorkspaces(ctx context.Context, tx pgx.Tx) (Workspaces, error) {
	columns, err := columnsOf(ctx, tx, WorkspaceTable)
	if err != nil || !slices.Contains(columns, "id") {
		return nil, err
	}
	deleted := "false"
	if slices.Contains(columns, "deletedAt") {
		deleted = `"deletedAt" IS NOT NULL`
	}
	rows, err := tx.Query(ctx, `SELECT id::text, `+deleted+` FROM core.workspace`)
	if err != nil {
		return nil, err
	}
	found := Workspaces{}
	var id string
	var gone bool
	_, err = pgx.ForEachRow(rows, []any{&id, &gone}, func() error {
		found[id] = gone
		return nil
	})
	return found, err
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

// Observe takes a change of WorkspaceTable and returns the workspaces that have come, gone, or
// changed sides.
func (w Workspaces) Observe(change cdc.Change) (changed []string) {
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
	if change.Old != nil &&
		(change.New == nil || change.Old[id].String() != change.New[id].String()) {
		set(change.Old[id].String(), false, false)
	}
	if change.New != nil {
		deletedAt := change.Relation.Column("deletedAt")
		set(change.New[id].String(), true, deletedAt >= 0 && !change.New[deletedAt].IsNull())
	}
	return changed
}

// WorkspacesBySchema returns the ids of the workspaces by the name of their schema.
func WorkspacesBySchema(ctx context.Context, tx pgx.Tx) (map[string]string, error) {
	rows, err := tx.Query(ctx, `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'workspace\_%'`)
	if err != nil {
		return nil, err
	}
	schemas, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, schema := range schemas {
		if id, ok := WorkspaceOf(schema); ok {
			found[schema] = id
		}
	}
	columns, err := columnsOf(ctx, tx, WorkspaceTable)
	if err != nil || !slices.Contains(columns, "databaseSchema") { // as in the first versions
		return found, err
	}
	rows, err = tx.Query(ctx, `
		SELECT "databaseSchema", id::text FROM core.workspace WHERE "databaseSchema" <> ''`)
	if err != nil {
		return nil, err
	}
	var schema, id string
	_, err = pgx.ForEachRow(rows, []any{&schema, &id}, func() error {
		found[schema] = id
		return nil
	})
	return found, err
}

// WorkspaceOf returns the workspace whose schema has that name: workspace_ and its id, read as one
// number, to the base 36.
func WorkspaceOf(schema string) (id string, ok bool) {
	digits, found := strings.CutPrefix(schema, "workspace_")
	n, valid := new(big.Int).SetString(digits, 36)
	if !found || !valid || n.Sign() < 0 || n.BitLen() > 128 || n.Text(36) != digits {
		return "", false
	}
	hex := fmt.Sprintf("%032x", n)
	return hex[:8] + "-" + hex[8:12] + "-" + hex[12:16] + "-" + hex[16:20] + "-" + hex[20:], true
}
