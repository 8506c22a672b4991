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
