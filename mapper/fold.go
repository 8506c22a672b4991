package mapper

import (
	"encoding/binary"
	"math/bits"

	"hookline/cdc"
)

// fold holds back the deletes of one transaction: until a row with the same key is inserted, which
// makes both an update; until the transaction ends; or until there are too many of them. Then they
// leave in the order in which they came.
//
// What it holds follows from the changes of the transaction alone. So it is no state to be saved:
// who is given the changes again, in their order, has it again.
type fold struct {
	most   int // bytes that it may hold
	commit cdc.LSN
	xid    uint32
	index  uint32 // of the last change of that transaction

	held   map[uint64]*deletion // by record
	oldest deletion             // sentinel of a circular list: oldest.next is the oldest
	bytes  int

	row cdc.Tuple // room for unpack
}

// deletion is a Delete that is held back.
type deletion struct {
	object   *object
	relation *cdc.Relation
	tx       *cdc.Tx
	index    uint32
	isKey    bool   // see cdc.Change.OldIsKey
	record   uint64 // hash of table and key
	row      []byte // see pack

	prev, next *deletion

	asked bool      // whether the row lives on
	lives bool      // it does
	now   cdc.Tuple // as it is by now; nil when that could not be read
}

// mostHeld is what is held back at most, in bytes: some 20,000 rows of 100 bytes.
const mostHeld = 4 << 20

func newFold(most int) *fold {
	f := &fold{most: most, held: map[uint64]*deletion{}}
	f.oldest.prev, f.oldest.next = &f.oldest, &f.oldest
	return f
}

// size is the memory that d takes, roughly.
func (d *deletion) size() int {
	const fixed = 160 + 24 // the struct, its place in the map
	return fixed + cap(d.row)
}

// follow has f go on to a change, and reports whether it is of another transaction than the one
// before. A change that does not come behind the last one begins the transaction anew.
func (f *fold) follow(change cdc.Change) (another bool) {
	another = change.Tx.Commit != f.commit || change.Tx.XID != f.xid || change.Index <= f.index
	if another && len(f.held) > 0 {
		clear(f.held)
		f.oldest.prev, f.oldest.next, f.bytes = &f.oldest, &f.oldest, 0
	}
	f.commit, f.xid, f.index = change.Tx.Commit, change.Tx.XID, change.Index
	return another
}

// hold keeps a Delete. What it returns leaves, linked by next: the oldest quarter, when there is
// more than may be held.
func (f *fold) hold(o *object, change cdc.Change) (leaving *deletion) {
	d := &deletion{
		object: o, relation: change.Relation, tx: change.Tx, index: change.Index, isKey: change.OldIsKey,
		record: o.record(change.Old), row: pack(make([]byte, 0, packedSize(change.Old)), change.Old),
	}
	last := f.oldest.prev
	d.prev, d.next = last, &f.oldest
	last.next, f.oldest.prev = d, d
	f.held[d.record] = d
	if f.bytes += d.size(); f.bytes > f.most {
		return f.drain(f.most - f.most/4)
	}
	return nil
}

// drain takes the oldest out until no more than most bytes are held, and returns them, linked by
// next.
func (f *fold) drain(most int) (first *deletion) {
	end := &first
	for f.bytes > most {
		d := f.oldest.next
		f.remove(d)
		*end, end = d, &d.next
	}
	return first
}

// remove takes d out.
func (f *fold) remove(d *deletion) {
	if f.held[d.record] == d {
		delete(f.held, d.record)
	}
	d.prev.next, d.next.prev = d.next, d.prev
	d.prev, d.next = nil, nil
	f.bytes -= d.size()
}

// find returns what is held of the record that row is of; nil when nothing is.
func (f *fold) find(o *object, rel *cdc.Relation, row cdc.Tuple) *deletion {
	d := f.held[o.record(row)]
	if d == nil && o.former != 0 {
		d = f.held[o.recordOf(o.former, row)]
	}
	if d == nil || !d.isOf(o, rel) || !f.shares(d, d.object.key, o.key, row) {
		return nil
	}
	return d
}

// isOf reports whether the row was one of the object's table. The stream may go on under a new name of the
// table in the middle of a transaction.
func (d *deletion) isOf(o *object, rel *cdc.Relation) bool {
	return d.object.hash == o.hash || d.object.hash == o.former && d.relation.OID == rel.OID
}

// youngest returns what came last of what is held, nil when nothing is.
func (f *fold) youngest() *deletion {
	if d := f.oldest.prev; d != &f.oldest {
		return d
	}
	return nil
}

// shares reports whether the row that was deleted has the same values in some columns as row has in
// others.
func (f *fold) shares(d *deletion, columns, others []int, row cdc.Tuple) bool {
	if len(columns) != len(others) {
		return false
	}
	f.row = unpack(f.row[:0], d.row)
	for i, c := range columns {
		if f.row[c].Bytes() == nil || !same(f.row[c], row[others[i]]) {
			return false
		}
	}
	return true
}

// before returns the row that was deleted, and whether it is a key alone: see cdc.Change. It is nil
// when its columns are not those of rel, the table by now. It is valid until f is asked about another one.
func (f *fold) before(d *deletion, rel *cdc.Relation) (row cdc.Tuple, isKey bool) {
	if !sameColumns(d.relation, rel) {
		return nil, false
	}
	f.row = unpack(f.row[:0], d.row)
	return f.row, d.isKey
}

// tenant returns the tenant that the row which was deleted belonged to, "" when that is not known.
func (f *fold) tenant(d *deletion) string {
	if d.object.tenant == nil {
		return ""
	}
	f.row = unpack(f.row[:0], d.row)
	return d.object.tenant.of(f.row)
}

func sameColumns(a, b *cdc.Relation) bool {
	if a == b {
		return true
	}
	if len(a.Columns) != len(b.Columns) {
		return false
	}
	for i := range a.Columns {
		if a.Columns[i].Name != b.Columns[i].Name || a.Columns[i].Type != b.Columns[i].Type {
			return false
		}
	}
	return true
}

// A row is packed as the values of its columns, each behind a number: 0 is null, 1 is unchanged,
// else the length of the text and 2.

// packedSize is how many bytes a packed row takes.
func packedSize(row cdc.Tuple) (n int) {
	for i := range row {
		n += uvarintSize(len(row[i].Bytes())+2) + len(row[i].Bytes())
	}
	return n
}

// uvarintSize is how many bytes a number takes in binary.AppendUvarint.
func uvarintSize(n int) int { return (bits.Len(uint(n)|1) + 6) / 7 }

// pack appends a packed row to dst.
func pack(dst []byte, row cdc.Tuple) []byte {
	for i := range row {
		switch v := row[i]; {
		case v.IsNull():
			dst = append(dst, 0)
		case v.IsUnchanged():
			dst = append(dst, 1)
		default:
			dst = binary.AppendUvarint(dst, uint64(len(v.Bytes()))+2)
			dst = append(dst, v.Bytes()...)
		}
	}
	return dst
}

// unpack appends the columns of a packed row, which they keep, to dst.
func unpack(dst cdc.Tuple, src []byte) cdc.Tuple {
	for len(src) > 0 {
		n, width := binary.Uvarint(src)
		src = src[width:]
		switch n {
		case 0:
			dst = append(dst, cdc.Value{})
		case 1:
			dst = append(dst, cdc.Unchanged())
		default:
			length := n - 2
			dst = append(dst, cdc.Text(src[:length:length]))
			src = src[length:]
		}
	}
	return dst
}
