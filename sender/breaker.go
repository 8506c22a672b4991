package sender

import (
	"slices"
	"time"
)

const (
	tripAfter  = 5                // records that fail in a row, with no success between, open the breaker
	firstProbe = time.Second      // from then to the first probe; doubled with each one that fails
	lastProbe  = 20 * time.Second // the longest between two of them
)

// breaker says how many attempts one webhook gets at once. Closed, that is its window. When several records have failed and none was
// delivered between, it opens: then there are only probes, one at a time. A success closes it with a window of one attempt, which grows with
// each further success: quickly up to half of where it broke, then by one for each window's worth.
//
// It is a function of what it is told, and belongs to one goroutine at a time.
type breaker struct {
	most    int // the window of a receiver in good order
	window  int
	ceiling int // up to which the window grows quickly
	credit  int // successes since it last grew slowly
	failing []uint64
	trial   bool // closed without a successful probe, as there was nothing to probe with: the next failure opens it again
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
func (b *breaker) probeDue(now time.Time) bool { return b.open && !b.probing && !now.Before(b.probeAt) }

// success takes a delivery, and reports whether it closes the breaker.
func (b *breaker) success() (closed bool) {
	b.failing, b.trial = b.failing[:0], false
	if b.open {
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

// failure takes an attempt at a record that failed at now, and reports whether it opens the breaker. notBefore is when the receiver wants
// to be asked again, if it said so. jitter is in [0, 1).
func (b *breaker) failure(record uint64, probe bool, now, notBefore time.Time, jitter float64) (opened bool) {
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
	wait := scale(min(firstProbe<<min(b.probes, 16), lastProbe), 1-spread+2*spread*jitter)
	b.probeAt = now.Add(wait)
	if limit := now.Add(maxRetryAfter); notBefore.After(limit) {
		notBefore = limit
	}
	if notBefore.After(b.probeAt) {
		b.probeAt = notBefore
	}
	return opened
}

// try closes an open breaker for as long as nothing fails: there is nothing left to probe with.
func (b *breaker) try() {
	b.open, b.probing, b.trial = false, false, true
}
