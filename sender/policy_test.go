package sender

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestPolicy(t *testing.T) {
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	failed := Verdict{Outcome: Failed, Status: 500}
	asking := func(wait time.Duration) Verdict {
		return Verdict{Outcome: Failed, Status: 503, NotBefore: now.Add(wait)}
	}
	const low, middle, high = 0, 0.5, 1 // of the jitter

	for name, test := range map[string]struct {
		attempt int
		verdict Verdict
		jitter  float64
		wait    time.Duration
		final   bool
	}{
		"first":                    {1, failed, middle, 5 * time.Second, false},
		"first, early":             {1, failed, low, 4 * time.Second, false},
		"first, late":              {1, failed, high, 6 * time.Second, false},
		"second":                   {2, failed, middle, 30 * time.Second, false},
		"third":                    {3, failed, middle, 2 * time.Minute, false},
		"tenth":                    {10, failed, middle, 24 * time.Hour, false},
		"last":                     {11, failed, middle, 24 * time.Hour, false},
		"after the last":           {12, failed, middle, 0, true},
		"far after the last":       {1000, failed, low, 0, true},
		"gone":                     {1, Verdict{Outcome: Gone, Status: 410}, middle, 0, true},
		"blocked":                  {1, Verdict{Outcome: Blocked}, middle, 0, true},
		"retry after, longer":      {1, asking(time.Minute), low, time.Minute, false},
		"retry after, longer late": {1, asking(time.Minute), high, 72 * time.Second, false},
		"retry after, shorter":     {2, asking(time.Second), middle, 30 * time.Second, false},
		"retry after, past":        {1, asking(-time.Hour), middle, 5 * time.Second, false},
		"retry after, far":         {1, asking(999 * time.Hour), middle, 24 * time.Hour, false},
		"retry after, end":         {12, asking(time.Hour), middle, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := policy{
				Schedule: defaultRetrySchedule,
				Jitter:   func() float64 { return test.jitter },
			}
			wait, more := p.next(test.attempt, test.verdict, now)
			if d := wait - test.wait; d.Abs() > time.Millisecond || more == test.final {
				t.Errorf("Next(%d) = %s, %t; want %s, %t", test.attempt, wait, more, test.wait, !test.final)
			}
		})
	}
}

func TestPolicyBounds(t *testing.T) {
	p := policy{Schedule: defaultRetrySchedule, Jitter: rand.New(rand.NewPCG(1, 2)).Float64}
	shortest, longest := time.Hour, time.Duration(0)
	for range 10_000 {
		wait, _ := p.next(1, Verdict{Outcome: Failed}, time.Time{})
		shortest, longest = min(shortest, wait), max(longest, wait)
	}
	if shortest < 4*time.Second || shortest > 4010*time.Millisecond || longest > 6*time.Second ||
		longest < 5990*time.Millisecond {
		t.Errorf("waits of 5 s are spread over %s to %s, want 4s to 6s", shortest, longest)
	}
}

// However far the clock has jumped since a delivery was put aside, it waits for no longer than it
// was to wait at most.
func TestPolicyLeft(t *testing.T) {
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	p := policy{Schedule: defaultRetrySchedule}
	for name, test := range map[string]struct {
		left            time.Duration
		attempt, status int
		want            time.Duration
	}{
		"as told":                {5500 * time.Millisecond, 1, 500, 5500 * time.Millisecond},
		"some of it is over":     {10 * time.Second, 3, 0, 10 * time.Second},
		"the clock went back":    {8760 * time.Hour, 1, 500, 6 * time.Second},
		"likewise, later":        {8760 * time.Hour, 10, 500, 24 * time.Hour * 6 / 5},
		"the receiver may ask":   {20 * time.Hour, 1, 503, 20 * time.Hour},
		"not for that long":      {8760 * time.Hour, 1, 429, 24 * time.Hour},
		"the clock went forward": {-8760 * time.Hour, 1, 500, -8760 * time.Hour},
		"behind a longer one":    {8760 * time.Hour, 0, 0, 24 * time.Hour * 6 / 5},
		"a shorter schedule":     {8760 * time.Hour, 99, 500, 24 * time.Hour * 6 / 5},
	} {
		t.Run(name, func(t *testing.T) {
			if got := p.left(now.Add(test.left), test.attempt, test.status, now); got != test.want {
				t.Errorf("it waits for %s, want %s", got, test.want)
			}
		})
	}
}
