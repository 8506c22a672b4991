package cdc

import (
	"time"

	"github.com/cespare/xxhash/v2"
)

// windows are the tables of which rows are read that have yet to be announced, while they are written to:
// tables that are new, attached as partitions, or swapped in.
// What is read may be out of date by the time that it comes in the stream: the stream has brought later
// changes of a record then, which are the last word on it. So a table is watched from a mark in the stream
// on that lies before its rows were read: of a record that has changed since, nothing is told that was
// read.
//
// Of a table that is new nobody has heard anything: the first that is told of a record is that it was
// created, whatever the stream brings first (Change.Unheard).
//
// What is watched follows from the stream alone. So that a process that starts anew has it again, the slot
// is not acknowledged beyond the mark in the meantime; the checkpoint goes on.
type windows struct {
	of      map[uint32]*window // by OID
	closing []uint32           // by the transaction in progress
}

// window is what has changed in a table since its mark.
type window struct {
	mark  LSN  // the commit that opened it
	fresh bool // nobody has heard of the table
	// publisher is the transaction that opened it, where it published a table in the place of another one;
	// else 0. Of older ones that write to the table the stream brings the second half at most. They are over
	// when the rows are read, which is how what they did is told.
	publisher uint32
	opened    time.Time // by this process' clock
	key       []string  // names of the columns of the primary key
	changed   map[uint64]struct{}
	emptied   bool // it was truncated: whatever was read is out of date
}

const (
	// windowMost is the most records that are kept in mind of one table.
	windowMost = 1 << 20
	// windowPatience is how long the slot is held for a window after the last word of whoever opened it, who
	// may have failed since.
	windowPatience = 5 * time.Minute
	// windowWord is the time between two words of who reads the rows.
	windowWord = windowPatience / 5
)

// open opens a window of the table that rel describes, unless there is one. published says that tx published
// the table in the place of another one, fresh that nobody has heard of it.
func (w *windows) open(rel *Relation, tx *Tx, published, fresh bool) {
	if w.of[rel.OID] != nil {
		return
	}
	if w.of == nil {
		w.of = map[uint32]*window{}
	}
	one := &window{mark: tx.Commit, fresh: fresh, opened: time.Now(), changed: map[uint64]struct{}{}}
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

// keep has the slot held on for a window.
func (w *windows) keep(oid uint32) {
	if one := w.of[oid]; one != nil {
		one.opened = time.Now()
	}
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
	if change.Kind == Truncate {
		clear(one.changed)
		one.emptied = true
		return true
	}
	known := one.knows(change)
	if !known && one.publisher != 0 && int32(change.Tx.XID-one.publisher) < 0 {
		return false
	}
	change.Unheard = one.fresh && !known && change.Kind != Insert
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

// knows reports whether the stream has brought the record that a change is of, from the mark on.
func (w *window) knows(change *Change) bool {
	was := change.Old
	if was == nil {
		was = change.New
	}
	record, ok := w.record(change.Relation, was, change.New)
	_, known := w.changed[record]
	return known || !ok && w.fresh
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
