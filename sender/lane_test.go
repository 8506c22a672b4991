package sender

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookline/webhook"
)

func TestQueue(t *testing.T) {
	jobs := make([]job, 6)
	list := func(q queue) (numbers []int) {
		for j := q.pop(); j != nil; j = q.pop() {
			numbers = append(numbers, slices.IndexFunc(jobs, func(k job) bool { return k.attempts == j.attempts }))
		}
		return numbers
	}
	fill := func(numbers ...int) (q queue) {
		for _, n := range numbers {
			jobs[n] = job{attempts: n}
			q.push(&jobs[n])
		}
		return q
	}
	for _, test := range []struct{ front, back, want []int }{
		{nil, nil, nil},
		{[]int{0, 1}, nil, []int{0, 1}},
		{nil, []int{0, 1}, []int{0, 1}},
		{[]int{0}, []int{1}, []int{0, 1}},
		{[]int{0, 1, 2}, []int{3, 4, 5}, []int{0, 1, 2, 3, 4, 5}},
	} {
		q := fill(test.back...)
		q.pushFront(fill(test.front...))
		if got := list(q); !slices.Equal(got, test.want) {
			t.Errorf("%v before %v: %v", test.front, test.back, got)
		}
	}

	q := fill(0)
	q.pop()
	q.push(&jobs[1])
	q.pushFront(queue{})
	if q.first != &jobs[1] || q.last != &jobs[1] {
		t.Error("a queue that was empty for a while lost its job")
	}
}

// strict is a receiver that fails at random and holds Hookline to the order per record.
type strict struct {
	t      *testing.T
	mu     sync.Mutex
	random *rand.Rand
	last   map[string]int // of each webhook and record: the Seq accepted last
	fails  int
}

func (s *strict) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := make([]byte, r.ContentLength)
	if _, err := r.Body.Read(body); err != nil && err.Error() != "EOF" {
		s.t.Error(err)
	}
	c := contentOf(s.t, body)
	key := fmt.Sprint(r.URL.Path, c.Record)

	s.mu.Lock()
	defer s.mu.Unlock()
	fate := s.random.IntN(10)
	switch {
	case c.Seq == s.last[key]: // again, since its answer was lost
	case c.Seq != s.last[key]+1:
		s.t.Errorf("%s: got event %d after %d", key, c.Seq, s.last[key])
	case fate < 3:
		s.fails++
		w.WriteHeader([]int{500, 429, 302}[fate])
		return
	default:
		s.last[key] = c.Seq
	}
	if fate == 3 { // the answer is lost
		s.fails++
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			s.t.Error(err)
			return
		}
		_ = conn.Close()
	}
}

// Each record's events arrive in order at each webhook, whatever fails.
func TestOrderPerRecord(t *testing.T) {
	const webhooks, records, events = 3, 40, 8
	for _, inFlight := range []int{1, 4, 64} {
		t.Run(fmt.Sprint(inFlight, " in flight"), func(t *testing.T) {
			check := &strict{t: t, random: rand.New(rand.NewPCG(7, 11)), last: map[string]int{}}
			server := receiver(t, nil, nil)
			server.Config.Handler = check
			s := newSender(t, Config{
				MaxInFlight: inFlight, MaxBuffer: 128 << 10, // less than all: Send waits at times
				RetrySchedule: []time.Duration{time.Millisecond, 3 * time.Millisecond},
			})
			var subs []*webhook.Subscription
			for i := range webhooks {
				subs = append(subs, subscription(fmt.Sprint("w", i), fmt.Sprintf("%s/%d/", server.URL, i)))
			}
			order := rand.New(rand.NewPCG(3, 5))
			next := make([]int, records)
			var settled []<-chan struct{}
			for range records * events {
				record := order.IntN(records)
				for next[record] == events {
					record = (record + 1) % records
				}
				next[record]++
				e := newEvent(record, next[record])
				for _, sub := range subs {
					settled = append(settled, s.send(sub, e))
				}
			}
			for _, c := range settled {
				await(t, c, "delivery")
			}
			check.mu.Lock()
			defer check.mu.Unlock()
			if len(check.last) != webhooks*records {
				t.Errorf("%d records arrived, want %d", len(check.last), webhooks*records)
			}
			for key, last := range check.last {
				if last != events {
					t.Errorf("%s ended with event %d, want %d", key, last, events)
				}
			}
			if check.fails < webhooks*records {
				t.Errorf("only %d attempts failed: the test is too easy", check.fails)
			}
		})
	}
}

// A record that fails holds up its own later events, and nothing else in its lane.
func TestRecordsOfALane(t *testing.T) {
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
		want := []content{{1, 1}, {2, 1}, {2, 2}, {2, 3}}
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
		want = append(want, content{1, 1}, content{1, 2}, content{1, 3})
		if got := arrived.all(); !slices.Equal(got, want) {
			t.Errorf("arrived %v, want %v", got, want)
		}
		if got := s.metric("hookline_retrying_records", ""); got != 0 {
			t.Errorf("%v records are retrying, want 0", got)
		}
	})
}

// A lane with retries that take long and never succeed still makes first attempts.
func TestRetriesDoNotStarveOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubble(t, Config{MaxInFlight: 1, RetrySchedule: []time.Duration{time.Second}}, statuses(t, func(c content) int {
			if c.Record < 100 {
				time.Sleep(9 * time.Second)
				return 500
			}
			return 200
		}))
		to := subscription("a", "http://receiver.test")
		for record := range 20 { // more than can be retried within their interval
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
	hanging, healthy := subscription("stuck", stuck.URL), subscription("healthy", receiver(t, nil, nil).URL)
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

// Idle webhooks leave nothing behind.
func TestLanesLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var healthy atomic.Bool
		s := bubble(t, Config{}, statuses(t, func(content) int {
			if healthy.Load() {
				return 200
			}
			return 500
		}))
		to := subscription("a", "http://receiver.test")
		for i := range 100 {
			s.send(to, newEvent(i, 1))
		}
		synctest.Wait()
		lanes := func() (n int) {
			for range s.lanes.Range {
				n++
			}
			return n
		}
		if n := lanes(); n != 64 {
			t.Errorf("%d lanes with waiting records, want 64", n)
		}
		healthy.Store(true)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if n := lanes(); n != 0 {
			t.Errorf("%d lanes of an idle webhook, want 0", n)
		}
	})
}
