package notice

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"hookline/internal/eventschema"
)

// The schema of operator events has all that they say.
func TestSchemaOfFacts(t *testing.T) {
	var want []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[eventFacts]()) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			want = append(want, name)
		}
	}
	var got []string
	for _, f := range eventschema.Operator(nil).Fields {
		got = append(got, f.Name)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("it has %q, want %q", got, want)
	}
}
