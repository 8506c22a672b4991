package sender

import "time"

const (
	spread        = 0.2            // how far a wait is moved, as a share of it
	maxRetryAfter = 24 * time.Hour // the longest that a receiver can ask for
)

// Policy says when to try again. It is a pure function of its inputs and of Jitter.
type Policy struct {
	Schedule []time.Duration // not empty
	Jitter   func() float64  // in [0, 1): what rand.Float64 gives
}

// Next returns the wait after the given attempt, the first being 1, ended in v at now.
//
// The wait is the schedule's, spread by 20 % either way, so that what failed together does not come back together. A Retry-After
// that asks for more is honoured up to 24 h, spread by 20 % upwards only.
//
// more is false when trying again is not expected to help: the schedule has ended, the receiver said 410, or the address is
// refused. The delivery is a dead letter then.
func (p Policy) Next(attempt int, v Verdict, now time.Time) (wait time.Duration, more bool) {
	if attempt > len(p.Schedule) || v.Outcome != Failed {
		return 0, false
	}
	jitter := p.Jitter()
	wait = scale(p.Schedule[attempt-1], 1-spread+2*spread*jitter)
	if asked := v.NotBefore.Sub(now); !v.NotBefore.IsZero() && asked > 0 {
		asked = scale(min(asked, maxRetryAfter), 1+spread*jitter)
		wait = max(wait, min(asked, maxRetryAfter))
	}
	return wait, true
}

func scale(d time.Duration, by float64) time.Duration {
	return time.Duration(float64(d) * by)
}
