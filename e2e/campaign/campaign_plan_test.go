package campaign

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// fault is one way in which something breaks.
type fault string

// step is one fault of a campaign. A campaign's clock is the number of transactions that its
// writers have committed.
type step struct {
	fault   fault
	pause   int64 // commits before it, since the step before was done
	lasting int64 // commits until it is over, if it does not end at once
	hook    int   // index of the receiver that falls ill
	calm    bool  // it comes when nothing else is wrong, and has not been for a while
	rash    bool  // it comes before everything has got over the step before
	tight   bool  // a process that is started has little room for what waits
	alone   bool  // it leaves one process at most
}

// plan makes up a campaign: in each round every one of the faults, in an order of its own, on one
// of so many receivers. It depends on its arguments alone.
func plan(seed uint64, rounds int, faults []fault, receivers int) []step {
	random := rand.New(rand.NewPCG(seed, 0))
	var steps []step
	for range rounds {
		deck := slices.Clone(faults)
		random.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		for _, f := range deck {
			steps = append(steps, step{
				fault:   f,
				pause:   2 + random.Int64N(18),
				lasting: 20 + random.Int64N(80),
				hook:    random.IntN(receivers),
				calm:    random.IntN(4) == 0,
				rash:    random.IntN(2) == 0,
				tight:   random.IntN(2) == 0,
				alone:   random.IntN(2) == 0,
			})
		}
	}
	return steps
}

// The same seed gives the same campaign, another seed another one, and neither leaves anything out.
func TestCampaignPlan(t *testing.T) {
	t.Parallel()
	const rounds, receivers = 3, 4
	first := plan(1, rounds, faults(true), receivers)
	if again := plan(1, rounds, faults(true), receivers); !reflect.DeepEqual(first, again) {
		t.Errorf("two plans of one seed:\n%v\n%v", first, again)
	}
	if other := plan(2, rounds, faults(true), receivers); reflect.DeepEqual(first, other) {
		t.Errorf("one plan of two seeds: %v", first)
	}
	count := map[fault]int{}
	for _, s := range first {
		count[s.fault]++
	}
	for _, f := range faults(true) {
		if n := count[f]; n == 0 || n%rounds != 0 {
			t.Errorf("%q comes %d times in %d rounds", f, n, rounds)
		}
	}
}
