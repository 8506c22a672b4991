package mapper

import (
	"bytes"
	"slices"

	"hookline/cdc"
)

// object is how the rows of one relation are announced: a plan compiled once per relation by a Catalog.
type object struct {
	name      string        // the object's singular name, as events carry it
	id        string        // Twenty's objectMetadata.id
	workspace string        // whose the records are, where all are of one: see Subject.Workspace
	tenant    *tenantColumn // that tells of each row whose it is; nil: workspace does
	hash      uint64        // seed of the record hash: tells equal keys of different tables apart
	key       []int         // columns of the primary key
	index     []int         // columns of the replica identity, where that is an index without all of the key; else nil
	apart     []int         // columns that tell records apart, where the primary key does not; nil when it does
	drafts    *drafts       // that a record has drafts beside what is published; nil: it has none
	identity  []int         // the fields that are told of as the key: each of one column of it, in its order
	deferred  bool          // that two rows have one key is refused at the end of a transaction only
	exact     bool          // keys are equal only if their texts are, so that a delete and an insert of one record can be told
	stays     []int         // columns of the key that have nothing to do with the partition a row lies in; nil when rows cannot be found by them
	deletedAt int           // column of the soft delete, -1 when there is none
	member    []int         // columns that hold the acting workspace member's id, the likeliest first
	composite bool          // has columns of composite types, so that the plan is good for as long as Catalog.refresh says so
	destroys  bool          // every hard delete is destroyed, also that of a live row
	rewrites  *rewrites     // what upgrades write; nil where none is known to
	guard     *guard        // which records may be told; nil for all of them
	former    uint64        // hash as it was before the table was renamed, as far as the stream has told; 0 for none

	fields []field
	events [actions]string // <name>.<action>
	ignore []bool          // by column: nothing is made of it, so it need not be read back; nil when something is of every one

	secret func(row cdc.Tuple) bool // reports whether the guarded fields of a row are credentials; nil when they never are

	names   []string // room for changed
	scratch []byte   // room for differs
}

// field is one key of a record's JSON.
type field struct {
	name    string
	also    string   // a second name that updatedFields lists when the field changed
	key     []byte   // `"name":`
	columns []int    // the columns it is made of
	touch   bool     // a change of it and others like it alone announces nothing
	silent  bool     // a change of it alone announces nothing, and updatedFields never lists it
	rides   []int    // columns; a change of it tells nothing where one of them has changed, too
	guarded bool     // it is left out of rows of which object.secret says so
	former  [][2]int // columns that a migration makes anew in this very transaction, and where each was before
	encode  func(dst []byte, row cdc.Tuple) []byte
}

// call fills in what follows from the object's name.
func (o *object) call(name string) {
	o.name = name
	for a := range actions {
		o.events[a] = name + "." + a.String()
	}
}

// identify finds the fields that are told of as the key. One that is left out of events is left out there, too. A document is in
// rows of several keys, one after the other, so what tells it from others is its key.
func (o *object) identify() {
	o.identity = nil
	key := o.key
	if o.drafts != nil {
		key = o.apart
	}
	for _, c := range key {
		for i := range o.fields {
			if f := &o.fields[i]; len(f.columns) == 1 && f.columns[0] == c && !f.guarded {
				o.identity = append(o.identity, i)
				break
			}
		}
	}
}

// appendKey appends the fields of a row's key as a JSON object, nothing when they are not known.
func (o *object) appendKey(dst []byte, row cdc.Tuple) []byte {
	if len(o.identity) == 0 {
		return dst
	}
	start := len(dst)
	for n, i := range o.identity {
		f := &o.fields[i]
		if row[f.columns[0]].IsUnchanged() {
			return dst[:start]
		}
		dst = append(dst, "{,"[min(n, 1)])
		dst = append(dst, f.key...)
		dst = f.encode(dst, row)
	}
	return append(dst, '}')
}

// rekeyed returns the columns of the key as they were before an update, where it has changed them; nil where it has not, or that is not
// known.
func (o *object) rekeyed(before, after cdc.Tuple) cdc.Tuple {
	if before == nil {
		return nil
	}
	for _, c := range o.key {
		if before[c].IsUnchanged() || same(before[c], after[c]) {
			continue
		}
		was := make(cdc.Tuple, len(after))
		for _, columns := range [][]int{o.key, o.ordering()} {
			for _, c := range columns {
				if was[c] = before[c]; was[c].IsUnchanged() {
					was[c] = after[c]
				}
			}
		}
		return was
	}
	return nil
}

