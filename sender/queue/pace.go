package queue

import (
	"time"

	"golang.org/x/time/rate"
)

// pace is the most requests that a webhook takes in a second: a token bucket that holds those of a
// tenth of a second, at least one. Each attempt takes a token, whatever it is: a first one, a
// retry, or a probe.
type pace struct {
	tokens *rate.Limiter // nil: as many as it can
	until  time.Time     // when there is one again that an attempt waits for; zero when none does
}

const bursts = 10 // of which a second's requests are made

// SetRate says how many requests a second the webhook takes from now on; 0 for any number.
func (q *Queue) SetRate(perSecond float64, now time.Time) {
	limit, burst := rate.Limit(perSecond), max(1, int(perSecond/bursts))
	switch {
	case perSecond == 0:
		q.pace = pace{}
	case q.pace.tokens == nil:
		q.pace.tokens = rate.NewLimiter(limit, burst)
	case q.pace.tokens.Limit() != limit:
		q.pace.tokens.SetLimitAt(now, limit)
		q.pace.tokens.SetBurstAt(now, burst)
	}
}

// holds reports whether an attempt has to wait for its token.
func (p *pace) holds(now time.Time) bool {
	if p.tokens == nil {
		return false
	}
	p.until = time.Time{}
	r := p.tokens.ReserveN(now, 1)
	if wait := r.DelayFrom(now); wait > 0 {
		p.until = now.Add(wait)
	}
	r.CancelAt(now)
	return !p.until.IsZero()
}

// take takes a token for an attempt.
func (p *pace) take(now time.Time) {
	if p.tokens != nil {
		p.tokens.AllowN(now, 1)
	}
}

// holdEnds returns when deliveries may no longer hold the stream back that wait for a token; never
// when it is not ok.
func (q *Queue) holdEnds() (at time.Time, ok bool) {
	if q.pace.until.IsZero() || q.state != Live {
		return at, false
	}
	for k := q.ready.first; k != nil; k = k.next {
		for d := k.first(); d != nil; d = d.next {
			if !d.Stored { // nor does what was read from the spool
				return d.Taken.Add(q.cfg.HoldMax), true
			}
		}
	}
	return at, false
}

// SpoolPaced has all deliveries go through the spool once the first has waited too long for a
// token: as long as one may hold the stream back. It reports whether they do from now on.
func (q *Queue) SpoolPaced(now time.Time) bool {
	at, ok := q.holdEnds()
	return ok && !now.Before(at) && q.MoveToSpool()
}
