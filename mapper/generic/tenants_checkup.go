package generic

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/mapper/tenants"
)

// checkTenants tells whose the records of each table are, of which tables nobody hears, and of
// settings that name no table. publication is that whose tables are streamed; keep says that no
// replica identity is going to be changed.
func (g *Catalog) checkTenants(
	ctx context.Context, conn *pgx.Conn, publication string, keep bool,
) ([]cdc.Finding, error) {
	const check = "tenants"
	if !g.tenancy.On {
		return []cdc.Finding{cdc.OK(check, "none: a webhook hears of the records of all")}, nil
	}
	list, err := g.Ownerships(ctx, conn)
	if err != nil {
		return nil, err
	}
	var told []string
	var found []cdc.Finding
	for _, o := range list {
		name := o.Table.Schema + "." + o.Table.Name
		if o.Why == "" {
			told = append(told, name+" ("+o.String()+")")
			continue
		}
		found = append(found, cdc.Finding{
			Level: cdc.Warning, Check: check,
			Found: fmt.Sprintf("no tenant hears of %s: %s", o.Table, o.Why), Hint: o.Hint(),
		})
	}
	summary := cdc.OK(check, "kept apart by column %s of table %s.%s: %s",
		g.tenancy.Own, g.tenancy.Table.Schema, g.tenancy.Table.Name, strings.Join(told, ", "))
	if g.tenancy.Own == "" {
		summary = cdc.OK(check, "kept apart by column workspace_id of Hookline's own table: %s",
			strings.Join(told, ", "))
	}
	if told == nil {
		summary.Level, summary.Found = cdc.Warning, summary.Found+"no table"
	}
	found = append([]cdc.Finding{summary}, found...)
	found = append(found, g.checkTenantSettings(list)...)
	identities, err := checkTenantIdentities(ctx, conn, list, publication, keep)
	return append(found, identities...), err
}

// checkTenantSettings tells of entries that say nothing of any table that is announced.
func (g *Catalog) checkTenantSettings(list []tenants.Ownership) (found []cdc.Finding) {
	idle := func(setting, entry string) {
		found = append(found, cdc.Finding{
			Level: cdc.Warning, Check: "tenants",
			Found: fmt.Sprintf("%s names %s, and no such table is announced", setting, entry),
			Hint:  "correct the entry: it wants schema.table",
		})
	}
	named := func(pattern string) bool {
		return slices.ContainsFunc(list, func(o tenants.Ownership) bool {
			ok, _ := path.Match(pattern, o.Table.Schema+"."+o.Table.Name)
			return ok
		})
	}
	own := g.tenancy.Table.Schema + "." + g.tenancy.Table.Name
	for _, table := range slices.Sorted(maps.Keys(g.tenants.Of)) {
		if table != own && !named(table) {
			idle("HOOKLINE_TENANT_COLUMN", table)
		}
	}
	for _, pattern := range g.tenants.Shared {
		if !named(pattern) {
			idle("HOOKLINE_SHARED_TABLES", pattern)
		}
	}
	return found
}

// checkTenantIdentities tells of tables whose old rows do not say whose they were.
func checkTenantIdentities(
	ctx context.Context, conn *pgx.Conn, list []tenants.Ownership, publication string, keep bool,
) ([]cdc.Finding, error) {
	var schemas, names, columns []string
	for _, o := range list {
		if o.Column != "" {
			schemas, names = append(schemas, o.Table.Schema), append(names, o.Table.Name)
			columns = append(columns, o.Column)
		}
	}
	rows, err := conn.Query(ctx, `
		SELECT t.schema, t.name, t.tenant,
		       array_agg(format('ALTER TABLE %I.%I REPLICA IDENTITY FULL', ln.nspname, l.relname)
		                 ORDER BY leaf.oid)
		FROM unnest($1::text[], $2::text[], $3::text[]) t (schema, name, tenant)
		JOIN pg_namespace n ON n.nspname = t.schema
		JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
		CROSS JOIN LATERAL (
		    SELECT c.oid WHERE c.relkind = 'r'
		    UNION ALL
		    SELECT p.relid::oid FROM pg_partition_tree(c.oid) p WHERE c.relkind = 'p'
		      AND p.isleaf) leaf (oid)
		JOIN pg_class l ON l.oid = leaf.oid JOIN pg_namespace ln ON ln.oid = l.relnamespace
		WHERE l.relreplident <> 'f'
		  AND NOT EXISTS (
		      SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = l.oid AND a.attname = t.tenant
		      WHERE i.indrelid = l.oid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
		        AND (l.relreplident = 'd' AND i.indisprimary OR l.relreplident = 'i'
		          AND i.indisreplident))
		  AND ($4 OR EXISTS (
		      SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
		      WHERE p.pubname = $5 AND r.prrelid = c.oid))
		GROUP BY 1, 2, 3 ORDER BY 1, 2`, schemas, names, columns, keep, publication)
	if err != nil {
		return nil, fmt.Errorf("look for the tenant in replica identities: %w", err)
	}
	var found []cdc.Finding
	var table cdc.Table
	var column string
	var sql []string
	_, err = pgx.ForEachRow(rows, []any{&table.Schema, &table.Name, &column, &sql}, func() error {
		found = append(found, cdc.Finding{
			Level: cdc.Warning, Check: "tenants",
			Found: fmt.Sprintf("the replica identity of %s does not have %s, "+
				"so it is not known whose a record was before a change: no tenant hears of deletes; "+
				"a record that comes to another tenant is updated for that one, and the one before hears "+
				"nothing",
				table, column),
			Hint: "as the owner of the table", SQL: slices.Clone(sql),
		})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for the tenant in replica identities: %w", err)
	}
	return found, nil
}
