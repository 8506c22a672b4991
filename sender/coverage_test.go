package sender

import (
	"maps"
	"slices"
	"sync"
	"testing"

	"hookline/sender/queue"
)

// coverage is which steps of queues, key queues and deliveries have been taken. Safe for concurrent
// use.
type coverage struct {
	mu    sync.Mutex
	steps map[queue.Transition]int
}

func newCoverage() *coverage { return &coverage{steps: map[queue.Transition]int{}} }

func (c *coverage) note(t queue.Transition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.steps[t]++
}

// check checks that all steps that were taken are known, and tells which were not: the torture of
// the queue alone takes all of them.
func (c *coverage) check(t *testing.T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	left := maps.Clone(c.steps)
	for _, step := range queue.Transitions {
		if c.steps[step.Transition] == 0 {
			t.Logf("no %s went from %s to %s: %s", step.Of, step.From, step.To, step.On)
		}
		delete(left, step.Transition)
	}
	for _, s := range slices.Collect(maps.Keys(left)) {
		t.Errorf("a %s went from %s to %s: no such step is known", s.Of, s.From, s.To)
	}
}
