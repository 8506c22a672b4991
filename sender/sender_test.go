package sender

import (
	"context"
	"errors"
	"fmt"
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

// The attempts of a delivery that never succeeds, by the clock, through memory and spool.
func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		type attempt struct {
			at     time.Duration
			number string
		}
		var attempts list[attempt]
		s := bubble(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
			attempts.add(attempt{time.Since(start), r.Header.Get(headerAttempt)})
			w.WriteHeader(503)
		})
		<-s.send(subscription("a", "http://receiver.test"), newEvent(1, 1))
		const h = time.Hour
		wait := []time.Duration{
			0,
			5 * time.Second,
			30 * time.Second,
			2 * time.Minute,
			10 * time.Minute,
			30 * time.Minute,
			1 * h,
			3 * h,
			6 * h,
			12 * h,
			24 * h,
			24 * h,
		}
		var want []attempt
		due := time.Duration(0)
		for i := range wait {
			due += wait[i]
			want = append(want, attempt{due, fmt.Sprint(i + 1)})
		}
		time.Sleep(5 * 24 * h)
		if got := attempts.all(); !slices.Equal(got, want) {
			t.Errorf("attempts %v\nwant %v", got, want)
		}
		dead := s.Dead("a")
		if len(dead) != 1 || dead[0].Attempts != 12 || dead[0].Status != 503 ||
			dead[0].Event.ID != newEvent(1, 1).ID {
			t.Errorf("dead letters %+v, want the delivery after 12 attempts", dead)
		}
		if got := s.metric("hookline_dead_letters_total", ""); got != 1 {
			t.Errorf("%v dead letters counted, want 1", got)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at list[time.Duration]
		s := bubble(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
			switch at.add(time.Since(start)) {
			case 1:
				w.Header().Set("Retry-After", "100")
				w.WriteHeader(429)
			case 2:
				w.Header().
					Set("Retry-After", time.Now().Add(1000*time.Second).UTC().Format(http.TimeFormat))
				w.WriteHeader(503)
			case 3:
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(503)
			}
		})
		s.send(subscription("a", "http://receiver.test"), newEvent(1, 1))
		time.Sleep(time.Hour)
		want := []time.Duration{
			0,
			110 * time.Second,
			1210 * time.Second,
			1330 * time.Second,
		} // 10 % up: the middle of the spread
		if got := at.all(); !slices.Equal(got, want) {
			t.Errorf("attempts at %v, want %v", got, want)
		}
	})
}

func TestRequestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at list[time.Time]
		s := bubble(
			t,
			Config{RequestTimeout: 7 * time.Second},
			func(_ http.ResponseWriter, r *http.Request) {
				if at.add(time.Now()) == 1 {
					<-r.Context().Done()
				}
			},
		)
		<-s.send(subscription("a", "http://receiver.test"), newEvent(1, 1))
		if took := at.all()[1].Sub(at.all()[0]); took != 12*time.Second {
			t.Errorf("second attempt after %s, want 12s: the timeout and the wait", took)
		}
		if log := s.log.String(); !strings.Contains(log, `error="no answer within 7s"`) {
			t.Errorf("log %q: want the timeout in it", log)
		}
	})
}

// Send waits while the buffer is full, and gives up when its context does.
func TestBackpressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := bubble(t, Config{MaxBuffer: 64 << 10, RequestTimeout: time.Minute},
			func(http.ResponseWriter, *http.Request) {
				<-release
			})
		to := subscription("a", "http://receiver.test")
		size := newEvent(1, 1).Size() + overhead
		const buffer = 64 << 10 / 2 // attempts take the other half
		fit := buffer / size

		var settled sync.WaitGroup
		taken := 0
		go func() {
			for i := range 2 * fit {
				settled.Add(1)
				if err := s.Send(t.Context(), Delivery{newEvent(i%10, i), to, settled.Done}); err != nil {
					t.Errorf("Send: %v", err)
				}
				taken++
			}
		}()
		synctest.Wait()
		if taken < fit-1 || taken > fit+1 {
			t.Errorf("the buffer took %d events, want about %d", taken, fit)
		}
		if got := s.metric("hookline_buffered_bytes", ""); got > buffer ||
			got < buffer-float64(2*size) {
			t.Errorf("%v bytes buffered, want just under %d", got, buffer)
		}
		if got := s.metric("hookline_buffered_deliveries", ""); got != float64(taken) {
			t.Errorf("%v deliveries buffered, want %d", got, taken)
		}

		enough := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		failed := make(chan error, 1)
		go func() {
			failed <- s.Send(ctx, Delivery{newEvent(1, 1), to, func() {
				t.Error("settled though not taken")
			}})
		}()
		synctest.Wait()
		cancel(enough)
		if err := <-failed; !errors.Is(err, enough) {
			t.Errorf("Send = %v, want the context's cause", err)
		}

		close(release)
		synctest.Wait()
		settled.Wait()
		if got := s.metric("hookline_buffered_bytes", ""); got != 0 || taken != 2*fit {
			t.Errorf("%v bytes buffered after %d deliveries, want 0 after %d", got, taken, 2*fit)
		}
	})
}

