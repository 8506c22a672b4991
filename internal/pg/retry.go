package pg

import (
	"cmp"
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Retry is how something is tried again that fails: after a pause, which doubles from one try to
// the next. The zero value tries for ever, and tells nobody. A Retry can be used by several
// goroutines at once if its functions can.
type Retry struct {
	First  time.Duration // the pause before the second try; 0: 100 ms
	Max    time.Duration // the longest pause; 0: 10 s
	Jitter float64       // the part of a pause by which it differs at random, up to 1; 0: none

	// Permanent reports whether it is of no use to try again after err; nil: it always is of use.
	Permanent func(err error) bool

	// Failing is told once that it fails, with the pause until the next try; and once more when the
	// error is another one than it was told last. Recovered is told once that it is well again: after
	// a try that succeeds behind one that did not. Either may be nil.
	Failing   func(err error, next time.Duration)
	Recovered func(tries int)
}

// Do calls f until it succeeds, fails for good, or ctx ends. The error is what f has failed with
// for good, or the cause of ctx. f is called once at least, and must end by itself when ctx does.
func (r Retry) Do(ctx context.Context, f func() error) error {
	pauses := &backoff.ExponentialBackOff{
		InitialInterval:     cmp.Or(r.First, 100*time.Millisecond),
		MaxInterval:         cmp.Or(r.Max, 10*time.Second),
		Multiplier:          2,
		RandomizationFactor: r.Jitter,
	}
	pauses.InitialInterval = min(pauses.InitialInterval, pauses.MaxInterval)
	tries, told := 0, ""
	_, err := backoff.Retry(ctx, func() (none struct{}, err error) {
		tries++
		if err = f(); err != nil && r.Permanent != nil && r.Permanent(err) {
			err = backoff.Permanent(err)
		}
		return none, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(0),
		backoff.WithNotify(func(err error, next time.Duration) {
			if text := err.Error(); r.Failing != nil && text != told {
				told = text
				r.Failing(err, next)
			}
		}))
	if err == nil && tries > 1 && r.Recovered != nil {
		r.Recovered(tries)
	}
	return err
}
