package webhook

import (
	"errors"
	"slices"
	"testing"
)

// A name stands for a key, an ID, or the beginning of an ID that no other has. A number stands for
// itself alone: 8 is not 80.
func TestPickKey(t *testing.T) {
	keys := []string{
		"crm.webhook/3fa1", "crm.webhook/3fb2", "crm.webhook/7", "own.webhook/7", "own.webhook/71",
		"own.webhook/80",
	}
	for name, want := range map[string]string{
		"crm.webhook/7": "crm.webhook/7", "3fa1": "crm.webhook/3fa1", "3fb": "crm.webhook/3fb2",
		"71": "own.webhook/71",
	} {
		if got, err := PickKey(keys, name); err != nil || got != want {
			t.Errorf("%q is %q, %v, want %q", name, got, err, want)
		}
	}
	for name, several := range map[string][]string{
		"3f": {"crm.webhook/3fa1", "crm.webhook/3fb2"},
		"7":  {"crm.webhook/7", "own.webhook/7"},
		"":   nil, "8": nil, "9": nil, "crm.webhook/3f": nil,
	} {
		got, err := PickKey(keys, name)
		none, ok := errors.AsType[*NotFoundError](err)
		if !ok || got != "" || !slices.Equal(none.Several, several) {
			t.Errorf("%q is %q, %v, want none of %q", name, got, err, several)
		}
	}
}
