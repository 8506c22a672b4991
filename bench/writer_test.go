package main

import (
	"testing"
	"time"
)

// TestWriterClocks has three commits, one second from each other, that took 2, 3 and 30 ms and were
// received after 5, 1 and 40 ms.
func TestWriterClocks(t *testing.T) {
	w := &writer{
		contacts: 3, every: time.Second, start: time.Now(), sent: make([]time.Time, 3),
		took: []float64{0.002, 0.003, 0.030},
	}
	tally := newTally(3, 1)
	for i, after := range []time.Duration{
		5 * time.Millisecond, time.Millisecond,
		40 * time.Millisecond,
	} {
		w.sent[i] = w.due(i)
		tally.observe(i+1, 1, 1, w.sent[i].Add(after))
	}
	near := func(what string, got sample, want ...float64) {
		if len(got) != len(want) {
			t.Fatalf("%s: %v, want %v", what, got, want)
		}
		for i := range want {
			if d := got[i] - want[i]; d > 1e-6 || d < -1e-6 {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
	}
	from, to := w.due(0), w.due(3)
	near("sent to receipt", w.sinceSent(tally, from, to), 0.005, 0.001, 0.040)
	near("committed to receipt", w.latencies(tally, from, to), 0.003, 0, 0.010)
	near("from the second on", w.latencies(tally, w.due(1), to), 0, 0.010)
	near("rate", sample{w.rate(from, to)}, 1)
}