// An event is in the buffer once, as long as any of its deliveries is.
func TestBufferCountsAnEventOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := []string{"a.test", "b.test", "c.test"}
		release := map[string]chan struct{}{}
		for _, host := range hosts {
			release[host] = make(chan struct{})
		}
		s := bubble(t, Config{RequestTimeout: time.Minute}, func(_ http.ResponseWriter, r *http.Request) {
			<-release[r.Host]
		})
		e := newEvent(1, 1)
		for _, host := range hosts {
			s.send(subscription(host, "http://"+host), e)
		}
		for left := len(hosts); ; left-- {
			want := 0
			if left > 0 {
				want = e.Size() + left*overhead
			}
			if got := s.metric("hookline_buffered_bytes", ""); got != float64(want) {
				t.Errorf("%v bytes buffered for %d deliveries of an event, want %d", got, left, want)
			}
			if left == 0 {
				return
			}
			close(release[hosts[left-1]])
			synctest.Wait()
		}
	})
}

// However large an event is, it counts once: all its webhooks get it at once, and one more goes
// when there is room for one. Receivers that do not answer, or fail, keep a healthy one waiting for
// next to nothing, and get all of it later.
func TestLargeEvents(t *testing.T) {
	for name, test := range map[string]struct {
		size   int
		answer func(r *http.Request)
	}{
		"hung, above half of the buffer": {700 << 10, func(r *http.Request) { <-r.Context().Done() }},
		"hung, above all of it":          {2 << 20, func(r *http.Request) { <-r.Context().Done() }},
		"hung, several fit":              {300 << 10, func(r *http.Request) { <-r.Context().Done() }},
		"failing, above half of it":      {700 << 10, func(*http.Request) {}},
		"failing late, above half of it": {700 << 10, func(*http.Request) {
			time.Sleep(3 * time.Second)
		}},
		"failing late, above all of that": {2 << 20, func(*http.Request) { time.Sleep(3 * time.Second) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const events = 8
				arrived := make(chan string, events)
				var mended atomic.Bool
				var large atomic.Int32
				got := make(chan string, 99)
				cfg := Config{MaxBuffer: 1 << 20, Large: func() { large.Add(1) }}
				s := bubble(t, cfg, func(w http.ResponseWriter, r *http.Request) {
					id := r.Header.Get(HeaderID)
					switch {
					case r.Host == "good.test":
						arrived <- id
					case mended.Load():
						got <- r.Host + " " + id
					default:
						test.answer(r)
						w.WriteHeader(500)
					}
				})
				var subs []*webhook.Subscription
				for _, key := range []string{"a", "b", "good", "c"} {
					subs = append(subs, subscription(key, "http://"+key+".test"))
				}
				for i := range events {
					e := eventOf(i, test.size)
					sent := time.Now()
					for _, to := range subs {
						s.send(to, e)
					}
					if id := <-arrived; id != e.ID {
						t.Fatalf("%s arrived, want %s", id, e.ID)
					}
					if took := time.Since(sent); took > 2*time.Second {
						t.Errorf("event %d came after %s", i, took)
					}
				}
				if n := large.Load(); n < events {
					t.Errorf("told of %d large events, want %d and those that were brought back", n, events)
				}
				mended.Store(true)
				for seen := map[string]bool{}; len(seen) < 3*events; {
					seen[<-got] = true
				}
				if n := large.Load(); n <= events {
					t.Errorf("told of %d large events with those from the spool, want more than %d", n, events)
				}
			})
		})
	}
}

