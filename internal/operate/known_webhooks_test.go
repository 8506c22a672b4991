package operate

import (
	"errors"
	"testing"
)

// While it is not known which webhooks have a row, the beginning of an ID may be another one's: it
// stands for none, so that nobody discards what is not meant.
func TestKeyWhileRowsAreUnknown(t *testing.T) {
	const key = "public.webhooks/4f2a"
	for name, k := range map[string]KnownWebhooks{
		"known":   {rows: []string{key}, queues: []string{key}},
		"unknown": {queues: []string{key}, Unread: errors.ErrUnsupported},
	} {
		for _, whole := range []string{key, "4f2a"} {
			if got, err := k.Key(whole); err != nil || got != key {
				t.Errorf("%s: %q is %q, %v", name, whole, got, err)
			}
		}
		got, err := k.Key("4f")
		if k.Unread == nil && (err != nil || got != key) ||
			k.Unread != nil && (!errors.Is(err, k.Unread) || got != "") {
			t.Errorf("%s: a beginning is %q, %v", name, got, err)
		}
	}
}
