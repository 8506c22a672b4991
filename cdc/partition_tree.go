package cdc

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"hookline/internal/pg"
)

// tableTrees is what the reader knows, when the stream starts, of tables whose rows lie in others:
// partitioned ones, and parents of children by inheritance. It is as of now, whatever of the stream
// is still to come. What is new later, descriptions in the table backfill tell. The zero value
// knows none.
type tableTrees struct {
	recorded map[uint32]bool      // partitions whose rows are none to announce, by OID
	keys     map[uint32][]string  // columns of the primary key in their order, by the root's OID
	parents  map[uint32]tableName // under whose name changes are told, by a child's OID: Table.Parent
}

// setKey notes the primary key of a partitioned table.
func (t *tableTrees) setKey(root uint32, key []string) {
	if t.keys == nil {
		t.keys = map[uint32][]string{}
	}
	t.keys[root] = key
}

// record notes partitions whose rows are none to announce.
func (t *tableTrees) record(parts []uint32) {
	if t.recorded == nil {
		t.recorded = map[uint32]bool{}
	}
	for _, part := range parts {
		t.recorded[part] = true
	}
}

// setParent notes the name under which changes of a child are told.
func (t *tableTrees) setParent(child uint32, parent tableName) {
	if t.parents == nil {
		t.parents = map[uint32]tableName{}
	}
	t.parents[child] = parent
}

// queryTrees asks over a connection of any kind. Where an older version has made Hookline's tables,
// or nobody yet, there are none.
func queryTrees(ctx context.Context, conn *pgconn.PgConn, cfg Config) (t tableTrees, err error) {
	known, slot := cfg.own(knownTable).String(), pg.Literal(cfg.Slot)
	results, err := conn.Exec(ctx, `
		SELECT 'recorded', k.relation, NULL, NULL
		FROM `+known+` k JOIN pg_class c ON c.oid = k.root AND c.relkind = 'p'
		WHERE k.slot = `+slot+` AND k.left_x IS NULL
		UNION ALL
		SELECT 'parent', k.relation, n.nspname, c.relname
		FROM `+known+` k JOIN pg_class c ON c.oid = k.root AND c.relkind = 'r'
		JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE k.slot = `+slot+`
		UNION ALL
		SELECT * FROM (
		    SELECT 'key', c.oid, a.attname, NULL
		    FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
		    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
		    WHERE c.relkind = 'p' AND NOT c.relispartition ORDER BY c.oid, a.attnum) keys`).ReadAll()
	if pg.Is(err, pg.UndefinedTable, pg.UndefinedColumn) {
		return t, nil
	}
	if err != nil {
		return t, fmt.Errorf("look up partitioned tables and parents: %w", err)
	}
	for _, row := range results[0].Rows {
		number, err := strconv.ParseUint(string(row[1]), 10, 32)
		if err != nil {
			return t, fmt.Errorf("look up partitioned tables and parents: %w", err)
		}
		switch oid := uint32(number); string(row[0]) {
		case "recorded":
			t.record([]uint32{oid})
		case "parent":
			t.setParent(oid, tableName{string(row[2]), string(row[3])})
		case "key":
			t.setKey(oid, append(t.keys[oid], string(row[2])))
		}
	}
	return t, nil
}
