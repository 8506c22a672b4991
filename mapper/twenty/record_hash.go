package twenty

import (
	"context"
	"fmt"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
	"hookline/mapper"
)

// RecordsOf is RecordsOfTables for each object of Twenty's, whose IDs are the keys.
func RecordsOf(ctx context.Context, db mapper.Querier, key string) ([]uint64, error) {
	rows, err := db.Query(
		ctx,
		`SELECT s FROM unnest('{core,metadata}'::text[]) WITH ORDINALITY AS u (s, place)
		WHERE to_regclass(format('%I."objectMetadata"', s)) IS NOT NULL ORDER BY place`,
	)
	if err != nil {
		return nil, fmt.Errorf("look for Twenty's objects: %w", err)
	}
	schemas, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || schemas == nil {
		return nil, err
	}
	rows, err = db.Query(ctx, `SELECT id FROM `+pg.Identifier(schemas[0], "objectMetadata"))
	if err != nil {
		return nil, fmt.Errorf("read Twenty's objects: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (uint64, error) {
		var id [16]byte
		err := row.Scan(&id)
		return mapper.RecordOf(xxhash.Sum64(id[:]), key), err
	})
}
