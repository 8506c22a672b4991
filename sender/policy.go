package sender

import (
	"slices"
	"time"

	"hookline/sender/queue"
)

const (
	spread        = 0.2 // how far a wait is moved, as a share of it
	maxRetryAfter = queue.MaxRetryAfter
)

// policy says when to try again. It is a pure function of its inputs and of Jitter.
type policy struct {
	Schedule []time.Duration // not empty
	Jitter   func() float64  // in [0, 1): what rand.Float64 gives
}

// next returns the wait after the given attempt, the first being 1, ended in v at now.
//
// The wait is the schedule's, spread by 20 % either way, so that what failed together does not come
// back together. A Retry-After that asks for more is honoured up to 24 h, spread by 20 % upwards
// only.
//
// more is false when trying again is not expected to help: the schedule has ended, the receiver
// said 410, or the address is refused. The delivery is a dead letter then.
func (p policy) next(attempt int, v Verdict, now time.Time) (wait time.Duration, more bool) {
	if attempt > len(p.Schedule) || v.Outcome != Failed {
		return 0, false
	}
	jitter := p.Jitter()
	wait = queue.Spread(p.Schedule[attempt-1], jitter)
	if asked := v.NotBefore.Sub(now); !v.NotBefore.IsZero() && asked > 0 {
		asked = scale(min(asked, maxRetryAfter), 1+spread*jitter)
		wait = max(wait, min(asked, maxRetryAfter))
	}
	return wait, true
}

// left returns how long a delivery still has to wait at now. It was to wait until due after the
// given attempt, which was answered with status. A clock that has jumped since, or another
// machine's, must not make more of it than Next would have said.
func (p policy) left(due time.Time, attempt, status int, now time.Time) time.Duration {
	most := slices.Max(p.Schedule)
	if 0 < attempt && attempt <= len(p.Schedule) {
		most = p.Schedule[attempt-1]
	}
	most = scale(most, 1+spread)
	if mayAskForTime(status) {
		most = max(most, maxRetryAfter)
	}
	return min(due.Sub(now), most)
}

func scale(d time.Duration, by float64) time.Duration {
	return time.Duration(float64(d) * by)
}
