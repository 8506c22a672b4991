package filter

import (
	"errors"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"hookline/mapper"
)

// Reader reads what filters ask for of one event after the other. What was read of an event is kept
// for the next filter. It belongs to one goroutine.
type Reader struct {
	draft    *mapper.Draft
	data     record
	previous record
	changed  ref.Val // nil until it is asked for
	scratch  []byte
}

var _ cel.Activation = (*Reader)(nil)

// Read turns to an event. The draft must be valid as long as filters are asked about it.
func (r *Reader) Read(d *mapper.Draft) {
	r.draft, r.changed = d, nil
	for _, rec := range [...]*record{&r.data, &r.previous} {
		rec.reader = r
		clear(rec.values)
		if n := d.Places(); len(rec.values) != n {
			rec.values = append(rec.values[:0], make([]ref.Val, n)...)
		}
	}
	r.data.field, r.previous.field = (*mapper.Draft).AppendField, (*mapper.Draft).AppendPrevious
}

// ResolveName returns a variable.
func (r *Reader) ResolveName(name string) (any, bool) {
	switch name {
	case varEvent:
		return types.String(r.draft.Name), true
	case varObject:
		return types.String(r.draft.Object), true
	case varAction:
		return types.String(r.draft.Action.String()), true
	case varData:
		return &r.data, true
	case varPrevious:
		if !r.draft.IsBeforeKnown() {
			return types.WrapErr(errUnknownBefore), true
		}
		return &r.previous, true
	case varChanged:
		if r.changed == nil {
			r.changed = r.readChanged()
		}
		return r.changed, true
	case varActor:
		if actor := r.draft.Actor(); actor != "" {
			return types.String(actor), true
		}
		return types.NullValue, true
	}
	return nil, false
}

// Parent returns nil: there are no other variables.
func (r *Reader) Parent() cel.Activation { return nil }

func (r *Reader) readChanged() ref.Val {
	names, known := r.draft.Changed()
	if !known {
		return types.WrapErr(errUnknownBefore)
	}
	return types.NewStringList(types.DefaultTypeAdapter, names)
}

// record is a row as a map of CEL, of which a value is made when it is asked for.
type record struct {
	reader *Reader
	field  func(d *mapper.Draft, dst []byte, place int) ([]byte, bool)
	values []ref.Val // by place; nil until it is asked for, or where there is none
}

var _ traits.Mapper = (*record)(nil)

// at returns the value at a place; nil where there is none.
func (m *record) at(place int) ref.Val {
	if m.values[place] == nil {
		value, ok := m.field(m.reader.draft, m.reader.scratch[:0], place)
		if ok {
			m.values[place] = valueOf(value)
		}
		if m.reader.scratch = value; cap(value) > mostScratch {
			m.reader.scratch = nil
		}
	}
	return m.values[place]
}

// mostScratch is how much room for values is kept, in bytes.
const mostScratch = 64 << 10

// Find returns a field by its name.
func (m *record) Find(key ref.Val) (ref.Val, bool) {
	name, ok := key.(types.String)
	if !ok {
		return nil, false
	}
	place := m.reader.draft.Place(string(name))
	if place < 0 {
		return nil, false
	}
	value := m.at(place)
	return value, value != nil
}

// Get is Find; the value is an error where there is none.
func (m *record) Get(key ref.Val) ref.Val {
	if value, ok := m.Find(key); ok {
		return value
	}
	return types.ValOrErr(key, "no such key: %v", key)
}

// Contains is that of a map: in.
func (m *record) Contains(key ref.Val) ref.Val {
	_, ok := m.Find(key)
	return types.Bool(ok)
}

// whole makes all of it, for what is seldom asked.
func (m *record) whole() traits.Mapper {
	all := map[ref.Val]ref.Val{}
	for i := range m.values {
		if value := m.at(i); value != nil {
			all[types.String(m.reader.draft.FieldName(i))] = value
		}
	}
	return types.NewRefValMap(types.DefaultTypeAdapter, all)
}

// Size is the number of fields.
func (m *record) Size() ref.Val { return m.whole().Size() }

// Iterator goes over the names of fields.
func (m *record) Iterator() traits.Iterator { return m.whole().Iterator() }

// Equal compares with another map.
func (m *record) Equal(other ref.Val) ref.Val {
	if o, ok := other.(*record); ok {
		other = o.whole()
	}
	return m.whole().Equal(other)
}

// ConvertToNative is that of a ref.Val: nobody takes a record out of an expression.
func (m *record) ConvertToNative(reflect.Type) (any, error) {
	return nil, errors.New("a record is not converted")
}

// ConvertToType is that of a map.
func (m *record) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.MapType:
		return m
	case types.TypeType:
		return types.MapType
	}
	return types.NewErr("a record is not converted")
}

// Type is that of a map.
func (m *record) Type() ref.Type { return types.MapType }

// Value is that of a ref.Val.
func (m *record) Value() any { return m }
