package sender

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookline/mapper"
	"hookline/sender/answertest"
	"hookline/sender/queue"
	"hookline/webhook"
)

func newReader(r io.Reader) *bufio.Reader { return bufio.NewReader(r) }

func TestDelivers(t *testing.T) {
	hits := make(chan hit, 1)
	server := receiver(t, hits, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/hook" || r.URL.RawQuery != "k=v" ||
			r.ContentLength <= 0 {
			t.Errorf("got %s %s, %d bytes", r.Method, r.URL, r.ContentLength)
		}
		if user, password, ok := r.BasicAuth(); !ok || user != "u" || password != "p" {
			t.Errorf("credentials of the URL: %q, %q", user, password)
		}
		w.WriteHeader(http.StatusAccepted)
	})
	s := newSender(t, Config{Version: "1.2.3"})
	to := subscription("a", "http://u:p@"+server.Listener.Addr().String()+"/hook?k=v")
	to.Headers = http.Header{"X-Tenant": {"t1"}, "webhook-id": {"forged"}, "Host": {"elsewhere"}}
	e := newEvent(1, 1)
	await(t, s.send(to, e), "delivery")
	h := await(t, hits, "request")
	verify(t, h, to.Secret)
	for name, want := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "hookline/1.2.3", "Webhook-Id": e.ID,
		"X-Hookline-Attempt": "1", "X-Tenant": "t1",
		"Accept-Encoding": "",
	} {
		if got := h.header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if got := contentOf(t, h.body); got != (content{Record: 1, Seq: 1}) {
		t.Errorf("body %s", h.body)
	}
	for name, want := range map[string]float64{
		"hookline_attempt_duration_seconds": 1, "hookline_commit_to_delivery_seconds": 1,
		"hookline_in_flight_attempts": 0, "hookline_retrying_records": 0,
	} {
		if got := s.metric(name, ""); got != want {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	// The position is settled a moment before its memory is free.
	for s.metric("hookline_buffered_bytes", "") != 0 ||
		s.metric("hookline_buffered_deliveries", "") != 0 {
		runtime.Gosched()
	}
	for outcome, want := range map[string]float64{
		"delivered": 1, "failed": 0, "gone": 0, "blocked": 0,
		"cancelled": 0, "interrupted": 0,
	} {
		if got := s.metric("hookline_attempts_total", outcome); got != want {
			t.Errorf("attempts %s = %v, want %v", outcome, got, want)
		}
	}
}

// trust makes the sender trust a test server. Call it before the sender sends anything by TLS.
func (s *senderTest) trust(certificate *x509.Certificate) {
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	s.transport.tls.RootCAs = pool
}

func TestHTTP2(t *testing.T) {
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.ProtoMajor != 2 {
				t.Errorf("request by %s, want HTTP/2", r.Proto)
			}
			if r.Header.Get("Content-Length") == "" || r.Header.Get("Expect") != "" {
				t.Errorf("Content-Length %q, Expect %q; want the one and not the other",
					r.Header.Get("Content-Length"), r.Header.Get("Expect"))
			}
		}),
	)
	server.EnableHTTP2 = true
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	s := newSender(t, Config{})
	s.trust(server.Certificate())
	to := subscription("a", server.URL)
	await(t, s.send(to, newEvent(0, 0)), "first delivery")
	var settled []<-chan struct{}
	for i := range 200 {
		settled = append(settled, s.send(to, newEvent(i, 1)))
	}
	for _, c := range settled {
		await(t, c, "delivery")
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// A server that takes few requests at once on a connection gets more connections, and never more
// requests than it takes: none is refused.
func TestHTTP2WithFewStreams(t *testing.T) {
	server := httptest.NewUnstartedServer(recording(t, nil, nil))
	server.EnableHTTP2 = true
	server.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 10}
	server.StartTLS()
	t.Cleanup(server.Close)
	s := newSender(t, Config{RetrySchedule: []time.Duration{time.Millisecond}})
	s.trust(server.Certificate())
	to := subscription("a", server.URL)
	var settled []<-chan struct{}
	for i := range 500 {
		settled = append(settled, s.send(to, newEvent(i, 1)))
	}
	for _, c := range settled {
		await(t, c, "delivery")
	}
	if got := s.metric("hookline_attempts_total", "failed"); got > 0 {
		t.Errorf("%v attempts of 500 failed, want none", got)
	}
}

func TestRefusesOldTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	server.Config.ErrorLog = silent
	server.StartTLS()
	t.Cleanup(server.Close)
	s := newSender(t, Config{})
	s.trust(server.Certificate())
	if v, _ := s.once(newEvent(1, 1), subscription("a", server.URL), 1, nil); v.Outcome != Failed ||
		v.Status != 0 {
		t.Errorf("verdict over TLS 1.1: %+v, want failed", v)
	}
}

// readPost reads a request from a raw connection.
func readPost(t *testing.T, r *bufio.Reader) (hit, bool) {
	req, err := http.ReadRequest(r)
	if err != nil {
		return hit{}, false
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		t.Errorf("read request: %v", err)
	}
	return hit{req.Header, body, time.Now()}, true
}

// A connection that had been used and breaks before the answer is replaced at once, and each
// request has a signature of its own. Neither how it ends nor a header that has net/http think that
// it may repeat the request by itself makes a difference.
func TestResendsSignedAnew(t *testing.T) {
	for name, test := range map[string]struct {
		reset bool
		extra http.Header
	}{
		"closed":                    {},
		"reset":                     {reset: true},
		"reset, idempotent":         {reset: true, extra: http.Header{"Idempotency-Key": {"k"}}},
		"closed, idempotent":        {extra: http.Header{"Idempotency-Key": {"k"}}},
		"closed, X-Idempotency-Key": {extra: http.Header{"X-Idempotency-Key": {"k"}}},
	} {
		for _, scheme := range []string{"http", "https"} {
			t.Run(name+"/"+scheme, func(t *testing.T) {
				hits := make(chan hit, 9)
				target, certificate := rawReceiver(t, scheme,
					func(c net.Conn) { leave(t, c, hits, 1, test.reset) },
					func(c net.Conn) { leave(t, c, hits, 9, false) })
				s := newSender(t, Config{RetrySchedule: []time.Duration{time.Hour}})
				s.trust(certificate)
				to := subscription("a", target)
				to.Headers = test.extra
				await(t, s.send(to, newEvent(0, 0)), "delivery before")
				await(t, hits, "request before")
				e := newEvent(1, 1)
				await(t, s.send(to, e), "delivery")
				first, second := await(t, hits, "first request"), await(t, hits, "second request")
				for _, h := range []hit{first, second} {
					verify(t, h, to.Secret)
					if h.header.Get(HeaderID) != e.ID || h.header.Get(headerAttempt) != "1" {
						t.Errorf("request %s, attempt %s; want %s, 1", h.header.Get(HeaderID),
							h.header.Get(headerAttempt), e.ID)
					}
				}
				for _, header := range []string{HeaderTimestamp, HeaderSignature, headerNonce} {
					if a, b := first.header.Get(header), second.header.Get(header); a == b {
						t.Errorf("both requests have %s %s", header, a)
					}
				}
				if len(hits) > 0 {
					t.Errorf("%d more requests", len(hits))
				}
				if got := s.metric("hookline_attempts_total", "failed"); got != 0 {
					t.Errorf("%v failed attempts, want 0", got)
				}
			})
		}
	}
}

