package pg_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"hookline/internal/pg"
)

var errAway, errBusy = errors.New("away"), errors.New("busy")

// TestRetry fails four times: the pauses double up to the longest one. That it fails, why it does
// when that changes, and that it is well again are each told once.
func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		var told []string
		began := time.Now()
		retry := pg.Retry{
			First: time.Second, Max: 3 * time.Second,
			Failing: func(err error, next time.Duration) {
				told = append(told, err.Error()+", again in "+next.String())
			},
			Recovered: func(tries int) {
				if tries != 5 {
					t.Errorf("it took %d tries, want 5", tries)
				}
				told = append(told, "well again")
			},
		}
		for range 2 { // the second time as the first
			at, told, began = nil, nil, time.Now()
			err := retry.Do(t.Context(), func() error {
				switch at = append(at, time.Since(began)); len(at) {
				case 1, 2:
					return errAway
				case 3, 4:
					return errBusy
				}
				return nil
			})
			want := []time.Duration{0, 1e9, 3e9, 6e9, 9e9}
			if err != nil || !slices.Equal(at, want) {
				t.Errorf("%v, tried at %v, want %v", err, at, want)
			}
			says := []string{"away, again in 1s", "busy, again in 3s", "well again"}
			if !slices.Equal(told, says) {
				t.Errorf("told %q, want %q", told, says)
			}
		}
	})
}

// TestRetryHasNoEnd outlives the library's own limit of 15 minutes.
func TestRetryHasNoEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := pg.Retry{}.Do(t.Context(), func() error {
			if time.Since(began) < 48*time.Hour {
				return errAway
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// TestRetryEnds with an error that is permanent, at once, and with the cause of its context.
func TestRetryEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("told to stop")
		ctx, stop := context.WithCancelCause(t.Context())
		retry := pg.Retry{
			First: time.Minute, Max: time.Hour,
			Permanent: func(err error) bool { return !errors.Is(err, errAway) },
			Recovered: func(int) { t.Error("well again") },
		}
		tries, broken := 0, errors.New("broken")
		if err := retry.Do(ctx, func() error { tries++; return broken }); !errors.Is(err, broken) || tries != 1 {
			t.Errorf("%v after %d tries, want the permanent error at once", err, tries)
		}
		began := time.Now()
		time.AfterFunc(90*time.Second, func() { stop(why) })
		err := retry.Do(ctx, func() error { return errAway })
		if !errors.Is(err, why) || time.Since(began) != 90*time.Second {
			t.Errorf("%v after %v, want the cause at once", err, time.Since(began))
		}
	})
}

// TestRetryJitter keeps each pause within its part of what it would be.
func TestRetryJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pauses []time.Duration
		last := time.Now()
		_ = pg.Retry{First: time.Second, Max: time.Second, Jitter: 0.2}.Do(t.Context(), func() error {
			pauses = append(pauses, time.Since(last))
			if last = time.Now(); len(pauses) < 50 {
				return errAway
			}
			return nil
		})
		pauses = pauses[1:]
		low, high := slices.Min(pauses), slices.Max(pauses)
		if low < 800*time.Millisecond || high > 1201*time.Millisecond || low == high {
			t.Errorf("pauses from %v to %v, want them spread over 800 ms to 1.2 s", low, high)
		}
	})
}
