package sender

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookline/webhook"
)

// batching is a webhook that takes batches.
func batching(target string, most int, wait time.Duration) *webhook.Subscription {
	to := subscription("a", target)
	to.Pace.Batch, to.Pace.BatchWait = most, wait
	return to
}

// parcel is a request with a batch.
type parcel struct {
	ids    []string
	events []content
}

// parcels keeps the requests that come, checks their signatures, and answers as it is told.
func parcels(t *testing.T, all *list[parcel], answer func(w http.ResponseWriter, p parcel),
) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		verify(t, hit{header: r.Header, body: body, at: time.Now()}, "s3cr3t-of-a")
		var bodies []struct {
			ID   string
			Data content
		}
		if err := json.Unmarshal(body, &bodies); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		var p parcel
		for _, b := range bodies {
			p.ids, p.events = append(p.ids, b.ID), append(p.events, b.Data)
		}
		if got := r.Header.Get(HeaderBatchIDs); got != strings.Join(p.ids, ",") {
			t.Errorf("%s: %s, and the body has %s", HeaderBatchIDs, got, p.ids)
		}
		if got := r.Header.Get(HeaderBatch); got != fmt.Sprint(len(p.ids)) {
			t.Errorf("%s: %s for %d events", HeaderBatch, got, len(p.ids))
		}
		id := r.Header.Get(HeaderID)
		if single := slices.Equal(p.ids, []string{id}); single != (len(p.ids) == 1) {
			t.Errorf("%s: %s for %s", HeaderID, id, p.ids)
		}
		all.add(p)
		if answer != nil {
			answer(w, p)
		}
	}
}

// sizes returns how many events each request had.
func sizes(all []parcel) (n []int) {
	for _, p := range all {
		n = append(n, len(p.events))
	}
	return n
}

// A batch goes when it is full, or its first event has waited. Events of one record are in it in
// their order.
func TestBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all list[parcel]
		s := bubble(t, Config{}, parcels(t, &all, nil))
		to := batching("http://receiver.test", 4, 200*time.Millisecond)
		start := time.Now()
		for i := range 4 {
			s.send(to, newEvent(1+i, 1))
		}
		synctest.Wait()
		if got := sizes(all.all()); !slices.Equal(got, []int{4}) || time.Since(start) > 0 {
			t.Errorf("%v after %s: want a full batch at once", got, time.Since(start))
		}
		settled := []<-chan struct{}{
			s.send(to, newEvent(7, 1)), s.send(to, newEvent(7, 2)), s.send(to, newEvent(8, 1)),
		}
		for _, c := range settled {
			<-c
		}
		if took := time.Since(start); took != 200*time.Millisecond {
			t.Errorf("the rest went after %s, want 200ms", took)
		}
		want := []content{{Record: 7, Seq: 1}, {Record: 7, Seq: 2}, {Record: 8, Seq: 1}}
		if got := all.all()[1].events; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

// What is refused with others goes by itself from then on, so that it takes nothing else along, and
// its record waits for it. The receiver does not count as failing.
func TestPoisonInABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all list[parcel]
		s := bubble(t, Config{MaxInFlight: 2}, parcels(t, &all, func(w http.ResponseWriter, p parcel) {
			if slices.Contains(p.events, content{Record: 3, Seq: 1}) {
				w.WriteHeader(http.StatusBadRequest)
			}
		}))
		to := batching("http://receiver.test", 10, 100*time.Millisecond)
		var settled []<-chan struct{}
		for i := range 40 {
			settled = append(settled, s.send(to, newEvent(1+i, 1)))
		}
		settled = append(settled, s.send(to, newEvent(3, 2)))
		for _, c := range settled { // by the second failure, the poisonous one and what is behind it
			<-c
		}
		if st := s.WebhookStatuses()[0]; st.Failing || st.Delivered != 39 {
			t.Errorf("%+v", st)
		}
		got := sizes(all.all())
		slices.Sort(got)
		if want := append(slices.Repeat([]int{1}, 10), 10, 10, 10, 10); !slices.Equal(got, want) {
			t.Errorf("requests of %v events, want four batches, and ten events of one by themselves", got)
		}
	})
}

