package sender

import (
	"net/http"
	"time"

	"hookline/sender/queue"
	"hookline/trace"
	"hookline/webhook"
)

// spanFacts is what a span tells of a delivery of which v has become.
func spanFacts(d *queue.Delivery, to *webhook.Subscription, v Verdict) trace.Facts {
	f := trace.Facts{
		Event: d.Event.ID, Name: d.Told().Name, Webhook: to.Key, Host: to.Host,
		Outcome: v.Outcome.String(), Attempt: d.Attempts, Status: v.Status,
	}
	if v.Outcome != Delivered {
		f.Error = v.Reason
		if v.Status != 0 {
			f.Error = http.StatusText(v.Status)
		}
	}
	return f
}

// endSpan tells of a delivery that is over: accepted, dead, or given up since its webhook is gone.
func (w *webhookQueue) endSpan(d *queue.Delivery, outcome string) {
	t := w.sender.cfg.Tracer
	if t == nil {
		return
	}
	status, reason := d.Failure.Last()
	f := spanFacts(d, d.To, Verdict{Status: status, Reason: reason})
	if f.Outcome = outcome; outcome != outcomeNames[Delivered] {
		f.Error = reason
		if status != 0 {
			f.Error = http.StatusText(status)
		}
	} else {
		f.Status = 0 // of an attempt before
	}
	t.EndDelivery(d.Event.Time, time.Now(), f)
}
