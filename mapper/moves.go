package mapper

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/pg"
)

// A row of a partitioned table that is moved to another partition is deleted and inserted. Where
// the stream alone does not tell that the two belong together, the database is asked.

// moves is what has been asked of the transaction in progress.
type moves struct {
	visible bool // the database shows what it did, or has been waited for long enough
	// partitioned tables, by OID: whether they have partitions that it may have attached
	attached map[uint32]bool
	updates  int // deletes and inserts that turned out to be updates
}

const (
	manyUpdates = 32  // after which those of the same transaction are believed to be updates too
	manyLives   = 200 // rows that are read back at once
)

// untilVisible waits until the database shows what the transaction in progress did: asked sooner,
// it would call rows gone that have only moved.
func (m *Mapper) untilVisible(ctx context.Context, tx *cdc.Tx) error {
	if m.tx.moves.visible {
		return nil
	}
	err := m.retry(ctx, "look whether a transaction is visible", func() error {
		return cdc.UntilVisible(ctx, m.pool, tx)
	})
	m.tx.moves.visible = err == nil
	return err
}

// moved returns the Delete right before an Insert when both are one update: of a column by which
// the table is partitioned, which is part of the key. Both have the rest of the key in common then,
// and no other row has the same.
func (m *Mapper) moved(
	ctx context.Context, f *fold, o *object, change cdc.Change,
) (*kept, error) {
	d := f.latest
	if d == nil || d.index+1 != change.Index || !d.isOf(o, change.Relation) ||
		!f.shares(d, found, d.object.stays, o.stays, change.New) {
		return nil, nil
	}
	single := m.tx.moves.updates >= manyUpdates
	if !single {
		if err := m.untilVisible(ctx, change.Tx); err != nil {
			return nil, err
		}
		err := m.retry(
			ctx,
			"look for a row of "+change.Relation.Schema+"."+change.Relation.Name,
			func() error {
				from, err := m.nameOf(ctx, change.Relation)
				if err != nil {
					return err
				}
				rows, err := m.ask(ctx, from, change.Relation, o.stays, o.stays, []cdc.Tuple{change.New}, 2)
				if single = err == nil && len(rows) < 2; errors.Is(err, errAltered) {
					return nil
				}
				return err
			},
		)
		if err != nil {
			return nil, err
		}
	}
	if !single {
		return nil, nil
	}
	m.tx.moves.updates++
	return d, nil
}

// tell returns the event of a record that has left a fold, nil when nothing is told of it. Rows of
// a
// partitioned table may have been moved to a table which the same transaction made a partition: the
// stream does not bring them then, and they live on.
func (m *Mapper) tell(ctx context.Context, f *fold, d *kept, telling Telling) (*Draft, error) {
	if !d.isTold() {
		return nil, nil
	}
	deleted := d.at[left].row == nil
	known := deleted && d.relation.Partitioned && d.object.knows(f.row(d, found))
	if known && !d.asked {
		if err := m.findLiving(ctx, f, d); err != nil {
			return nil, err
		}
	}
	// who was told of another record under its key has it told whatever it was before
	change := cdc.Change{
		Kind: cdc.Update, Relation: d.relation, Old: f.row(d, found), OldIsKey: d.isKey || d.again,
		New: f.row(d, left), Tx: d.tx, Index: d.index, Unannounced: d.unannounced,
		Annotation: d.annotation,
	}
	switch {
	case d.at[found].row == nil:
		change.Kind = cdc.Insert
	case !deleted:
	case d.now != nil:
		change.New = d.now
	case d.lives:
		return nil, nil
	default:
		if change.Kind = cdc.Delete; known {
			err := m.retry(ctx, "forget a record that has moved", func() error {
				return m.attachments.forget(ctx, movedRecord(d.relation, d.object, change.Old))
			})
			if err != nil {
				return nil, err
			}
		}
	}
	o := d.object
	if now := m.plans[d.relation.OID]; now.object != nil && now.object.former == o.hash &&
		sameColumns(d.relation, now.relation) {
		o = now.object // the stream has brought the table's new name since
	}
	how := manner{
		telling: telling, part: d.part && f == m.commits, replaced: d.replaced && !d.foreign,
		key: d.key,
	}
	m.causes = d.causes
	return m.announce(ctx, o, change, how)
}

