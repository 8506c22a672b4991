package main

import (
	"testing"
	"time"
)

// TestCatchUp has a receiver get nothing for two of four seconds in which an event is committed
// every 10 ms, then one every 5 ms.
func TestCatchUp(t *testing.T) {
	const events, missed, every = 400, 200, 10 * time.Millisecond
	w := &writer{contacts: events, every: every, start: time.Now(), sent: make([]time.Time, 2*events)}
	tally := newTally(events, 2)
	back := w.due(missed)
	for i := range events {
		w.sent[i] = w.due(i)
		at := back.Add(time.Duration(i) * every / 2)
		if caught := w.due(i).Add(time.Millisecond); at.Before(caught) {
			at = caught
		}
		tally.observe(i+1, 1, 1, at)
	}
	tally.cut(events)
	got := catchUp(w, tally, back)
	if got.behind != missed {
		t.Errorf("behind by %d, want %d", got.behind, missed)
	}
	// It gets 200 events per second, 100 more than are committed: after 1.9 s it is behind by 10,
	// which is a tenth of a second.
	if want := 1900 * time.Millisecond; (got.took - want).Abs() > 2*every {
		t.Errorf("took %s, want %s", got.took, want)
	}
	if got.rate < 195 || got.rate > 205 {
		t.Errorf("%.0f events/s, want 200", got.rate)
	}
}
