package queue

import "time"

// Outcome is what became of an attempt.
type Outcome uint8

const (
	Accepted  Outcome = iota // the receiver has accepted the delivery
	Retryable                // it has not, and may another time
	Rejected                 // it will not: the delivery is dead
	Gone                     // likewise, and it wants nothing more
	Cancelled                // the webhook is gone
	Cut                      // the attempt was cut short, and does not count
)

// Result is what is told of an attempt that is over.
type Result struct {
	Outcome Outcome
	Status  int    // of the answer; 0 when none came
	Reason  string // why none came

	Refused   bool          // no answer came as the connection was refused
	Changed   bool          // the webhook is no longer what the attempt was made with
	Wait      time.Duration // until the next attempt, if there is one
	Last      bool          // there is none: the schedule has ended
	NotBefore time.Time     // when the receiver wants to be asked again; zero: it did not say
	Jitter    float64       // in [0, 1), spreads what follows from it
}

// Decision is what follows from a failed attempt.
type Decision struct {
	Wait time.Duration // until the next one
	Dead bool          // there is none
}

// Result takes what became of an attempt at a delivery that Next has returned. The Decision is of
// one that has failed.
func (q *Queue) Result(d *Delivery, r Result, now time.Time) Decision {
	q.inFlight--
	return q.result(d, r, now, true)
}

// result takes it. counts is whether the breaker is to know of it.
func (q *Queue) result(d *Delivery, r Result, now time.Time, counts bool) (decision Decision) {
	k := d.key
	switch r.Outcome {
	case Cut:
		d.Attempts--
		q.probeEnds(d)
		q.place(k, keyIdle)
		if q.setApart(k); k.joined == nil {
			q.advance(k, now)
		}
	case Accepted:
		if counts && q.breaker.success() {
			q.recover(now)
		}
		q.place(k, keyIdle)
		q.settle(d, stageDelivered, Deliver)
		k.pop()
		q.advance(k, now)
	case Cancelled:
		q.probeEnds(d)
		q.place(k, keyIdle)
		q.discard(k)
		q.advance(k, now)
	default:
		decision = q.failed(k, d, r, now, counts)
	}
	return decision
}

// probeEnds notes that an attempt is over which tells nothing of the receiver.
func (q *Queue) probeEnds(d *Delivery) {
	q.breaker.probing = q.breaker.probing && !d.probe
}

// recover makes all key queues due: what they wait for was the receiver.
func (q *Queue) recover(now time.Time) {
	if q.state == Probing {
		q.enter(Spooling)
	}
	q.tell(NoteRecovered)
	for _, k := range q.due {
		k.due = now
	}
}

// settle has a delivery leave the queue for good.
func (q *Queue) settle(d *Delivery, at deliveryStage, do Action) {
	d.copyFailure()
	d.all(func(d *Delivery) {
		q.move(d, at)
		if q.emit(do, d, time.Time{}); d.Stored {
			q.spool.drop(d)
		}
	})
}

// discard gives up all deliveries of a key queue, as their webhook is gone.
func (q *Queue) discard(k *keyQueue) {
	for d := k.pop(); d != nil; d = k.pop() {
		q.settle(d, stageDiscarded, Discard)
	}
}

// advance lets a key queue go on whose attempt is over.
func (q *Queue) advance(k *keyQueue, now time.Time) {
	if k.unsettled() && q.ThroughSpool() {
		q.writeUnsettled(k)
	}
	switch {
	case k.held():
		q.place(k, keyHeld)
	case k.first() != nil:
		// behind the others: what is oldest is settled first, and none has to wait for long
		q.lineUp(k, now)
	case k.closed():
		q.done(k, now)
	case k.apart && k.joined != nil && k.joined.later.After(now):
		k.due, k.joined.later = k.joined.later, time.Time{}
		q.await(k, keySpooled)
	case k.apart:
		q.bringBack(k)
	default:
		q.forget(k)
	}
}

// failed takes a failed attempt.
func (q *Queue) failed(
	k *keyQueue, d *Delivery, r Result, now time.Time, counts bool,
) (decision Decision) {
	counts = counts && (r.Outcome == Retryable || d.probe)
	opened := counts && q.breaker.failure(k.id, d.probe, now, r.NotBefore, r.Jitter)
	if d.probe || opened || !q.breaker.open { // others were under way when it opened
		q.refusal(k, r.Refused, now, r.Jitter)
	}
	if d.Failure == nil {
		d.Failure = &Failure{Since: now}
	}
	d.Failure.Status, d.Failure.Reason = r.Status, r.Reason
	decision = Decision{Wait: r.Wait, Dead: r.Last || r.Outcome != Retryable}
	if d.early {
		d.Attempts--
		decision = Decision{Wait: k.due.Sub(now)}
	}
	if decision.Dead {
		q.place(k, keyIdle)
		q.spool.used = q.spool.used || !d.Stored
		q.settle(d, stageDead, DeadLetter)
		k.pop()
		q.advance(k, now)
		if r.Outcome == Gone {
			q.pause()
		}
	} else {
		k.due = now
		if !r.Changed { // otherwise what has failed is not what the webhook is now
			k.due = now.Add(decision.Wait)
		}
		q.retryLater(k, d)
	}
	if opened {
		if q.state < Paused {
			q.enter(Probing)
		}
		q.emit(NoteFailing, d, q.breaker.probeAt)
	}
	if opened || q.spool.apart > q.cfg.MaxApart {
		q.moveToSpool()
	}
	return decision
}

// retryLater has a key queue wait until it is due, whose first delivery has failed: in memory, or
// in the spool.
func (q *Queue) retryLater(k *keyQueue, d *Delivery) {
	for behind := d; behind != nil; behind = behind.next {
		behind.Late = true
	}
	q.hasFailed(k)
	leaves := d.Stored || q.ThroughSpool() || q.state == Draining ||
		k.due.Sub(d.Failure.Since) > q.cfg.HoldMax
	if d.Stored {
		d.copyFailure()
		d.all(func(d *Delivery) { q.emit(ReportFailure, d, k.due) })
	}
	if !leaves {
		q.move(d, stageWaiting)
		q.await(k, keyWaiting)
		return
	}
	q.place(k, keyWaiting)
	if q.setApart(k); k.joined == nil {
		q.await(k, keySpooled)
	}
}
