package mapper

import (
	"hookline/cdc"
)

// fold holds back what a transaction does to records: until it ends, or until there is more than
// may be held. Then they leave in the order in which they were first changed.
//
// There are two. One is for those who hear of each change: it holds records that were deleted, and
// no others, as a row with the same key may be inserted yet, which makes both an update. The other
// one is for those who hear of each commit: it holds every record, as the transaction has found it
// and as it leaves it.
//
// What it holds follows from the changes of the transaction alone. So it is no state to be saved:
// who is given the changes again, in their order, has it again.
type fold struct {
	most  int // bytes that it may hold
	bytes int
	ended bool // everything leaves

	by     [2]map[uint64]*kept // by record, on either side
	oldest kept                // sentinel of a circular list: oldest.next is the oldest
	latest *kept               // what the last Delete was of; nil when it has left
	cause  *cause              // of the change in hand; nil where nobody asks
	taken  taken               // by records that have left before the end

	spent   spent
	leaving *kept // those that have left, by next: what is told of them may be in hand yet

	rows  [2]cdc.Tuple // room for unpack: what of the one that leaves
	probe cdc.Tuple    // likewise, of one that is looked at
}

// side is one of the two sides of a transaction.
type side int

const (
	found side = iota // as the transaction has found a record
	left              // as it leaves it, by what is known so far
)

// kept is a record that is held back.
type kept struct {
	at          [2]state
	object      *object
	relation    *cdc.Relation
	tx          *cdc.Tx
	first       uint32  // index of the first change; of what has left, that of its place
	index       uint32  // of the last change
	telling     Telling // where it is one of those for who hears of each change
	isKey       bool    // what was found is a key alone: see cdc.Change.OldIsKey
	unannounced bool    // see cdc.Change.Unannounced
	part        bool    // it has left before the end
	came        bool    // to the key that was found, earlier in this transaction

	// replaced says that another record, which was told before, has the key that was found; foreign,
	// that this is another tenant's.
	replaced, foreign bool
	again             bool // it has that key again

	causes     causes          // of its changes
	annotation *cdc.Annotation // of the last one

	key []byte // that was found, as it was told; nil where the table has not been altered since

	prev, next *kept

	asked bool      // whether the row lives on
	lives bool      // it does
	now   cdc.Tuple // as it is by now; nil when that could not be read
}

// state is what a record is on one side.
type state struct {
	record uint64 // hash of table and key
	row    []byte // see pack; nil: there is none
	absent bool   // there is none for receivers: see absences
	same   *kept  // another one with that hash
}

func (s *state) isNone() bool { return s.row == nil || s.absent }

// What is held back at most, in bytes: mostHeld of what was deleted, for those who hear of each
// change, some 10,000 rows of 100 bytes; mostOfCommit for those who hear of each commit, some 4,000
// updates of such rows.
const (
	mostHeld     = 4 << 20
	mostOfCommit = MostOfCommit
)

// MostOfCommit is how many bytes of a transaction's rows a Mapper holds for those who hear of each
// commit.
const MostOfCommit = 2 << 20

func newFold(most int) *fold {
	f := &fold{most: most, by: [2]map[uint64]*kept{{}, {}}}
	f.oldest.prev, f.oldest.next = &f.oldest, &f.oldest
	return f
}

// recordSize is the memory of a record without its rows: the struct, its places in the maps.
const recordSize = 280 + 48

// size is the memory that d takes, roughly.
func (d *kept) size() int {
	return recordSize + len(d.at[found].row) + len(d.at[left].row)
}

// isNew reports whether receivers know of no record: the transaction has inserted it, or has found
// it absent.
func (d *kept) isNew() bool { return d.at[found].isNone() }

// isGone reports whether there is none for them in the end: it was deleted, or is absent.
func (d *kept) isGone() bool { return d.at[left].isNone() }

// forget drops what is held: the transaction is another one, or begins anew.
func (f *fold) forget() {
	if f.oldest.next != &f.oldest {
		clear(f.by[found])
		clear(f.by[left])
		f.oldest.prev, f.oldest.next, f.bytes = &f.oldest, &f.oldest, 0
	}
	f.reuse()
	f.ended, f.latest, f.taken = false, nil, taken{}
}

