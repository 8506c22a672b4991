package queue

import (
	"container/heap"
	"time"

	"hookline/webhook"
)

// BeginFailing tells that the receiver accepted nothing when an earlier process last knew: it is
// probed, with what is in the spool, at once. It must be called before all else.
func (q *Queue) BeginFailing() {
	q.breaker.begin()
	q.enter(Probing)
	q.spool.fresh = true
}

// pause ends all attempts: the receiver has said that it wants no more.
func (q *Queue) pause() {
	q.tell(NotePause)
	if q.state == Draining {
		q.enter(Closed)
	} else if q.state < Paused {
		q.enter(Paused)
	}
	q.moveToSpool()
}

// Hold has nothing be attempted until Changed tells of another version of the webhook: what comes
// waits in the spool. It may be called again, for another reason.
func (q *Queue) Hold() {
	if q.state >= Draining {
		return
	}
	q.spool.used = true // its pause is, at least
	q.pause()
}

// resume ends a pause.
func (q *Queue) resume() {
	if q.state != Paused {
		return
	}
	if q.tell(NoteResume); q.breaker.open {
		q.enter(Probing)
	} else {
		q.enter(Spooling)
	}
}

// Changed tells that the webhook is to from now on, and whether that is another version than
// before: what waits is then tried again at once.
func (q *Queue) Changed(to *webhook.Subscription, another bool) {
	for _, k := range q.due {
		if k.first() == nil && another || k.first() != nil && k.first().Tried != to {
			k.due = time.Time{}
		}
	}
	heap.Init(&q.due)
	if another {
		q.breaker.probeAt = time.Time{}
		q.resume()
	}
}

// Gone tells that the webhook is gone: everything is given up.
func (q *Queue) Gone() {
	for q.ready.pop() != nil { // one by one: those that stay are lined up again
	}
	q.due, q.spool.toLoad = nil, nil
	for _, k := range q.keys {
		q.abandon(k)
	}
	q.breaker = newBreaker(q.cfg.MaxInFlight)
	q.enter(Live)
	if q.spool.used {
		q.spool.used, q.spool.emptied = false, true
		q.spool.turn++
		q.tell(DiscardQueue)
		q.trace(stageSpooled, stageDiscarded)
	}
}

// Backlog tells that there are deliveries in the spool, or a pause, and whether the webhook is
// paused, and has changed since. What a queue knows itself counts more: it reports whether it was
// new to it.
func (q *Queue) Backlog(paused, changed bool) bool {
	if q.spool.used {
		return false
	}
	q.spool.used = true
	if paused {
		q.enter(Paused)
	}
	if q.moveToSpool(); changed {
		q.resume()
	}
	return true
}

// Requeue has the dead letters that are wanted again put at the end of the queue. What is in memory
// is in the spool before them by then, or delivered. It does nothing until then: call it again.
func (q *Queue) Requeue() {
	q.moveToSpool()
	stored := true
	q.each(func(k *keyQueue) {
		for d := k.first(); d != nil; d = d.next {
			stored = stored && d.Stored
		}
	})
	if stored {
		q.spool.used = true
		q.resume()
		q.tell(RequeueDead)
		q.trace(stageDead, stageSpooled)
	}
}

// Drain lets nothing new in, neither from the stream nor from the spool, and leaves to the spool
// what waits for a retry.
func (q *Queue) Drain() {
	switch q.state {
	case Closed:
	case Paused:
		q.Close()
	default:
		q.enter(Draining)
		q.leaveSettling()
		q.setWaitingApart()
	}
}

// Close lets no further attempt begin, and leaves the rest to the spool.
func (q *Queue) Close() {
	q.enter(Closed)
	q.moveToSpool()
}
