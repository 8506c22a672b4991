package mapper

import (
	"github.com/cespare/xxhash/v2"

	"hookline/cdc"
)

// taken are the keys that the transaction in progress has given to rows, in tables whose keys are
// DEFERRABLE. Such a table takes two rows of one key until the commit. Who had such a key before is
// another row, and tells that it has left it when the key is taken already. It keeps the last keys
// alone.
type taken struct {
	now, older map[uint64]uint64 // hashes of rows, by those of their keys
}

// mostTaken bounds taken.now and taken.older, which take some 40 bytes for each key.
const mostTaken = 1 << 15

// follow takes a change, and reports whether it has taken a key from a row that another one has by
// now.
func (t *taken) follow(o *object, change cdc.Change) (replaced bool) {
	moved := change.Kind == cdc.Delete ||
		change.Kind == cdc.Update && o.rekeys(change.Old, change.New)
	if moved {
		known, same := t.leaves(o, change.Old)
		replaced = known && !same
	}
	if change.Kind == cdc.Delete || o.absent.of(change.New) { // it is told under no key
		return replaced
	}
	if _, known := t.find(keyHash(o, change.New)); known || moved || change.Kind == cdc.Insert {
		t.give(o, change.New)
	}
	return replaced
}

// give notes that a row has got a key.
func (t *taken) give(o *object, row cdc.Tuple) {
	if t.now == nil || len(t.now) >= mostTaken {
		t.now, t.older = map[uint64]uint64{}, t.now
	}
	t.now[keyHash(o, row)] = hashRow(row)
}

// leaves notes that a row has lost its key. It reports whether it is known which row has got that
// key in this transaction, and whether it is this very row.
func (t *taken) leaves(o *object, row cdc.Tuple) (known, same bool) {
	record := keyHash(o, row)
	by, known := t.find(record)
	if same = known && by == hashRow(row); same {
		delete(t.now, record)
		delete(t.older, record)
	}
	return known, same
}

func (t *taken) find(record uint64) (row uint64, known bool) {
	if row, known = t.now[record]; !known {
		row, known = t.older[record]
	}
	return row, known
}

// keyHash returns the hash of a row's key within its tenant: whose the row was that had it has to
// hear that it is gone, whichever tenant has the key by now.
func keyHash(o *object, row cdc.Tuple) uint64 {
	hash := o.record(row)
	if o.tenant != nil {
		hash ^= xxhash.Sum64String(o.tenant.of(row))
	}
	return hash
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
