package queue

import (
	"fmt"
	"testing"
	"time"

	"hookline/mapper"
	"hookline/webhook"
)

// numbered returns a delivery of an event of a record, which had another key before unless that
// is 0.
func numbered(record, former uint64, seq int) *Delivery {
	return &Delivery{Size: 100, To: &webhook.Subscription{}, Event: mapper.NewEvent(mapper.Parts{
		ID: fmt.Sprintf("evt_0badcafe_%016x_%d", record, seq), Object: "person", Record: record,
		Former: former, Data: []byte("{}"),
	})}
}

// A key queue that outlives its webhook, as one before it has an attempt under way, knows nothing
// any more of those that were in line behind it.
func TestGoneUnlinksTheLine(t *testing.T) {
	q, now := New(Config{MaxInFlight: 1}), time.Now()
	q.Add(numbered(1, 0, 1))
	under := q.Next(now)
	q.Add(numbered(2, 0, 1))
	q.Add(numbered(3, 0, 1))
	q.Add(numbered(2, 1, 2)) // it joins the two
	q.Gone()
	q.Changed(&webhook.Subscription{}, true)
	q.Add(numbered(2, 0, 3))
	q.Result(under, Result{Outcome: Accepted}, now)
	next := q.Next(now)
	if next == nil || next.Event.ID != numbered(2, 0, 3).Event.ID {
		t.Fatalf("next is %v, want the event that came after the webhook was back", next)
	}
	q.Result(next, Result{Outcome: Accepted}, now)
	if q.MayAttempt(now) || !q.Empty() {
		t.Errorf("the queue has something left: %+v", q)
	}
}

// spooled returns a queue that has a delivery in the spool, and is reading it.
func spooled(t *testing.T, now time.Time) (*Queue, Load) {
	t.Helper()
	q := New(Config{MaxInFlight: 1, MaxApart: 1})
	q.MoveToSpool()
	q.Add(numbered(1, 0, 1))
	l, ok := q.NextLoad(now, 1000, &webhook.Subscription{})
	if !ok || l.Flush {
		t.Fatalf("reads %+v, %t, want the queue as it is in the spool", l, ok)
	}
	return q, l
}

// What was given up with a webhook may be in the spool still when it is back: nothing is read
// before that is gone.
func TestGoneIsReadNoMore(t *testing.T) {
	now := time.Now()
	q, l := spooled(t, now)
	q.LoadDone(l, nil, now)
	q.Gone()
	q.Changed(&webhook.Subscription{}, true)
	q.Backlog(false, false) // as of a look before
	again, ok := q.NextLoad(now, 1000, &webhook.Subscription{})
	if !ok || !again.Flush {
		t.Fatalf("reads %+v, %t, want it to wait until the queue is empty", again, ok)
	}
	q.LoadFailed(again, now)
	if again, ok = q.NextLoad(now, 1000, &webhook.Subscription{}); !ok || !again.Flush {
		t.Fatalf("reads %+v, %t after an error, want it to wait again", again, ok)
	}
	q.LoadDone(again, nil, now)
	if q.State() != Live {
		t.Errorf("the queue is %s, want it live: the spool is empty", q.State())
	}
}

// What was read of the queue before the webhook was gone is of no use when it is back by then.
func TestGoneWhileItIsRead(t *testing.T) {
	now := time.Now()
	q, l := spooled(t, now)
	q.Gone()
	q.Changed(&webhook.Subscription{}, true)
	q.LoadDone(l, []Row{{Delivery: numbered(1, 0, 1), Seq: 1}}, now)
	if d := q.Next(now); d != nil {
		t.Errorf("%s is attempted, which was given up", d.Event.ID)
	}
}
