package queue

import (
	"slices"
	"testing"
	"time"
)

func TestBreaker(t *testing.T) {
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	fail := func(b *breaker, record uint64) bool {
		return b.failure(record, b.probing, now, time.Time{}, 0.5)
	}

	t.Run("opens", func(t *testing.T) {
		b := newBreaker(64)
		for range 20 {
			if fail(&b, 7) {
				t.Fatal("one record that fails again and again has opened it")
			}
		}
		fail(&b, 8)
		fail(&b, 9)
		b.success()
		for record := range uint64(tripAfter - 1) {
			if fail(&b, record) {
				t.Fatal("it has opened too early")
			}
		}
		if !b.admits(63, now) || b.admits(64, now) {
			t.Error("closed, it lets 64 attempts through")
		}
		if !fail(&b, 100) || b.admits(0, now) {
			t.Error("it has not opened")
		}
	})
	t.Run("probes", func(t *testing.T) {
		b := newBreaker(64)
		b.trial = true
		if !fail(&b, 1) {
			t.Fatal("a failure on trial has not opened it")
		}
		var waits []time.Duration
		for range 9 {
			waits = append(waits, b.probeAt.Sub(now))
			now = b.probeAt
			if !b.admits(0, now) {
				t.Fatal("no probe when it is due")
			}
			b.probing = true
			if b.admits(0, now) {
				t.Fatal("two probes at once")
			}
			fail(&b, 2)
		}
		const s = time.Second
		want := []time.Duration{1 * s, 2 * s, 4 * s, 8 * s, 16 * s, 20 * s, 20 * s, 20 * s, 20 * s}
		if !slices.Equal(waits, want) {
			t.Errorf("waits %v, want %v", waits, want)
		}
		b.failure(3, false, now, now.Add(time.Hour), 0.5) // one that was under way when it opened
		if got := b.probeAt.Sub(now); got != lastProbe {
			t.Errorf("a late failure moved the probe to %s", got)
		}
		b.probing = true
		b.failure(3, true, now, now.Add(time.Hour), 0.5)
		if got := b.probeAt.Sub(now); got != time.Hour {
			t.Errorf("next probe in %s, the receiver has asked for an hour", got)
		}
		b.probing = true
		b.failure(3, true, now, now.Add(999*time.Hour), 0.5)
		if got := b.probeAt.Sub(now); got != 24*time.Hour {
			t.Errorf("next probe in %s, want a day at most", got)
		}
	})
	t.Run("recovers", func(t *testing.T) {
		b := newBreaker(64)
		b.open, b.window, b.ceiling = true, 1, 32
		if !b.success() || b.open || b.window != 1 {
			t.Fatalf("after a good probe: %+v", b)
		}
		var windows []int
		for n := range 3000 {
			if b.success(); n < 40 {
				windows = append(windows, b.window)
			}
		}
		if windows[0] != 2 || windows[30] != 32 || windows[39] != 32 {
			t.Errorf("the window grows as %v", windows)
		}
		if b.window != 64 {
			t.Errorf("the window ends at %d", b.window)
		}
	})
}
