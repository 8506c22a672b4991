package sender

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookline/mapper"
	"hookline/webhook"
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

// However webhooks choose, and whatever their receivers do, each hears of every change of a record,
// once and in order: of one event in each where nothing settles, and else of several, with what was
// before the first of them. They come in any form, one by one or in batches whose events are
// answered one by one, to receivers that refuse them or answer too late, and while their rows have a
// mistake nothing comes.
func TestOrderOfWhoChooses(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { orderOfWhoChooses(t, seed) })
		})
	}
}

// chosenForm is what a webhook chooses of the requests to it, as far as a receiver can tell.
type chosenForm struct {
	format   mapper.Format
	previous bool
	timeout  bool // it has a time limit of its own, and what it refuses may be answered behind that
	held     bool // its row has a mistake at the moment
}

// told returns what a body of one event tells of, and the event before.
func (c *chosenForm) told(t testing.TB, body []byte) (record int, changes []int, previous int) {
	b := struct {
		Previous struct{ Seq int }
		Record   content
	}{}
	b.Previous.Seq = -1
	if err := json.Unmarshal(body, &b); err != nil {
		t.Errorf("body %q: %v", body, err)
	}
	told := contentOf(t, body)
	if c.format == mapper.FormatTwenty {
		told = b.Record
	}
	if c.format == mapper.FormatStandard { // which does not say what has changed
		return told.Record, []int{told.Seq}, b.Previous.Seq
	}
	return told.Record, changesOf(t, body), b.Previous.Seq
}

func orderOfWhoChooses(t *testing.T, seed uint64) {
	const webhooks, records, events, lasting = 4, 8, 300, 2 * time.Minute
	const timeout = 700 * time.Millisecond
	random, begin := rand.New(rand.NewPCG(seed, 0)), time.Now()
	type heard struct {
		changes  []int
		previous int // number of the event before; -1: the event does not say
	}
	var arrived [webhooks][records]list[heard]
	var forms [webhooks]chosenForm
	var mu sync.Mutex          // guards held of forms
	failing := random.Uint64() // of which records, at which webhook
	s := bubble(t, Config{
		MaxInFlight: 1 + random.IntN(8), HoldMax: 10 * time.Second,
		RetrySchedule: slices.Repeat([]time.Duration{3 * time.Second}, 999),
	}, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read the request: %v", err)
		}
		to := int(r.Host[0] - 'a')
		form := &forms[to]
		mu.Lock()
		if form.held {
			t.Errorf("webhook %d: a request while its row has a mistake", to)
		}
		mu.Unlock()
		refuses := func(record int) bool {
			return failing>>(to*records+record)&3 == 0 && time.Since(begin) < lasting
		}
		if body[0] != '[' {
			record, changes, previous := form.told(t, body)
			if refuses(record) {
				if form.timeout {
					time.Sleep(2 * timeout)
				}
				w.WriteHeader(500)
				return
			}
			arrived[to][record].add(heard{changes, previous})
			return
		}
		var bodies []json.RawMessage
		if err := json.Unmarshal(body, &bodies); err != nil {
			t.Errorf("body %q: %v", body, err)
		}
		results, behind := []string{}, map[int]bool{}
		for i, id := range strings.Split(r.Header.Get(HeaderBatchIDs), ",") {
			record, changes, previous := form.told(t, bodies[i])
			status := 200
			if behind[record] = behind[record] || refuses(record); behind[record] {
				status = 500 // and what is behind it comes again, whatever is said of it
			} else {
				arrived[to][record].add(heard{changes, previous})
			}
			results = append(results, fmt.Sprintf(`{"id":%q,"status":%d}`, id, status))
		}
		fmt.Fprintf(w, `{"results":[%s]}`, strings.Join(results, ","))
	})
	var subs [webhooks]struct {
		good, held *webhook.Subscription
		current    *atomic.Pointer[webhook.Subscription]
	}
	for i := range webhooks {
		good := subscription(string(rune('a'+i)), fmt.Sprintf("http://%c.test", 'a'+i))
		form := &forms[i]
		form.format = []mapper.Format{
			mapper.FormatEvent, mapper.FormatTwenty, mapper.FormatStandard,
		}[random.IntN(3)]
		form.previous = form.format != mapper.FormatTwenty && random.IntN(2) == 0
		kind := random.IntN(len(settlings) + 1)
		if kind > 0 && form.format != mapper.FormatStandard {
			good.Settling = settlings[kind-1]
		}
		good.Format = form.format
		if form.timeout = random.IntN(2) == 0; form.timeout {
			good.Pace.Timeout = timeout
		}
		if random.IntN(2) == 0 {
			good.Pace.Batch, good.Pace.BatchWait = 2+random.IntN(9), 100*time.Millisecond
		}
		held := subscription(good.Key, good.URL)
		held.Held = "url: is empty"
		subs[i].good, subs[i].held, subs[i].current = good, held, row(good, held)
	}
	note := func(i int, held bool) {
		mu.Lock()
		defer mu.Unlock()
		forms[i].held = held
	}
	change := func(i int, held bool) {
		to := subs[i].held
		if !held {
			to = subs[i].good
			note(i, false)
		}
		subs[i].current.Store(to)
		s.Recheck(to.Key)
		synctest.Wait()
		if held { // what was under way has its answer, or none in time
			time.Sleep(10 * time.Second)
			synctest.Wait()
			note(i, true)
		}
	}
	var last [records]int
	var settled []<-chan struct{}
	for range events {
		if i := random.IntN(webhooks); random.IntN(40) == 0 {
			change(i, !forms[i].held)
		}
		record := random.IntN(records)
		last[record]++
		for i := range subs {
			p := newEvent(record, last[record]).Parts()
			if forms[i].previous {
				p.Previous = fmt.Appendf(nil, `{"seq":%d}`, last[record]-1)
			}
			settled = append(settled, s.send(subs[i].current.Load(), mapper.NewEvent(p)))
		}
		time.Sleep(time.Duration(random.IntN(1000)) * time.Millisecond)
	}
	for _, c := range settled {
		<-c
	}
	for i := range subs {
		change(i, false)
	}
	time.Sleep(time.Hour) // what is in the spool is settled, and yet to come
	synctest.Wait()
	for i := range subs {
		sub := subs[i].good
		for record, n := range last {
			next := 1
			for _, h := range arrived[i][record].all() {
				want := -1
				if forms[i].previous {
					want = next - 1
				}
				if h.previous != want || len(h.changes) > 1 && !sub.Merges() {
					t.Errorf("webhook %d, %+v: record %d: %+v, want %d before", i, sub.Settling, record, h,
						want)
				}
				for _, seq := range h.changes {
					if seq != next {
						t.Errorf("webhook %d, %+v: record %d: %d is told, want %d", i, sub.Settling, record,
							seq, next)
					}
					next++
				}
			}
			if next != n+1 {
				t.Errorf("webhook %d, %+v: record %d: %d of %d changes are told", i, sub.Settling, record,
					next-1, n)
			}
		}
	}
}
