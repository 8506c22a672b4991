package mapper

import (
	"context"
	"fmt"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5"

	"hookline/cdc"
)

// RecordsOfTables returns what Event.Record is of records that have a primary key of one column
// with this value, as Postgres writes it: one for each table of the publication.
func RecordsOfTables(
	ctx context.Context, db Querier, publication, key string,
) ([]uint64, error) {
	rows, err := db.Query(ctx,
		`SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = $1`, publication)
	if err != nil {
		return nil, fmt.Errorf("read which tables are published: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (uint64, error) {
		var t cdc.Table
		err := row.Scan(&t.Schema, &t.Name)
		return RecordOf(xxhash.Sum64String(t.String()), key), err
	})
}

// RecordOf is Event.Record of a row with a key of one column, by Description.Hash of its table.
func RecordOf(table uint64, key string) uint64 {
	var d xxhash.Digest
	d.ResetWithSeed(table)
	_, _ = d.WriteString(key + "\x00")
	return d.Sum64()
}
