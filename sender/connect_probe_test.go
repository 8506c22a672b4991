package sender

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// noticed is how soon a receiver is heard of that is back after it refused connections.
const noticed = 2 * time.Second

// A receiver that refused connections gets its deliveries soon after it is back, whether there are
// enough of them to open the breaker or not. Meanwhile requests are made at their pace.
func TestBackAfterRefusal(t *testing.T) {
	for name, test := range map[string]struct {
		records  int
		requests int // that find nobody in a minute
	}{
		"breaker open": {64, 64 + 7}, // probes after 1, 3, 7, 15, 31 and 51 s, and one more by the jitter
		"one record":   {1, 3},       // at once, after 5 s and after 35 s
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var up atomic.Bool
				var attempts list[string]
				s := bubble(t, Config{}, func(_ http.ResponseWriter, r *http.Request) {
					attempts.add(r.Header.Get(headerAttempt))
				})
				s.network.refuses = func() bool { return !up.Load() }
				to := subscription("a", "http://receiver.test")
				for i := range test.records {
					s.send(to, newEvent(i, 1))
				}
				time.Sleep(time.Minute)
				failed := int(s.metric("hookline_attempts_total", "failed"))
				if failed > test.requests {
					t.Errorf("%d requests while it was away, want %d at most", failed, test.requests)
				}
				if mayConnect := len(s.network.dials.all()) - failed; mayConnect < 30 ||
					mayConnect > 50 {
					t.Errorf("%d tries to connect in a minute, want one in 1.5 s", mayConnect)
				}
				up.Store(true)
				time.Sleep(noticed)
				if got := len(attempts.all()); got == 0 {
					t.Fatalf("nothing was delivered within %s", noticed)
				}
				time.Sleep(noticed)
				if got := len(attempts.all()); got != test.records {
					t.Errorf("%d deliveries, want %d", got, test.records)
				}
				if got := attempts.all(); test.records == 1 && !slices.Equal(got, []string{"4"}) {
					t.Errorf("delivered at attempt %v, want 4: three were made on schedule", got)
				}
				before := len(s.network.dials.all())
				time.Sleep(time.Hour)
				if more := len(s.network.dials.all()) - before; more > 0 {
					t.Errorf("%d more tries to connect, though all is well", more)
				}
			})
		})
	}
}

// Attempts that are made since a connection could be opened do not use up the schedule: whoever
// took it may be gone again at the next moment.
func TestFlappingReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up atomic.Bool
		var attempts list[string]
		s := bubble(t, Config{}, func(_ http.ResponseWriter, r *http.Request) {
			attempts.add(r.Header.Get(headerAttempt))
		})
		s.network.refuses = func() bool { return !up.Load() }
		s.transport.dial = func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			return here, there.Close()
		}
		to := subscription("a", "http://receiver.test")
		s.send(to, newEvent(1, 1))
		time.Sleep(4 * time.Minute)
		failed := s.metric("hookline_attempts_total", "failed")
		if failed < 120 || failed > 200 {
			t.Errorf("%v attempts in four minutes, want one after each connection", failed)
		}
		up.Store(true)
		time.Sleep(noticed)
		if got := strings.Join(attempts.all(), " "); got != "4" && got != "5" {
			t.Errorf("delivered at attempt %q, want 4 or 5, as many as the schedule has by now", got)
		}
	})
}

// That another record was delivered does not make those wait that were refused.
func TestRefusedBesideDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up atomic.Bool
		var arrived list[content]
		s := bubble(t, Config{}, statuses(t, func(c content) int { arrived.add(c); return 200 }))
		s.network.refuses = func() bool { return !up.Load() }
		to := subscription("a", "http://receiver.test")
		s.send(to, newEvent(1, 1))
		time.Sleep(10 * time.Second)
		up.Store(true)
		<-s.send(to, newEvent(2, 1))
		time.Sleep(noticed)
		if got := arrived.all(); len(got) != 2 {
			t.Errorf("arrived %v, want both", got)
		}
	})
}

// A receiver that answers, if only with errors, is asked by requests alone, at their pace.
func TestNoConnectProbeWhereAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubble(t, Config{}, statuses(t, func(content) int { return 503 }))
		s.transport.dial = func(context.Context, string, string) (net.Conn, error) {
			t.Error("a connection was opened without a request")
			return nil, net.ErrClosed
		}
		to := subscription("a", "http://receiver.test")
		for i := range 5 {
			s.send(to, newEvent(i, 1))
		}
		time.Sleep(time.Hour)
	})
}