// A 408 on a connection that the receiver ends, since it was idle for too long, may cross the next
// request: that is sent again at once. An attempt whose new connection says it as well has failed.
func TestTimeoutCrossesRequest(t *testing.T) {
	const timeout = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
	for _, scheme := range []string{"http", "https"} {
		for want, answer := range map[Outcome]string{
			Delivered: "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", Failed: timeout,
		} {
			t.Run(scheme+"/"+want.String(), func(t *testing.T) {
				hits := make(chan hit, 9)
				answers := func(texts ...string) func(net.Conn) {
					return func(c net.Conn) {
						r := bufio.NewReader(c)
						for _, text := range texts {
							h, ok := readPost(t, r)
							if !ok {
								return
							}
							hits <- h
							_, _ = io.WriteString(c, text)
						}
					}
				}
				target, certificate := rawReceiver(t, scheme,
					answers("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", timeout), answers(answer))
				s := newSender(t, Config{
					RetrySchedule: []time.Duration{time.Hour}, HoldMax: time.Millisecond,
				})
				s.trust(certificate)
				to := subscription("a", target)
				await(t, s.send(to, newEvent(0, 0)), "delivery before")
				await(t, s.send(to, newEvent(1, 1)), "end of the attempt")
				if n := len(hits); n != 3 {
					t.Errorf("%d requests came, want 3", n)
				}
				for outcome, want := range map[Outcome]float64{Failed: 0, want: 1} {
					if outcome == Delivered {
						want++
					}
					if got := s.metric("hookline_attempts_total", outcome.String()); got != want {
						t.Errorf("%v attempts %s, want %v", got, outcome, want)
					}
				}
				if got := s.metric("hookline_resent_requests_total", ""); got != 1 {
					t.Errorf("%v requests were sent again, want 1", got)
				}
			})
		}
	}
}

// leave answers so many requests that come from c, takes one more, and ends without an answer.
func leave(t *testing.T, c net.Conn, hits chan<- hit, answers int, reset bool) {
	for r := newReader(c); ; answers-- {
		h, ok := readPost(t, r)
		if !ok {
			return
		}
		hits <- h
		if answers == 0 {
			break
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}
	if over, ok := c.(*tls.Conn); ok && reset {
		c = over.NetConn()
	}
	if reset {
		_ = c.(*net.TCPConn).SetLinger(0)
	}
	_ = c.Close()
}

// rawReceiver is rawServer for plain HTTP, or for HTTP/1.1 over TLS. It returns its URL, and the
// certificate that it shows.
func rawReceiver(
	t *testing.T,
	scheme string,
	handle ...func(net.Conn),
) (target string, certificate *x509.Certificate) {
	server := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(server.Close)
	if config := (&tls.Config{Certificates: server.TLS.Certificates}); scheme == "https" {
		for i, h := range handle {
			handle[i] = func(c net.Conn) { h(tls.Server(c, config)) }
		}
	}
	return scheme + "://" + answertest.Listen(t, nil, handle...), server.Certificate()
}

// A handler that ends without an answer gets an attempt once where the connection was made for it,
// and once more where it had been used: then nobody can tell that it had seen the request. However
// small or large the request, and however the connection ends.
func TestHandlerEndsWithoutAnswer(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		for _, reset := range []bool{false, true} {
			for _, size := range []int{10, 1 << 20} {
				t.Run(fmt.Sprintf("%s/reset %t/%d bytes", scheme, reset, size), func(t *testing.T) {
					hits := make(chan hit, 99)
					dies := func(answers int) func(net.Conn) {
						return func(c net.Conn) { leave(t, c, hits, answers, reset) }
					}
					target, certificate := rawReceiver(t, scheme, dies(0), dies(1), dies(0))
					s := newSender(t, Config{RetrySchedule: []time.Duration{time.Hour}})
					s.trust(certificate)
					to := subscription("a", target)
					attempt := func(e *mapper.Event, outcome Outcome, requests int) {
						t.Helper()
						v, _ := s.once(e, to, 1, nil)
						if v.Outcome != outcome || len(hits) != requests {
							t.Errorf("%d requests, %+v; want %d, %s", len(hits), v, requests, outcome)
						}
						for len(hits) > 0 {
							<-hits
						}
					}
					attempt(eventOf(1, size), Failed, 1)
					attempt(newEvent(2, 1), Delivered, 1)
					attempt(eventOf(3, size), Failed, 2)
					attempt(eventOf(3, size), Failed, 1)
				})
			}
		}
	}
}

