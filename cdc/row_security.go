package cdc

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Row-level security leaves rows out of what a role reads, without a word. The stream is not
// filtered, so only what is read beside it can lack rows: tables of webhooks, what describes
// records, and columns that are read back.

// HiddenProblem tells of a table of which row-level security may hide rows from the role.
func HiddenProblem(table, role string) *Problem {
	return &Problem{
		What: fmt.Sprintf("row-level security of %s may hide rows from role %s, so nothing of it is read",
			table, role),
		Hint: fmt.Sprintf("as a superuser: ALTER ROLE %s BYPASSRLS;\n"+
			"or, as the table's owner, a policy that shows it everything: "+
			"CREATE POLICY hookline ON %s FOR SELECT TO %[1]s USING (true);", role, table),
	}
}

// OpenSQL is an expression that tells of a table c, in pg_class, whether policies show the role all
// of its rows.
const OpenSQL = `coalesce((
	SELECT bool_or(p.polpermissive AND pg_get_expr(p.polqual, p.polrelid) = 'true')
	   AND bool_and(p.polpermissive)
	FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*')
	  AND EXISTS (
	      SELECT FROM unnest(p.polroles) r
	      WHERE CASE r WHEN 0 THEN true ELSE pg_has_role(current_user, r, 'USAGE') END)), false)`

// CheckReadBack tells of tables whose columns cannot be read back for the role, where an update
// left them out of the stream.
func CheckReadBack(ctx context.Context, conn *pgx.Conn, tables []Table) ([]Finding, error) {
	const missing = "long values that an update leaves alone are missing from its events"
	var schemas, names []string
	for _, t := range tables {
		if t.Full && !t.Skip {
			schemas, names = append(schemas, t.Schema), append(names, t.Name)
		}
	}
	rows, err := conn.Query(ctx, `
		SELECT n.nspname, c.relname, row_security_active(c.oid), quote_ident(current_user)
		FROM unnest($1::text[], $2::text[]) t (schema, name)
		JOIN pg_namespace n ON n.nspname = t.schema
		JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
		WHERE c.relreplident <> 'f'
		  AND (row_security_active(c.oid) OR NOT has_table_privilege(c.oid, 'SELECT'))
		ORDER BY 1, 2`, schemas, names)
	if err != nil {
		return nil, fmt.Errorf("look for tables that cannot be read back: %w", err)
	}
	var found []Finding
	var table Table
	var hidden bool
	var role string
	_, err = pgx.ForEachRow(rows, []any{&table.Schema, &table.Name, &hidden, &role}, func() error {
		f := Finding{
			Level: Warning, Check: "reading back", Hint: "as a superuser",
			Found: fmt.Sprintf("the role may not read %s: %s", table, missing),
			SQL:   []string{fmt.Sprintf("GRANT SELECT ON %s TO %s", table, role)},
		}
		if hidden {
			f.Found = fmt.Sprintf("row-level security may hide rows of %s: %s", table, missing)
			f.SQL = []string{fmt.Sprintf("ALTER ROLE %s BYPASSRLS", role)}
		}
		found = append(found, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for tables that cannot be read back: %w", err)
	}
	return found, nil
}
