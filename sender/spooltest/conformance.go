// Package spooltest holds every sender.Spool to the same contract.
package spooltest

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"hookline/mapper"
	"hookline/sender"
)

// Opened is an empty spool under test, and ways to what a sender has no need of. They end the test
// when they fail.
type Opened interface {
	sender.Spool
	Want(webhook string, events ...string) // marks these dead deliveries, or all, for Requeue
	Dead(webhook string) []sender.Spooled  // oldest first
	Overflows() []sender.Overflow          // all there ever were, in the order in which they began
}

// Limits bound what a spool keeps of one webhook. Zero is no limit.
type Limits struct {
	MaxBytes int64         // of deliveries that wait or are dead
	MaxAge   time.Duration // of the first that waits, since it was put into the queue
}

// Run checks that the spools that open returns keep to the contract of sender.Spool. A limit of
// zero is for open to choose; no test reaches it.
func Run(t *testing.T, open func(t *testing.T, limits Limits) Opened) {
	for _, test := range []struct {
		name   string
		limits Limits
		run    func(s subject)
	}{
		{"Empty", Limits{}, testEmpty},
		{"RoundTrip", Limits{}, testRoundTrip},
		{"Order", Limits{}, testOrder},
		{"PutTwice", Limits{}, testPutTwice},
		{"Pages", Limits{}, testPages},
		{"Later", Limits{}, testLater},
		{"Report", Limits{}, testReport},
		{"ReportInOrder", Limits{}, testReportInOrder},
		{"ReportPassesOver", Limits{}, testReportPassesOver},
		{"Requeue", Limits{}, testRequeue},
		{"RequeueOldestFirst", Limits{}, testRequeueOldestFirst},
		{"Pause", Limits{}, testPause},
		{"Discard", Limits{}, testDiscard},
		{"Oldest", Limits{}, testOldest},
		{"Concurrent", Limits{}, testConcurrent},
		{"EndedContext", Limits{}, testEndedContext},
		{"FullOfBytes", Limits{MaxBytes: roomFor(8)}, testFullOfBytes},
		{"FullOfDead", Limits{MaxBytes: roomFor(8)}, testFullOfDead},
		{"FullKnowsWhatItHas", Limits{MaxBytes: roomFor(2)}, testFullKnowsWhatItHas},
		{"FullAlone", Limits{MaxBytes: roomFor(2)}, testFullAlone},
		{"FullDiscarded", Limits{MaxBytes: roomFor(8)}, testFullDiscarded},
		{"TooOld", Limits{MaxAge: time.Nanosecond}, testTooOld},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(subject{t, open(t, test.limits)}) })
	}
}

// subject is a spool whose calls must succeed.
type subject struct {
	t *testing.T
	Opened
}

func (s subject) put(deliveries ...sender.Spooled) []sender.Overflow {
	s.t.Helper()
	overflows, err := s.Put(s.t.Context(), deliveries)
	if err != nil {
		s.t.Fatalf("park: %v", err)
	}
	return overflows
}

func (s subject) report(reports ...sender.Report) {
	s.t.Helper()
	if err := s.Report(s.t.Context(), reports); err != nil {
		s.t.Fatalf("report: %v", err)
	}
}

func (s subject) requeue(webhook string) {
	s.t.Helper()
	if err := s.Requeue(s.t.Context(), webhook); err != nil {
		s.t.Fatalf("requeue %s: %v", webhook, err)
	}
}

func (s subject) discard(webhook string) {
	s.t.Helper()
	if err := s.Discard(s.t.Context(), webhook); err != nil {
		s.t.Fatalf("discard %s: %v", webhook, err)
	}
}

func (s subject) pause(webhook, why, version string) {
	s.t.Helper()
	if err := s.Pause(s.t.Context(), webhook, why, version); err != nil {
		s.t.Fatalf("pause %s: %v", webhook, err)
	}
}

func (s subject) page(page sender.Page) []sender.Spooled {
	s.t.Helper()
	list, err := s.Waiting(s.t.Context(), page)
	if err != nil {
		s.t.Fatalf("waiting for %s: %v", page.Webhook, err)
	}
	return list
}

// queue returns all that waits for a webhook.
func (s subject) queue(webhook string) []sender.Spooled {
	s.t.Helper()
	return s.page(sender.Page{Webhook: webhook, Rows: 1 << 20, Bytes: 1 << 40})
}

func (s subject) queues() []sender.Queue {
	s.t.Helper()
	list, err := s.Queues(s.t.Context())
	if err != nil {
		s.t.Fatalf("queues: %v", err)
	}
	return list
}

