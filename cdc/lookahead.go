package cdc

import (
	"context"
	"time"
)

// The pump may look ahead of the change that it has in hand, which takes nothing: what it sees
// comes again, in its turn.

const (
	// full batches' worth of what is kept for having been looked at; those of a slow server are
	// nearly empty
	lookaheadBatches = 16

	// after which a server that has nothing to send is asked again how far it is; doubled each time
	lookaheadFirstPoll = 5 * time.Millisecond
	lookaheadMaxPoll   = 200 * time.Millisecond
)

// lookahead is what has been handed over and not taken. It belongs to the goroutine that ranges
// over Changes.
type lookahead struct {
	hand  *batch   // whose changes are being taken
	at    int      // the one in hand
	later []*batch // behind it
	items int      // in later
	bytes int      // of WAL, likewise

	batch, item int  // what Peek returns next: an item of hand (0) or of later[batch-1]
	closed      bool // the queue is closed
}

// next makes the oldest of later the one in hand.
func (a *lookahead) next() *batch {
	b := a.later[0]
	a.later[0] = nil
	a.later = a.later[1:]
	a.items, a.bytes = a.items-len(b.items), a.bytes-b.bytes
	a.take(b)
	return b
}

// take makes b the one in hand.
func (a *lookahead) take(b *batch) {
	a.hand, a.at = b, -1
	if a.batch > 0 {
		a.batch--
	} else {
		a.item = 0
	}
}

// peek returns what Peek returns next, of what is there; nil when there is nothing.
func (a *lookahead) peek() *item {
	if a.batch == 0 {
		a.item = max(a.item, a.at+1)
	}
	for {
		b := a.hand
		if a.batch > 0 {
			b = a.later[a.batch-1]
		}
		if b != nil && a.item < len(b.items) {
			a.item++
			return &b.items[a.item-1]
		}
		if a.batch == len(a.later) {
			return nil
		}
		a.batch, a.item = a.batch+1, 0
	}
}

// Peek returns what comes behind the change in hand and has not been looked at yet, one at each
// call: a change, whose rows are valid until it has been taken; or, with a Kind of 0, a position up
// to which the stream has been read, between two transactions. ok is false when there is nothing to
// see: with wait only when as much has been looked at as may be, when the stream is over, or when
// ctx ends. Call it within the loop over Changes.
func (s *Source) Peek(ctx context.Context, wait bool) (change Change, end LSN, ok bool) {
	for pause := lookaheadFirstPoll; ; {
		if it := s.lookahead.peek(); it != nil {
			return it.change, it.end, true
		}
		if s.lookahead.full() || s.lookahead.closed {
			return Change{}, 0, false
		}
		select {
		case b, open := <-s.queue:
			s.lookahead.add(b, open)
			continue
		default:
		}
		if !wait {
			return Change{}, 0, false
		}
		s.requestKeepalive()
		timer := time.NewTimer(pause)
		select {
		case b, open := <-s.queue:
			s.lookahead.add(b, open)
		case <-timer.C:
			pause = min(2*pause, lookaheadMaxPoll)
		case <-ctx.Done():
			timer.Stop()
			return Change{}, 0, false
		}
		timer.Stop()
	}
}

func (a *lookahead) add(b *batch, open bool) {
	if a.closed = !open; open {
		a.later = append(a.later, b)
		a.items, a.bytes = a.items+len(b.items), a.bytes+b.bytes
	}
}

// full reports whether as much is kept as may be.
func (a *lookahead) full() bool {
	return a.items >= lookaheadBatches*batchItems || a.bytes >= lookaheadBatches*batchBytes
}

// requestKeepalive has the server tell how far it has come, which it does by itself only now and
// then.
func (s *Source) requestKeepalive() {
	s.keepaliveWanted.Store(true)
	s.interrupt()
}
