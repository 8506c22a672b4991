package sender

import (
	"context"
	"errors"
	"fmt"
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

// events returns the IDs of deliveries.
func events(list []Spooled) (ids []string) {
	for _, p := range list {
		ids = append(ids, p.Event.ID)
	}
	return ids
}

func ids(list ...*mapper.Event) (ids []string) {
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	return ids
}

// A record whose retry is too far away goes to the spool, with all that comes for it, while others
// are delivered as ever.
func TestSpoolsARecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var healthy atomic.Bool
		var arrived list[content]
		s := bubble(t, Config{}, statuses(t, func(c content) int {
			if c.Record == 1 && !healthy.Load() {
				return 500
			}
			arrived.add(c)
			return 200
		}))
		to := subscription("a", "http://receiver.test")
		start := time.Now()
		first, second := s.send(to, newEvent(1, 1)), s.send(to, newEvent(1, 2))
		<-first
		<-second
		if held := time.Since(start); held < 5*time.Second || held > 6*time.Second {
			t.Errorf("the stream was held for %s, want until the second attempt after 5s", held)
		}
		<-s.send(to, newEvent(2, 1))
		sent := time.Now()
		<-s.send(to, newEvent(1, 3))
		if took := time.Since(sent); took > time.Second {
			t.Errorf("an event of the spooled record held the stream for %s", took)
		}
		if got, want := events(s.Queued("a")),
			ids(newEvent(1, 1), newEvent(1, 2), newEvent(1, 3)); !slices.Equal(got, want) {
			t.Errorf("queued are %v, want %v", got, want)
		}
		if s.metric("hookline_spooling_webhooks", "") != 0 {
			t.Error("the whole webhook goes through the spool for the sake of one record")
		}
		healthy.Store(true)
		time.Sleep(30 * time.Second)
		want := []content{
			{Record: 2, Seq: 1},
			{Record: 1, Seq: 1},
			{Record: 1, Seq: 2},
			{Record: 1, Seq: 3},
		}
		if got := arrived.all(); !slices.Equal(got, want) {
			t.Errorf("arrived %v, want %v", got, want)
		}
		<-s.send(to, newEvent(1, 4))
		time.Sleep(time.Second)
		if got := s.metric("hookline_parked_deliveries_total", ""); got != 3 ||
			len(arrived.all()) != 5 {
			t.Errorf("%v deliveries were parked, want 3: the record is an ordinary one again", got)
		}
	})
}

// A retry that takes long holds the stream for HoldMax at most, and is made once all the same.
func TestHoldMaxDuringAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts list[content]
		s := bubble(t, Config{RequestTimeout: time.Minute}, statuses(t, func(c content) int {
			if attempts.add(c) == 1 {
				return 500
			}
			time.Sleep(30 * time.Second)
			return 200
		}))
		to := subscription("a", "http://receiver.test")
		start := time.Now()
		first, second := s.send(to, newEvent(1, 1)), s.send(to, newEvent(1, 2))
		<-first
		<-second
		if held := time.Since(start); held < 10*time.Second || held > 10*time.Second+2*writeDelay {
			t.Errorf("the stream was held for %s, want 10s", held)
		}
		if got := len(s.Queued("a")); got != 2 {
			t.Errorf("%d deliveries in the spool, want 2", got)
		}
		time.Sleep(2 * time.Minute)
		if got, want := attempts.all(), []content{
			{Record: 1, Seq: 1},
			{Record: 1, Seq: 1},
			{Record: 1, Seq: 2},
		}; !slices.Equal(got, want) {
			t.Errorf("attempts %v, want %v", got, want)
		}
		if got := s.Queued("a"); len(got) != 0 {
			t.Errorf("left in the spool: %v", events(got))
		}
	})
}

