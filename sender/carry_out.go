package sender

import (
	"time"

	"hookline/mapper"
	"hookline/sender/queue"
)

// carryOut does what the queue says. w.mu is held.
func (w *webhookQueue) carryOut(now time.Time) {
	for _, e := range w.queue.Effects() {
		w.do(e, now)
	}
	w.count()
}

// count brings up to date what is counted over all webhooks.
func (w *webhookQueue) count() {
	s := w.sender
	if n := w.queue.FailingKeys(); n != w.failing {
		s.metrics.retrying.Add(float64(n - w.failing))
		w.failing = n
	}
	if n, _ := w.queue.Loaded(); n > 0 != w.loaded {
		if w.loaded = n > 0; w.loaded {
			s.loaded.Add(1)
		} else {
			s.loaded.Add(-1)
		}
	}
}

func (w *webhookQueue) do(e queue.Effect, now time.Time) {
	s, d := w.sender, e.Delivery
	switch e.Do {
	case queue.Spool:
		w.spool(d, e.Due, false)
	case queue.ReportFailure:
		w.report(d, e.Due, false)
	case queue.Deliver:
		w.delivered(d)
	case queue.DeadLetter:
		w.deadLetter(d)
	case queue.Discard:
		s.metrics.cancelled.Inc()
		if w.endSpan(d, "cancelled"); !d.Stored {
			s.settle(w, d)
		}
	case queue.DiscardQueue:
		s.writer.control(func(spool Spool) error { return spool.Discard(s.work, w.key) })
	case queue.RequeueDead:
		s.writer.control(func(spool Spool) error { return spool.Requeue(s.work, w.key) })
	case queue.NotePause:
		w.pause()
	case queue.NoteResume:
		w.resume()
	case queue.NoteFailing:
		w.fails(d, e.Due.Sub(now))
	case queue.NoteRecovered:
		w.notify(mapper.Recovered, "it accepts deliveries again")
		s.log.Info("receiver accepts deliveries again", "webhook", w.key)
	}
}

// spool hands a delivery over to the spool: to its queue, due at the given time or, zero, as soon
// as it is its turn, or to its dead letters.
func (w *webhookQueue) spool(d *queue.Delivery, due time.Time, dead bool) {
	status, reason := d.Failure.Last()
	w.sender.writer.put(w, d, Spooled{
		Webhook: w.key, Event: d.Event, Attempts: d.Attempts, Resent: d.Resent, Due: due,
		Status: status, Reason: reason, Dead: dead,
	})
}

// report tells the spool what became of an attempt at a delivery that it has.
func (w *webhookQueue) report(d *queue.Delivery, due time.Time, dead bool) {
	status, reason := d.Failure.Last()
	w.sender.writer.report(Report{
		Webhook: w.key, Event: d.Event.ID, Attempts: d.Attempts, Resent: d.Resent, Due: due,
		Status: status, Reason: reason, Dead: dead,
	})
}

// delivered settles a delivery that the receiver has accepted, or that another one stands for.
func (w *webhookQueue) delivered(d *queue.Delivery) {
	if d.Part {
		w.sender.metrics.merged.Inc()
		w.endSpan(d, "merged")
	} else {
		w.endSpan(d, outcomeNames[Delivered])
	}
	if d.Stored {
		w.sender.writer.delivered(w, d)
		return
	}
	w.sender.note(w, d)
	w.sender.settle(w, d)
}

// deadLetter keeps a delivery in the spool that is given up.
func (w *webhookQueue) deadLetter(d *queue.Delivery) {
	s := w.sender
	s.metrics.dead.Inc()
	w.endSpan(d, "dead")
	if status, reason := d.Failure.Last(); !d.Event.OfOperator() { // of those, there would be no end
		v := Verdict{Status: status, Reason: reason}
		s.notify(Notice{
			What: mapper.DeadLetters, Webhook: w.key, Host: d.Tried.Host, Reason: v.sentence(),
			Event: d.Event.ID,
		})
	}
	if d.Stored {
		w.report(d, time.Time{}, true)
	} else {
		w.spool(d, time.Time{}, true)
	}
}

// HeldFor begins the reason of a pause that ends once the webhook's row is well.
const HeldFor = "its row has a mistake: "

// pause notes that the webhook gets nothing: until its row changes, or somebody wants a dead letter
// sent again, unless it is held.
func (w *webhookQueue) pause() {
	s := w.sender
	why := "the receiver answered 410 Gone"
	switch held := w.to.Held; {
	case held != "":
		why = HeldFor + held
		s.log.Error("webhook held: what waits for it stays in the spool until its row is well",
			"webhook", w.key, "host", w.to.Host, "reason", held)
	case w.paused:
		return
	default:
		s.log.Warn("webhook paused: deliveries wait in the spool until its row changes, or one of its "+
			"dead letters is replayed", "webhook", w.key, "reason", why)
	}
	w.paused = true
	w.notify(mapper.Paused, why)
	version := w.to.Version()
	s.writer.control(func(spool Spool) error { return spool.Pause(s.work, w.key, why, version) })
}

// resume notes the end of a pause.
func (w *webhookQueue) resume() {
	s := w.sender
	s.log.Info("webhook goes on after its pause", "webhook", w.key)
	w.paused = false
	w.notify(mapper.Resumed, "its row has changed, or one of its dead letters is replayed")
	s.writer.control(func(spool Spool) error { return spool.Pause(s.work, w.key, "", "") })
}

// fails tells that the receiver accepts nothing, since an attempt at d, and when the next is made.
func (w *webhookQueue) fails(d *queue.Delivery, nextIn time.Duration) {
	status, reason := d.Failure.Last()
	v := Verdict{Status: status, Reason: reason}
	w.notify(mapper.Failing, v.sentence())
	w.sender.log.Warn(
		"receiver does not accept deliveries: they go to the spool, and one at a time "+
			"is tried",
		"webhook",
		w.key,
		"host",
		d.Tried.Host,
		"next_in",
		nextIn.Round(time.Millisecond),
	)
}