// A request that finds a used connection dead goes by one that is made after that, though there are
// others that could be used.
func TestUsedConnectionsDie(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			hits, both := make(chan hit, 9), make(chan struct{})
			var first atomic.Int32
			dies := func(c net.Conn) {
				r := newReader(c)
				h, _ := readPost(t, r)
				hits <- h
				if first.Add(1) == 2 {
					close(both)
				}
				<-both // so that each of the two gets a connection
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				if h, ok := readPost(t, r); ok {
					hits <- h
				}
				_ = c.Close()
			}
			target, certificate := rawReceiver(t, scheme, dies, dies, func(c net.Conn) {
				leave(t, c, hits, 9, false)
			})
			s := newSender(t, Config{RetrySchedule: []time.Duration{time.Hour}})
			s.trust(certificate)
			to := subscription("a", target)
			one, other := s.send(to, newEvent(1, 1)), s.send(to, newEvent(2, 1))
			await(t, one, "delivery")
			await(t, other, "delivery")
			v, _ := s.once(newEvent(3, 1), to, 1, nil)
			if v.Outcome != Delivered || len(hits) != 2+2 {
				t.Errorf("%d requests, %+v; want 2 and 2, delivered", len(hits), v)
			}
		})
	}
}

// Webhooks of different secrets have connections of their own, to one receiver and by whatever
// protocol; those of one secret share them.
func TestConnectionsAreOneSecrets(t *testing.T) {
	for _, protocol := range []string{"HTTP/1.1", "HTTP/1.1 over TLS", "HTTP/2"} {
		t.Run(protocol, func(t *testing.T) {
			from := make(chan string, 9)
			server := httptest.NewUnstartedServer(
				http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					from <- r.RemoteAddr
				}))
			server.EnableHTTP2 = protocol == "HTTP/2"
			s := newSender(t, Config{})
			if protocol == "HTTP/1.1" {
				server.Start()
			} else {
				server.StartTLS()
				s.trust(server.Certificate())
			}
			t.Cleanup(server.Close)
			seen := map[string]string{}
			for _, secret := range []webhook.Secret{"one", "", "other", "one", "", "other"} {
				to := subscription("of "+string(secret), server.URL)
				to.Secret = secret
				if v, _ := s.once(newEvent(1, 1), to, 1, nil); v.Outcome != Delivered {
					t.Fatal(v)
				}
				address := await(t, from, "request")
				if owner, known := seen[address]; known && owner != string(secret) {
					t.Errorf("a request of secret %q came by the connection of %q", secret, owner)
				}
				seen[address] = string(secret)
			}
			if len(seen) != 3 {
				t.Errorf("%d connections of three secrets, want 3", len(seen))
			}
		})
	}
}

// The credentials of the URL go with every request, unless the webhook has an Authorization of its
// own.
func TestCredentials(t *testing.T) {
	for name, test := range map[string]struct {
		extra http.Header
		want  string
	}{
		"of the URL":     {nil, "Basic dTpw"},
		"of the headers": {http.Header{"authorization": {"Bearer x"}}, "Bearer x"},
		"emptied":        {http.Header{"Authorization": {""}}, "Basic dTpw"},
	} {
		t.Run(name, func(t *testing.T) {
			hits := make(chan hit, 3)
			address := answertest.Listen(
				t, nil,
				func(c net.Conn) { leave(t, c, hits, 1, false) },
				func(c net.Conn) {
					if h, ok := readPost(t, newReader(c)); ok {
						hits <- h
						_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
					}
				},
			)
			s := newSender(t, Config{})
			to := subscription("a", "http://u:p@"+address)
			to.Headers = test.extra
			await(t, s.send(to, newEvent(1, 1)), "delivery")
			await(t, s.send(to, newEvent(1, 2)), "delivery that is sent twice")
			for range 3 {
				h := await(t, hits, "request")
				if got := h.header["Authorization"]; len(got) != 1 || got[0] != test.want {
					t.Errorf("Authorization %q, want %q", got, test.want)
				}
			}
		})
	}
}