// An event whose first delivery gives up waiting for room is counted for the others as long as they
// have it.
func TestRoomOfAnEventThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := bubble(t, Config{MaxBuffer: 1 << 20}, func(http.ResponseWriter, *http.Request) { <-release })
		s.send(subscription("a", "http://a.test"), eventOf(1, 700<<10))
		e := eventOf(2, 700<<10)
		ctx, cancel := context.WithCancel(t.Context())
		gaveUp := make(chan error)
		go func() {
			gaveUp <- s.Send(ctx, Delivery{
				Event: e, To: subscription("b", "http://b.test"),
				Settled: func() {},
			})
		}()
		synctest.Wait()
		second := s.send(subscription("c", "http://c.test"), e)
		synctest.Wait()
		cancel()
		if err := <-gaveUp; err == nil {
			t.Error("there was room")
		}
		want := float64(2*(700<<10) + 2*overhead)
		if got := s.metric("hookline_buffered_bytes", ""); got < want || got > want+2048 {
			t.Errorf("%v bytes buffered, want some %v", got, want)
		}
		close(release)
		<-second
		synctest.Wait()
		if got := s.metric("hookline_buffered_bytes", ""); got != 0 {
			t.Errorf("%v bytes buffered at the end, want 0", got)
		}
	})
}

// An event larger than the buffer goes alone.
func TestOversizeEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := bubble(t, Config{MaxBuffer: 64 << 10}, func(http.ResponseWriter, *http.Request) {
			<-release
		})
		to := subscription("a", "http://receiver.test")
		huge := mapper.NewEvent(mapper.Parts{
			ID:     "evt_1",
			Object: "note",
			Data:   []byte(`"` + strings.Repeat("x", 1<<20) + `"`),
			Record: 1,
			Time:   time.Now(),
		})
		settled := s.send(to, huge)
		var second atomic.Bool
		go func() {
			s.send(to, newEvent(2, 1))
			second.Store(true)
		}()
		synctest.Wait()
		if second.Load() {
			t.Error("another event was taken beside one that fills the buffer")
		}
		close(release)
		<-settled
		synctest.Wait()
		if !second.Load() {
			t.Error("the other event was not taken afterwards")
		}
	})
}

// A retry goes to the webhook as it is now; a first attempt to the webhook as it was then.
func TestRetryGoesToTheNewURL(t *testing.T) {
	hits := make(chan hit, 9)
	oldHits := make(chan hit, 9)
	gate := make(chan struct{})
	old := receiver(t, oldHits, func(w http.ResponseWriter, _ *http.Request) {
		<-gate
		w.WriteHeader(500)
	})
	s := newSender(t, Config{RetrySchedule: []time.Duration{time.Hour}})
	before, after := subscription("a", old.URL), subscription("a", receiver(t, hits, nil).URL)
	before.Secret, after.Secret = "old", "new"
	current := row(before, after)
	settled := s.send(before, newEvent(1, 1))
	verify(t, await(t, oldHits, "first attempt"), "old")
	// while the attempt is under way: there is no need to wait an hour for the next
	current.Store(after)
	close(gate)
	await(t, settled, "delivery")
	h := await(t, hits, "second attempt")
	verify(t, h, "new")
	if got := h.header.Get(headerAttempt); got != "2" {
		t.Errorf("attempt %s, want 2", got)
	}

	settled = s.send(before, newEvent(2, 1))
	await(t, oldHits, "first attempt at the webhook as it was")
	await(t, settled, "delivery")
	if len(oldHits) != 0 {
		t.Error("a retry went to the old URL")
	}
}

// A retry that waits for a day does not when its webhook changes.
func TestRecheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hosts list[string]
		cfg := Config{RetrySchedule: []time.Duration{24 * time.Hour}, MaxInFlight: 2}
		s := bubble(t, cfg, func(w http.ResponseWriter, r *http.Request) {
			hosts.add(r.Host)
			if r.Host != "good.test" {
				w.WriteHeader(500)
			}
		})
		bad, good := subscription("a", "http://bad.test"), subscription("a", "http://good.test")
		current := row(bad, good)
		other := subscription("b", "http://other.test")
		first, second := s.send(bad, newEvent(1, 1)), s.send(bad, newEvent(1, 2))
		s.send(other, newEvent(1, 1))
		synctest.Wait()
		start := time.Now()
		s.Recheck("a") // nothing has changed
		synctest.Wait()
		if got := hosts.all(); len(got) != 2 {
			t.Errorf("attempts at %v, want one each", got)
		}
		current.Store(good)
		s.Recheck("a")
		<-first
		<-second
		synctest.Wait()
		if took := time.Since(start); took > time.Second {
			t.Errorf("the changed webhook waited %s", took)
		}
		if got, want := hosts.all()[2:], []string{
			"good.test",
			"good.test",
		}; !slices.Equal(got, want) {
			t.Errorf("attempts at %v, want %v", got, want)
		}
	})
}

