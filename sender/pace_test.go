package sender

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A webhook may have a request timeout of its own, shorter or longer than that of the others.
func TestTimeoutOfAWebhook(t *testing.T) {
	for _, timeout := range []time.Duration{2 * time.Second, 20 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			var at list[time.Time]
			s := bubble(t, Config{RequestTimeout: 7 * time.Second, HoldMax: time.Minute},
				func(_ http.ResponseWriter, r *http.Request) {
					if at.add(time.Now()) == 1 {
						<-r.Context().Done()
					}
				})
			to := subscription("a", "http://receiver.test")
			to.Pace.Timeout = timeout
			<-s.send(to, newEvent(1, 1))
			if took := at.all()[1].Sub(at.all()[0]); took != timeout+5*time.Second {
				t.Errorf("second attempt after %s, want the timeout of %s and the wait", took, timeout)
			}
			want := `error="no answer within ` + timeout.String() + `"`
			if log := s.log.String(); !strings.Contains(log, want) {
				t.Errorf("log %q: want %s in it", log, want)
			}
		})
	}
}

// A webhook gets no more requests in a second than its rate, through retries and what has waited in
// the spool. What comes beyond it does not hold the stream for longer than what has failed may, and
// the receiver does not count as failing.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at list[time.Time]
		var arrived list[content]
		s := bubble(t, Config{HoldMax: 10 * time.Second}, statuses(t, func(c content) int {
			at.add(time.Now())
			if arrived.add(c) == 4 {
				return http.StatusServiceUnavailable
			}
			return http.StatusOK
		}))
		to := subscription("a", "http://receiver.test")
		to.Pace.Rate = 2
		s.webhooks.Store(to.Key, to)
		start := time.Now()
		var settled []<-chan struct{}
		const events = 100
		for i := range events {
			settled = append(settled, s.send(to, newEvent(i%20, i)))
		}
		for _, c := range settled {
			<-c
		}
		if took := time.Since(start); took > 11*time.Second {
			t.Errorf("the stream was held for %s, want HoldMax and a write to the spool", took)
		}
		if st := s.WebhookStatuses()[0]; st.Failing {
			t.Errorf("%+v", st)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		times := at.all()
		if len(times) != events+1 {
			t.Fatalf("%d requests, want %d and a retry", len(times), events)
		}
		for i, when := range times[1:] {
			if gap := when.Sub(times[i]); gap < 499*time.Millisecond {
				t.Errorf("request %d came %s behind the one before", i+1, gap)
			}
		}
		if took := times[events].Sub(times[0]); took > 52*time.Second {
			t.Errorf("all took %s, want 50 s: the rate is used", took)
		}
		last := map[int]int{}
		for _, c := range arrived.all() {
			if seq, ok := last[c.Record]; ok && c.Seq < seq {
				t.Errorf("%v came behind number %d", c, seq)
			}
			last[c.Record] = c.Seq
		}
		st := s.WebhookStatuses()[0]
		if spooled := s.metric("hookline_parked_deliveries_total", ""); st.Failing || st.Spooling ||
			spooled < events/2 {
			t.Errorf("once it has caught up: %+v, %v went through the spool", st, spooled)
		}
	})
}

// A rate that is changed, or taken away, holds from the moment at which that is known.
func TestRateChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubble(t, Config{HoldMax: time.Hour}, statuses(t, func(content) int { return 200 }))
		const target = "http://receiver.test"
		slow, quick := subscription("a", target), subscription("a", target)
		slow.Pace.Rate = 0.001
		current := row(slow, quick)
		start := time.Now()
		<-s.send(slow, newEvent(1, 1))
		waits := s.send(slow, newEvent(2, 1))
		synctest.Wait()
		if !open(waits) {
			t.Error("a second request was made at once")
		}
		current.Store(quick)
		s.Recheck("a")
		<-waits
		if took := time.Since(start); took > time.Second {
			t.Errorf("it took %s", took)
		}
	})
}