// findLiving finds out which rows live on, of d and the deletions of the same table that are held
// behind it.
func (m *Mapper) findLiving(ctx context.Context, f *fold, d *kept) error {
	attached, err := m.attaches(ctx, d)
	if err != nil {
		return err
	}
	d.asked = true
	deletions := []*kept{d}
	for other := f.oldest.next; other != &f.oldest && len(deletions) < manyLives; other = other.next {
		deleted := other.at[left].row == nil && other.relation == d.relation
		if deleted && other.object.knows(f.row(other, found)) {
			other.asked = true
			deletions = append(deletions, other)
		}
	}
	if !attached {
		return nil
	}
	d.asked = false // until it is known
	columns := make([]int, len(d.relation.Columns))
	for i := range columns {
		columns[i] = i
	}
	living, err := m.living(ctx, d, deletions, columns)
	if errors.Is(err, errAltered) {
		living, err = m.living(ctx, d, deletions, d.object.key)
	}
	if err != nil && !errors.Is(err, errAltered) {
		return err
	}
	var moved []cdc.MovedRecord
	for _, row := range living {
		record := d.object.record(row)
		moved = append(moved, movedRecord(d.relation, d.object, row))
		for _, other := range deletions {
			if other.at[found].record != record {
				continue
			}
			other.lives = true
			if !slices.ContainsFunc(row, cdc.Value.IsUnchanged) {
				other.now = row
			}
		}
	}
	if len(moved) > 0 {
		err := m.retry(ctx, "write down which records have moved", func() error {
			return m.attachments.add(ctx, moved)
		})
		if err != nil {
			return err
		}
	}
	d.asked = true
	return nil
}

// hasMoved reports whether a row that a table had when it was attached has been told, as it was
// moved there.
func (m *Mapper) hasMoved(
	ctx context.Context, o *object, change cdc.Change,
) (moved bool, err error) {
	err = m.retry(ctx, "look up which records have moved", func() (err error) {
		moved, err = m.attachments.take(ctx, movedRecord(change.Relation, o, change.New))
		return err
	})
	return moved, err
}

// nameOf returns the name that a table has by now, as the database may be ahead of the stream.
func (m *Mapper) nameOf(ctx context.Context, rel *cdc.Relation) (t cdc.Table, err error) {
	err = m.pool.QueryRow(ctx, `
		SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		  WHERE c.oid = $1`,
		rel.OID).Scan(&t.Schema, &t.Name)
	if errors.Is(err, pgx.ErrNoRows) { // it was dropped
		return cdc.Table{Schema: rel.Schema, Name: rel.Name}, nil
	}
	return t, err
}

// living returns those of the rows that were deleted which there are, with the columns that were
// asked for, and the others unchanged.
func (m *Mapper) living(
	ctx context.Context, d *kept, deletions []*kept, columns []int,
) (living []cdc.Tuple, err error) {
	keys := make([]cdc.Tuple, len(deletions))
	for i, other := range deletions {
		keys[i] = unpack(nil, other.at[found].row)
	}
	var rows [][][]byte
	var altered error
	err = m.retry(ctx, "read rows back of "+d.relation.Schema+"."+d.relation.Name, func() error {
		from, err := m.nameOf(ctx, d.relation)
		if err != nil {
			return err
		}
		rows, err = m.ask(ctx, from, d.relation, columns, d.object.key, keys, len(keys))
		if altered = nil; errors.Is(err, errAltered) {
			altered, err = err, nil
		}
		return err
	})
	for _, texts := range rows {
		row := make(cdc.Tuple, len(d.relation.Columns))
		for i := range row {
			row[i] = cdc.Unchanged()
		}
		for i, c := range columns {
			if row[c] = (cdc.Value{}); texts[i] != nil {
				row[c] = cdc.Text(texts[i])
			}
		}
		living = append(living, row)
	}
	return living, errors.Join(altered, err)
}

// attaches reports whether the table of d has a partition that was attached by d's transaction or
// after it. A transaction that attaches within a savepoint does so under another id, which is
// higher than its own.
func (m *Mapper) attaches(ctx context.Context, d *kept) (attached bool, err error) {
	oid := d.relation.OID
	if attached, known := m.tx.moves.attached[oid]; known {
		return attached, nil
	}
	if err := m.untilVisible(ctx, d.tx); err != nil {
		return false, err
	}
	err = m.retry(
		ctx,
		"look for new partitions of "+d.relation.Schema+"."+d.relation.Name,
		func() error {
			return m.pool.QueryRow(ctx, `
			WITH RECURSIVE tree (oid) AS (
				SELECT $1::oid
				UNION ALL
				SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid
			)
			SELECT EXISTS (
				SELECT FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid
				  WHERE `+pg.XIDAge("i.xmin")+` <= `+pg.XIDAge("$2::text::xid")+`)`,
				oid, strconv.FormatUint(uint64(d.tx.XID), 10)).Scan(&attached)
		},
	)
	if err != nil {
		return false, err
	}
	if m.tx.moves.attached == nil {
		m.tx.moves.attached = map[uint32]bool{}
	}
	m.tx.moves.attached[oid] = attached
	return attached, nil
}
