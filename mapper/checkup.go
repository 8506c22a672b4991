package mapper

import (
	"context"
	"fmt"
	"strings"

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
			if name, announced := c.announces(t.Schema, t.Name); announced && name == object && t.Full && !t.Left {
				return true, nil
			}
		}
	}
	return false, nil
}

// CheckNames tells which of the tables hold objects that had other names in earlier versions.
func (g *Generic) CheckNames(tables []cdc.Table) []cdc.Finding {
	var changes, keep []string
	for _, t := range tables {
		if former, name := g.renamed(t); !t.Left && t.Parent == "" && former != name {
			changes = append(changes, fmt.Sprintf("%s is %s, and was %s", t, name, former))
			keep = append(keep, fmt.Sprintf("%s.%s=%s", t.Schema, t.Name, former))
		}
	}
	found := g.checkGivenNames(tables)
	if changes == nil {
		return found
	}
	return append(found, cdc.Finding{
		Level: cdc.Warning, Check: "names of objects", Found: "some are others than in earlier versions: " + strings.Join(changes, "; "),
		Mend: fmt.Sprintf("HOOKLINE_OBJECT_NAMES=%s keeps the old names. With the new ones in it, this is not said again; "+
			"then webhooks' operations and receivers have to know them", strings.Join(keep, ",")),
	})
}

// CheckKeys tells of tables that are not announced because they have no primary key, so that their records cannot be told apart, or
// because they are UNLOGGED.
func (g *Generic) CheckKeys(ctx context.Context, conn *pgx.Conn) ([]cdc.Finding, error) {
	rows, err := conn.Query(ctx, `
		SELECT n.nspname, c.relname, coalesce(parent.schema, n.nspname), coalesce(parent.name, c.relname), c.relpersistence = 'u'
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`+parentSQL+`
		WHERE (n.nspname = ANY ($1) OR parent.schema = ANY ($1)) AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
		  AND (c.relpersistence = 'u' OR NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))
		  AND NOT EXISTS (
		      SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')
		ORDER BY n.nspname, c.relname`, g.schemas)
	if err != nil {
		return nil, fmt.Errorf("look for tables that cannot be announced: %w", err)
	}
	var found []cdc.Finding
	var table, as cdc.Table
	var unlogged bool
	_, err = pgx.ForEachRow(rows, []any{&table.Schema, &table.Name, &as.Schema, &as.Name, &unlogged}, func() error {
		_, announced := g.announces(table.Schema, table.Name)
		_, parents := g.announces(as.Schema, as.Name)
		f := cdc.Finding{Level: cdc.Warning, Check: "table left out"}
		switch {
		case !announced && !parents, g.known.Load().ofTable(as.Schema, as.Name).left != "":
			return nil
		case unlogged:
			f.Found = table.String() + ": it is UNLOGGED, so the stream has nothing of its rows"
			f.Mend = "nothing, if that will do: HOOKLINE_EXCLUDE says so. Otherwise, as its owner"
			f.SQL = []string{fmt.Sprintf("ALTER TABLE %s SET LOGGED", table)}
		default:
			f.Found = table.String() + ": no primary key, so its records cannot be told apart"
			f.Mend = fmt.Sprintf("give it one, as its owner: ALTER TABLE %s ADD PRIMARY KEY (…);", table)
		}
		found = append(found, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for tables that cannot be announced: %w", err)
	}
	return found, nil
}
