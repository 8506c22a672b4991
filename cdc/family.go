package cdc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// family is what the reader knows of partitioned tables when the stream starts, whatever of it is still to
// come. What is new later, descriptions in the table backfill tell.
type family struct {
	noted map[uint32]bool     // partitions whose rows are none to announce, by OID
	keys  map[uint32][]string // columns of the primary key, in their order, by the partitioned table's OID
}

// key notes the primary key of a partitioned table.
func (f *family) key(root uint32, key []string) {
	if f.keys == nil {
		f.keys = map[uint32][]string{}
	}
	f.keys[root] = key
}

// note notes partitions.
func (f *family) note(parts []uint32) {
	if f.noted == nil {
		f.noted = map[uint32]bool{}
	}
	for _, part := range parts {
		f.noted[part] = true
	}
}

// readFamily reads it from a connection of any kind.
func readFamily(ctx context.Context, conn *pgconn.PgConn, cfg Config) (f family, err error) {
	results, err := conn.Exec(ctx, `
		SELECT k.relation, NULL
		FROM `+cfg.own(knownTable).String()+` k JOIN pg_class c ON c.oid = k.root AND c.relkind = 'p'
		WHERE k.slot = `+quoteLiteral(cfg.Slot)+` AND k.left_x IS NULL
		UNION ALL
		SELECT * FROM (
		    SELECT c.oid, a.attname FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
		    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
		    WHERE c.relkind = 'p' AND NOT c.relispartition ORDER BY c.oid, a.attnum) keys`).ReadAll()
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && slices.Contains([]string{undefinedTable, undefinedColumn}, refused.Code) {
		return f, nil // an older version has made Hookline's tables, or nobody yet
	}
	if err != nil {
		return f, fmt.Errorf("look up partitioned tables: %w", err)
	}
	for _, row := range results[0].Rows {
		oid, err := strconv.ParseUint(string(row[0]), 10, 32)
		if err != nil {
			return f, fmt.Errorf("look up partitioned tables: %w", err)
		}
		if row[1] == nil {
			f.note([]uint32{uint32(oid)})
		} else {
			f.key(uint32(oid), append(f.keys[uint32(oid)], string(row[1])))
		}
	}
	return f, nil
}