// A status is an answer: no second request.
func TestNoResendOnStatus(t *testing.T) {
	for _, status := range []int{302, 408, 429, 500, 502, 503} {
		var requests atomic.Int32
		server := receiver(t, nil, func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(status)
		})
		s := newSender(t, Config{})
		v, _ := s.once(newEvent(1, 1), subscription("a", server.URL), 1, nil)
		if v.Status != status || requests.Load() != 1 {
			t.Errorf("%d requests, verdict %+v; want 1, status %d", requests.Load(), v, status)
		}
	}
}

// An HTTP/2 server that goes away without having looked at the request: net/http would send the
// same one again.
func TestResendsAfterGoAway(t *testing.T) {
	hits := make(chan hit, 9)
	server := httptest.NewUnstartedServer(recording(t, hits, nil))
	server.EnableHTTP2 = true
	listener := &firstConns{Listener: server.Listener, first: 1}
	goingAway := make(chan time.Time, 1)
	listener.handle = func(c net.Conn) {
		defer func() { _ = c.Close() }()
		conn := tls.Server(c, server.TLS)
		at, err := goAway(conn)
		if err != nil {
			t.Errorf("HTTP/2 by hand: %v", err)
		}
		goingAway <- at
		_, _ = io.Copy(io.Discard, conn)
	}
	server.Listener = listener
	server.StartTLS()
	t.Cleanup(func() { server.Close(); listener.done.Wait() })
	s := newSender(t, Config{RetrySchedule: []time.Duration{time.Hour}})
	s.trust(server.Certificate())
	to := subscription("a", server.URL)
	await(t, s.send(to, newEvent(1, 1)), "delivery")
	h := await(t, hits, "request")
	verify(t, h, to.Secret)
	ms, err := strconv.ParseInt(h.header.Get(HeaderTimestamp), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if at := await(t, goingAway, "GOAWAY"); time.UnixMilli(ms).
		Before(at.Truncate(time.Millisecond).Add(resendWait)) {
		t.Errorf("the request is signed at %d, want a while after the GOAWAY at %d", ms, at.UnixMilli())
	}
	if got := h.header.Get(headerAttempt); got != "1" {
		t.Errorf("attempt %s, want 1", got)
	}
}

// A request that finds one connection after the other about to be ended by the receiver is sent
// again as often as it was not taken, and twice when it may have been: what is lost then is a
// failed attempt.
func TestGoAwayTwice(t *testing.T) {
	for name, test := range map[string]struct {
		last    []byte // stream that the receiver looks at, of one connection after the other
		want    Outcome
		resent  int
		answers int
	}{
		"not taken":             {[]byte{0, 0, 0, 0}, Delivered, 0, 1},
		"perhaps taken":         {[]byte{1}, Delivered, 1, 1},
		"not, and perhaps":      {[]byte{0, 1, 0}, Delivered, 1, 1},
		"perhaps taken twice":   {[]byte{1, 1}, Delivered, 2, 1},
		"perhaps taken thrice":  {[]byte{1, 1, 1}, Failed, 2, 0},
		"not taken, ever again": {[]byte{0, 0, 0, 0, 0}, Failed, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			hits := make(chan hit, 9)
			server := httptest.NewUnstartedServer(recording(t, hits, nil))
			server.EnableHTTP2 = true
			var n atomic.Int32
			listener := &firstConns{Listener: server.Listener, first: len(test.last)}
			listener.handle = func(c net.Conn) {
				defer func() { _ = c.Close() }()
				conn := tls.Server(c, server.TLS)
				if _, err := goAwayAfter(conn, test.last[n.Add(1)-1]); err != nil {
					t.Errorf("HTTP/2 by hand: %v", err)
				}
				_ = conn.CloseWrite()
				_, _ = io.Copy(io.Discard, conn)
			}
			server.Listener = listener
			server.StartTLS()
			t.Cleanup(func() { server.Close(); listener.done.Wait() })
			s := newSender(t, Config{RetrySchedule: []time.Duration{time.Hour}})
			s.trust(server.Certificate())
			v, _ := s.once(newEvent(1, 1), subscription("a", server.URL), 1, nil)
			if v.Outcome != test.want || int(n.Load()) != len(test.last) ||
				len(hits) != test.answers {
				t.Errorf("%+v after %d connections, %d answers; want %s, %d, %d", v, n.Load(), len(hits),
					test.want, len(test.last), test.answers)
			}
			if got := s.metric("hookline_resent_requests_total", ""); got != float64(test.resent) {
				t.Errorf("%v resent requests, want %d", got, test.resent)
			}
		})
	}
}

