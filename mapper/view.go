package mapper

import (
	"slices"
	"strings"

	"hookline/cdc"
)

// Previous is what an event tells of the row before.
type Previous uint8

const (
	PreviousNone    Previous = iota
	PreviousChanged          // the fields that have changed
	PreviousAll              // all fields
)

var previousNames = [...]string{"", "changed", "all"}

func (p Previous) String() string { return previousNames[p] }

// ParsePrevious takes changed or all.
func ParsePrevious(text string) (Previous, bool) {
	i := slices.Index(previousNames[1:], text)
	return Previous(i + 1), i >= 0
}

// View is what a webhook gets of events, where it is not all of them. It is immutable.
type View struct {
	Previous Previous
	// names of the fields that are sent, sorted; those of the key are in any case. Nil for all.
	Fields []string
	Mask   []string // names of the fields that are sent as Masked, sorted; nil for none
	Thin   bool     // no fields but those of the key are sent, though all updates are told
}

// NewView returns the view of a webhook, nil when it gets events as they are.
func NewView(previous Previous, fields, mask []string) *View {
	if previous == PreviousNone && fields == nil && mask == nil {
		return nil
	}
	return &View{Previous: previous, Fields: sorted(fields), Mask: sorted(mask)}
}

// NewThinView returns the view of a webhook that gets keys in place of records.
func NewThinView(mask []string) *View { return &View{Mask: sorted(mask), Thin: true} }

func sorted(names []string) []string {
	if names == nil {
		return nil
	}
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

// Masked stands in place of a value, null too, that a View masks.
const Masked = "***"

// String says what tells the view from others.
func (v *View) String() string {
	if v == nil {
		return ""
	}
	list := func(names []string) string {
		if names == nil {
			return "-"
		}
		return strings.Join(names, "\x00")
	}
	thin := ""
	if v.Thin {
		thin = "\x01thin"
	}
	return v.Previous.String() + "\x01" + list(v.Fields) + "\x01" + list(v.Mask) + thin
}

// same reports whether two views show the same.
func (v *View) same(other *View) bool {
	return v == other || v != nil && other != nil && v.Previous == other.Previous &&
		(v.Fields == nil) == (other.Fields == nil) && slices.Equal(v.Fields, other.Fields) &&
		slices.Equal(v.Mask, other.Mask) && v.Thin == other.Thin
}

// Masks reports whether the view, which may be nil, hides the value of a field.
func (v *View) Masks(name string) bool {
	if v == nil {
		return false
	}
	_, masked := slices.BinarySearch(v.Mask, name)
	return masked
}

// Sends reports whether the view, which may be nil, has a field beside those of the key.
func (v *View) Sends(name string) bool {
	if v == nil || v.Fields == nil && !v.Thin {
		return true
	}
	_, listed := slices.BinarySearch(v.Fields, name)
	return listed
}

// sends reports whether the view has a field of an object.
func (v *View) sends(o *object, field int) bool {
	return slices.Contains(o.identity, field) || v.Sends(o.fields[field].Name)
}

// EventFor puts the event together as a view shows it, which may be nil. It returns nil when the
// view shows nothing of what has changed. An event that was asked for by an equal view is the same.
func (d *Draft) EventFor(v *View) *Event {
	if v == nil {
		if d.plain == nil {
			d.plain = d.Event()
		}
		return d.plain
	}
	for i := range d.views {
		if d.views[i].view.same(v) {
			return d.views[i].event
		}
	}
	var e *Event
	if updated := d.updatedFor(v); !d.isHidden(updated) {
		e = d.event(v, updated)
	}
	d.views = append(d.views, viewed{v, e})
	return e
}

// viewed is an event as a view shows it.
type viewed struct {
	view  *View
	event *Event
}

// isHidden reports whether an event is an update of nothing that is shown.
func (d *Draft) isHidden(updated []string) bool {
	return d.Action == Updated && d.change.Kind == cdc.Update && d.was == nil &&
		d.updated != nil && len(updated) == 0
}

// updatedFor returns the names of changed fields that a view has.
func (d *Draft) updatedFor(v *View) []string {
	if v.Fields == nil || d.updated == nil {
		return d.updated
	}
	updated := make([]string, 0, len(d.updated))
	for _, name := range d.updated {
		if i, known := d.object.fieldNamed(name); known && v.sends(d.object, i) {
			updated = append(updated, name)
		}
	}
	return updated
}

// sight is which fields of a row are told: those that are no secret, and of which all is known.
type sight struct {
	row    cdc.Tuple
	secret bool // those that may be secret are
}

// sight returns what is told of the record.
func (d *Draft) sight() sight {
	return sight{d.row, d.wasSecret || d.object.secret != nil && d.object.secret(d.row)}
}

// sightBefore returns what is told of the row before; ok is false when nothing is, as it is not
// known, there was none, or it is not known whether it may be told: of records that not everybody
// may read, the row before may be of a time when nobody was told of it.
func (d *Draft) sightBefore() (s sight, ok bool) {
	o := d.object
	if d.before == nil || d.change.Kind != cdc.Update || o.judge != nil {
		return sight{}, false
	}
	s = sight{d.before, d.wasSecret || o.secret != nil && (o.secret(d.before) || o.secret(d.row))}
	return s, true
}

// shows reports whether a field is told.
func (s *sight) shows(f *Field) bool {
	return (!s.secret || !f.MaybeSecret) && !f.exceeds(s.row) &&
		!slices.ContainsFunc(f.Columns, func(c int) bool { return s.row[c].IsUnchanged() })
}

// earlier returns the row in which the value of a field before an update stands.
func (d *Draft) earlier(f *Field) cdc.Tuple {
	if f.Before != nil && !d.object.edited(d.before, d.row) {
		return f.before(d.before)
	}
	return d.before
}

// appendView appends the record as a view shows it, as a JSON object.
func (d *Draft) appendView(dst []byte, v *View) []byte {
	s, o := d.sight(), d.object
	dst = append(dst, '{')
	start := len(dst)
	for i := range o.fields {
		if f := &o.fields[i]; v.sends(o, i) && s.shows(f) {
			dst = v.appendField(dst, len(dst) > start, f, d.row)
		}
	}
	return append(dst, '}')
}

// appendPrevious appends what a view shows of the row before, as a JSON object; nothing where that
// is not known.
func (d *Draft) appendPrevious(dst []byte, v *View) []byte {
	s, ok := d.sightBefore()
	if v == nil || v.Previous == PreviousNone || !ok {
		return dst
	}
	o := d.object
	dst = append(dst, '{')
	start := len(dst)
	for i := range o.fields {
		f := &o.fields[i]
		if !v.sends(o, i) || !s.shows(f) ||
			v.Previous == PreviousChanged && !slices.Contains(d.updated, f.Name) {
			continue
		}
		dst = v.appendField(dst, len(dst) > start, f, d.earlier(f))
	}
	return append(dst, '}')
}

// appendField appends a field as a view shows it.
func (v *View) appendField(dst []byte, further bool, f *Field, row cdc.Tuple) []byte {
	if further {
		dst = append(dst, ',')
	}
	dst = append(dst, f.Key...)
	if v.Masks(f.Name) {
		return append(dst, `"`+Masked+`"`...)
	}
	return f.Encode(dst, row)
}