// Nothing is settled before it is in the spool, however long that takes; afterwards all goes on.
func TestSpoolAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var healthy atomic.Bool
		s := bubble(t, Config{HoldMax: time.Second}, statuses(t, func(content) int {
			if healthy.Load() {
				return 200
			}
			return 500
		}))
		s.Fail(errors.New("the spool is away"))
		to, other := subscription("a", "http://receiver.test"), subscription("b", "http://receiver.test")
		settled := s.send(to, newEvent(1, 1))
		time.Sleep(time.Hour)
		if !open(settled) {
			t.Fatal("settled, though it is nowhere")
		}
		healthy.Store(true)
		<-s.send(other, newEvent(1, 1)) // a healthy webhook needs no spool
		s.Fail(nil)
		<-settled
		time.Sleep(time.Minute)
		if got := s.metric("hookline_attempts_total", "delivered"); got != 2 {
			t.Errorf("%v delivered, want 2", got)
		}
		if n := strings.Count(s.log.String(), "the spool cannot be"); n < 1 || n > 61 {
			t.Errorf("%d lines say that the spool is away, want one a minute", n)
		}
		if !strings.Contains(s.log.String(), "the spool works again") {
			t.Error("nothing says that the spool works again")
		}
	})
}

// A call of the spool that fails once is made again without a word.
func TestSpoolStumbles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spool := NewMemory(Limits{})
		s := bubbleOn(t, spool, Config{HoldMax: time.Second},
			statuses(t, func(content) int { return 500 }))
		settled := s.send(subscription("a", "http://receiver.test"), newEvent(1, 1))
		spool.Fail(errors.New("the connection has vanished"))
		for s.metric("hookline_spool_failures_total", "") == 0 {
			time.Sleep(time.Millisecond)
		}
		spool.Fail(nil)
		<-settled
		time.Sleep(time.Minute)
		if n := s.metric("hookline_spool_failures_total", ""); n != 1 {
			t.Errorf("%v calls have failed, want 1", n)
		}
		for _, line := range []string{"the spool cannot be", "the spool works again"} {
			if strings.Contains(s.log.String(), line) {
				t.Errorf("one failure is told: %s", line)
			}
		}
	})
}

// A spool that was away while nothing had to go there is told to be back.
func TestSpoolBackUnused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spool := NewMemory(Limits{})
		s := bubbleOn(t, spool, Config{}, statuses(t, func(content) int { return 200 }))
		spool.Fail(errors.New("the spool is away"))
		time.Sleep(time.Minute / 2)
		spool.Fail(nil)
		time.Sleep(time.Minute)
		for _, line := range []string{"the spool cannot be looked at", "the spool works again"} {
			if n := strings.Count(s.log.String(), line); n != 1 {
				t.Errorf("%d lines say that %s, want one", n, line)
			}
		}
	})
}

// unreadable is a spool that can be looked at and written, but not read, while it fails.
type unreadable struct {
	*Memory
	fails atomic.Bool
}

// newUnreadable returns one that fails, in which a delivery to webhook a waits for an hour.
func newUnreadable(t *testing.T) *unreadable {
	t.Helper()
	u := &unreadable{Memory: NewMemory(Limits{})}
	u.fails.Store(true)
	later := Spooled{Webhook: "a", Event: newEvent(1, 1), Attempts: 1, Due: time.Now().Add(time.Hour)}
	if _, err := u.Put(t.Context(), []Spooled{later}); err != nil {
		t.Fatal(err)
	}
	return u
}

func (u *unreadable) Waiting(ctx context.Context, page Page) ([]Spooled, error) {
	if u.fails.Load() {
		return nil, errors.New("the disk is broken")
	}
	return u.Memory.Waiting(ctx, page)
}

// A spool that could not be read is told to be back once it is read, though nothing is written.
func TestSpoolReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spool := newUnreadable(t)
		s := bubbleOn(t, spool, Config{}, statuses(t, func(content) int { return 200 }),
			subscription("a", "http://receiver.test"))
		time.Sleep(time.Minute / 2)
		spool.fails.Store(false)
		time.Sleep(time.Minute)
		for _, line := range []string{"the spool cannot be read", "the spool works again"} {
			if n := strings.Count(s.log.String(), line); n != 1 {
				t.Errorf("%d lines say that %s, want one:\n%s", n, line, s.log.String())
			}
		}
	})
}

// Who is replaced by another process delivers nothing more.
func TestFenced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests atomic.Int32
		s := bubble(t, Config{HoldMax: time.Second}, statuses(t, func(content) int {
			requests.Add(1)
			return 500
		}))
		s.Fail(ErrFenced)
		to := subscription("a", "http://receiver.test")
		settled := s.send(to, newEvent(1, 1))
		time.Sleep(time.Minute)
		if err := s.Send(t.Context(), Delivery{newEvent(2, 1), to, func() {
			t.Error("settled though not taken")
		}}); !errors.Is(err, ErrFenced) {
			t.Errorf("Send = %v, want ErrFenced", err)
		}
		before := requests.Load()
		time.Sleep(time.Hour)
		if !open(settled) || requests.Load() != before {
			t.Error("it goes on")
		}
	})
}