// sentAgain sends a batch of four events, of three records, and waits until they are settled. It
// returns those that came again, the first ones of their records first.
func sentAgain(s *senderTest, all *list[parcel]) (again []content) {
	to := batching("http://receiver.test", 4, time.Second)
	var settled []<-chan struct{}
	for _, e := range []content{
		{Record: 1, Seq: 1}, {Record: 2, Seq: 1}, {Record: 2, Seq: 2}, {Record: 4, Seq: 1},
	} {
		settled = append(settled, s.send(to, newEvent(e.Record, e.Seq)))
	}
	for _, c := range settled {
		<-c
	}
	for _, p := range all.all()[1:] {
		again = append(again, p.events...)
	}
	slices.SortFunc(again, func(a, b content) int {
		return a.Seq*100 + a.Record - b.Seq*100 - b.Record
	})
	return again
}

// A receiver that tells of events one by one gets again those alone that it has not accepted, with
// those of the same records behind them.
func TestResultsOfABatch(t *testing.T) {
	for _, test := range []struct {
		status int
		answer string // of which %s are the ids of the second event and of the third
		again  []content
	}{
		{200, `{"results":[{"id":"%s","status":422}]}`, []content{
			{Record: 2, Seq: 1}, {Record: 2, Seq: 2},
		}},
		{200, `{"results":[{"id":"%s","status":201},{"id":"%s","status":500}]}`, []content{
			{Record: 2, Seq: 2},
		}},
		{200, `{"results":[{"id":"%s"}]}`, []content{{Record: 2, Seq: 1}, {Record: 2, Seq: 2}}},
		{200, `{"results":"none"}`, nil},
		{200, `{"results":[{"id":"%s","status":500}`, nil},
		{207, `{"results":[{"id":"%s","status":200},{"id":"%s","status":200}]}`, []content{
			{Record: 1, Seq: 1}, {Record: 4, Seq: 1},
		}},
		{207, `nothing that is known`, []content{
			{Record: 1, Seq: 1}, {Record: 2, Seq: 1}, {Record: 4, Seq: 1}, {Record: 2, Seq: 2},
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var all list[parcel]
			s := bubble(t, Config{}, parcels(t, &all, func(w http.ResponseWriter, p parcel) {
				if len(p.ids) > 1 {
					w.Header().Set("Content-Type", "application/json; charset=utf-8")
					w.WriteHeader(test.status)
					answer := strings.Replace(test.answer, "%s", p.ids[1], 1)
					_, _ = io.WriteString(w, strings.Replace(answer, "%s", p.ids[2], 1))
				}
			}))
			if again := sentAgain(s, &all); !slices.Equal(again, test.again) {
				t.Errorf("%d %s: %v again, want %v", test.status, test.answer, again, test.again)
			}
		})
	}
}

// What may tell of events one by one is read to its end, as long as the request may take. If that
// does not come, nobody knows what was accepted: all of it goes again.
func TestResultsThatTakeLong(t *testing.T) {
	everything := []content{
		{Record: 1, Seq: 1}, {Record: 2, Seq: 1}, {Record: 4, Seq: 1}, {Record: 2, Seq: 2},
	}
	for name, test := range map[string]struct {
		begins string
		pause  time.Duration
		ends   string // of which %s is the id of the second event; "" for an answer that is cut
		again  []content
	}{
		"late": {
			`{"results":[`, 3 * time.Second, `{"id":"%s","status":422}]}`,
			[]content{{Record: 2, Seq: 1}, {Record: 2, Seq: 2}},
		},
		"later than its header": {
			"", 3 * time.Second, `{"results":[{"id":"%s","status":422}]}`,
			[]content{{Record: 2, Seq: 1}, {Record: 2, Seq: 2}},
		},
		"too late":              {`{"results":[`, time.Hour, `]}`, everything},
		"cut":                   {`{"results":[`, 0, "", everything},
		"cut before its object": {"\n", 0, "", everything},
		"too large":             {`{"results":[`, 0, strings.Repeat(" ", mostResults) + `]}`, everything},
		"large, and of nothing": {`{"x":"`, 0, strings.Repeat(" ", mostResults) + `"}`, nil},
		"of another kind":       {"<p>", time.Hour, "</p>", nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var all list[parcel]
				s := bubble(t, Config{}, parcels(t, &all, func(w http.ResponseWriter, p parcel) {
					if len(p.ids) == 1 {
						return
					}
					w.WriteHeader(http.StatusOK)
					_, _ = io.WriteString(w, test.begins)
					_ = http.NewResponseController(w).Flush()
					if time.Sleep(test.pause); test.ends == "" {
						panic(http.ErrAbortHandler)
					}
					_, _ = io.WriteString(w, strings.Replace(test.ends, "%s", p.ids[1], 1))
				}))
				if again := sentAgain(s, &all); !slices.Equal(again, test.again) {
					t.Errorf("%v again, want %v", again, test.again)
				}
			})
		})
	}
}

