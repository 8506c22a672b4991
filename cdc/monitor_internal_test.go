package cdc

import (
	"testing"
	"time"
)

// A sender that goes on, however far behind, has gone through what there was at some time; one that
// does not is behind since then.
func TestProgress(t *testing.T) {
	var p senderProgress
	at := func(second int) time.Time { return time.Unix(int64(second), 0) }
	for second, look := range []struct {
		sent, position LSN
		since          int // -1: it has gone through all
		stands         bool
	}{
		0: {10, 10, -1, false},
		1: {10, 10, -1, true},
		2: {10, 20, -1, true}, // 20 is the goal from here on
		3: {10, 30, 2, true},
		4: {15, 40, 2, false},
		5: {20, 50, -1, false}, // reached; the next one is 50
		6: {49, 60, 5, false},
		7: {49, 60, 5, true},
		8: {60, 60, -1, false},
		9: {60, 60, -1, true},
	} {
		since := p.pendingSince(look.sent, look.position, at(second))
		want := time.Time{}
		if look.since >= 0 {
			want = at(look.since)
		}
		if !since.Equal(want) || p.still != look.stands {
			t.Errorf("look %d: behind since %v, stands %t; want %v, %t", second, since, p.still, want,
				look.stands)
		}
	}
}