// A webhook whose receiver says 410 is paused; a change of its row lets it go on.
func TestGonePauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hosts list[string]
		s := bubble(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
			hosts.add(r.Host)
			if r.Host == "old.test" {
				w.WriteHeader(410)
			}
		})
		old, moved := subscription("a", "http://old.test"), subscription("a", "http://new.test")
		current := row(old, moved)
		<-s.send(old, newEvent(1, 1))
		<-s.send(old, newEvent(1, 2))
		<-s.send(old, newEvent(2, 1))
		time.Sleep(48 * time.Hour)
		if got, want := hosts.all(), []string{"old.test"}; !slices.Equal(got, want) {
			t.Errorf("requests to %v, want one", got)
		}
		if got, want := events(s.Dead("a")), ids(newEvent(1, 1)); !slices.Equal(got, want) {
			t.Errorf("dead letters %v, want %v", got, want)
		}
		if queues, _ := s.Queues(t.Context()); len(queues) != 1 || queues[0].Paused == "" ||
			queues[0].Waiting != 2 {
			t.Errorf("queues %+v, want one that is paused, with 2 that wait", queues)
		}
		if got := s.metric("hookline_paused_webhooks", ""); got != 1 {
			t.Errorf("%v paused webhooks, want 1", got)
		}

		again := bubbleOn(t, s.Memory, Config{}, func(http.ResponseWriter, *http.Request) {
			t.Error("a request after a restart")
		}, old)
		time.Sleep(time.Hour)
		if err := again.Drain(t.Context()); err != nil {
			t.Error(err)
		}

		current.Store(moved)
		s.Recheck("a")
		time.Sleep(time.Second)
		if got, want := hosts.all(), []string{
			"old.test",
			"new.test",
			"new.test",
		}; !slices.Equal(got, want) {
			t.Errorf("requests to %v, want %v", got, want)
		}
		if queues, _ := s.Queues(t.Context()); len(queues) != 1 || queues[0].Paused != "" ||
			queues[0].Dead != 1 ||
			queues[0].Waiting != 0 {
			t.Errorf("queues %+v, want the dead letter and no pause", queues)
		}
	})
}

// A change of the row that was made while no process ran ends the pause, too.
func TestPauseEndsWithAChangeThatNobodySaw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hosts list[string]
		handle := func(w http.ResponseWriter, r *http.Request) {
			if hosts.add(r.Host); r.Host == "old.test" {
				w.WriteHeader(410)
			}
		}
		s := bubble(t, Config{}, handle)
		<-s.send(subscription("a", "http://old.test"), newEvent(1, 1))
		<-s.send(subscription("a", "http://old.test"), newEvent(2, 1))
		if err := s.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		bubbleOn(t, s.Memory, Config{}, handle, subscription("a", "http://new.test"))
		time.Sleep(time.Second)
		if got, want := hosts.all(), []string{"old.test", "new.test"}; !slices.Equal(got, want) {
			t.Errorf("requests to %v, want %v", got, want)
		}
		if queues, _ := s.Queues(t.Context()); len(queues) != 1 || queues[0].Paused != "" {
			t.Errorf("queues %+v, want no pause", queues)
		}
	})
}

// An address that may not be dialled makes dead letters at once, and holds nothing up.
func TestBlockedAddress(t *testing.T) {
	s := newSender(t, Config{AllowAddresses: []string{"192.0.2.1"}})
	to := subscription("a", receiver(t, nil, nil).URL)
	for i := range 20 {
		await(t, s.send(to, newEvent(i, 1)), "settlement")
	}
	dead := s.Dead("a")
	if len(dead) != 20 || dead[0].Attempts != 1 ||
		!strings.Contains(dead[0].Reason, "HOOKLINE_ALLOW_ADDRESSES") {
		t.Errorf("%d dead letters, the first %+v; want 20 that tell of HOOKLINE_ALLOW_ADDRESSES",
			len(dead), dead[0])
	}
}

