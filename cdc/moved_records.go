package cdc

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// MovedRecord is a record of a partitioned table that was told when it moved to a table that is a
// partition by now.
type MovedRecord struct {
	Relation uint32 // OID of the partitioned table
	Key      uint64 // hash of the primary key
}

// MovedRecords keeps such records in the table moved_record, for an hour: the catalog scan that
// brings them once more comes within seconds. Its methods may be called from any goroutine.
type MovedRecords struct {
	pool *pgxpool.Pool
	slot string
	name string // of the table, quoted
}

// NewMovedRecords returns what is kept for the slot of cfg.
func NewMovedRecords(cfg Config, pool *pgxpool.Pool) *MovedRecords {
	cfg = cfg.withDefaults()
	return &MovedRecords{pool: pool, slot: cfg.Slot, name: cfg.own(movedTable).String()}
}

// Load returns what is kept.
func (m *MovedRecords) Load(ctx context.Context) ([]MovedRecord, error) {
	rows, err := m.pool.Query(ctx, "SELECT relation, record FROM "+m.name+
		" WHERE slot = $1 AND moved_at > now() - interval '1 hour' "+
		"ORDER BY moved_at DESC LIMIT 1000000", m.slot)
	var list []MovedRecord
	var relation uint32
	var key int64
	if err == nil {
		_, err = pgx.ForEachRow(rows, []any{&relation, &key}, func() error {
			list = append(list, MovedRecord{relation, uint64(key)})
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("look up which records have moved: %w", err)
	}
	return list, nil
}

// Add notes records, and deletes those that are too old.
func (m *MovedRecords) Add(ctx context.Context, records []MovedRecord) error {
	relations, keys := make([]uint32, len(records)), make([]int64, len(records))
	for i, r := range records {
		relations[i], keys[i] = r.Relation, int64(r.Key)
	}
	_, err := m.pool.Exec(ctx, "WITH old AS (DELETE FROM "+m.name+" WHERE moved_at <= now() - "+
		"interval '1 hour')\n"+
		"INSERT INTO "+m.name+" (slot, relation, record) SELECT $1, * FROM unnest($2::oid[], "+
		"$3::bigint[])\n"+
		"ON CONFLICT (slot, relation, record) DO UPDATE SET moved_at = now()", m.slot, relations, keys)
	if err != nil {
		return fmt.Errorf("write down which records have moved: %w", err)
	}
	return nil
}

// Forget deletes a record.
func (m *MovedRecords) Forget(ctx context.Context, r MovedRecord) error {
	_, err := m.pool.Exec(ctx, "DELETE FROM "+m.name+" WHERE slot = $1 AND relation = $2 AND "+
		"record = $3",
		m.slot, r.Relation, int64(r.Key))
	if err != nil {
		return fmt.Errorf("forget a record that has moved: %w", err)
	}
	return nil
}
