// Package queue is the queue of the deliveries to one webhook, as a state machine. It has no clock,
// no goroutine and no lock, and does nothing itself: what happens is told to it, with the time, and
// it tells what is to be done.
//
// Whoever drives it asks four things. Next is the delivery to attempt, and NextLoad what to read
// from the spool. ProbeConnect says whether to test that the receiver can be reached. Timer says
// when to ask all of that again. What else is to be done is in Effects, after every call.
//
// Deliveries of one record are attempted one after the other, in their order; those of different
// records side by side, as many as the breaker lets through. docs/states.md draws the states, and
// Transitions lists the steps between them.
package queue

import (
	"container/heap"
	"time"

	"hookline/mapper"
)

// Config of a Queue.
type Config struct {
	// MaxInFlight is how many attempts a receiver in good order gets at once, at least 1.
	MaxInFlight int

	// HoldMax is how long a delivery that has failed may stay in memory, from its first failure.
	HoldMax time.Duration

	// MaxApart is how many key queues may wait in the spool by themselves. With more, all
	// deliveries go through the spool.
	MaxApart int

	// Trace is called with each step, unless it is nil.
	Trace func(Transition)
}

// Queue is the queue of one webhook. It belongs to one goroutine at a time.
type Queue struct {
	cfg      Config
	state    State
	keys     map[uint64]*keyQueue // by Event.Record
	ready    fifo[*keyQueue]
	due      byDue // those that are Waiting or Spooled
	inFlight int
	failing  int  // key queues of which an attempt has failed
	crowded  bool // there was no room for another attempt beside those of other webhooks
	retried  bool // the key queue picked last was due
	breaker  breaker
	connect  connectProbe
	pace     pace
	batch    batching
	spool    spool
	effects  []Effect
}

// New returns an empty queue that is Live.
func New(cfg Config) *Queue {
	return &Queue{
		cfg: cfg, keys: map[uint64]*keyQueue{}, breaker: newBreaker(cfg.MaxInFlight),
	}
}

// State returns the queue's state.
func (q *Queue) State() State { return q.state }

// Failing reports whether the breaker is open.
func (q *Queue) Failing() bool { return q.breaker.open }

// InFlight returns how many attempts are under way.
func (q *Queue) InFlight() int { return q.inFlight }

// FailingKeys returns of how many key queues an attempt has failed.
func (q *Queue) FailingKeys() int { return q.failing }

// Empty reports whether nothing is left of any delivery, and the queue is Live.
func (q *Queue) Empty() bool {
	return len(q.keys) == 0 && q.ready.first == nil && len(q.due) == 0 && q.inFlight == 0 &&
		q.failing == 0 && q.state == Live && !q.breaker.open && q.spool.idle()
}

// ThroughSpool reports whether what comes goes to the spool.
func (q *Queue) ThroughSpool() bool { return q.state != Live && q.state != Draining }

// Add takes a new delivery. It must not be called once the queue is Draining. It reports whether
// there may be something to do now: not for one that waits behind others of its record.
func (q *Queue) Add(d *Delivery) (more bool) {
	k := q.keyOf(d.Event)
	switch {
	case k != nil && k.apart:
		k.fresh = true
		q.write(d, time.Time{})
	case q.ThroughSpool() && (k == nil || !k.unsettled()):
		q.spool.fresh = true
		q.write(d, time.Time{})
	case k != nil:
		d.Late = k.held() || k.first() != nil && k.first().Late
		k.push(d)
		return false
	default:
		q.append(d)
	}
	return true
}

// append puts a delivery at the end of its key queue, which is not apart.
func (q *Queue) append(d *Delivery) {
	k := q.keys[d.Event.Record]
	if k == nil {
		k = q.newKey(d.Event)
		k.push(d)
		q.lineUp(k, d.Taken)
		return
	}
	k.push(d)
}

// newKey returns a key queue for an event of which there is none.
func (q *Queue) newKey(e *mapper.Event) *keyQueue {
	k := &keyQueue{id: e.Record}
	q.keys[k.id] = k
	if e.Former != 0 {
		q.extend(k, e.Former)
	}
	return k
}

// line puts a key queue behind those that are ready.
func (q *Queue) line(k *keyQueue) {
	q.place(k, keyReady)
	q.ready.push(k)
}

// await puts a key queue, in that state, among those that wait until they are due.
func (q *Queue) await(k *keyQueue, s keyState) {
	q.place(k, s)
	heap.Push(&q.due, k)
}

