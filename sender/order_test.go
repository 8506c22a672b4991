package sender

import (
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A record that fails holds up its own later events, and nothing else in its queue.
func TestRecordsOfAQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var arrived list[content]
		var healthy atomic.Bool
		s := bubble(t, Config{MaxInFlight: 1}, statuses(t, func(c content) int {
			arrived.add(c)
			if c.Record == 1 && !healthy.Load() {
				return 500
			}
			return 200
		}))
		to := subscription("a", "http://receiver.test")
		var settled []<-chan struct{}
		for seq := 1; seq <= 3; seq++ {
			settled = append(settled, s.send(to, newEvent(1, seq)), s.send(to, newEvent(2, seq)))
		}
		synctest.Wait()
		want := []content{
			{Record: 1, Seq: 1},
			{Record: 2, Seq: 1},
			{Record: 2, Seq: 2},
			{Record: 2, Seq: 3},
		}
		if got := arrived.all(); !slices.Equal(got, want) {
			t.Errorf("arrived %v, want %v", got, want)
		}
		if open(settled[1]) || open(settled[3]) || open(settled[5]) || !open(settled[0]) {
			t.Error("want record 2 settled, record 1 not")
		}
		if got := s.metric("hookline_retrying_records", ""); got != 1 {
			t.Errorf("%v records are retrying, want 1", got)
		}
		healthy.Store(true)
		time.Sleep(5 * time.Second) // of the bubble's clock: the retry
		synctest.Wait()
		want = append(want, content{Record: 1, Seq: 1}, content{Record: 1, Seq: 2},
			content{Record: 1, Seq: 3})
		if got := arrived.all(); !slices.Equal(got, want) {
			t.Errorf("arrived %v, want %v", got, want)
		}
		if got := s.metric("hookline_retrying_records", ""); got != 0 {
			t.Errorf("%v records are retrying, want 0", got)
		}
	})
}

// A queue with retries that take long and never succeed still makes first attempts.
func TestRetriesDoNotStarveOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubble(
			t,
			Config{
				MaxInFlight:   1,
				HoldMax:       time.Hour,
				RetrySchedule: slices.Repeat([]time.Duration{time.Second}, 99),
			},
			statuses(t, func(c content) int {
				if c.Record < 100 {
					time.Sleep(9 * time.Second)
					return 500
				}
				return 200
			}),
		)
		to := subscription("a", "http://receiver.test")
		for record := range 5 - 1 { // more than can be retried within their interval
			s.send(to, newEvent(record, 1))
		}
		time.Sleep(10 * time.Minute)
		sent := time.Now()
		<-s.send(to, newEvent(100, 1))
		if took := time.Since(sent); took > 20*time.Second {
			t.Errorf("a first attempt waited %s behind retries", took)
		}
		sent = time.Now()
		for record := 200; record < 210; record++ {
			<-s.send(to, newEvent(record, 1))
		}
		if took := time.Since(sent); took > 200*time.Second {
			t.Errorf("ten first attempts took %s", took)
		}
	})
}

// Nor do first attempts hold up a retry that is due.
func TestOthersDoNotStarveRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var arrived list[content]
		s := bubble(t, Config{MaxInFlight: 1}, statuses(t, func(c content) int {
			time.Sleep(time.Second)
			if arrived.add(c) == 1 {
				return 500
			}
			return 200
		}))
		to := subscription("a", "http://receiver.test")
		start := time.Now()
		failed := s.send(to, newEvent(1, 1))
		for i := range 100 {
			s.send(to, newEvent(100+i, 1))
		}
		<-failed
		if took := time.Since(start); took != 7*time.Second {
			t.Errorf("the retry was done after %s, want 7s: two attempts and the wait", took)
		}
	})
}

// A receiver that hangs holds up nobody but itself.
func TestWebhooksApart(t *testing.T) {
	release := make(chan struct{})
	stuck := receiver(t, nil, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	s := newSender(t, Config{MaxInFlight: 4})
	hanging, healthy := subscription("stuck", stuck.URL),
		subscription("healthy", receiver(t, nil, nil).URL)
	var waiting []<-chan struct{}
	for i := range 40 {
		waiting = append(waiting, s.send(hanging, newEvent(i, 1)))
	}
	for i := range 200 {
		await(t, s.send(healthy, newEvent(i, 1)), "delivery to the healthy receiver")
	}
	for _, c := range waiting {
		if !open(c) {
			t.Error("a delivery to the hanging receiver is settled")
		}
	}
}

// At most MaxInFlight POSTs of one webhook are under way at once, and as many are.
func TestMaxInFlight(t *testing.T) {
	const limit = 8
	var inFlight, most atomic.Int32
	full, release := make(chan struct{}, 9*limit), make(chan struct{})
	server := receiver(t, nil, func(http.ResponseWriter, *http.Request) {
		n := inFlight.Add(1)
		defer inFlight.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if n == limit {
			full <- struct{}{}
		}
		<-release
	})
	s := newSender(t, Config{MaxInFlight: limit})
	to := subscription("a", server.URL)
	var settled []<-chan struct{}
	for i := range 5 * limit {
		settled = append(settled, s.send(to, newEvent(i, 1)))
	}
	await(t, full, "as many attempts as allowed")
	if got := s.metric("hookline_in_flight_attempts", ""); got != limit {
		t.Errorf("%v attempts in flight, want %d", got, limit)
	}
	close(release)
	for _, c := range settled {
		await(t, c, "delivery")
	}
	if most.Load() != limit {
		t.Errorf("%d POSTs at once, want %d", most.Load(), limit)
	}
}
