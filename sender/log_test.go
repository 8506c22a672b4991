package sender

import (
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookline/mapper"
	"hookline/sender/answertest"
)

// What is logged of attempts, in full.
func TestLog(t *testing.T) {
	var requests atomic.Int32
	server := receiver(t, nil, func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) == 1 {
			w.WriteHeader(503)
		}
	})
	s := newSender(t, Config{RetrySchedule: []time.Duration{time.Millisecond}})
	s.policy.Jitter = func() float64 { return 0.5 }
	to := subscription("public.webhooks/7", server.URL+"/hook")
	await(t, s.send(to, newEvent(1, 1)), "delivery")
	const common = ` event=evt_0badcafe_0000000000000001_1 name=person.updated webhook=public.webhooks/7 host=127\.0\.0\.1:\d+ `
	for _, line := range []string{
		`level=WARN msg="attempt failed"` + common +
			`attempt=1 status=503 duration=\S+ verdict=failed next_in=1ms\n`,
		`level=DEBUG msg=delivered` + common + `attempt=2 status=200 duration=\S+\n`,
	} {
		if !regexp.MustCompile(line).MatchString(s.log.String()) {
			t.Errorf("log\n%swants a line like\n%s", s.log, line)
		}
	}
}

// Neither secrets, nor what a URL holds beside its host, nor bodies are logged, whatever goes
// wrong.
func TestLogsNoSecrets(t *testing.T) {
	echo := answertest.Listen(t, nil, func(c net.Conn) { // a receiver that sends the request back
		buf := make([]byte, 4096)
		n, _ := c.Read(buf)
		_, _ = c.Write(buf[:n])
	})
	echoHeader := answertest.Listen(t, nil, func(c net.Conn) {
		buf := make([]byte, 4096)
		n, _ := c.Read(buf)
		_, _ = c.Write(append([]byte("HTTP/1.1 200 OK\r\n"), buf[:n]...))
	})
	redirecting := receiver(t, nil, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://[bad"+r.URL.String())
		w.WriteHeader(302)
	})
	accepting := receiver(t, nil, nil)
	hidden := []string{"s3cr3t", "t0k3n", "p4ssw0rd", "us3r", "p4th", "b0dy", "h3ader"}
	for name, target := range map[string]string{
		"delivered":    "http://us3r:p4ssw0rd@" + accepting.Listener.Addr().String() + "/p4th?k=t0k3n",
		"echo":         "http://us3r:p4ssw0rd@" + echo + "/p4th?k=t0k3n",
		"echo header":  "http://us3r:p4ssw0rd@" + echoHeader + "/p4th?k=t0k3n",
		"redirect":     "http://us3r:p4ssw0rd@" + redirecting.Listener.Addr().String() + "/p4th?k=t0k3n",
		"refused":      "http://us3r:p4ssw0rd@127.0.0.1:1/p4th?k=t0k3n",
		"no such host": "http://us3r:p4ssw0rd@no-such-host.invalid/p4th?k=t0k3n",
		"blocked":      "http://us3r:p4ssw0rd@10.0.0.1/p4th?k=t0k3n",
		"scheme":       "t0k3n://us3r:p4ssw0rd@example.com/p4th?k=t0k3n",
		"no TLS":       "https://us3r:p4ssw0rd@" + accepting.Listener.Addr().String() + "/p4th?k=t0k3n",
		"broken":       "http://us3r:p4ssw0rd/s3cr3t@example.com/p4th?k=t0k3n",
		"control":      "http://us3r:p4ssw0rd@example.com/p4th?k=t0k3n\x7f",
	} {
		t.Run(name, func(t *testing.T) {
			s := newSender(t, Config{RetrySchedule: []time.Duration{time.Millisecond}})
			to := subscription("a", "http://example.com")
			to.URL, to.Secret = target, "whsec_s3cr3t"
			to.Headers = http.Header{"Authorization": {"Bearer h3ader"}}
			current := row(to)
			settled := s.send(
				to,
				mapper.NewEvent(
					mapper.Parts{
						ID:     "evt_1",
						Object: "person",
						Time:   time.Now(),
						Data:   []byte(`{"b0dy":1}`),
					},
				),
			)
			s.log.await(t, regexp.MustCompile(`(?s)delivered|dead_letter|attempt=1 .*attempt=2 .*\n`))
			current.Store(nil)
			s.Recheck("a")
			await(t, settled, "the end")
			text := s.log.String() + fmt.Sprint(s.registry.Gather())
			for _, word := range hidden {
				if strings.Contains(text, word) {
					t.Errorf("%q is in the log or the metrics:\n%s", word, text)
				}
			}
		})
	}
}