// Batches are limited in size, and one event that is larger goes by itself.
func TestBatchesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var largest atomic.Int64
		var all list[int]
		s := bubble(t, Config{MaxBuffer: 64 << 20}, func(_ http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			all.add(int(n))
			largest.Store(max(largest.Load(), n))
		})
		to := batching("http://receiver.test", 100, 100*time.Millisecond)
		var settled []<-chan struct{}
		for i := range 40 {
			settled = append(settled, s.send(to, eventOf(1+i, 100_000)))
		}
		settled = append(settled, s.send(to, eventOf(99, 2_000_000)))
		for _, c := range settled {
			<-c
		}
		sizes := all.all()
		slices.Sort(sizes)
		if n := len(sizes); n > 6 || sizes[n-1] < 2_000_000 || sizes[n-2] > 1_000_000 {
			t.Errorf("bodies of %d bytes", sizes)
		}
	})
}

// An outage, a slow start, and what has waited in the spool: all of it arrives, in order per
// record, in batches again.
func TestBatchesThroughAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all list[parcel]
		var down atomic.Bool
		down.Store(true)
		s := bubble(t, Config{MaxInFlight: 4}, parcels(t, &all, func(w http.ResponseWriter, _ parcel) {
			if down.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}))
		to := batching("http://receiver.test", 20, 50*time.Millisecond)
		s.webhooks.Store(to.Key, to)
		for i := range 1000 {
			<-s.send(to, newEvent(1+i%300, i)) // settled in the spool
		}
		if !s.WebhookStatuses()[0].Failing {
			t.Error("a receiver that accepts nothing does not count as failing")
		}
		down.Store(false)
		before := len(all.all())
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		last, arrived := map[int]int{}, 0
		largest := 0
		for _, p := range all.all()[before:] {
			largest = max(largest, len(p.events))
			for _, e := range p.events {
				if seq, ok := last[e.Record]; ok && e.Seq <= seq {
					t.Errorf("%v came behind number %d", e, seq)
				}
				last[e.Record] = e.Seq
				arrived++
			}
		}
		if arrived != 1000 || largest != 20 {
			t.Errorf("%d events arrived, in batches of up to %d", arrived, largest)
		}
	})
}

// A receiver that takes 20 ms for a request gets far more events in batches.
func TestBatchesAreQuicker(t *testing.T) {
	took := func(to *webhook.Subscription) (took time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			s := bubble(t, Config{MaxInFlight: 8}, func(http.ResponseWriter, *http.Request) {
				time.Sleep(20 * time.Millisecond)
			})
			start := time.Now()
			var settled []<-chan struct{}
			for i := range 4000 {
				settled = append(settled, s.send(to, newEvent(1+i, 1)))
			}
			for _, c := range settled {
				<-c
			}
			took = time.Since(start)
		})
		return took
	}
	single := took(subscription("a", "http://receiver.test"))
	batches := took(batching("http://receiver.test", 50, 100*time.Millisecond))
	if ratio := single.Seconds() / batches.Seconds(); ratio < 4 {
		t.Errorf("single requests took %s, batches %s", single, batches)
	} else {
		t.Logf("single requests took %s, batches %s: %.1f times as many", single, batches, ratio)
	}
}

// Of records that settle, or have waited, a batch has one event each, which stands for all.
func TestBatchesOfRecordsThatSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all list[parcel]
		s := bubble(t, Config{}, parcels(t, &all, nil))
		to := batching("http://receiver.test", 10, 100*time.Millisecond)
		to.Settling = webhook.Settling{For: time.Second, Max: time.Minute}
		var settled []<-chan struct{}
		for i := range 30 {
			settled = append(settled, s.send(to, newEvent(1+i%6, 1+i/6)))
		}
		for _, c := range settled {
			<-c
		}
		var events []content
		for _, p := range all.all() {
			events = append(events, p.events...)
		}
		slices.SortFunc(events, func(a, b content) int { return a.Record - b.Record })
		var want []content
		for i := range 6 {
			want = append(want, content{Record: 1 + i, Seq: 5})
		}
		if !slices.Equal(events, want) || len(all.all()) > 2 {
			t.Errorf("%d requests with %v, want %v", len(all.all()), events, want)
		}
	})
}
