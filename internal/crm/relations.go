package crm

import (
	"context"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/pg"
)

// Relations returns tables as the stream describes them where their replica identity is FULL. One
// that is not there is left out.
func Relations(ctx context.Context, conn *pgx.Conn, tables []cdc.Table) ([]*cdc.Relation, error) {
	schemas, names := make([]string, len(tables)), make([]string, len(tables))
	for i, t := range tables {
		schemas[i], names[i] = t.Schema, t.Name
	}
	rows, err := conn.Query(ctx, `
		SELECT n.nspname, c.relname, c.oid, a.attname, a.atttypid, a.atttypmod
		FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS t (schema, name, place)
		JOIN pg_namespace n ON n.nspname = t.schema
		JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name AND c.relkind IN ('r', 'p')
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE NOT `+pg.OmittedColumnSQL+`
		ORDER BY t.place, a.attnum`, schemas, names)
	if err != nil {
		return nil, err
	}
	var list []*cdc.Relation
	rel := cdc.Relation{Identity: 'f'}
	column := cdc.Column{Identity: true}
	_, err = pgx.ForEachRow(rows, []any{
		&rel.Schema, &rel.Name, &rel.OID, &column.Name, &column.Type, &column.Modifier,
	}, func() error {
		if len(list) == 0 || list[len(list)-1].OID != rel.OID {
			one := rel
			list = append(list, &one)
		}
		last := list[len(list)-1]
		last.Columns = append(last.Columns, column)
		return nil
	})
	return list, err
}
