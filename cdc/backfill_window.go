package cdc

import (
	"maps"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"
)

// windows are the tables of which rows are read that have yet to be announced, while they are
// written to: tables that are new, attached as partitions, or swapped in. What is read may be out
// of date by the time that it comes in the stream: the stream has brought later changes of a record
// then, which are the last word on it. So a table is watched from a mark in the stream on that lies
// before its rows were read: of a record that has changed since, nothing is told that was read.
//
// Of a table that is new nobody has heard anything: the first that is told of a record is that it
// was created, whatever the stream brings first (Change.Unannounced).
//
// A partitioned table is watched from where a partition first shows in the stream that nobody has
// noted yet: it may have been attached, and then what it has and the stream has not brought has yet
// to be announced.
//
// What is watched follows from the stream alone. So that a process that starts anew has it again,
// the slot is not acknowledged beyond the mark in the meantime; the checkpoint goes on. The reader
// is ahead of what is settled. So that goes for a closed window, too, until the transaction that
// closed it is settled.
type windows struct {
	of      map[uint32]*window // by OID
	closing []closing          // by the transaction in progress
	closed  []closed           // by transactions that may not be settled yet
}

// closed is a window that is closed, whole or in part.
type closed struct {
	mark LSN
	by   LSN // the commit that closed it
}

// closing is a window that is closed for some of its partitions.
type closing struct {
	oid   uint32
	parts []uint32
}

// window is what has changed in a table since its mark.
type window struct {
	mark  LSN  // the commit that opened it
	fresh bool // nobody has heard of the table
	// publisher is the transaction that opened it, where it published a table in the place of
	// another one; else 0. Of older ones that write to the table the stream brings the second half
	// at most. They are over when the rows are read, which is how what they did is told.
	publisher uint32
	sighted   bool            // a partition has shown, and nobody has said yet that it is read
	until     time.Time       // the slot is held, by this process' clock
	key       []string        // names of the columns of the primary key
	changed   map[uint64]bool // records, and whether they were there after their last change
	emptied   bool            // it was truncated: whatever was read is out of date
	// parts are what it is open for: 0 for the table itself, or OIDs of partitions; true for one of
	// which changed has all that the stream has ever brought.
	parts map[uint32]bool
}

const (
	// windowMaxKeys is the most records that are kept in mind of one table.
	windowMaxKeys = 1 << 20
	// windowTimeout is how long the slot is held for a window after the last word of whoever opened
	// it. That one may have failed since, as when the table has gone.
	windowTimeout = time.Minute
	// sightingTimeout is how long one waits for somebody to read a partition that has shown.
	sightingTimeout = time.Minute
	// windowKeepalive is the time between two words of who reads the rows.
	windowKeepalive = windowTimeout / 5
)

// open opens the window of a table whose rows are read from now on. part is the partition that is
// read, 0 for the whole table; seen says that the stream may have brought changes of it before.
func (w *windows) open(oid uint32, key []string, tx *Tx, part uint32, seen bool) *window {
	one := w.of[oid]
	if one == nil || !slices.Equal(one.key, key) {
		w.drop(oid, tx)
		one = w.add(oid, key, tx)
		one.sighted = true
	}
	if one.sighted {
		one.sighted, one.until = false, time.Now().Add(windowTimeout)
	}
	// What is read is there from now on, though it may not have been before.
	one.emptied = false
	maps.DeleteFunc(one.changed, func(_ uint64, there bool) bool { return !there })
	if _, is := one.parts[part]; !is {
		one.parts[part] = !seen
	}
	return one
}

// openSighted opens the window of a table of which a partition has shown that nobody has noted.
func (w *windows) openSighted(oid uint32, key []string, tx *Tx, part uint32) {
	one := w.of[oid]
	if one == nil {
		one = w.add(oid, key, tx)
		one.sighted, one.until = true, time.Now().Add(sightingTimeout)
	}
	one.parts[part] = true
}

func (w *windows) add(oid uint32, key []string, tx *Tx) *window {
	if w.of == nil {
		w.of = map[uint32]*window{}
	}
	one := &window{mark: tx.Commit, key: key, changed: map[uint64]bool{}, parts: map[uint32]bool{}}
	w.of[oid] = one
	return one
}

// drop ends a window, if there is one, in the midst of a transaction.
func (w *windows) drop(oid uint32, tx *Tx) {
	if one := w.of[oid]; one != nil {
		w.closed = append(w.closed, closed{one.mark, tx.Commit})
		delete(w.of, oid)
	}
}

// extend prolongs the time for which the slot is held for a window.
func (w *windows) extend(oid uint32) {
	if one := w.of[oid]; one != nil {
		one.until = time.Now().Add(windowTimeout)
	}
}

// close closes a window with the end of the transaction: for the table itself and some of its
// partitions.
func (w *windows) close(oid uint32, parts []uint32) {
	w.closing = append(w.closing, closing{oid, parts})
}

// end notes the end of a transaction.
func (w *windows) end(tx *Tx) {
	for _, c := range w.closing {
		one := w.of[c.oid]
		if one == nil {
			continue
		}
		w.closed = append(w.closed, closed{one.mark, tx.Commit})
		delete(one.parts, 0)
		for _, part := range c.parts {
			delete(one.parts, part)
		}
		if len(one.parts) == 0 {
			delete(w.of, c.oid)
		}
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
	change.Unannounced = one.fresh && !known && change.Kind != Insert
	if record, ok := one.record(change.Relation, change.Old, nil); ok {
		one.changed[record] = false
	}
	if record, ok := one.record(change.Relation, change.New, change.Old); ok {
		one.changed[record] = true
	}
	if len(one.changed) > windowMaxKeys {
		w.drop(change.Relation.OID, change.Tx)
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

// stillHolds reports whether what was read of a record is told, of part or, 0, the table itself;
// and makes change what it is announced as.
func (w *windows) stillHolds(change *Change, action string, part uint32) bool {
	if w.outdated(change.Relation, change.row()) {
		return false
	}
	one := w.of[change.Relation.OID]
	whole := one != nil && one.parts[part]
	if action == backfillUncertain && whole {
		change.Kind = Insert
	}
	return action != backfillLater || whole
}

// outdated reports whether the stream has brought a later change of the record than what was read
// of it.
func (w *windows) outdated(rel *Relation, read Tuple) bool {
	one := w.of[rel.OID]
	if one == nil {
		return false
	}
	record, ok := one.record(rel, read, nil)
	_, changed := one.changed[record]
	return one.emptied || ok && changed
}

// held returns the position beyond which the slot must not be acknowledged, 0 for any, when the
// stream is settled up to saved.
func (w *windows) held(now time.Time, saved LSN) (mark LSN) {
	w.closed = slices.DeleteFunc(w.closed, func(c closed) bool { return c.by < saved })
	for _, c := range w.closed {
		if mark == 0 || c.mark < mark {
			mark = c.mark
		}
	}
	for oid, one := range w.of {
		switch over := !now.Before(one.until); {
		case over && one.sighted:
			delete(w.of, oid) // nobody reads it
		case !over && (mark == 0 || one.mark < mark):
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
