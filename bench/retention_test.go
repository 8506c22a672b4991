package main

import (
	"testing"
	"time"
)

func TestRetentionPeak(t *testing.T) {
	start := time.Now()
	r := &retention{}
	for i, v := range []float64{9, 1, 4, 2, 8} {
		r.samples = append(r.samples, retained{
			at: start.Add(time.Duration(i) * time.Second), kept: v,
			unsettled: v / 2,
		})
	}
	if got := r.peak(start.Add(time.Second), start.Add(4*time.Second)); got.kept != 4 ||
		got.unsettled != 2 {
		t.Errorf("peak %+v, want 4 and 2", got)
	}
}