// A webhook that is deleted stops at once: what waits is given up and settled.
func TestDeletedWebhook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var requests atomic.Int32
		s := bubble(
			t,
			Config{MaxInFlight: 2, RequestTimeout: time.Minute},
			statuses(t, func(c content) int {
				requests.Add(1)
				if c.Record == 1 {
					return 500
				}
				<-release
				return 200
			}),
		)
		to := subscription("a", "http://receiver.test")
		current := row(to)
		retrying, behind := s.send(to, newEvent(1, 1)), s.send(to, newEvent(1, 2))
		underWay, queued := s.send(to, newEvent(2, 1)), s.send(to, newEvent(2, 2))
		synctest.Wait()
		if requests.Load() != 2 {
			t.Errorf("%d requests, want 2", requests.Load())
		}
		current.Store(nil)
		s.Recheck("a")
		synctest.Wait()
		if open(retrying) || open(behind) {
			t.Error("a delivery that waited for a retry is still there")
		}
		if !open(underWay) {
			t.Error("the attempt under way did not go on")
		}
		close(release)
		<-underWay
		<-queued
		<-s.send(to, newEvent(3, 1))
		if requests.Load() != 2 {
			t.Errorf("%d requests, want no more than the 2 before", requests.Load())
		}
		if got := s.metric("hookline_attempts_total", "cancelled"); got != 4 {
			t.Errorf("%v deliveries cancelled, want 4", got)
		}
		if got := s.metric("hookline_attempts_total", "delivered"); got != 1 {
			t.Errorf("%v deliveries delivered, want 1", got)
		}
	})
}

// Drain finishes what was taken.
func TestDrainFinishes(t *testing.T) {
	release := make(chan struct{})
	hits := make(chan hit, 999)
	server := receiver(t, hits, func(http.ResponseWriter, *http.Request) { <-release })
	s := newSender(t, Config{MaxInFlight: 2})
	to := subscription("a", server.URL)
	var settled []<-chan struct{}
	for i := range 50 {
		settled = append(settled, s.send(to, newEvent(i, 1)))
	}
	await(t, hits, "first attempt")
	drained := make(chan error)
	go func() { drained <- s.Drain(context.Background()) }()
	close(release)
	if err := await(t, drained, "drain"); err != nil {
		t.Errorf("Drain = %v", err)
	}
	for _, c := range settled {
		if open(c) {
			t.Fatal("a delivery is not settled")
		}
	}
	leftovers(t)
	err := s.Send(context.Background(), Delivery{newEvent(1, 1), to, func() {
		t.Error("settled though not taken")
	}})
	if !errors.Is(err, ErrDraining) {
		t.Errorf("Send after Drain = %v, want ErrDraining", err)
	}
	s.Recheck("a")
}

// Drain does not wait for retries: they go to the spool, and the stream is settled.
func TestDrainSpoolsRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := bubble(t, Config{RequestTimeout: time.Minute}, statuses(t, func(c content) int {
			if c.Record == 1 {
				return 500
			}
			<-release
			return 200
		}))
		to := subscription("a", "http://receiver.test")
		retrying, behind, other := s.send(to, newEvent(1, 1)), s.send(to, newEvent(1, 2)),
			s.send(to, newEvent(2, 1))
		synctest.Wait()
		drained := make(chan error, 1)
		go func() { drained <- s.Drain(context.Background()) }()
		time.Sleep(7 * time.Second) // the retry becomes due meanwhile
		if len(drained) > 0 {
			t.Fatal("Drain did not wait for the attempt in hand")
		}
		if open(retrying) || open(behind) || !open(other) {
			t.Error("want the deliveries of the failed record settled, the other not")
		}
		close(release)
		if err := <-drained; err != nil {
			t.Errorf("Drain = %v", err)
		}
		if open(other) {
			t.Error("the delivery in hand is not settled")
		}
		queued := s.Queued("a")
		if len(queued) != 2 || queued[0].Event.ID != newEvent(1, 1).ID || queued[0].Attempts != 1 ||
			queued[0].Due.IsZero() ||
			queued[1].Attempts != 0 {
			t.Errorf("queued are %+v, want both events of the failed record", queued)
		}
		if got := s.metric("hookline_attempts_total", "failed"); got != 1 {
			t.Errorf("%v failed attempts, want 1", got)
		}
	})
}

