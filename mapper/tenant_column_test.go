package mapper

import (
	"testing"

	"hookline/cdc"
)

// Who may hear of an event.
func TestIsFor(t *testing.T) {
	for _, test := range []struct {
		event, tenant string
		want          bool
	}{
		{"a", "a", true},
		{"a", "b", false},
		{"a", Everyone, true},
		{Everyone, "b", true},
		{"", "b", false},
		{"", "", true},
		{"", Everyone, true},
		{"a", "", false},
	} {
		s := Subject{Workspace: test.event}
		if got := s.IsFor(test.tenant); got != test.want {
			t.Errorf("%q hears of an event of %q: %t", test.tenant, test.event, got)
		}
	}
}

// A tenant's name reads as it is compared; what is no name is nobody's.
func TestTenantOfARow(t *testing.T) {
	column := &TenantColumn{names: map[string]string{}, log: discard}
	padded := &TenantColumn{names: map[string]string{}, log: discard, padded: true}
	for text, want := range map[string][2]string{
		"acme": {"acme", "acme"}, "acme  ": {"acme  ", "acme"}, "*": {}, "": {}, " ": {" ", ""},
		"ACME": {"ACME", "ACME"},
	} {
		for i, c := range []*TenantColumn{column, padded, column, padded} {
			if got := c.of(cdc.Tuple{cdc.Text([]byte(text))}); got != want[i%2] {
				t.Errorf("the tenant of %q is %q, want %q", text, got, want[i%2])
			}
		}
	}
	if got := column.of(cdc.Tuple{{}}); got != "" {
		t.Errorf("the tenant of null is %q", got)
	}
	row := cdc.Tuple{cdc.Text([]byte("acme"))}
	if n := testing.AllocsPerRun(100, func() { column.of(row) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