// A dead letter that is wanted again goes out within a second, marked, under its old ID, and behind
// what waits of its record.
func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type got struct {
			content
			id, attempt, replay string
		}
		var healthy atomic.Bool
		var arrived list[got]
		s := bubble(
			t,
			Config{RetrySchedule: []time.Duration{20 * time.Second}},
			func(w http.ResponseWriter, r *http.Request) {
				statuses(t, func(c content) int {
					if !healthy.Load() {
						return 500
					}
					arrived.add(
						got{
							c,
							r.Header.Get(HeaderID),
							r.Header.Get(headerAttempt),
							r.Header.Get(headerReplay),
						},
					)
					return 200
				})(w, r)
			},
		)
		if err := s.Resume(t.Context(), SettledBefore{}); err != nil {
			t.Fatal(err)
		}
		to := subscription("a", "http://receiver.test")
		one, two, three := newEvent(1, 1), newEvent(1, 2), newEvent(2, 1)
		s.send(to, one)
		time.Sleep(25 * time.Second) // its attempts are over
		s.send(to, three)
		time.Sleep(15 * time.Second)
		if got := events(s.Dead("a")); !slices.Equal(got, ids(one)) {
			t.Fatalf("dead letters %v, want the first event", got)
		}
		s.send(to, two) // it fails, and waits in memory
		synctest.Wait()
		healthy.Store(true)
		s.Want("a")
		time.Sleep(time.Second)
		if got := arrived.all(); len(got) != 0 {
			t.Errorf("%v overtook an event of its record that waits", got)
		}
		time.Sleep(time.Minute)
		want := []got{
			{content{Record: 2, Seq: 1}, three.ID, "2", ""},
			{content{Record: 1, Seq: 2}, two.ID, "2", ""},
			{content{Record: 1, Seq: 1}, one.ID, "1", "true"},
		}
		if got := arrived.all(); !slices.Equal(got, want) {
			t.Errorf("arrived %v\nwant %v", got, want)
		}

		healthy.Store(false)
		four := newEvent(4, 1)
		s.send(to, four)
		time.Sleep(time.Minute)
		healthy.Store(true)
		before := len(arrived.all())
		s.Want("a", four.ID)
		time.Sleep(time.Second)
		if got := arrived.all()[before:]; len(got) != 1 || got[0].id != four.ID ||
			got[0].replay != "true" {
			t.Errorf("a second after it was wanted: %v", got)
		}
	})
}

// A webhook that goes takes what waits for it along, wherever that is.
func TestGoneWebhookEmptiesItsQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests atomic.Int32
		s := bubble(t, Config{}, statuses(t, func(content) int {
			requests.Add(1)
			return 500
		}))
		to := subscription("a", "http://receiver.test")
		current := row(to)
		for i := range 20 {
			s.send(to, newEvent(i, 1))
		}
		time.Sleep(time.Minute)
		if len(s.Queued("a")) != 20 {
			t.Fatalf("%d wait, want 20", len(s.Queued("a")))
		}
		current.Store(nil)
		s.Recheck("a")
		time.Sleep(time.Second)
		before := requests.Load()
		if got := s.Queued("a"); len(got) != 0 {
			t.Errorf("left in the spool: %v", events(got))
		}
		time.Sleep(48 * time.Hour)
		if requests.Load() != before {
			t.Error("requests to a webhook that is gone")
		}
		current.Store(to) // it is back, and starts from nothing
		before = requests.Load()
		s.send(to, newEvent(1, 2))
		synctest.Wait()
		if requests.Load() != before+1 {
			t.Error("a webhook that is back gets nothing")
		}
	})
}

