package mapper

import (
	"slices"

	"github.com/cespare/xxhash/v2"

	"hookline/cdc"
)

// An update may change the key of a record. It is told as an update of the record under the new
// key, which names the one before; and, to webhooks that ask for it, as the end of one record and
// the beginning of another.

// rekeying is what is yet to be told of an update that changed a key, to those that know nothing of
// such.
type rekeying struct {
	draft Draft // as it is told to all others; no object when there is nothing
	begun bool  // the end of the old record was told
}

// rekey notes what an update did to the key of the record, and has it told in both ways.
func (m *Mapper) rekey(d *Draft) {
	d.was = d.object.rekeyed(d.change.Old, d.row)
	if d.object.deferred {
		d.replaced = m.taken.note(d)
	}
	if d.was == nil {
		return
	}
	d.Telling = ToWhole
	m.rekeying = rekeying{draft: *d}
}

// split returns the next event of a changed key for those to whom it is two.
func (m *Mapper) split() *Draft {
	whole := m.rekeying.draft
	o, d := whole.object, &m.draft
	if !m.rekeying.begun {
		m.rekeying.begun = true
		if whole.replaced {
			return m.split() // what was under the old key was told to be another record
		}
		was := slices.Clone(whole.change.Old)
		for _, c := range o.key {
			was[c] = whole.was[c]
		}
		*d = Draft{mapper: m, object: o, change: whole.change, row: was}
		d.change.Kind, d.change.New, d.change.Old = cdc.Delete, nil, was
		d.Action = o.deletion(was, whole.change.OldIsKey)
	} else {
		*d = whole
		d.updated, d.replaced, d.before, d.second = nil, false, nil, true
		d.change.Kind = cdc.Insert
		if d.Action = Created; whole.Action == Deleted {
			d.Action = Deleted
		}
		m.rekeying = rekeying{}
	}
	d.Name, d.Object, d.Workspace, d.Telling = o.events[d.Action], o.name, whole.Workspace, ToSplit
	return d
}

// taken are the keys that the transaction in progress has given to rows of tables which take two
// rows of one key in passing, as their keys are DEFERRABLE. Who had such a key before is another
// row, and tells that it has left it when the key is taken already. It keeps the last keys alone.
type taken struct {
	commit     cdc.LSN
	xid        uint32
	now, older map[uint64]uint64 // hashes of rows, by those of their keys
}

// mostTaken bounds taken.now and taken.older, which take some 40 bytes for each key.
const mostTaken = 1 << 15

// begin forgets what another transaction has done.
func (t *taken) begin(tx *cdc.Tx) {
	if t.now == nil || tx.Commit != t.commit || tx.XID != t.xid {
		*t = taken{commit: tx.Commit, xid: tx.XID, now: map[uint64]uint64{}}
	}
}

// note takes what an insert or an update has made of a row, and reports whether another one has the
// key by now that it had before.
func (t *taken) note(d *Draft) (replaced bool) {
	t.begin(d.change.Tx)
	if len(t.now) >= mostTaken {
		t.now, t.older = map[uint64]uint64{}, t.now
	}
	if d.was != nil {
		replaced = t.leaves(d.object, d.change.Old)
	}
	record := d.object.record(d.row)
	if _, known := t.find(record); known || d.was != nil || d.change.Kind == cdc.Insert {
		t.now[record] = hashRow(d.row)
	}
	return replaced
}

// leaves takes it that a row has lost its key, and reports whether another one has got it.
func (t *taken) leaves(o *object, row cdc.Tuple) (replaced bool) {
	record := o.record(row)
	by, known := t.find(record)
	if known && by == hashRow(row) {
		delete(t.now, record)
		delete(t.older, record)
		return false
	}
	return known
}

func (t *taken) find(record uint64) (row uint64, known bool) {
	if row, known = t.now[record]; !known {
		row, known = t.older[record]
	}
	return row, known
}

// hashRow returns a hash of all columns.
func hashRow(row cdc.Tuple) uint64 {
	var d xxhash.Digest
	d.Reset()
	for _, v := range row {
		if v.IsNull() {
			_, _ = d.Write([]byte{1})
		}
		_, _ = d.Write(v.Bytes())
		_, _ = d.Write([]byte{0}) // no text of Postgres holds a zero byte
	}
	return d.Sum64()
}
