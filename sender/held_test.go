package sender

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hookline/webhook"
)

// While a webhook is held nothing is sent to it, and nothing that is for it is given up: it is in the
// spool, through a restart, too. Once its row is well, all of it comes in order. The replay of a dead
// letter waits for that.
func TestHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bodies list[int]
		refuses, mayCome := true, true
		handle := func(w http.ResponseWriter, r *http.Request) {
			if !mayCome {
				t.Error("a request while it is held")
			}
			if refuses {
				w.WriteHeader(500)
				return
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			bodies.add(contentOf(t, body).Seq)
		}
		cfg := Config{RetrySchedule: slices.Repeat([]time.Duration{20 * time.Second}, 99)}
		s := bubbleOn(t, NewMemory(Limits{}), cfg, handle)
		spool := s.spool.(*Memory)
		good, held := subscription("a", "http://a.test"), subscription("a", "")
		held.Held = "url: is empty"
		current := row(good, held)
		s.webhooks.Store("a", good)
		first, second := s.send(good, newEvent(1, 1)), s.send(good, newEvent(1, 2))
		synctest.Wait() // the first waits for its next attempt

		current.Store(held)
		s.Recheck("a")
		<-first
		<-second
		synctest.Wait()
		mayCome, refuses = false, false
		<-s.send(held, newEvent(1, 3))
		time.Sleep(time.Hour)
		queues, err := s.spool.Queues(t.Context())
		if err != nil || len(queues) != 1 || queues[0].Waiting != 3 ||
			queues[0].Paused != HeldFor+"url: is empty" {
			t.Errorf("queues %+v, %v, want 3 that are held", queues, err)
		}
		if err := s.Drain(t.Context()); err != nil {
			t.Error(err)
		}

		again := bubbleOn(t, spool, cfg, handle, held)
		<-again.send(held, newEvent(1, 4))
		time.Sleep(time.Hour)
		mayCome = true
		current.Store(good)
		again.Recheck("a")
		time.Sleep(time.Second)
		if got, want := bodies.all(), []int{1, 2, 3, 4}; !slices.Equal(got, want) {
			t.Errorf("%v have come, want %v", got, want)
		}
		queues, err = again.spool.Queues(t.Context())
		if err != nil || len(queues) > 0 && (queues[0].Waiting > 0 || queues[0].Paused != "") {
			t.Errorf("queues %+v, %v, want nothing", queues, err)
		}
		if log := again.log.String(); !strings.Contains(log, "webhook held") {
			t.Errorf("it is not told: %s", log)
		}
	})
}

// One that is switched off while it is held is let go: what waits is given up, and a webhook that
// takes its place later is not paused.
func TestHeldAndSwitchedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubbleOn(t, NewMemory(Limits{}), Config{}, func(http.ResponseWriter, *http.Request) {
			t.Error("a request while it is held")
		})
		held := subscription("a", "http://a.test")
		held.Held = "url: is empty"
		current := row(held)
		<-s.send(held, newEvent(1, 1))
		synctest.Wait()
		current.Store(nil)
		s.Recheck("a")
		time.Sleep(time.Minute)
		queues, err := s.spool.Queues(t.Context())
		if err != nil || len(queues) > 0 && (queues[0].Waiting > 0 || queues[0].Paused != "") {
			t.Errorf("queues %+v, %v, want nothing", queues, err)
		}
	})
}

// A delivery that was made for a version of before, and has waited for room meanwhile, does not have
// the webhook be held again, or stay so.
func TestHeldByAVersionOfBefore(t *testing.T) {
	for _, test := range []struct {
		name  string
		first func(s *senderTest, held, good *webhook.Subscription) <-chan struct{}
	}{
		{"recheck first", func(s *senderTest, held, _ *webhook.Subscription) <-chan struct{} {
			s.Recheck("a")
			return s.send(held, newEvent(2, 2))
		}},
		{"delivery first", func(s *senderTest, _, good *webhook.Subscription) <-chan struct{} {
			defer s.Recheck("a")
			return s.send(good, newEvent(2, 2))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var bodies list[int]
				s := bubble(t, Config{}, func(_ http.ResponseWriter, r *http.Request) {
					body, err := io.ReadAll(r.Body)
					if err != nil {
						t.Error(err)
					}
					bodies.add(contentOf(t, body).Seq)
				})
				good, held := subscription("a", "http://a.test"), subscription("a", "")
				held.Held = "url: is empty"
				current := row(held, good)
				s.webhooks.Store("a", held)
				<-s.send(held, newEvent(1, 1))
				current.Store(good)
				s.webhooks.Store("a", good)
				settled := test.first(s, held, good)
				time.Sleep(time.Minute)
				if !open(settled) {
					<-settled
				}
				got := bodies.all()
				slices.Sort(got)
				if want := []int{1, 2}; !slices.Equal(got, want) {
					t.Errorf("%v have come, want %v", got, want)
				}
				queues, err := s.spool.Queues(t.Context())
				if err != nil || len(queues) > 0 && (queues[0].Waiting > 0 || queues[0].Paused != "") {
					t.Errorf("queues %+v, %v, want nothing", queues, err)
				}
			})
		})
	}
}
