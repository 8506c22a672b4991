package cdc

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// ObjectName is the name under which records of a table are announced.
type ObjectName struct {
	Table  Table
	Object string
	Anew   bool // it takes the place of what is noted
}

// NoteObjects writes down under which names tables are announced: see NotedObjects. What is noted
// stays, unless the table has another name by now, or Anew.
func NoteObjects(ctx context.Context, conn *pgx.Conn, cfg Config, names []ObjectName) error {
	cfg = cfg.withDefaults()
	var tables, written, objects []string
	var anew []bool
	for _, n := range names {
		tables = append(tables, n.Table.String())
		written = append(written, n.Table.Schema+"."+n.Table.Name)
		objects, anew = append(objects, n.Object), append(anew, n.Anew)
	}
	_, err := conn.Exec(ctx, `
		UPDATE `+cfg.own(knownTable).String()+` k SET object = v.object, object_of = v.name
		FROM unnest($2::text[], $3::text[], $4::text[], $5::boolean[]) v (relation, name, object, anew)
		WHERE k.slot = $1 AND k.relation = to_regclass(v.relation)
		  AND (k.object IS NULL OR k.object_of IS DISTINCT FROM v.name OR v.anew)
		  AND (k.object, k.object_of) IS DISTINCT FROM (v.object, v.name)`,
		cfg.Slot, tables, written, objects, anew)
	if err != nil {
		return fmt.Errorf("write down how objects are called: %w", err)
	}
	return nil
}

// NotedObjects returns the names under which tables were announced, by schema.table, also those of
// tables that are gone: what takes the name of a table goes on under that of its object. It is
// empty where nothing could be noted yet.
func NotedObjects(ctx context.Context, tx pgx.Tx, cfg Config) (map[string]string, error) {
	cfg = cfg.withDefaults()
	known := cfg.own(knownTable).String()
	noted := map[string]string{}
	var there bool
	err := tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", known).Scan(&there)
	if err == nil && there {
		var rows pgx.Rows
		rows, err = tx.Query(ctx, `
			SELECT j->>'object_of', j->>'object'
			FROM `+known+` k CROSS JOIN LATERAL to_jsonb(k) j
			LEFT JOIN (pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace)
			    ON c.oid = k.relation AND n.nspname || '.' || c.relname = j->>'object_of'
			WHERE k.slot = $1 AND j->>'object' IS NOT NULL
			ORDER BY c.oid IS NOT NULL, k.relation`, cfg.Slot) // the table that has the name is the last
		var table, object string
		if err == nil {
			_, err = pgx.ForEachRow(rows, []any{&table, &object}, func() error {
				noted[table] = object
				return nil
			})
		}
	}
	if err != nil {
		return nil, fmt.Errorf("look up how objects were called: %w", err)
	}
	return noted, nil
}