// take has a record go on to a change, which tells of which one it is: see object.orders.
func (f *fold) take(o *object, change cdc.Change) {
	f.reuse()
	d := f.of(o, change)
	if change.Kind != cdc.Delete {
		f.come(d, o, change)
		return
	}
	if d.at[found].row == nil {
		f.remove(d)
		return
	}
	d.index, d.tx = change.Index, change.Tx
	f.explain(d, change)
	f.set(d, left, nil)
	f.latest = d
}

// explain notes how a change of d came about.
func (f *fold) explain(d *kept, change cdc.Change) {
	d.annotation = change.Annotation
	d.causes.add(f.cause)
}

// of returns the record that a change is of, of which nothing may have been held before.
func (f *fold) of(o *object, change cdc.Change) *kept {
	if change.Kind == cdc.Insert {
		d := f.add(o, change)
		d.unannounced = change.Unannounced
		return d
	}
	row, whole := change.Old, change.Old != nil && !change.OldIsKey
	if row == nil { // the key is as it was
		row = o.keyOf(change.New)
	}
	d := f.find(left, o, change.Relation, row, func(d *kept) bool {
		return !o.deferred || !whole || f.is(d, left, row)
	})
	if d != nil {
		return d
	}
	d = f.add(o, change)
	d.isKey = !whole
	f.set(d, found, row)
	if o.deferred {
		var known bool
		known, d.came = f.taken.leaves(o, row)
		d.replaced = known && !d.came
	}
	return d
}

// come makes what a change has brought the row of d. What the stream has left out, as it was left
// alone, is as it was.
func (f *fold) come(d *kept, o *object, change cdc.Change) {
	f.adapt(d, o, change.Relation)
	d.index, d.tx = change.Index, change.Tx
	f.explain(d, change)
	for s := left; s >= found; s-- {
		if d.at[s].row != nil {
			f.probe = unpack(f.probe[:0], d.at[s].row)
			fill(change.New, f.probe)
			break
		}
	}
	f.set(d, left, change.New)
}

// fill takes the columns of a row that the stream has left out from the row before.
func fill(row, before cdc.Tuple) {
	for i := range before {
		if row[i].IsUnchanged() {
			row[i] = before[i]
		}
	}
}

// hold keeps a Delete, of a record of which nothing else is held.
func (f *fold) hold(o *object, change cdc.Change, telling Telling) {
	d := f.add(o, change)
	d.isKey, d.telling = change.OldIsKey, telling
	f.explain(d, change)
	f.set(d, found, change.Old)
	f.latest = d
}

// deleted returns one that was deleted and had the key that a row has now, nil when there is none:
// the tenant's own where several had it, as each has to hear what became of its.
func (f *fold) deleted(o *object, change cdc.Change) *kept {
	if o.tenant != nil {
		tenant := o.tenant.of(change.New)
		d := f.find(found, o, change.Relation, change.New, func(d *kept) bool {
			return f.tenant(d, found) == tenant
		})
		if d != nil {
			return d
		}
	}
	return f.find(found, o, change.Relation, change.New, whichever)
}

// add begins with a record.
func (f *fold) add(o *object, change cdc.Change) *kept {
	d := f.spent.record()
	d.object, d.relation, d.tx = o, change.Relation, change.Tx
	d.first, d.index = change.Index, change.Index
	last := f.oldest.prev
	d.prev, d.next = last, &f.oldest
	last.next, f.oldest.prev = d, d
	f.bytes += d.size()
	return d
}

// set makes row what d is on one side; nil, and there is none.
func (f *fold) set(d *kept, s side, row cdc.Tuple) {
	f.bytes -= d.size()
	f.unfile(d, s)
	before := d.at[s].row // row may have parts of it
	d.at[s] = state{}
	if row != nil {
		record := d.object.record(row)
		packed := pack(f.spent.row(packedSize(row)), row)
		absent := (s != found || !d.isKey) && d.object.absent.of(row)
		d.at[s] = state{record, packed, absent, f.by[s][record]}
		f.by[s][record] = d
	}
	f.bytes += d.size()
	f.spent.takeRow(before, f.most-f.bytes)
}

