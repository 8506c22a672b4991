package generic

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/mapper"
)

// checkNames tells which of the tables hold objects that had other names in earlier versions.
func (g *Catalog) checkNames(tables []cdc.Table) []cdc.Finding {
	var changes, keep []string
	for _, t := range tables {
		if former, name := g.renamed(t); !t.Skip && t.Parent == "" && former != name {
			changes = append(changes, fmt.Sprintf("%s is %s, and was %s", t, name, former))
			keep = append(keep, fmt.Sprintf("%s.%s=%s", t.Schema, t.Name, former))
		}
	}
	found := g.checkGivenNames(tables)
	if changes == nil {
		return found
	}
	return append(found, cdc.Finding{
		Level: cdc.Warning,
		Check: "names of objects",
		Found: "some are others than in earlier versions: " + strings.Join(changes, "; "),
		Hint: fmt.Sprintf(
			"HOOKLINE_OBJECT_NAMES=%s keeps the old names. With the new ones in it, this is not said "+
				"again; "+
				"then webhooks' operations and receivers have to know them",
			strings.Join(keep, ","),
		),
	})
}

// checkKeys tells of tables that are not announced because they are UNLOGGED or have no primary
// key. Without a key their records cannot be told apart. A member of the publication is not called
// left out.
func (g *Catalog) checkKeys(
	ctx context.Context, conn *pgx.Conn, publication string,
) ([]cdc.Finding, error) {
	rows, err := conn.Query(ctx, `
		SELECT n.nspname, c.relname, coalesce(parent.schema, n.nspname), coalesce(parent.name, c.relname),
		       c.relpersistence = 'u',
		       EXISTS (SELECT FROM pg_publication_tables m
		           WHERE m.pubname = $2 AND (m.schemaname, m.tablename) = (n.nspname, c.relname)),
		       `+columnsSQL+`
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`+parentSQL+`
		WHERE (n.nspname = ANY ($1) OR parent.schema = ANY ($1)) AND c.relkind IN ('r', 'p')
		  AND NOT c.relispartition AND c.relpersistence <> 't'
		  AND (c.relpersistence = 'u' OR NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid
		    AND i.indisprimary))
		  AND NOT EXISTS (
		      SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
		        AND d.objsubid = 0 AND d.deptype = 'e')
		ORDER BY n.nspname, c.relname`, g.schemas, publication)
	if err != nil {
		return nil, fmt.Errorf("look for tables that cannot be announced: %w", err)
	}
	var found []cdc.Finding
	var table, as cdc.Table
	var unlogged, member bool
	var columns frameworkColumns
	_, err = pgx.ForEachRow(rows, []any{
		&table.Schema, &table.Name, &as.Schema, &as.Name, &unlogged, &member,
		&columns.names, &columns.categories,
	}, func() error {
		_, announced := g.announces(table.Schema, table.Name)
		_, parents := g.announces(as.Schema, as.Name)
		f := cdc.Finding{Level: cdc.Warning, Check: "table left out"}
		switch {
		case !announced && !parents, g.known.Load().OfTable(as.Schema, as.Name).Skipped != "",
			!g.isNamed(table) && frameworkOf(table.Name, columns.outline()) != nil:
			return nil
		case unlogged:
			f.Found = table.String() + ": it is UNLOGGED, so the stream has nothing of its rows"
			f.Hint = "nothing, if that will do: HOOKLINE_EXCLUDE says so. Otherwise, as its owner"
			f.SQL = []string{fmt.Sprintf("ALTER TABLE %s SET LOGGED", table)}
		default:
			f.Found = table.String() + ": no primary key, so its records cannot be told apart"
			f.Hint = fmt.Sprintf(
				"HOOKLINE_EXCLUDE=%s, and it is not told again. Or, if the schema is "+
					"yours, give it one, as its owner: ALTER TABLE %s ADD PRIMARY KEY (…);",
				written(table),
				table,
			)
		}
		if member {
			f.Check = "table published"
			f.Found += fmt.Sprintf("; publication %q has it all the same, and nothing of it is announced",
				publication)
		}
		found = append(found, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for tables that cannot be announced: %w", err)
	}
	return found, nil
}

// Announces reports whether objects of that name are announced, by the tables that Tables returned.
func (g *Catalog) Announces(tables []cdc.Table, _, object string) (bool, error) {
	for _, t := range tables {
		name, announced := g.announces(t.Schema, t.Name)
		if announced && name == object && t.Full && !t.Skip {
			return true, nil
		}
	}
	return false, nil
}

// Checks returns what the doctor checks of the profile.
func (g *Catalog) Checks(c mapper.Circumstances) []mapper.Check {
	type finding = func(context.Context, *pgx.Conn) ([]cdc.Finding, error)
	known := func(f func() []cdc.Finding) finding {
		return func(context.Context, *pgx.Conn) ([]cdc.Finding, error) { return f(), nil }
	}
	checks := []mapper.Check{
		{Name: "tables", Run: known(func() []cdc.Finding { return g.checkSelection(c.Tables) })},
		{Name: "tables", Run: func(ctx context.Context, conn *pgx.Conn) ([]cdc.Finding, error) {
			return g.checkKeys(ctx, conn, c.Publication)
		}},
		{Name: "credentials", Run: g.checkCredentials},
		{
			Name: "busy tables",
			Run: func(ctx context.Context, conn *pgx.Conn) ([]cdc.Finding, error) {
				return g.checkBusy(ctx, conn, c.Tables)
			},
		},
		{Name: "tenants", Run: func(ctx context.Context, conn *pgx.Conn) ([]cdc.Finding, error) {
			return g.checkTenants(ctx, conn, c.Publication, c.Keep)
		}},
	}
	if !c.Streamed { // then there are no names that were announced before
		return checks
	}
	names := mapper.Check{
		Name: "names of objects",
		Run:  known(func() []cdc.Finding { return g.checkNames(c.Tables) }),
	}
	return append([]mapper.Check{names}, checks...)
}
