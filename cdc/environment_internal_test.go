package cdc

import (
	"errors"
	"testing"
)

func TestCheckEnvironment(t *testing.T) {
	for _, test := range []struct {
		noted, told string
		gap         bool
	}{
		{"", "", false},
		{"", "production", false},
		{"production", "production", false},
		{"production", "staging", true},
		{"production", "", true},
	} {
		s := system{
			id: "7", database: "1", name: "crm", published: true, environment: test.noted,
			slot: slot{exists: true, plugin: "pgoutput", database: "crm"},
		}
		gap, _ := errors.AsType[*Gap](s.check(Config{
			Slot: "s", Schema: "hookline",
			Environment: test.told,
		}, nil))
		if got := gap != nil; got != test.gap || got && gap.Reason != OtherEnvironment {
			t.Errorf("noted %q, told %q: %+v, want a gap: %t", test.noted, test.told, gap, test.gap)
		}
	}
}