// An HTTP/2 connection that ends under its requests, as at a reload of the receiver, is no failure
// of any of them: each is sent once more, with the same id and attempt.
func TestHTTP2ConnectionEnds(t *testing.T) {
	const events = 50
	var requests atomic.Int32
	all, hits := make(chan struct{}), make(chan hit, 2*events+1)
	server := httptest.NewUnstartedServer(
		recording(t, hits, func(_ http.ResponseWriter, r *http.Request) {
			switch n := requests.Add(1); {
			case n == 1 || n > 1+events: // the first delivery, and what is sent again
				return
			case n == 1+events:
				close(all)
			}
			<-r.Context().Done()
		}),
	)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = silent
	server.StartTLS()
	t.Cleanup(server.Close)
	s := newSender(t, Config{RetrySchedule: []time.Duration{time.Hour}})
	s.trust(server.Certificate())
	to := subscription("a", server.URL)
	await(t, s.send(to, newEvent(0, 1)), "first delivery")
	var settled []<-chan struct{}
	for i := range events {
		settled = append(settled, s.send(to, newEvent(i+1, 1)))
	}
	await(t, all, "requests under way")
	server.CloseClientConnections()
	for _, c := range settled {
		await(t, c, "delivery")
	}
	if got := requests.Load(); got != 1+2*events {
		t.Errorf("%d requests, want %d", got, 1+2*events)
	}
	for len(hits) > 0 {
		if h := <-hits; h.header.Get(headerAttempt) != "1" {
			t.Errorf("%s at attempt %s, want 1", h.header.Get(HeaderID), h.header.Get(headerAttempt))
		}
	}
	if got := s.metric("hookline_attempts_total", "failed"); got != 0 {
		t.Errorf("%v failed attempts, want 0", got)
	}
	if got := s.metric("hookline_resent_requests_total", ""); got != events {
		t.Errorf("%v resent requests, want %d", got, events)
	}
}

// firstConns handles the first connections itself. Accept is called by one goroutine.
type firstConns struct {
	net.Listener
	first  int // how many
	handle func(net.Conn)
	done   sync.WaitGroup
}

func (l *firstConns) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || l.first == 0 {
			return c, err
		}
		l.first--
		l.done.Go(func() { l.handle(c) })
	}
}

// goAway speaks just enough HTTP/2 to answer the first request with a GOAWAY that counts no request
// as seen. It returns the time just before that.
//
// https://www.rfc-editor.org/rfc/rfc9113#name-goaway
func goAway(c net.Conn) (at time.Time, err error) { return goAwayAfter(c, 0) }

// goAwayAfter is goAway that counts the streams up to last as seen.
func goAwayAfter(c net.Conn, last byte) (at time.Time, err error) {
	const goaway = 7
	return replyAfter(
		c,
		[]byte{
			0,
			0,
			8,
			goaway,
			0,
			0,
			0,
			0,
			0, /* last stream: */
			0,
			0,
			0,
			last, /* code: */
			0,
			0,
			0,
			0,
		},
	)
}

