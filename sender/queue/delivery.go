package queue

import (
	"time"

	"hookline/mapper"
	"hookline/webhook"
)

// Delivery is an event on its way to a webhook, in memory.
type Delivery struct {
	Event   *mapper.Event
	To      *webhook.Subscription // as the webhook was when the event was committed
	Settled func()                // see sender.Delivery; nil for one that was read from the spool

	Size     int64                 // bytes that it takes of the buffer, its event included
	Taken    time.Time             // when it was added, or brought back from the spool
	Began    time.Time             // the last attempt
	Attempts int                   // made so far, the one under way included
	Resent   int                   // requests sent again though the receiver may have taken one
	Tried    *webhook.Subscription // where the last attempt went
	Failure  *Failure              // nil while no attempt has failed

	OwnConnection bool // gets a connection of its own, since it may be why others' ended
	Late          bool // goes to the webhook as it is now: it has waited for a retry, or behind one
	Stored        bool // is in the spool as well: it is settled as far as the stream is concerned
	Part          bool // it is not made: another one of its record stands for it, or none has to
	Replay        bool // was dead, and is sent again because somebody wants it to be
	probe         bool // tests whether an open breaker can be closed
	early         bool // a test before its time: its failure does not count
	stage         deliveryStage

	parts  []*Delivery   // those before it that it stands for: see Queue.merge
	merged *mapper.Event // what is sent in place of Event, while it is attempted; nil for that

	key  *keyQueue // which it is in
	next *Delivery // in that
}

func (d *Delivery) link() **Delivery { return &d.next }

// Failure is what is known of the failed attempts at a delivery.
type Failure struct {
	Since  time.Time // when the first of them ended
	Status int       // of the last one's answer; 0 when none came
	Reason string    // why none came
}

// Last returns status and reason of the last failure, zero values when there was none.
func (f *Failure) Last() (status int, reason string) {
	if f == nil {
		return 0, ""
	}
	return f.Status, f.Reason
}