// A process that starts takes up what earlier ones have left, page by page, and leaves alone what
// is for webhooks that are not served.
func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const records = 400 // more than are in memory at once
		const n = 5 * records
		spool := NewMemory(Limits{})
		var backlog []Spooled
		for i := range n {
			for _, key := range []string{"a", "stranger"} {
				backlog = append(backlog, Spooled{Webhook: key, Event: newEvent(i%records, i/records+1)})
			}
		}
		if _, err := spool.Put(t.Context(), backlog); err != nil {
			t.Fatal(err)
		}
		release := make(chan struct{})
		check := &torture{
			t:    t,
			last: map[string]int{},
			mode: []string{"healthy"},
			flip: rand.New(rand.NewPCG(1, 2)),
		}
		to := subscription("a", "http://w0.test")
		s := bubbleOn(
			t,
			spool,
			Config{MaxBuffer: 1 << 20, RequestTimeout: 10 * time.Minute},
			func(w http.ResponseWriter, r *http.Request) {
				<-release
				check.ServeHTTP(w, r)
			},
			to,
		)
		synctest.Wait()
		r := s.webhookQueue("a")
		r.mu.Lock()
		if rows, bytes := r.queue.Loaded(); rows == 0 || rows > 6*64 || bytes > 1<<19 {
			t.Errorf("%d deliveries, %d bytes of the backlog are in memory", rows, bytes)
		}
		r.mu.Unlock()
		s.send(to, newEvent(7, 6))
		close(release)
		time.Sleep(time.Minute)
		synctest.Wait()
		for record := range records {
			want := 5
			if record == 7 {
				want = 6
			}
			if got := check.last[fmt.Sprint("0/", record)]; got != want {
				t.Errorf("record %d ended with event %d, want %d", record, got, want)
			}
		}
		if len(check.last) != records || check.repeats != 0 || len(spool.Queued("a")) != 0 {
			t.Errorf("%d records, %d repeats, %d left", len(check.last), check.repeats,
				len(spool.Queued("a")))
		}
		if got := len(spool.Queued("stranger")); got != n {
			t.Errorf("%d deliveries to an unknown webhook are left, want all %d", got, n)
		}
		stranger := subscription("stranger", "http://w0.test")
		s.webhooks.Store("stranger", stranger)
		check.mu.Lock()
		check.last = map[string]int{}
		check.mu.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := len(spool.Queued("stranger")); got != 0 || len(check.last) != records {
			t.Errorf("%d deliveries are left for a webhook that is known by now", got)
		}
	})
}

// Deliveries that wait for half a day after an outage do not, once the receiver is back.
func TestRecoveryIsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var healthy atomic.Bool
		s := bubble(t, Config{}, statuses(t, func(content) int {
			if healthy.Load() {
				return 200
			}
			return 503
		}))
		to := subscription("a", "http://receiver.test")
		for i := range 30 {
			s.send(to, newEvent(i, 1))
		}
		time.Sleep(16 * time.Hour)
		healthy.Store(true)
		time.Sleep(2 * time.Minute)
		if got := s.Queued("a"); len(got) != 0 {
			t.Errorf("%d deliveries still wait, the first until %s from now", len(got),
				time.Until(got[0].Due))
		}
	})
}

// A slow receiver makes way for a webhook that nothing was sent to before.
func TestReliefForTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubble(
			t,
			Config{MaxBuffer: 64 << 10, MaxInFlight: 1, RequestTimeout: 10 * time.Minute},
			func(_ http.ResponseWriter, r *http.Request) {
				if r.Host == "slow.test" {
					time.Sleep(time.Minute)
				}
			},
		)
		slow, first := subscription("slow", "http://slow.test"),
			subscription("first", "http://first.test")
		var sending sync.WaitGroup
		sending.Go(func() {
			for i := range 1000 {
				s.send(slow, newEvent(i, 1))
			}
		})
		synctest.Wait() // until the buffer is full
		start := time.Now()
		<-s.send(first, newEvent(1, 1))
		if waited := time.Since(start); waited > 4*time.Second {
			t.Errorf("the first delivery to a webhook waited %s for the slow receiver", waited)
		}
		sending.Wait()
	})
}

