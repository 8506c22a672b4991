package cdc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// parents are tables, by the OIDs of children by inheritance that hold their rows, under whose names the
// changes of these are told (Table.Parent). The stream itself does not tell. They are read from the table
// known_table before the stream starts, whatever of it is still to come; of a child that is published
// later, its description in the table backfill tells.
type parents map[uint32]tableName

// movedThere reports whether a table was one of its own in another schema before. One that was moved to lie
// elsewhere than its parent is no chunk of it: it may have been moved so as not to be announced.
func (k *knownRelation) movedThere() bool {
	return k != nil && k.root == 0 && (k.apart || k.noted.schema != "" && k.noted.schema != k.now.schema)
}

// readParents reads them from a connection of any kind.
func readParents(ctx context.Context, conn *pgconn.PgConn, cfg Config) (parents, error) {
	results, err := conn.Exec(ctx, `
		SELECT k.relation, n.nspname, c.relname
		FROM `+cfg.own(knownTable).String()+` k JOIN pg_class c ON c.oid = k.root AND c.relkind = 'r'
		JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE k.slot = `+quoteLiteral(cfg.Slot)).ReadAll()
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && slices.Contains([]string{undefinedTable, undefinedColumn}, refused.Code) {
		return nil, nil // an older version has made Hookline's tables, or nobody yet
	}
	if err != nil {
		return nil, fmt.Errorf("look up under which names tables are told: %w", err)
	}
	p := parents{}
	for _, row := range results[0].Rows {
		oid, err := strconv.ParseUint(string(row[0]), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("look up under which names tables are told: %w", err)
		}
		p[uint32(oid)] = tableName{string(row[1]), string(row[2])}
	}
	return p, nil
}