// MayAttempt reports whether there may be an attempt to make at now. If so, call Next, or Crowded
// if there is no room for it beside those of other webhooks.
func (q *Queue) MayAttempt(now time.Time) bool {
	q.crowded, q.pace.until, q.batch.until = false, time.Time{}, time.Time{}
	if q.ready.first == nil && len(q.due) == 0 || q.state == Paused || q.state == Closed {
		return false
	}
	return q.breaker.admits(q.inFlight, now) && !q.fills(now) && !q.pace.holds(now)
}

// Crowded tells that there was no room for an attempt. The queue must have one under way, and asks
// again when that is over.
func (q *Queue) Crowded() { q.crowded = true }

// Next takes the delivery to attempt at now, nil when there is none. Call it after MayAttempt.
func (q *Queue) Next(now time.Time) *Delivery {
	k := q.pick(now)
	if k == nil {
		return nil
	}
	d := q.merge(k)
	q.begin(k, d, now)
	d.probe, d.early, k.early = q.breaker.open, k.early, false
	q.breaker.probing = d.probe
	q.pace.take(now)
	q.inFlight++
	return d
}

// begin has an attempt begin at a delivery, the first of its key queue.
func (q *Queue) begin(k *keyQueue, d *Delivery, now time.Time) {
	q.place(k, keyInFlight)
	q.move(d, stageInFlight)
	d.Attempts++
	d.Began = now
}

// pick returns a key queue whose first delivery can be attempted now. Retries and first attempts
// take turns, so that neither of them starves. While the breaker is open, NextLoad alone decides
// which of those that wait are worth a probe.
func (q *Queue) pick(now time.Time) *keyQueue {
	for {
		due := len(q.due) > 0 && !now.Before(q.due[0].due) && !q.breaker.open
		if q.ready.first != nil && (!due || q.retried) {
			q.retried = false
			return q.ready.pop()
		}
		if !due {
			return nil
		}
		k := heap.Pop(&q.due).(*keyQueue)
		switch {
		case k.first() == nil:
			q.bringBack(k)
		case k.state == keySettling && !q.isQuiet(k, now):
		default:
			q.retried = true
			return k
		}
	}
}

// Timer returns when to ask again what is to be done, unless something else happens before; never
// when it is not ok. served is whether the webhook is there.
func (q *Queue) Timer(served bool) (at time.Time, ok bool) {
	if q.state == Closed || q.state == Paused || q.crowded {
		return at, false
	}
	connects := q.mayConnect(served)
	switch {
	case !q.batch.until.IsZero() && served:
		at = q.batch.until
		if len(q.due) > 0 && q.due[0].due.Before(at) {
			at = q.due[0].due
		}
	case !q.pace.until.IsZero() && served:
		at = q.pace.until
		if ends, ok := q.holdEnds(); ok && ends.Before(at) {
			at = ends
		}
	case q.breaker.open && q.inFlight == 0 && !q.spool.loading && q.state != Draining:
		if !served { // there is nobody to probe
			return at, false
		}
		at = q.breaker.probeAt
	case !q.breaker.open && len(q.due) > 0 && q.inFlight < q.breaker.window:
		at = q.due[0].due
	case connects:
		at = q.connect.at
	default:
		return at, false
	}
	if connects && q.connect.at.Before(at) {
		at = q.connect.at
	}
	return at, true
}

// Waits returns how long the first delivery in line has waited for its attempt; 0 when none has.
func (q *Queue) Waits(now time.Time) time.Duration {
	var since time.Time
	switch {
	case q.ready.first != nil:
		since = q.ready.first.since()
	case len(q.due) > 0 && q.due[0].state == keySettling:
		since = q.due[0].since()
	default:
		return 0
	}
	return max(0, now.Sub(since))
}

// forget removes a key queue of which there is nothing to know any more.
func (q *Queue) forget(k *keyQueue) {
	q.place(k, keyIdle)
	if k.failing {
		k.failing = false
		q.failing--
	}
	if k.joined == nil {
		delete(q.keys, k.id)
		return
	}
	for _, id := range k.joined.ids {
		if q.keys[id] == k {
			delete(q.keys, id)
		}
	}
}

// hasFailed notes that an attempt at a key queue has failed.
func (q *Queue) hasFailed(k *keyQueue) {
	if !k.failing {
		k.failing = true
		q.failing++
	}
}