// A slow receiver does not fill the buffer while others have to wait for it; alone it may.
func TestRelief(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slowly, quickly atomic.Int32
		s := bubble(
			t,
			Config{MaxBuffer: 128 << 10, MaxInFlight: 2, RequestTimeout: 10 * time.Minute},
			func(_ http.ResponseWriter, r *http.Request) {
				if r.Host == "slow.test" {
					time.Sleep(20 * time.Second)
					slowly.Add(1)
					return
				}
				quickly.Add(1)
			},
		)
		slow, quick := subscription("slow", "http://slow.test"),
			subscription("quick", "http://quick.test")
		start := time.Now()
		send := func(to *webhook.Subscription, e *mapper.Event) {
			s.webhooks.Store(to.Key, to)
			if err := s.Send(t.Context(), Delivery{e, to, func() {}}); err != nil {
				t.Error(err)
			}
		}
		for i := range 300 {
			send(slow, newEvent(i, 1))
		}
		if waited := time.Since(start); waited < 20*time.Second {
			t.Errorf("with nobody else the buffer took 300 deliveries in %s, want backpressure", waited)
		}
		if got := s.metric("hookline_parked_deliveries_total", ""); got != 0 {
			t.Errorf("%v deliveries parked though nobody else would have had to wait", got)
		}
		start = time.Now()
		for i := range 1000 {
			send(quick, newEvent(i, 1))
			send(slow, newEvent(i, 2))
		}
		if waited := time.Since(start); waited > 4*time.Second {
			t.Errorf("others waited %s for the slow receiver", waited)
		}
		time.Sleep(time.Second)
		if quickly.Load() != 1000 {
			t.Errorf("the quick receiver got %d, want 1000", quickly.Load())
		}
		time.Sleep(1300 / 2 * 20 * time.Second)
		if slowly.Load() != 1300 {
			t.Errorf("the slow receiver got %d, want 1300", slowly.Load())
		}
	})
}

// What has to be let go of is spooled on demand, though the receiver is merely slow.
func TestRelieveOnDemand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubble(t, Config{MaxInFlight: 2, RequestTimeout: 10 * time.Minute},
			func(http.ResponseWriter, *http.Request) {
				time.Sleep(20 * time.Second)
			})
		to := subscription("a", "http://slow.test")
		var settled []<-chan struct{}
		for i := range 10 {
			settled = append(settled, s.send(to, newEvent(i, 1)))
		}
		time.Sleep(behindAfter / 2)
		s.SpoolBacklog()
		time.Sleep(behindAfter / 2)
		if got := len(s.Queued("a")); got != 0 {
			t.Errorf("%d spooled before they have waited for long", got)
		}
		time.Sleep(time.Second)
		s.SpoolBacklog()
		time.Sleep(time.Second)
		left := 0
		for _, c := range settled {
			if open(c) {
				left++
			}
		}
		if left != 2 {
			t.Errorf("%d deliveries hold the stream, want those under way", left)
		}
		time.Sleep(2 * time.Minute)
		if got := s.metric("hookline_attempts_total", "delivered"); got != 10 {
			t.Errorf("%v delivered, want 10", got)
		}
	})
}

// A queue that is full is told of, and the stream goes on.
func TestGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		size := int64(newEvent(1, 1).Size())
		spool := NewMemory(Limits{MaxBytes: 10 * size})
		to := subscription("a", "http://receiver.test")
		s := bubbleOn(t, spool, Config{}, statuses(t, func(content) int { return 500 }), to)
		for i := range 30 {
			<-s.send(to, newEvent(i, 1))
		}
		time.Sleep(time.Minute)
		overflows := spool.Overflows()
		if len(overflows) != 1 || overflows[0].Events != 20 {
			t.Errorf("overflows %+v, want one of 20 events", overflows)
		}
		if got := s.metric("hookline_gap_deliveries_total", ""); got != 20 {
			t.Errorf("%v deliveries counted in overflows, want 20", got)
		}
		if got := s.metric("hookline_spool_full_webhooks", ""); got != 1 {
			t.Errorf("%v webhooks are full, want 1", got)
		}
		if n := strings.Count(s.log.String(), "deliveries given up"); n != 1 {
			t.Errorf("%d lines tell of it, want one", n)
		}
	})
}

// What was put aside by a clock that ran a year ahead is tried again as soon as it was meant to be.
func TestClockWasAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spool := NewMemory(Limits{})
		ahead := Spooled{
			Webhook: "a", Event: newEvent(1, 1), Attempts: 1, Status: 500,
			Due: time.Now().Add(365*24*time.Hour + 5*time.Second),
		}
		if _, err := spool.Put(t.Context(), []Spooled{ahead}); err != nil {
			t.Fatal(err)
		}
		to := subscription("a", "http://receiver.test")
		bubbleOn(t, spool, Config{}, statuses(t, func(content) int { return 200 }), to)
		time.Sleep(7 * time.Second)
		synctest.Wait()
		if got := spool.Queued("a"); len(got) != 0 {
			t.Errorf("it waits for another %s", time.Until(got[0].Due))
		}
	})
}
