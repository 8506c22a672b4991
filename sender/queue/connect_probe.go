package queue

import (
	"slices"
	"time"
)

// connectEvery is the time from a connection that was refused to the next probe of it, spread by
// 20 %.
const connectEvery = 1500 * time.Millisecond

// connectProbe tests whether a receiver takes connections that has refused them. That costs nobody
// anything, as nothing is sent. So it is noticed soon when it is back, while requests are made at
// their pace.
type connectProbe struct {
	refused bool // the last attempt was refused a connection
	running bool
	at      time.Time // of the next one
}

// Reached is what a connect probe has found.
type Reached uint8

const (
	Unreachable Reached = iota
	Reachable
	Forbidden // the address may not be dialled
)

// refusal notes whether an attempt that failed was refused its connection.
func (q *Queue) refusal(k *keyQueue, refused bool, now time.Time, jitter float64) {
	k.refused, q.connect.refused = refused, refused
	if refused {
		q.connect.later(now, jitter)
	}
}

func (c *connectProbe) later(now time.Time, jitter float64) {
	c.at = now.Add(Spread(connectEvery, jitter))
}

// mayConnect reports whether a connect probe is worth it: deliveries wait for a receiver that has
// refused connections, and no request is about to find out.
func (q *Queue) mayConnect(served bool) bool {
	return q.connect.refused && !q.connect.running && !q.breaker.probing && served &&
		(q.breaker.open || len(q.due) > 0) && q.state < Paused
}

// ProbeConnect reports whether it is time for a connect probe. Then call Probed when it is over.
func (q *Queue) ProbeConnect(now time.Time, served bool) bool {
	if !q.mayConnect(served) || now.Before(q.connect.at) {
		return false
	}
	q.connect.running = true
	return true
}

// Probed takes what a connect probe has found. It reports whether the receiver takes connections
// again.
func (q *Queue) Probed(found Reached, now time.Time, jitter float64) bool {
	q.connect.running = false
	switch {
	case found == Reachable && q.connect.refused:
		q.connect.refused = false
		q.connects(now)
		return true
	case found == Forbidden: // a request will tell
		q.connect.refused = false
	default:
		q.connect.later(now, jitter)
	}
	return false
}

// connects has the receiver asked at once, as it takes connections again: by a probe while the
// breaker is open, else by the deliveries that were refused one. An attempt before its time does
// not count when it fails.
func (q *Queue) connects(now time.Time) {
	if q.breaker.open {
		q.breaker.probeAt = now
		return
	}
	for _, k := range slices.Clone(q.due) {
		if !k.refused || !k.due.After(now) {
			continue
		}
		q.unlist(k)
		if k.early = true; k.first() == nil {
			q.bringBack(k)
			continue
		}
		q.line(k)
	}
}
