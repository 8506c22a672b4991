package queue

import (
	"slices"
	"time"
)

const (
	// records that fail in a row, with no success between, open the breaker
	tripAfter  = 5
	firstProbe = time.Second      // from then to the first probe; doubled with each one that fails
	lastProbe  = 20 * time.Second // the longest between two of them
)

// MaxRetryAfter is the longest that a receiver can ask for to be left alone.
const MaxRetryAfter = 24 * time.Hour

// Spread moves a wait by up to 20 % either way, so that what failed together does not come back
// together. jitter is in [0, 1).
func Spread(wait time.Duration, jitter float64) time.Duration {
	const spread = 0.2
	return time.Duration(float64(wait) * (1 - spread + 2*spread*jitter))
}

// breaker says how many attempts one webhook gets at once. Closed, that is its window. When several
// records have failed and none was delivered between, it opens: then there are only probes, one at
// a time. A success closes it with a window of one attempt, which grows with each further success:
// quickly up to half of where it broke, then by one for each window's worth.
type breaker struct {
	most    int // the window of a receiver in good order
	window  int
	ceiling int // up to which the window grows quickly
	credit  int // successes since it last grew slowly
	failing []uint64
	trial   bool // closed without a probe, as there was nothing for one: the next failure opens it
	open    bool
	probing bool // a probe is under way
	probes  int  // that have failed in a row
	probeAt time.Time
}

func newBreaker(most int) breaker { return breaker{most: most, window: most, ceiling: most} }

// admits reports whether one more attempt may be made beside those in flight.
func (b *breaker) admits(inFlight int, now time.Time) bool {
	if b.open {
		return b.probeDue(now)
	}
	return inFlight < b.window
}

// probeDue reports whether it is time for a probe.
func (b *breaker) probeDue(now time.Time) bool {
	return b.open && !b.probing && !now.Before(b.probeAt)
}

// success takes a delivery, and reports whether the receiver accepted nothing before.
func (b *breaker) success() (recovered bool) {
	recovered = b.open || b.trial
	b.failing, b.trial = b.failing[:0], false
	if recovered {
		b.open, b.probing, b.probes = false, false, 0
		return true
	}
	switch {
	case b.window >= b.most:
	case b.window < b.ceiling:
		b.window++
	default:
		if b.credit++; b.credit >= b.window {
			b.window, b.credit = b.window+1, 0
		}
	}
	return false
}

// failure takes an attempt at a record that failed at now, and reports whether it opens the
// breaker. notBefore is when the receiver wants to be asked again, if it said so. jitter is in
// [0, 1).
func (b *breaker) failure(
	record uint64, probe bool, now, notBefore time.Time, jitter float64,
) (opened bool) {
	switch {
	case b.open && !probe: // it was under way when the breaker opened
		return false
	case b.open:
		b.probes++
		b.probing = false
	default:
		if !slices.Contains(b.failing, record) {
			b.failing = append(b.failing, record)
		}
		if len(b.failing) < tripAfter && !b.trial {
			return false
		}
		b.open, opened = true, true
		b.ceiling = max(1, b.window/2)
		b.window, b.credit, b.failing, b.trial = 1, 0, b.failing[:0], false
	}
	b.probeAt = now.Add(Spread(min(firstProbe<<min(b.probes, 16), lastProbe), jitter))
	if limit := now.Add(MaxRetryAfter); notBefore.After(limit) {
		notBefore = limit
	}
	if notBefore.After(b.probeAt) {
		b.probeAt = notBefore
	}
	return opened
}

// begin opens a breaker to which nothing was told yet: the receiver accepted nothing before. The
// first probe is due at once.
func (b *breaker) begin() {
	b.open, b.window, b.ceiling = true, 1, max(1, b.most/2)
}

// try closes an open breaker for as long as nothing fails: there is nothing left to probe with.
func (b *breaker) try() {
	b.open, b.probing, b.trial = false, false, true
}
