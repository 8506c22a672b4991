package mapper

import (
	"bytes"
	"slices"

	"hookline/cdc"
)

// object is how the rows of one relation are announced: a Description, compiled.
type object struct {
	name      string        // the object's singular name, as events carry it
	id        string        // Twenty's objectMetadata.id
	workspace string        // whose the records are, where all are of one: see Subject.Workspace
	tenant    *TenantColumn // that tells of each row whose it is; nil: workspace does
	hash      uint64        // seed of the record hash: tells equal keys of different tables apart
	key       []int         // columns of the primary key
	// columns of the replica identity, where that is an index without all of the key; else nil
	index []int
	// columns that tell records apart, where the primary key does not; nil when it does
	apart  []int
	drafts *drafts // that a record has drafts beside what is published; nil: it has none
	// the fields that are told of as the key: each of one column of it, in its order
	identity []int
	// that two rows have one key is refused at the end of a transaction only
	deferred bool
	// keys are equal only if their texts are, so that a delete and an insert of one record can be
	// told
	exact bool
	// columns of the key that have nothing to do with the partition a row lies in; nil when rows
	// cannot be found by them
	stays     []int
	deletedAt int      // column of the soft delete, -1 when there is none
	undeleted []string // what it may be, beside null, in a row that is not deleted
	absent    Absences // rows that are not there for receivers; nil: all are
	limited   bool     // a field has a limit
	// columns that hold the acting workspace member's id, the likeliest first
	member  []int
	changer *Actor // who has changed a row last; nil where rows do not tell
	// has columns of composite types, so that the plan is good for as long as Describer.Refresh
	// says so
	composite bool
	destroys  bool     // every hard delete is destroyed, also that of a live row
	rewrites  Rewrites // what upgrades write; nil where none is known to
	judge     Judge    // which records may be told; nil for all of them
	// hash as it was before the table was renamed, as far as the stream has told; 0 for none
	former uint64

	fields []Field
	events [actions]string // <name>.<action>
	// by column: nothing is made of it, so it need not be read back; nil when something is of every
	// one
	ignore []bool

	// secret reports whether the fields that may be secret are credentials in a row; nil when they
	// never are
	secret func(row cdc.Tuple) bool

	// veiled encode columns of the key of which not all is told, as there are credentials in it;
	// nil where it has none. What is not told of a key does not tell records apart: their events
	// are in one line.
	veiled map[int]func(text []byte) []byte

	places  map[string]int // of fields, by name; nil until it is asked for
	names   []string       // room for changed
	scratch []byte         // room for differs
}

// identify finds the fields that are told of as the key. One that is left out of events is left out
// there, too. A document is in rows of several keys, one after the other, so what tells it from
// others is its key.
func (o *object) identify() {
	key := o.key
	if o.drafts != nil {
		key = o.apart
	}
	o.identity = identityOf(o.fields, key)
}

// identityOf returns the fields that are told of as a key of some columns.
func identityOf(fields []Field, key []int) (identity []int) {
	for _, c := range key {
		for i := range fields {
			if f := &fields[i]; len(f.Columns) == 1 && f.Columns[0] == c && !f.MaybeSecret {
				identity = append(identity, i)
				break
			}
		}
	}
	return identity
}

// appendKey appends the fields of a row's key as a JSON object, nothing when they are not known.
func (o *object) appendKey(dst []byte, row cdc.Tuple) []byte { return o.appendKeyAs(dst, row, nil) }

// appendKeyAs is appendKey as a view shows the key.
func (o *object) appendKeyAs(dst []byte, row cdc.Tuple, v *View) []byte {
	if len(o.identity) == 0 {
		return dst
	}
	start := len(dst)
	for n, i := range o.identity {
		f := &o.fields[i]
		if row[f.Columns[0]].IsUnchanged() {
			return dst[:start]
		}
		dst = append(dst, "{,"[min(n, 1)])
		dst = v.appendField(dst, false, f, row)
	}
	return append(dst, '}')
}

