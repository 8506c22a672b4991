package eventschema

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Forms are the fields of an object's events, by name, each with the form of its values: two that
// receivers cannot tell apart are the same, as those of an int4 and an int8. What may be null, and
// the labels of enums, is no part of it.
type Forms map[string]string

// FormsOf returns the fields of an object.
func FormsOf(o *Object) Forms {
	forms := make(Forms, len(o.Fields))
	for _, f := range o.Fields {
		form, err := json.Marshal(Labels{}.of(f.Shape, true))
		if err != nil {
			form = nil // no schema of a shape gets here
		}
		forms[strings.ToValidUTF8(f.Name, "\uFFFD")] = string(form)
	}
	return forms
}

// Since tells what has become of fields since they were as before: all names in order.
func (f Forms) Since(before Forms) (added, removed, changed []string) {
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if form, there := before[name]; !there {
			added = append(added, name)
		} else if form != f[name] {
			changed = append(changed, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, there := f[name]; !there {
			removed = append(removed, name)
		}
	}
	return added, removed, changed
}
