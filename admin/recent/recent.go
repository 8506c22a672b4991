// Package recent remembers what has happened lately: the last attempts, and how the last hour went.
// It is all in memory, and bounded.
package recent

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"hookline/sender"
)

// answersMost is how many bytes of answers are kept, over all attempts: the oldest go first.
const answersMost = 128 << 10

// pieceMost is how many attempts are made room for at once: what is remembered grows with what was
// attempted, without being copied.
const pieceMost = 64

// Numbered is an attempt and its number, from 1 for the first that was ever added.
type Numbered struct {
	sender.Attempt
	Seq uint64
}

// Log keeps the last attempts, and the Series of the last hour. The zero Log keeps none. Safe for
// concurrent use.
type Log struct {
	most int

	mu      sync.Mutex
	ring    [][]sender.Attempt // attempt n is the one at (n-1) % most, counted over the pieces
	last    uint64             // number of the newest
	answers int                // bytes that are kept of them
	shed    uint64             // up to this number answers are gone
	wake    chan struct{}      // closed at the next attempt; nil while nobody waits
	series  series
}

// New returns a Log of so many attempts at most; of 0 it keeps the Series alone.
func New(most int) *Log { return &Log{most: most} }

// Add takes note of an attempt. It copies it, and waits for nothing but others who do.
func (l *Log) Add(a sender.Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.series.add(&a)
	if l.wake != nil {
		close(l.wake)
		l.wake = nil
	}
	l.last++
	if l.most == 0 {
		return
	}
	l.answers += len(a.Answer)
	if next := int((l.last - 1) % uint64(l.most)); next == len(l.ring)*pieceMost {
		l.ring = append(l.ring, make([]sender.Attempt, min(pieceMost, l.most-next)))
	}
	slot := l.at(l.last)
	l.answers -= len(slot.Answer)
	*slot = a
	for l.answers > answersMost {
		l.shed = max(l.shed+1, l.first())
		slot = l.at(l.shed)
		l.answers -= len(slot.Answer)
		slot.Answer = ""
	}
}

// at returns the place of an attempt that is kept.
func (l *Log) at(n uint64) *sender.Attempt {
	i := (n - 1) % uint64(l.most)
	return &l.ring[i/pieceMost][i%pieceMost]
}

// first is the number of the oldest attempt that is kept.
func (l *Log) first() uint64 { return l.last - min(l.last, uint64(l.most)) + 1 }

// Find returns the newest attempts of which keep is true, newest first, at most limit of them. keep
// must not call the Log, nor hold on to what it is given.
func (l *Log) Find(limit int, keep func(*sender.Attempt) bool) (list []Numbered) {
	l.each(0, func(a *sender.Attempt, n uint64) bool {
		if len(list) < limit && keep(a) {
			list = append(list, Numbered{*a, n})
		}
		return len(list) < limit
	})
	return list
}

// Since returns the attempts after one of that number of which keep is true, oldest first: at most
// limit of them, the newest. keep must not call the Log. more is how many there may be beside them:
// of those that are kept no longer nobody can tell. last is the number of the newest of all.
func (l *Log) Since(
	after uint64, limit int, keep func(*sender.Attempt) bool,
) (list []Numbered, more int, last uint64) {
	last, looked := l.each(after, func(a *sender.Attempt, n uint64) bool {
		switch {
		case !keep(a):
		case len(list) < limit:
			list = append(list, Numbered{*a, n})
		default:
			more++
		}
		return true
	})
	slices.Reverse(list)
	return list, more + int(last-after) - looked, last
}

// each calls f with the attempts after one of that number, newest first, until f returns false. f
// must not hold on to the attempt. It looks at a piece of the ring at a time, and lets who adds go
// first in between: an attempt is not to wait for all that somebody looks through. What is
// overwritten meanwhile is not found. last is the number of the newest, looked how many there were.
func (l *Log) each(
	after uint64, f func(a *sender.Attempt, n uint64) bool,
) (last uint64, looked int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	last = l.last
	for n := last; n > after && n >= l.first(); n-- {
		looked++
		if !f(l.at(n), n) {
			break
		}
		if n%pieceMost == 0 {
			l.mu.Unlock()
			runtime.Gosched()
			l.mu.Lock()
		}
	}
	return last, looked
}

// Last returns the number of the newest attempt.
func (l *Log) Last() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// Wait returns once there is an attempt after the one of that number, or when ctx ends: then false.
func (l *Log) Wait(ctx context.Context, n uint64) bool {
	for {
		l.mu.Lock()
		if l.last > n {
			l.mu.Unlock()
			return true
		}
		if l.wake == nil {
			l.wake = make(chan struct{})
		}
		wake := l.wake
		l.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return false
		}
	}
}

// Sample is how things stood at one moment.
type Sample struct {
	Lag     time.Duration
	Backlog int // deliveries that are not made yet, in memory and in the spool
}

// Run samples until ctx ends, each Step.
func (l *Log) Run(ctx context.Context, sample func() Sample) {
	tick := time.NewTicker(Step)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			s := sample()
			l.mu.Lock()
			l.series.sample(now, s)
			l.mu.Unlock()
		case <-ctx.Done():
			return
		}
	}
}

// Series returns the points of the last hour, oldest first.
func (l *Log) Series() []Point {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Concat(l.series.points[l.series.next:], l.series.points[:l.series.next])
}