// appendRow appends the row as a JSON object.
func (o *object) appendRow(dst []byte, row cdc.Tuple) []byte {
	if o.secret != nil && o.secret(row) {
		return o.appendIf(dst, row, func(f *field) bool { return !f.guarded })
	}
	dst = append(dst, '{')
	for i := range o.fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, o.fields[i].key...)
		dst = o.fields[i].encode(dst, row)
	}
	return append(dst, '}')
}

// changed returns the names of the fields that read differently before and after, silent ones left out. Two rows that differ only where
// the JSON does not show it (null and "" where both read as "", microseconds where milliseconds are shown) are equal.
func (o *object) changed(before, after cdc.Tuple) []string {
	names, more := o.names[:0], false
	secret := o.secret != nil && (o.secret(before) || o.secret(after))
	for i := range o.fields {
		f := &o.fields[i]
		was := before
		if f.former != nil && !o.touched(before, after) {
			was = f.formerly(before)
		}
		if f.silent || secret && f.guarded || f.rides != nil && differ(before, after, f.rides) || !o.differs(f, was, after) {
			continue
		}
		if f.also != "" {
			names = append(names, f.also)
		}
		names = append(names, f.name)
		more = more || !f.touch
	}
	o.names = names
	if !more {
		return nil
	}
	return slices.Clone(names)
}

// touched reports whether the update was an edit, not what a foreign key or a migration does: it changed a silent field, which is
// updatedAt.
func (o *object) touched(before, after cdc.Tuple) bool {
	for i := range o.fields {
		if !o.fields[i].silent {
			continue
		}
		for _, c := range o.fields[i].columns {
			if !same(before[c], after[c]) {
				return true
			}
		}
	}
	return false
}

// formerly returns the row with the values of the columns that are made anew.
func (f *field) formerly(row cdc.Tuple) cdc.Tuple {
	row = slices.Clone(row)
	for _, pair := range f.former {
		row[pair[0]] = row[pair[1]]
	}
	return row
}

// differs reports whether a field reads differently before and after.
func (o *object) differs(f *field, before, after cdc.Tuple) bool {
	for _, c := range f.columns {
		if !same(before[c], after[c]) {
			was := f.encode(o.scratch[:0], before)
			o.scratch = f.encode(was, after)
			return !bytes.Equal(o.scratch[:len(was)], o.scratch[len(was):])
		}
	}
	return false
}

// differ reports whether one of the columns has changed.
func differ(before, after cdc.Tuple, columns []int) bool {
	return slices.ContainsFunc(columns, func(c int) bool { return !same(before[c], after[c]) })
}

func same(a, b cdc.Value) bool {
	return a.IsNull() == b.IsNull() && bytes.Equal(a.Bytes(), b.Bytes())
}

// appendKnown appends the fields of which all columns are known, as a JSON object: of a row deleted under a replica identity that is not
// full, those are the identity's; of one that was updated, those that could be read back.
func (o *object) appendKnown(dst []byte, row cdc.Tuple) []byte {
	secret := o.secret != nil && o.secret(row)
	return o.appendIf(dst, row, func(f *field) bool {
		if secret && f.guarded {
			return false
		}
		return !slices.ContainsFunc(f.columns, func(c int) bool { return row[c].IsUnchanged() })
	})
}

// appendUnguarded appends the fields that are known and not guarded, as a JSON object.
func (o *object) appendUnguarded(dst []byte, row cdc.Tuple) []byte {
	return o.appendIf(dst, row, func(f *field) bool {
		return !f.guarded && !slices.ContainsFunc(f.columns, func(c int) bool { return row[c].IsUnchanged() })
	})
}

// appendIf appends the fields that are wanted as a JSON object.
func (o *object) appendIf(dst []byte, row cdc.Tuple, wanted func(*field) bool) []byte {
	dst = append(dst, '{')
	first := true
	for i := range o.fields {
		f := &o.fields[i]
		if !wanted(f) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, f.key...)
		dst = f.encode(dst, row)
	}
	return append(dst, '}')
}
