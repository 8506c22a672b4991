package mapper

import (
	"time"

	"hookline/cdc"
)

// A filter decides on an event by a few fields of it. It reads them from the draft, one by one, so
// that nothing else need be made of the rows.

// Place returns the place of a field of the record by its name, or -1. It is the same for all
// events of the object, as long as Layout is.
func (d *Draft) Place(name string) int {
	if i, known := d.object.fieldNamed(name); known && d.object.fields[i].Name == name {
		return i
	}
	return -1
}

// Places returns how many fields the record may have.
func (d *Draft) Places() int { return len(d.object.fields) }

// FieldName returns the name of the field at a place.
func (d *Draft) FieldName(place int) string { return d.object.fields[place].Name }

// AppendField appends the value of the field at a place as JSON, as data has it; ok is false when
// data does not have the field.
func (d *Draft) AppendField(dst []byte, place int) (value []byte, ok bool) {
	s, f := d.sight(), &d.object.fields[place]
	if !s.shows(f) {
		return dst, false
	}
	return f.Encode(dst, d.row), true
}

// AppendPrevious is AppendField of the row before.
func (d *Draft) AppendPrevious(dst []byte, place int) (value []byte, ok bool) {
	s, told := d.sightBefore()
	f := &d.object.fields[place]
	if !told || !s.shows(f) {
		return dst, false
	}
	return f.Encode(dst, d.earlier(f)), true
}

// IsBeforeKnown reports whether it is known what the record was before, or that there was none.
func (d *Draft) IsBeforeKnown() bool {
	_, told := d.sightBefore()
	return told || d.change.Kind != cdc.Update
}

// Changed returns the names of the fields that have changed; known is false when the row before is
// not known. The names must not be modified.
func (d *Draft) Changed() (names []string, known bool) {
	return d.updated, d.updated != nil || d.change.Kind != cdc.Update || d.before != nil
}

// ID returns the ID of the event.
func (d *Draft) ID() string { return d.id() }

// Time returns when the transaction was committed, UTC.
func (d *Draft) Time() time.Time { return d.change.Tx.Time.UTC() }

// Actor returns who did it as Twenty's workspaceMember.id, "" where that is not known.
func (d *Draft) Actor() string {
	if d.change.New == nil {
		return ""
	}
	return d.object.actor(d.Action, d.before, d.row)
}