// appendMaskedKey appends a key of which nothing is shown.
func (o *object) appendMaskedKey(dst []byte) []byte {
	for n, i := range o.identity {
		dst = append(dst, "{,"[min(n, 1)])
		dst = append(append(dst, o.fields[i].Key...), `"`+Masked+`"`...)
	}
	return append(dst, '}')
}

// fieldNamed returns the field of a name, which may be its second one.
func (o *object) fieldNamed(name string) (int, bool) {
	if o.places == nil {
		o.places = make(map[string]int, len(o.fields))
		for i := range o.fields {
			if also := o.fields[i].Also; also != "" {
				o.places[also] = i
			}
		}
		for i := range o.fields {
			o.places[o.fields[i].Name] = i
		}
	}
	i, known := o.places[name]
	return i, known
}

// rekeyed returns the columns of the key as they were before an update, where it has changed them;
// nil where it has not, or that is not known.
func (o *object) rekeyed(before, after cdc.Tuple) cdc.Tuple {
	if !o.rekeys(before, after) {
		return nil
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

// underOldKey returns a row under the key that it had before an update, as far as that is known.
func (o *object) underOldKey(before, after cdc.Tuple) cdc.Tuple {
	was := o.rekeyed(before, after)
	if was == nil {
		return after
	}
	row := slices.Clone(after)
	for _, columns := range [][]int{o.key, o.ordering()} {
		for _, c := range columns {
			row[c] = was[c]
		}
	}
	return row
}

// rekeys reports whether an update has changed the key, as far as the row before is known.
func (o *object) rekeys(before, after cdc.Tuple) bool {
	return before != nil && slices.ContainsFunc(o.key, func(c int) bool {
		return !before[c].IsUnchanged() && !Same(before[c], after[c]) &&
			!o.showsAlike(c, before[c], after[c])
	})
}

// shownKey returns what tells records apart of a value of the key.
func (o *object) shownKey(column int, text []byte) []byte {
	if o.veiled == nil || o.veiled[column] == nil {
		return text
	}
	return o.veiled[column](text)
}

// showsAlike reports whether two values of the key differ in nothing but what is not told.
func (o *object) showsAlike(column int, a, b cdc.Value) bool {
	return o.veiled[column] != nil && a.Bytes() != nil && b.Bytes() != nil &&
		bytes.Equal(o.shownKey(column, a.Bytes()), o.shownKey(column, b.Bytes()))
}

// keyOf returns what of a row tells it from others, and its key; all other columns are not known.
func (o *object) keyOf(row cdc.Tuple) cdc.Tuple {
	key := make(cdc.Tuple, len(row))
	for i := range key {
		key[i] = cdc.Unchanged()
	}
	for _, columns := range [][]int{o.key, o.ordering()} {
		for _, c := range columns {
			key[c] = row[c]
		}
	}
	return key
}

// orders reports whether a change tells which record it is of, and was of before.
func (o *object) orders(change cdc.Change) bool {
	columns := o.ordering()
	return len(columns) > 0 &&
		(change.Old == nil || change.Kind == cdc.Insert || has(change.Old, columns)) &&
		(change.New == nil || has(change.New, columns))
}

// has reports whether a row has a value in each of some columns.
func has(row cdc.Tuple, columns []int) bool {
	return !slices.ContainsFunc(columns, func(c int) bool { return row[c].Bytes() == nil })
}

// appendRow appends the row as a JSON object.
func (o *object) appendRow(dst []byte, row cdc.Tuple) []byte {
	if o.secret != nil && o.secret(row) {
		return o.appendIf(dst, row, func(f *Field) bool { return !f.MaybeSecret })
	}
	if o.limited {
		return o.appendIf(dst, row, func(*Field) bool { return true })
	}
	dst = append(dst, '{')
	for i := range o.fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, o.fields[i].Key...)
		dst = o.fields[i].Encode(dst, row)
	}
	return append(dst, '}')
}

