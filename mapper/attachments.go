package mapper

import (
	"context"

	"hookline/cdc"
)

// attachments knows rows of partitioned tables that were moved to tables which were then attached
// as partitions. The stream has their deletes alone; cdc announces what a table has when it is
// attached, and cannot tell those rows from others. They have been told, and are not announced
// again.
//
// What it knows is kept in the database, too, so that a process that starts anew knows it.
type attachments struct {
	store  Moved
	loaded bool
	moved  map[cdc.MovedRecord]struct{}
}

// Moved keeps records in mind that have moved. cdc.MovedRecords is one.
type Moved interface {
	Load(ctx context.Context) ([]cdc.MovedRecord, error)
	Add(ctx context.Context, records []cdc.MovedRecord) error
	Forget(ctx context.Context, record cdc.MovedRecord) error
}

// mostMoved is how many records are kept in mind. More that move before they are looked at are
// announced as created.
const mostMoved = 1 << 20

// KeepMoved has m keep in store which records have moved. Without it they are forgotten with the
// process. Call it before Map.
func (m *Mapper) KeepMoved(store Moved) { m.attachments.store = store }

// load reads what a process before has left.
func (a *attachments) load(ctx context.Context) error {
	if a.loaded {
		return nil
	}
	a.moved = map[cdc.MovedRecord]struct{}{}
	if a.store != nil {
		records, err := a.store.Load(ctx)
		if err != nil {
			return err
		}
		for _, r := range records {
			a.moved[r] = struct{}{}
		}
	}
	a.loaded = true
	return nil
}

// add keeps records in mind.
func (a *attachments) add(ctx context.Context, records []cdc.MovedRecord) error {
	if err := a.load(ctx); err != nil {
		return err
	}
	if a.store != nil {
		if err := a.store.Add(ctx, records); err != nil {
			return err
		}
	}
	for _, r := range records {
		if len(a.moved) < mostMoved {
			a.moved[r] = struct{}{}
		}
	}
	return nil
}

// take reports whether a record is in mind, which it is then no longer.
func (a *attachments) take(ctx context.Context, record cdc.MovedRecord) (moved bool, err error) {
	if err := a.load(ctx); err != nil {
		return false, err
	}
	_, moved = a.moved[record]
	delete(a.moved, record)
	return moved, nil
}

// forget is called with a record that is deleted. It does nothing unless that has moved.
func (a *attachments) forget(ctx context.Context, record cdc.MovedRecord) error {
	if _, moved := a.moved[record]; !moved {
		return nil
	}
	if a.store != nil {
		if err := a.store.Forget(ctx, record); err != nil {
			return err
		}
	}
	delete(a.moved, record)
	return nil
}

// movedRecord returns what a row of a partitioned table is known by, whatever the name of the
// table.
func movedRecord(rel *cdc.Relation, o *object, row cdc.Tuple) cdc.MovedRecord {
	return cdc.MovedRecord{Relation: rel.OID, Key: o.recordOf(0, row)}
}
