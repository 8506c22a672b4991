package eventschema

import (
	"slices"

	"hookline/mapper"
)

// Form is in which form a webhook gets events. Its zero value is the format event, with all of a
// record, and one event in a request.
type Form struct {
	Format mapper.Format
	View   *mapper.View // what of records is told; nil for all but the row before
	Batch  int          // events in a request at most, in an array; 0: one, and no array
}

// String names it for people.
func (f Form) String() string {
	if f.Batch > 0 {
		return f.Format.String() + ", in arrays"
	}
	return f.Format.String()
}

// told returns the objects that are told in this form, with the fields of them that are.
func (f Form) told(objects []Object) (told []Object) {
	for _, o := range objects {
		if o.Table != "" {
			if !f.Format.OfRecords() {
				continue
			}
			o.show(f.View)
		}
		told = append(told, o)
	}
	return told
}

// show leaves of the fields those that a view sends, as it sends them.
func (o *Object) show(v *mapper.View) {
	all, key := o.Fields, o.Key
	o.Fields, o.Key = nil, nil
	for i, f := range all {
		isKey := slices.Contains(key, i)
		if !isKey && !v.Sends(f.Name) {
			continue
		}
		if isKey {
			o.Key = append(o.Key, len(o.Fields))
		}
		f.masked = v.Masks(f.Name)
		o.Fields = append(o.Fields, f)
	}
}

// before reports whether events have the row before, in this form.
func (f Form) before() bool {
	return f.View != nil && f.View.Previous != mapper.PreviousNone && f.Format != mapper.FormatTwenty
}
