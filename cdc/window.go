package cdc

import (
	"time"

	"github.com/cespare/xxhash/v2"
)

// windows are the tables of which rows are read that have yet to be announced, while they are written to.
// What is read may be out of date by the time that it comes in the stream: the stream has brought later
// changes of a record then, which are the last word on it. So a table is watched from a mark in the stream
// on that lies before its rows were read: of a record that has changed since, nothing is told that was
// read.
//
// What is watched follows from the stream alone. So that a process that starts anew has it again, the slot
// is not acknowledged beyond the mark in the meantime; the checkpoint goes on.
type windows struct {
	of      map[uint32]*window // by OID
	closing []uint32           // by the transaction in progress
}

// window is what has changed in a table since its mark.
type window struct {
	mark LSN // the commit that opened it
	// publisher is the transaction that opened it, where it published the table; else 0. Of older ones that
	// write to the table the stream brings the second half at most. They are over when the rows are read, which
	// is how what they did is told.
	publisher uint32
	opened    time.Time // by this process' clock
	key       []string  // names of the columns of the primary key
	changed   map[uint64]struct{}
	emptied   bool // it was truncated: whatever was read is out of date
}

const (
	// windowMost is the most records that are kept in mind of one table.
	windowMost = 1 << 20
	// windowPatience is how long the slot is held for a window. It takes less than that to read the rows;
	// whoever opened it may have failed.
	windowPatience = 5 * time.Minute
)

// open opens a window of the table that rel describes, unless there is one. published says that tx published
// the table.
func (w *windows) open(rel *Relation, tx *Tx, published bool) {
	if w.of[rel.OID] != nil {
		return
	}
	if w.of == nil {
		w.of = map[uint32]*window{}
	}
	one := &window{mark: tx.Commit, opened: time.Now(), changed: map[uint64]struct{}{}}
	if published {
		one.publisher = tx.XID
	}
	for _, c := range rel.Columns {
		if c.Identity {
			one.key = append(one.key, c.Name)
		}
	}
	w.of[rel.OID] = one
}

// close closes a window with the end of the transaction.
func (w *windows) close(oid uint32) { w.closing = append(w.closing, oid) }

// end notes the end of a transaction.
func (w *windows) end() {
	for _, oid := range w.closing {
		delete(w.of, oid)
	}
	w.closing = w.closing[:0]
}

// note takes a change of a table that is watched, and reports whether it is told.
func (w *windows) note(change *Change) (told bool) {
	one := w.of[change.Relation.OID]
	if one.publisher != 0 && int32(change.Tx.XID-one.publisher) < 0 {
		return false
	}
	if change.Kind == Truncate {
		clear(one.changed)
		one.emptied = true
		return true
	}
	for _, row := range []Tuple{change.Old, change.New} {
		if record, ok := one.record(change.Relation, row, change.Old); ok {
			one.changed[record] = struct{}{}
		}
	}
	if len(one.changed) > windowMost {
		delete(w.of, change.Relation.OID)
	}
	return true
}

// outdated reports whether the stream has brought a later change of the record than what was read of it.
func (w *windows) outdated(rel *Relation, read Tuple) bool {
	one := w.of[rel.OID]
	if one == nil {
		return false
	}
	record, ok := one.record(rel, read, nil)
	_, changed := one.changed[record]
	return one.emptied || ok && changed
}

// held returns the position beyond which the slot must not be acknowledged, 0 for any.
func (w *windows) held(now time.Time) (mark LSN) {
	for _, one := range w.of {
		if now.Sub(one.opened) < windowPatience && (mark == 0 || one.mark < mark) {
			mark = one.mark
		}
	}
	return mark
}

// record returns the hash of a row's key. What the row leaves out is as before.
func (w *window) record(rel *Relation, row, before Tuple) (record uint64, ok bool) {
	if row == nil || w.key == nil {
		return 0, false
	}
	var d xxhash.Digest
	d.Reset()
	for _, name := range w.key {
		c := rel.Column(name)
		if c < 0 {
			return 0, false
		}
		v := row[c]
		if v.IsUnchanged() && before != nil {
			v = before[c]
		}
		if v.Bytes() == nil {
			return 0, false
		}
		_, _ = d.Write(v.Bytes())
		_, _ = d.Write([]byte{0}) // no text of Postgres holds a zero byte
	}
	return d.Sum64(), true
}