// unfile has d not be found any more by what it is on one side.
func (f *fold) unfile(d *kept, s side) {
	at := &d.at[s]
	if at.row == nil {
		return
	}
	first := f.by[s][at.record]
	switch {
	case first != d:
		for first.at[s].same != d {
			first = first.at[s].same
		}
		first.at[s].same = at.same
	case at.same == nil:
		delete(f.by[s], at.record)
	default:
		f.by[s][at.record] = at.same
	}
}

// remove takes d out.
func (f *fold) remove(d *kept) {
	f.unfile(d, found)
	f.unfile(d, left)
	d.prev.next, d.next.prev = d.next, d.prev
	d.prev, d.next = nil, f.leaving
	f.leaving = d
	if f.bytes -= d.size(); f.latest == d {
		f.latest = nil
	}
}

// reuse takes up the memory of records that have left, of which nothing is told any more.
func (f *fold) reuse() {
	for f.leaving != nil {
		d := f.leaving
		f.leaving = d.next
		f.spent.takeRow(d.at[found].row, f.most-f.bytes)
		f.spent.takeRow(d.at[left].row, f.most-f.bytes)
		f.spent.takeRecord(d, f.most-f.bytes)
	}
}

// find returns one of those who have on one side the key of a row of o, and of which ok says so;
// nil when there is none.
func (f *fold) find(
	s side, o *object, rel *cdc.Relation, row cdc.Tuple, ok func(*kept) bool,
) *kept {
	for _, table := range [...]uint64{o.hash, o.former} {
		if table == 0 || len(f.by[s]) == 0 {
			continue
		}
		for d := f.by[s][o.recordOf(table, row)]; d != nil; d = d.at[s].same {
			if d.isOf(o, rel) && f.shares(d, s, d.object.ordering(), o.ordering(), row) && ok(d) {
				return d
			}
		}
	}
	return nil
}

// isOf reports whether the row was one of the object's table. The stream may go on under a new name
// of the table in the middle of a transaction.
func (d *kept) isOf(o *object, rel *cdc.Relation) bool {
	return d.object.hash == o.hash || d.object.hash == o.former && d.relation.OID == rel.OID
}

// shares reports whether d has on one side the same values in some columns as row has in others.
func (f *fold) shares(d *kept, s side, columns, others []int, row cdc.Tuple) bool {
	if len(columns) != len(others) {
		return false
	}
	f.probe = unpack(f.probe[:0], d.at[s].row)
	for i, c := range columns {
		if f.probe[c].Bytes() == nil || !Same(f.probe[c], row[others[i]]) {
			return false
		}
	}
	return true
}

// is reports whether d is on one side what row is, in every column.
func (f *fold) is(d *kept, s side, row cdc.Tuple) bool {
	f.probe = unpack(f.probe[:0], d.at[s].row)
	for i := range f.probe {
		if !Same(f.probe[i], row[i]) {
			return false
		}
	}
	return true
}

// row returns what d is on one side, nil where there is none. It is valid until another one is
// asked for.
func (f *fold) row(d *kept, s side) cdc.Tuple {
	if d.at[s].row == nil {
		return nil
	}
	f.rows[s] = unpack(f.rows[s][:0], d.at[s].row)
	return f.rows[s]
}

// free gives the memory of rows back that have left.
func (f *fold) free() {
	for _, room := range [...]*cdc.Tuple{&f.rows[found], &f.rows[left], &f.probe} {
		clear(*room)
		*room = (*room)[:0]
	}
}

// before returns the row that was deleted, and whether it is a key alone: see cdc.Change. It is nil
// when its columns are not those of rel, the table by now. It is valid until f is asked about
// another one.
func (f *fold) before(d *kept, rel *cdc.Relation) (row cdc.Tuple, isKey bool) {
	if !sameColumns(d.relation, rel) {
		return nil, false
	}
	return f.row(d, found), d.isKey
}

// tenant returns the tenant that a record is of on one side, "" when that is not known.
func (f *fold) tenant(d *kept, s side) string {
	if d.object.tenant == nil {
		return ""
	}
	f.probe = unpack(f.probe[:0], d.at[s].row)
	return d.object.tenant.of(f.probe)
}
