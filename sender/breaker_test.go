package sender

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A receiver that is dead gets one probe at a time, and when it is back, a ramp.
func TestDeadReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const records = 500
		var healthy atomic.Bool
		var inFlight, most atomic.Int32
		var early, late list[time.Duration]
		start := time.Now()
		s := bubble(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
			n := inFlight.Add(1)
			defer inFlight.Add(-1)
			time.Sleep(10 * time.Millisecond)
			if !healthy.Load() {
				early.add(time.Since(start))
				w.WriteHeader(500)
				return
			}
			most.Store(max(most.Load(), n))
			late.add(time.Duration(n))
		})
		to := subscription("a", "http://receiver.test")
		var settled []<-chan struct{}
		for i := range records {
			settled = append(settled, s.send(to, newEvent(i, 1)))
		}
		for _, c := range settled {
			<-c
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("the stream was held for %s", took)
		}
		if got := s.metric("hookline_failing_webhooks", ""); got != 1 {
			t.Errorf("%v webhooks are failing, want 1", got)
		}
		time.Sleep(10 * time.Minute)
		attempts := early.all()
		if len(attempts) > 64+4+6+36 || len(attempts) < 64+6+20 {
			t.Errorf(
				"%d attempts in ten minutes, want the first ones under way, five quick probes and three a "+
					"minute",
				len(attempts),
			)
		}
		if got := len(s.Queued("a")); got != records {
			t.Errorf("%d deliveries wait in the spool, want %d", got, records)
		}
		healthy.Store(true)
		time.Sleep(2 * time.Minute)
		if got := late.all(); len(got) != records || got[0] != 1 || got[1] > 2 || got[2] > 3 {
			t.Errorf("%d deliveries, side by side %v; want %d, slowly at first", len(got),
				got[:min(len(got), 9)], records)
		}
		if most.Load() < 32 {
			t.Errorf("at most %d side by side, want more in the end", most.Load())
		}
		if got := s.metric("hookline_failing_webhooks", "") +
			s.metric("hookline_spooling_webhooks", ""); got != 0 {
			t.Errorf("%v webhooks are failing or spooling, want 0", got)
		}
	})
}

// What comes while the receiver is dead waits behind the rest, and probes do not use up the
// attempts of what they are made with.
func TestProbesDoNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var healthy atomic.Bool
		var arrived list[content]
		s := bubble(t, Config{}, statuses(t, func(c content) int {
			if !healthy.Load() {
				return 500
			}
			arrived.add(c)
			return 200
		}))
		to := subscription("a", "http://receiver.test")
		for i := range 5 {
			s.send(to, newEvent(i, 1))
		}
		time.Sleep(16 * time.Hour) // over 2,500 probes
		for _, p := range s.Queued("a") {
			if p.Attempts > 10 {
				t.Errorf(
					"%s has been attempted %d times by the count, want no more than its schedule has in 16 hours",
					p.Event.ID, p.Attempts)
			}
		}
		if n := s.metric("hookline_attempts_total", "failed"); n < 2500 {
			t.Errorf("%v attempts, want three a minute", n)
		}
		s.send(to, newEvent(0, 2))
		healthy.Store(true)
		time.Sleep(2 * time.Minute)
		if got := arrived.all(); len(got) != 5+1 || fmt.Sprint(got[len(got)-1]) == "{0 1}" {
			t.Errorf("arrived %v, want all", got)
		}
	})
}
