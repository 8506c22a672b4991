package mapper

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"hookline/cdc"
)

// Announces reports whether c announces objects of that name in a workspace, "" in a database without workspaces, as of the last Load, and
// with the tables that the catalog has returned. The error says why nothing of the workspace is announced.
func Announces(c Catalog, tables []cdc.Table, workspace, object string) (bool, error) {
	switch c := c.(type) {
	case *Twenty:
		if workspace == Everyone {
			for name, o := range c.metadata.names {
				if name.name == object && c.announces(o) {
					return true, nil
				}
			}
			return false, nil
		}
		var id pgtype.UUID
		_ = id.Scan(workspace) // one that is no UUID is not there
		if w := c.metadata.workspaces.rows[id]; w == nil || w.deleted {
			return false, fmt.Errorf("workspace %q does not exist", workspace)
		}
		o := c.metadata.names[twentyName{id, object}]
		return o != nil && c.announces(o), nil
	case *Generic:
		for _, t := range tables {
			if name, announced := c.announces(t.Schema, t.Name); announced && name == object && t.Full {
				return true, nil
			}
		}
	}
	return false, nil
}

// CheckKeys tells of tables without a primary key: their records cannot be told apart, so they are not announced.
func (g *Generic) CheckKeys(ctx context.Context, conn *pgx.Conn) ([]cdc.Finding, error) {
	rows, err := conn.Query(ctx, `
		SELECT n.nspname, c.relname, coalesce(parent.schema, n.nspname), coalesce(parent.name, c.relname)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`+parentSQL+`
		WHERE (n.nspname = ANY ($1) OR parent.schema = ANY ($1)) AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
		  AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
		  AND NOT EXISTS (
		      SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')
		ORDER BY n.nspname, c.relname`, g.schemas)
	if err != nil {
		return nil, fmt.Errorf("look for tables without a primary key: %w", err)
	}
	var found []cdc.Finding
	var table, as cdc.Table
	_, err = pgx.ForEachRow(rows, []any{&table.Schema, &table.Name, &as.Schema, &as.Name}, func() error {
		_, announced := g.announces(table.Schema, table.Name)
		if _, parents := g.announces(as.Schema, as.Name); announced || parents {
			found = append(found, cdc.Finding{
				Level: cdc.Warning, Check: "table left out", Found: table.String() + ": no primary key, so its records cannot be told apart",
				Mend: fmt.Sprintf("give it one, as its owner: ALTER TABLE %s ADD PRIMARY KEY (…);", table),
			})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for tables without a primary key: %w", err)
	}
	return found, nil
}
