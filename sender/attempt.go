package sender

import (
	"time"

	"hookline/mapper"
	"hookline/sender/queue"
	"hookline/trace"
)

// attempted is what became of an attempt.
type attempted struct {
	verdict Verdict
	took    time.Duration
	resent  int    // requests of it that were sent once more, though the receiver may have taken them
	alone   bool   // it must not share a connection
	skipped bool   // it was not made: the webhook is gone
	cut     bool   // it was cut short by the end of Drain, or the webhook is held
	answer  string // see Attempt.Answer
}

// attempt makes one attempt at d, unless its webhook is gone, or has come to another tenant: that
// must not hear of this one's records.
func (s *Sender) attempt(w *webhookQueue, d *queue.Delivery) (a attempted) {
	if d.To.Current() == nil || d.Tried == nil {
		return attempted{skipped: true}
	}
	if d.Tried.Held != "" { // since a moment ago
		return attempted{cut: true}
	}
	if !d.Event.IsFor(d.Tried.Workspace) {
		a.verdict = Verdict{Outcome: Blocked, Reason: "the webhook belongs to another tenant now"}
		return a
	}
	if s.fenced() {
		return attempted{cut: true}
	}
	c := w.requestBuilder(d.Tried)
	a.verdict, a.took = s.try(d, c)
	a.resent, a.alone, a.answer = c.resent, c.alone, c.answer
	w.builders.Put(c)
	if a.verdict.Outcome != Delivered && (s.ctx.Err() != nil || s.fenced()) {
		s.metrics.interrupted.Inc()
		return attempted{cut: true}
	}
	s.metrics.outcomes[a.verdict.Outcome].Inc()
	s.metrics.duration.Observe(a.took.Seconds())
	if a.verdict.Outcome == Delivered {
		s.metrics.lag.observe(d.Event.ID, d.Event.Time, time.Now())
		s.logDelivered(d, a)
	}
	return a
}

// try POSTs the event of d to the webhook and returns the verdict and the time it took.
func (s *Sender) try(d *queue.Delivery, c *requestBuilder) (Verdict, time.Duration) {
	start := time.Now()
	var span trace.Attempt
	var traceparent string
	if t := s.cfg.Tracer; t != nil {
		span = t.Begin(d.Event.ID, c.to.Key, d.Attempts, start)
		traceparent = span.Traceparent()
	}
	var cloud *mapper.Event
	if c.to.Format == mapper.FormatCloudEventsBinary {
		cloud = d.Told()
	}
	resp, err := c.send(&post{ //nolint:bodyclose // finish closes it
		cloud:   cloud,
		id:      d.Event.ID,
		trace:   traceparent,
		attempt: d.Attempts,
		replay:  d.Replay,
		alone:   d.OwnConnection,
		body:    d.Told().Body(c.to.Format, mapper.Addressee{ID: c.to.ID, URL: c.to.TargetURL()}),
	}, start.Add(c.limit))
	now := time.Now()
	v := judge(resp, err, now)
	c.answer = ""
	if s.cfg.Watch != nil && v.Outcome != Delivered && resp != nil {
		c.answer = c.beginning(resp)
	}
	c.finish(resp)
	if t := s.cfg.Tracer; t != nil {
		t.EndAttempt(span, start, now, spanFacts(d, c.to, v))
	}
	return v, now.Sub(start)
}
