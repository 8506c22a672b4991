package profile

import (
	"context"

	"hookline/mapper"
	"hookline/mapper/twenty"
)

// RecordsOf returns what Event.Record is of records that have a primary key of one column with this
// value, as Postgres writes it: one for each table of the publication, or for each object of
// Twenty's.
func RecordsOf(
	ctx context.Context, db mapper.Querier, profile, publication, key string,
) ([]uint64, error) {
	if profile == "twenty" {
		return twenty.RecordsOf(ctx, db, key)
	}
	return mapper.RecordsOfTables(ctx, db, publication, key)
}
