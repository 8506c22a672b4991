package webhook

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
)

// A table of webhooks that is dropped tells nobody of its rows, and another that takes its name
// may have other ones. The stream does not say so: somebody has to look.

// Whereabouts is what became of the tables that webhooks were read from.
type Whereabouts int

const (
	There Whereabouts = iota
	// Replaced: they have to be read anew. One has the name of one that was, one more is there, or
	// the stream lacks other columns.
	Replaced
	Dropped // one is gone, and there is none in its place, or none yet
)

// Moved tells what became of the tables that webhooks were read from by the last Load, as tx sees
// it. One that merely has another name still has its rows, and counts as there. Safe for
// concurrent use.
func (r *Registry) Moved(ctx context.Context, tx pgx.Tx) (Whereabouts, error) {
	r.mu.Lock()
	read := maps.Clone(r.tables)
	r.mu.Unlock()
	sources, _, err := r.find(ctx, tx)
	if _, ok := errors.AsType[*cdc.Problem](err); ok {
		gone, err := dropped(ctx, tx, read)
		if err != nil || len(gone) == 0 {
			return There, err
		}
		return Dropped, nil
	}
	if err != nil {
		return There, fmt.Errorf("find webhooks: %w", err)
	}
	for _, s := range sources {
		known, ok := read[s.table]
		if !ok || known.oid != s.oid || !slices.Equal(known.generated, s.generated) {
			return Replaced, nil
		}
		delete(read, s.table)
	}
	if gone, err := dropped(ctx, tx, read); err != nil || len(gone) > 0 {
		return Dropped, err
	}
	return There, nil
}

// dropped returns those of the tables of which the relation is gone.
func dropped(ctx context.Context, tx pgx.Tx, tables map[cdc.Table]*webhookTable,
) (gone []cdc.Table, err error) {
	for table, s := range tables {
		var there bool
		err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_class WHERE oid = $1)", s.oid).
			Scan(&there)
		if err != nil {
			return nil, fmt.Errorf("look for table %s: %w", table, err)
		}
		if !there {
			gone = append(gone, table)
		}
	}
	return gone, nil
}

// Renew is Load after Moved has told that something has. Where a table is gone and there is none
// in its place, its webhooks are removed, and the error is the *cdc.Problem of Load.
func (r *Registry) Renew(ctx context.Context, tx pgx.Tx, snapshot *cdc.Snapshot) error {
	loading := r.Load(ctx, tx, snapshot)
	if _, ok := errors.AsType[*cdc.Problem](loading); !ok {
		return loading
	}
	gone, err := dropped(ctx, tx, r.tables)
	if err != nil {
		return err
	}
	for _, table := range gone {
		for _, w := range r.rows {
			if w.table.table == table {
				r.remove(w)
			}
		}
		r.mu.Lock()
		delete(r.tables, table)
		r.mu.Unlock()
		r.log.Warn("a table of webhooks was dropped: its webhooks are gone", "table", table.String())
	}
	return loading
}

// Relations returns the OIDs of the relations that webhooks are read from.
func (r *Registry) Relations() (oids []uint32) {
	for _, s := range r.tables {
		oids = append(oids, s.oid)
	}
	return oids
}