// replyAfter speaks just enough HTTP/2 to send frames after the first request, and returns the time
// just before that.
func replyAfter(c net.Conn, frames ...[]byte) (at time.Time, err error) {
	preface := make([]byte, 24)
	if _, err := io.ReadFull(c, preface); err != nil {
		return at, fmt.Errorf("preface: %w", err)
	}
	const data, settings, endStream = 0, 4, 1
	if _, err := c.Write([]byte{0, 0, 0, settings, 0, 0, 0, 0, 0}); err != nil {
		return at, err
	}
	for {
		head := make([]byte, 9)
		if _, err := io.ReadFull(c, head); err != nil {
			return at, fmt.Errorf("frame: %w", err)
		}
		length := binary.BigEndian.Uint32(append([]byte{0}, head[:3]...))
		if _, err := io.CopyN(io.Discard, c, int64(length)); err != nil {
			return at, fmt.Errorf("frame: %w", err)
		}
		if head[3] == data && head[4]&endStream != 0 {
			at = time.Now()
			_, err := c.Write(bytes.Join(frames, nil))
			return at, err
		}
	}
}

func TestFollowsNoRedirect(t *testing.T) {
	var followed atomic.Int32
	elsewhere := receiver(t, nil, func(http.ResponseWriter, *http.Request) { followed.Add(1) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, location := range []string{elsewhere.URL, "/other", "", "http://[bad"} {
			var requests atomic.Int32
			server := receiver(t, nil, func(w http.ResponseWriter, _ *http.Request) {
				requests.Add(1)
				w.Header().Set("Location", location)
				w.WriteHeader(status)
			})
			s := newSender(t, Config{})
			v, _ := s.once(newEvent(1, 1), subscription("a", server.URL), 1, nil)
			if v.Outcome != Failed || location != "http://[bad" && v.Status != status {
				t.Errorf("%d to %q: %+v, want failed", status, location, v)
			}
			if requests.Load() != 1 || followed.Load() != 0 {
				t.Errorf("%d to %q: %d requests, %d followed; want 1, 0", status, location, requests.Load(),
					followed.Load())
			}
		}
	}
}

// The header of an answer decides; its body holds nobody up.
func TestEndlessBody(t *testing.T) {
	for name, write := range map[string]func(w http.ResponseWriter, r *http.Request){
		"slow": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"fast": func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 32<<10)); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := receiver(t, nil, func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusOK)
				w.(http.Flusher).Flush()
				write(w, r)
			})
			s := newSender(t, Config{MaxInFlight: 1, RequestTimeout: 10 * time.Minute})
			to := subscription("a", server.URL)
			first, second := s.send(to, newEvent(1, 1)), s.send(to, newEvent(2, 1))
			await(t, first, "delivery")
			await(t, second, "delivery")
		})
	}
}

// A failing receiver does not cost others their connections.
func TestKeepsConnections(t *testing.T) {
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(
		recording(t, nil, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "thank you") // a body, to be drained
		}),
	)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	dead := answertest.Listen(t, nil, func(net.Conn) {})
	s := newSender(t, Config{})
	for i := range 10 {
		if v, _ := s.once(newEvent(1, i), subscription("a", server.URL), 1, nil); v.Outcome != Delivered {
			t.Errorf("%+v", v)
		}
		if v, _ := s.once(newEvent(1, i), subscription("b", "http://"+dead), 1,
			nil); v.Outcome != Failed {
			t.Errorf("%+v", v)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for ten deliveries, want 1", n)
	}
}

// BenchmarkAttempt is one delivery over loopback, receiver included.
func BenchmarkAttempt(b *testing.B) {
	server := receiver(b, nil, nil)
	s := newSender(b, Config{})
	to := subscription("a", server.URL)
	c, d := s.newRequestBuilder(to), &queue.Delivery{Event: newEvent(1, 1), Attempts: 1}
	b.ReportAllocs()
	for b.Loop() {
		if v, _ := s.try(d, c); v.Outcome != Delivered {
			b.Fatal(v)
		}
	}
}
