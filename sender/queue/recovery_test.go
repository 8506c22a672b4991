package queue

import (
	"slices"
	"testing"
	"time"

	"hookline/mapper"
	"hookline/webhook"
)

// A queue that begins failing probes the receiver at once with what waits in the spool, though that
// is not due for long, and tells when the receiver accepts it.
func TestBeginFailing(t *testing.T) {
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	q := New(Config{MaxInFlight: 8, HoldMax: time.Second, MaxApart: 100})
	q.BeginFailing()
	q.Backlog(false, true)
	spooled := []Row{{Delivery: deliveryOf(1), Seq: 1, Wait: time.Hour}}
	d := attemptOf(t, q, spooled, now)
	if d == nil || q.State() != Probing {
		t.Fatalf("nothing is attempted; the queue is %s", q.State())
	}
	q.Result(d, Result{Outcome: Accepted}, now)
	if q.State() != Spooling || !recovers(q) {
		t.Errorf("accepted: the queue is %s, and does not tell", q.State())
	}
}

// Where nothing is left to probe with, the next delivery that is accepted tells that the receiver
// is well again; one that fails has it probed on.
func TestRecoveryWithoutProbe(t *testing.T) {
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	for outcome, want := range map[Outcome]State{Accepted: Live, Retryable: Probing} {
		q := New(Config{MaxInFlight: 8, HoldMax: time.Minute, MaxApart: 100})
		q.BeginFailing()
		if d := attemptOf(t, q, nil, now); d != nil || q.State() != Live {
			t.Fatalf("with an empty spool %v is attempted, the queue is %s", d, q.State())
		}
		q.Add(deliveryOf(1))
		d := attemptOf(t, q, nil, now)
		if d == nil {
			t.Fatal("what comes is not attempted")
		}
		q.Result(d, Result{Outcome: outcome, Wait: time.Second}, now)
		if q.State() != want || recovers(q) != (outcome == Accepted) {
			t.Errorf("outcome %d: the queue is %s, want %s", outcome, q.State(), want)
		}
	}
}

func deliveryOf(record uint64) *Delivery {
	to := &webhook.Subscription{}
	return &Delivery{
		Event: mapper.NewEvent(mapper.Parts{
			ID: "evt_0badcafe_0000000000000001_1", Object: "person", Record: record, Data: []byte("{}"),
		}),
		To: to, Tried: to,
	}
}

// attemptOf lets a queue read the spool until it has enough, and returns what it attempts.
func attemptOf(t *testing.T, q *Queue, spooled []Row, now time.Time) *Delivery {
	t.Helper()
	for range 20 {
		l, ok := q.NextLoad(now, 1<<20, &webhook.Subscription{})
		if !ok {
			break
		}
		var rows []Row
		for _, r := range spooled {
			if r.Seq > l.After && (l.Keys == nil || slices.Contains(l.Keys, r.Delivery.Event.Record)) {
				rows = append(rows, r)
			}
		}
		q.LoadDone(l, rows, now)
	}
	if !q.MayAttempt(now) {
		return nil
	}
	return q.Next(now)
}

// recovers reports whether a queue has told that its receiver accepts deliveries again.
func recovers(q *Queue) bool {
	return slices.ContainsFunc(q.Effects(), func(e Effect) bool { return e.Do == NoteRecovered })
}

// An open breaker needs no waking up for a webhook that is not there: nobody could be probed, again
// and again.
func TestNobodyToProbe(t *testing.T) {
	q := New(Config{MaxInFlight: 8, HoldMax: time.Second, MaxApart: 100})
	q.BeginFailing()
	q.Backlog(false, true)
	if at, ok := q.Timer(false); ok {
		t.Errorf("it is to be asked again at %s", at)
	}
	if _, ok := q.Timer(true); !ok {
		t.Error("with the webhook there it is not to be asked again")
	}
}
