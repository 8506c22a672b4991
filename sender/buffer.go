package sender

import (
	"context"
	"sync"
	"time"
)

// buffer counts the memory of deliveries, in bytes, and lets no more in than there is room for.
// Attempts are counted as well, but never wait: what they take of the room is there for new
// deliveries again when they are over. Safe for concurrent use.
type buffer struct {
	most int64
	// gets a signal when deliveries take more than half of what attempts leave, or wait
	pressed chan struct{}

	mu         sync.Mutex
	deliveries int64
	attempts   int64
	line       []*waiter // for room, the one that has waited longest first
}

// waiter waits for room.
type waiter struct {
	size  int64
	since time.Time
	in    chan struct{} // closed when it has got it
}

// tryAcquire takes room for a delivery if there is some and nobody waits for it.
func (b *buffer) tryAcquire(size int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.line) > 0 || !b.fits(size) {
		return false
	}
	b.let(size)
	return true
}

// take takes room without waiting, beyond the limit where there is none.
func (b *buffer) take(size int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.let(size)
}

// let lets a delivery in.
func (b *buffer) let(size int64) {
	if b.deliveries += size; b.deliveries > b.room()/2 {
		signal(b.pressed)
	}
}

// fits reports whether there is room. A delivery that is larger than all of it fits when there is
// no other.
func (b *buffer) fits(size int64) bool {
	return b.deliveries == 0 || b.deliveries+size <= b.room()
}

// room is what attempts leave.
func (b *buffer) room() int64 { return b.most - min(b.attempts, b.most/2) }

// acquire waits for room. Who has to wait waits until there is room for a good deal more: to be
// woken for each delivery that leaves takes longer than a delivery. The error is ctx's cause.
func (b *buffer) acquire(ctx context.Context, size int64) error {
	signal(b.pressed)
	w := &waiter{size: size, since: time.Now(), in: make(chan struct{})}
	b.mu.Lock()
	b.line = append(b.line, w)
	b.admit()
	b.mu.Unlock()
	select {
	case <-w.in:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, other := range b.line {
		if other == w {
			b.line = append(b.line[:i], b.line[i+1:]...)
			b.admit() // who is behind it may need less
			return context.Cause(ctx)
		}
	}
	return nil // it was let in at the same time
}

// admit lets in whom there is room for.
func (b *buffer) admit() {
	for len(b.line) > 0 && b.fits(b.line[0].size+b.most/64) {
		b.let(b.line[0].size)
		close(b.line[0].in)
		b.line = b.line[1:]
	}
}

// release gives room back.
func (b *buffer) release(size int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deliveries -= size
	b.admit()
}

// attempt counts what attempts take; size is less than zero when they are over.
func (b *buffer) attempt(size int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.attempts += size
	b.admit()
}

// taken returns what deliveries take.
func (b *buffer) taken() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.deliveries
}

// waited returns how long the first in line has waited for room.
func (b *buffer) waited(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.line) == 0 {
		return 0
	}
	return now.Sub(b.line[0].since)
}

// halfFull reports whether deliveries take more than half of what attempts leave.
func (b *buffer) halfFull() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.deliveries > b.room()/2
}
