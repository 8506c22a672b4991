package main

import (
	"testing"
	"time"
)

func TestProgressLeavesOutItsEnds(t *testing.T) {
	const whole = 1000
	start := time.Now()
	var p progress
	for second, n := range []int{0, 0, 200, 400, 800, whole} {
		at := start.Add(time.Duration(second) * time.Second)
		if last := p.observe(n, whole, at); last != (n == whole) {
			t.Errorf("%d of %d: last %t", n, whole, last)
		}
	}
	if got, err := p.rate(); got != 300 || err != nil || p.read != whole {
		t.Errorf("%g per second of %d, error %v, want 300 of %d", got, p.read, err, whole)
	}
	p = progress{}
	p.observe(500, whole, start)
	p.observe(whole, whole, start.Add(time.Second))
	if got, err := p.rate(); err == nil {
		t.Errorf("%g per second of a single look, want an error", got)
	}
}
