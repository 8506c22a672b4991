// Package poll says when to look at what tells nobody that it has changed: soon while anything
// moves, and seldom while nothing does. All that is looked at again and again in a process shares
// one timer, so that an idle process wakes up once for all of it.
package poll

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// Beat is what the intervals of tickers are multiples of.
	Beat = 250 * time.Millisecond
	// Idle is the time between two ticks, of all tickers, while nothing moves.
	Idle = 5 * time.Second
	// Longest is the longest interval that a ticker may have.
	Longest = 2 * time.Second
	// stillBeats are those without a movement after which nothing moves: each ticker has had a tick
	// since the last one by then.
	stillBeats = int(Longest/Beat) + 1
)

// Schedule is when to look. nil stands for one on which something always moves. All methods are
// safe for concurrent use.
type Schedule struct {
	moved  atomic.Bool // since the last beat
	asleep atomic.Bool // until something moves, or Idle is over
	wake   chan struct{}

	mu      sync.Mutex
	tickers map[*Ticker]struct{}
}

// New returns a schedule on which nothing happens before Run.
func New() *Schedule {
	return &Schedule{wake: make(chan struct{}, 1), tickers: map[*Ticker]struct{}{}}
}

// Moved tells that something moves. It takes no time, and may be called as often as it does.
func (s *Schedule) Moved() {
	if s == nil || s.moved.Load() {
		return
	}
	s.moved.Store(true)
	if s.asleep.Load() {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// Run has the tickers tick until ctx ends.
func (s *Schedule) Run(ctx context.Context) {
	timer := time.NewTimer(Beat)
	defer timer.Stop()
	still := 0
	for beat := 1; ; beat++ {
		select {
		case now := <-timer.C:
			s.tick(beat, now)
		case <-s.wake:
		case <-ctx.Done():
			return
		}
		if s.asleep.Store(false); s.moved.Swap(false) {
			still = 0
		} else if still++; still >= stillBeats {
			// what has moved before this is seen here, and what moves after it wakes us
			if s.asleep.Store(true); !s.moved.Load() {
				timer.Reset(Idle)
				continue
			}
			s.asleep.Store(false)
		}
		timer.Reset(Beat)
	}
}

// tick has those tick that are due at a beat: all of them, when it is the end of a sleep.
func (s *Schedule) tick(beat int, now time.Time) {
	asleep := s.asleep.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.tickers {
		if asleep || beat%t.beats == 0 {
			select {
			case t.tick <- now:
			default:
			}
		}
	}
}

// Ticker tells when to look. A tick that nobody has taken stands for those that come meanwhile.
type Ticker struct {
	C <-chan time.Time

	tick     chan time.Time
	beats    int
	schedule *Schedule
	clock    *time.Ticker // in place of a schedule
}

// Every returns a ticker of an interval, a multiple of Beat and at most Longest. It is to be
// stopped.
func (s *Schedule) Every(interval time.Duration) *Ticker {
	if s == nil {
		clock := time.NewTicker(interval)
		return &Ticker{C: clock.C, clock: clock}
	}
	tick := make(chan time.Time, 1)
	t := &Ticker{C: tick, tick: tick, beats: int(interval / Beat), schedule: s}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tickers[t] = struct{}{}
	return t
}

// Stop ends it.
func (t *Ticker) Stop() {
	if t.schedule == nil {
		t.clock.Stop()
		return
	}
	t.schedule.mu.Lock()
	defer t.schedule.mu.Unlock()
	delete(t.schedule.tickers, t)
}
