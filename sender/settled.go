package sender

import (
	"hookline/sender/queue"
	"hookline/sender/settled"
)

// SettledBefore is what processes before this one have left behind, beside the spool.
type SettledBefore struct {
	// Set are deliveries that the stream may bring again and that are not to be made: they are in
	// the spool, have left it, or were accepted. It is sorted. nil is none.
	Set *settled.Set

	// Record takes the deliveries that are accepted from now on. nil keeps none.
	Record *settled.Record
}

// settledBefore reports whether a process before this one has settled a delivery. Once the stream
// has passed all that there is of them, they are forgotten.
func (s *Sender) settledBefore(d Delivery) bool {
	set := s.settledSet.Load()
	if set == nil {
		return false
	}
	of, ok := settled.Of(settled.Webhook(d.To.Key), d.Event.ID, d.Event.Time)
	switch {
	case !ok:
		return false
	case of.Commit > set.Last():
		s.settledSet.Store(nil)
		return false
	case !set.Has(of):
		return false
	}
	s.metrics.settledBefore.Inc()
	return true
}

// note records that a delivery was accepted.
func (s *Sender) note(w *webhookQueue, d *queue.Delivery) {
	if s.record == nil {
		return
	}
	if of, ok := settled.Of(w.number, d.Event.ID, d.Event.Time); ok {
		s.record.Add(of, d.Stored)
	}
}