// changed returns the names of the fields that read differently before and after, silent ones left
// out. Rows are equal when they differ only where the JSON does not show it: null and "" where both
// read as "", microseconds where milliseconds are shown.
func (o *object) changed(before, after cdc.Tuple) []string {
	names, more := o.names[:0], false
	secret := o.secret != nil && (o.secret(before) || o.secret(after))
	for i := range o.fields {
		f := &o.fields[i]
		was := before
		if f.Before != nil && !o.edited(before, after) {
			was = f.before(before)
		}
		if f.Silent || secret && f.MaybeSecret || f.Rides != nil && differ(before, after, f.Rides) ||
			!o.differs(f, was, after) {
			continue
		}
		if f.Also != "" {
			names = append(names, f.Also)
		}
		names = append(names, f.Name)
		more = more || !f.Touch
	}
	o.names = names
	if !more {
		return nil
	}
	return slices.Clone(names)
}

// edited reports whether the update was an edit, not what a foreign key or a migration does: it
// changed a silent field, which is updatedAt.
func (o *object) edited(before, after cdc.Tuple) bool {
	for i := range o.fields {
		if !o.fields[i].Silent {
			continue
		}
		for _, c := range o.fields[i].Columns {
			if !Same(before[c], after[c]) {
				return true
			}
		}
	}
	return false
}

// before returns the row with the values of the columns that are made anew.
func (f *Field) before(row cdc.Tuple) cdc.Tuple {
	row = slices.Clone(row)
	for _, pair := range f.Before {
		row[pair[0]] = row[pair[1]]
	}
	return row
}

// differs reports whether a field reads differently before and after.
func (o *object) differs(f *Field, before, after cdc.Tuple) bool {
	for _, c := range f.Columns {
		if !Same(before[c], after[c]) {
			was := f.Encode(o.scratch[:0], before)
			o.scratch = f.Encode(was, after)
			return !bytes.Equal(o.scratch[:len(was)], o.scratch[len(was):])
		}
	}
	return false
}

// differ reports whether one of the columns has changed.
func differ(before, after cdc.Tuple, columns []int) bool {
	return slices.ContainsFunc(columns, func(c int) bool { return !Same(before[c], after[c]) })
}

// Same reports whether two values are equal, nulls too.
func Same(a, b cdc.Value) bool {
	return a.IsNull() == b.IsNull() && bytes.Equal(a.Bytes(), b.Bytes())
}

// appendKnown appends the fields of which all columns are known, as a JSON object: of a row deleted
// under a replica identity that is not full, those are the identity's; of one that was updated,
// those that could be read back.
func (o *object) appendKnown(dst []byte, row cdc.Tuple) []byte {
	secret := o.secret != nil && o.secret(row)
	return o.appendIf(dst, row, func(f *Field) bool {
		if secret && f.MaybeSecret {
			return false
		}
		return !slices.ContainsFunc(f.Columns, func(c int) bool { return row[c].IsUnchanged() })
	})
}

// appendNeverSecret appends the fields that are known and can never be secret, as a JSON object.
func (o *object) appendNeverSecret(dst []byte, row cdc.Tuple) []byte {
	return o.appendIf(dst, row, func(f *Field) bool {
		return !f.MaybeSecret &&
			!slices.ContainsFunc(f.Columns, func(c int) bool { return row[c].IsUnchanged() })
	})
}

// appendIf appends the fields that are wanted as a JSON object.
func (o *object) appendIf(dst []byte, row cdc.Tuple, wanted func(*Field) bool) []byte {
	dst = append(dst, '{')
	first := true
	for i := range o.fields {
		f := &o.fields[i]
		if !wanted(f) || f.exceeds(row) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, f.Key...)
		dst = f.Encode(dst, row)
	}
	return append(dst, '}')
}

// exceeds reports whether the field's value in a row is larger than is sent.
func (f *Field) exceeds(row cdc.Tuple) bool {
	if f.Limit == 0 {
		return false
	}
	n := 0
	for _, c := range f.Columns {
		n += len(row[c].Bytes())
	}
	if f.Binary { // the stream has it in hexadecimal, behind \x
		n = (n - 2) / 2
	}
	return n > f.Limit
}