// At the end of its context, Drain cancels attempts in hand; they go to the spool with the rest.
func TestDrainIsCutShort(t *testing.T) {
	hits := make(chan hit, 9)
	stuck := make(chan struct{})
	server := receiver(t, hits, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-stuck:
		}
	})
	t.Cleanup(func() { close(stuck) })
	s := newSender(t, Config{MaxInFlight: 1, RequestTimeout: time.Minute})
	to := subscription("a", server.URL)
	var settled []<-chan struct{}
	for i := range 10 {
		settled = append(settled, s.send(to, newEvent(i, 1)))
	}
	await(t, hits, "first attempt")
	ctx, cancel := context.WithCancelCause(context.Background())
	drained := make(chan error)
	go func() { drained <- s.Drain(ctx) }()
	cancel(errors.New("time is up"))
	if err := await(t, drained, "drain"); err != nil {
		t.Errorf("Drain = %v", err)
	}
	for _, c := range settled {
		await(t, c, "settlement")
	}
	if queued := s.Queued("a"); len(queued) != 10 ||
		slices.ContainsFunc(queued, func(p Spooled) bool { return p.Attempts != 0 }) {
		t.Errorf("queued are %+v, want 10 deliveries that do not count as attempted", queued)
	}
	if got := s.metric("hookline_attempts_total", "interrupted"); got != 1 {
		t.Errorf("%v attempts interrupted, want 1", got)
	}
	if len(hits) > 0 {
		t.Error("an attempt was begun after the end")
	}
	leftovers(t)
}

// Without a spool that works, Drain tells how much it leaves.
func TestDrainWithoutSpool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubble(t, Config{}, statuses(t, func(content) int { return 500 }))
		away := errors.New("the spool is away")
		s.Fail(away)
		to := subscription("a", "http://receiver.test")
		first, second := s.send(to, newEvent(1, 1)), s.send(to, newEvent(1, 2))
		synctest.Wait()
		start := time.Now()
		err := s.Drain(context.Background())
		if left, ok := errors.AsType[*LeftError](err); !ok || left.Deliveries != 2 ||
			left.Cause == nil {
			t.Errorf("Drain = %v, want 2 deliveries left", err)
		}
		if took := time.Since(start); took > drainGrace+writeLimit {
			t.Errorf("Drain took %s", took)
		}
		if !open(first) || !open(second) {
			t.Error("a delivery was settled that is nowhere")
		}
	})
}

// Senders, Recheck and Drain at once: for the race detector, and nothing is settled twice or lost.
func TestDrainAmidSends(t *testing.T) {
	server := receiver(t, nil, nil)
	s := newSender(
		t,
		Config{
			MaxInFlight:   8,
			MaxBuffer:     64 << 10,
			RetrySchedule: []time.Duration{time.Millisecond},
		},
	)
	var taken, settled atomic.Int64
	var crowd sync.WaitGroup
	started := make(chan struct{}, 99)
	for i := range 4 {
		crowd.Go(func() {
			to := subscription(fmt.Sprint("w", i), server.URL)
			for seq := 1; ; seq++ {
				var once atomic.Bool
				err := s.Send(context.Background(), Delivery{newEvent(seq%50, seq), to, func() {
					if once.Swap(true) {
						t.Error("settled twice")
					}
					settled.Add(1)
				}})
				if errors.Is(err, ErrDraining) {
					return
				}
				taken.Add(1)
				if seq == 20 {
					started <- struct{}{}
				}
				s.Recheck(to.Key)
			}
		})
	}
	for range 4 {
		await(t, started, "sends")
	}
	if err := s.Drain(context.Background()); err != nil {
		t.Errorf("Drain = %v", err)
	}
	crowd.Wait()
	if taken.Load() != settled.Load() {
		t.Errorf("%d deliveries taken, %d settled", taken.Load(), settled.Load())
	}
	leftovers(t)
}

// BenchmarkSend is what a delivery costs but for the network: with a webhook that is gone, no
// attempt is made.
func BenchmarkSend(b *testing.B) {
	s := newSender(b, Config{})
	to := subscription("public.webhooks/5c8b2f3e-0a64-4c0a-9d0e-3f3c2b1a0f9e", "http://receiver.test")
	row(to).Store(nil)
	events := make([]*mapper.Event, 1024)
	for i := range events {
		events[i] = newEvent(i, 1)
	}
	ctx := context.Background()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if err := s.Send(ctx, Delivery{events[i%len(events)], to, func() {}}); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