// stand returns how a webhook stands.
func (s subject) stand(webhook string) sender.Queue {
	s.t.Helper()
	list := s.queues()
	if i := slices.IndexFunc(list, func(q sender.Queue) bool { return q.Webhook == webhook }); i >= 0 {
		return list[i]
	}
	return sender.Queue{Webhook: webhook}
}

// wantStand checks every number of a queue against what is in it.
func (s subject) wantStand(webhook string, wanted int) {
	s.t.Helper()
	waiting, dead := s.queue(webhook), s.Dead(webhook)
	want := sender.Queue{Webhook: webhook, Waiting: len(waiting), Dead: len(dead), Wanted: wanted}
	for _, d := range slices.Concat(waiting, dead) {
		want.Bytes += sizeOf(d)
	}
	if len(waiting) > 0 {
		want.Oldest = waiting[0].Event.Time
	}
	got := s.stand(webhook)
	want.Paused, want.Version, want.Full = got.Paused, got.Version, got.Full
	if got != want {
		s.t.Errorf("%s stands at %+v, want %+v", webhook, got, want)
	}
}

func (s subject) wantQueue(webhook string, events ...string) {
	s.t.Helper()
	if got := ids(s.queue(webhook)); !slices.Equal(got, events) {
		s.t.Fatalf("for %s wait %q, want %q", webhook, got, events)
	}
}

func (s subject) wantDead(webhook string, events ...string) {
	s.t.Helper()
	if got := ids(s.Dead(webhook)); !slices.Equal(got, events) {
		s.t.Fatalf("of %s are dead %q, want %q", webhook, got, events)
	}
}

func (s subject) wantFull(webhook string, full bool) {
	s.t.Helper()
	if got := s.stand(webhook).Full; got != full {
		s.t.Errorf("%s: full %t, want %t", webhook, got, full)
	}
}

func wantGaps(t *testing.T, got []sender.Overflow, want ...sender.Overflow) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("overflows %+v, want %+v", got, want)
	}
}

func ids(deliveries []sender.Spooled) []string {
	list := make([]string, len(deliveries))
	for i, d := range deliveries {
		list[i] = d.Event.ID
	}
	return list
}

// id returns the ID of the event number n.
func id(n int) string { return fmt.Sprintf("evt_0badcafe_%016x_%d", n/100, n%100) }

// numbered returns a delivery of the event number n, of which all are alike in size and belong to
// records of their own.
func numbered(webhook string, n int) sender.Spooled {
	return sender.Spooled{Webhook: webhook, Event: mapper.NewEvent(mapper.Parts{
		ID: id(n), Object: "person", Action: mapper.Updated, Record: uint64(n),
		Time:     time.Date(2025, 3, 1, 0, 0, n/100, 0, time.UTC),
		Data:     fmt.Appendf(nil, `{"number":%06d}`, n),
		Previous: fmt.Appendf(nil, `{"number":%06d}`, n-1),
	})}
}

// several returns numbered deliveries from first to last.
func several(webhook string, first, last int) (list []sender.Spooled) {
	for n := first; n <= last; n++ {
		list = append(list, numbered(webhook, n))
	}
	return list
}

func dead(deliveries []sender.Spooled) []sender.Spooled {
	for i := range deliveries {
		deliveries[i].Dead = true
	}
	return deliveries
}

// roomFor returns the limit that so many numbered deliveries reach.
func roomFor(n int) int64 { return int64(n) * sizeOf(numbered("", 1)) }

// sizeOf counts an event that has just been made, as Put saw it.
func sizeOf(d sender.Spooled) int64 { return int64(mapper.NewEvent(d.Event.Parts()).Size()) }

// wantSame checks that a delivery came back as it was spooled, its place in the queue aside.
func wantSame(t *testing.T, got, want sender.Spooled) {
	t.Helper()
	a, b := got.Event.Parts(), want.Event.Parts()
	if !bytes.Equal(a.Data, b.Data) {
		t.Errorf("%s: data of %d bytes differs from what was spooled, of %d", a.ID, len(a.Data),
			len(b.Data))
	}
	a.Data, b.Data = nil, nil
	if !reflect.DeepEqual(a, b) {
		t.Errorf("event %+v, want %+v", a, b)
	}
	got.Event, want.Event, got.Seq, want.Seq = nil, nil, 0, 0
	if got != want {
		t.Errorf("delivery %+v, want %+v", got, want)
	}
}
