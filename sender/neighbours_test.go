package sender

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

type connKey struct{}

// One event on which a receiver ends its connection fails alone. Its neighbours on that connection
// are sent once more, and at its next attempts it has none.
func TestEventThatEndsItsConnection(t *testing.T) {
	const neighbours = 5
	var mu sync.Mutex
	with := map[string][]string{} // events by connection
	arrived := make(chan string, 99)
	together := make(chan struct{})
	server := httptest.NewUnstartedServer(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			id := r.Header.Get(HeaderID)
			mu.Lock()
			with[r.RemoteAddr] = append(with[r.RemoteAddr], id)
			mu.Unlock()
			_, _ = io.Copy(io.Discard, r.Body)
			bad := strings.HasSuffix(id, "_bad")
			select {
			case <-together:
				if !bad {
					return
				}
			default:
				arrived <- id
				<-together
			}
			if bad {
				_ = r.Context().Value(connKey{}).(net.Conn).(*tls.Conn).NetConn().Close()
			}
			<-r.Context().Done()
		}),
	)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = silent
	server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	s := newSender(t, Config{
		RetrySchedule: []time.Duration{time.Millisecond, time.Hour},
		HoldMax:       time.Hour,
	})
	s.trust(server.Certificate())
	to := subscription("a", server.URL)
	var settled []<-chan struct{}
	for i := range neighbours {
		settled = append(settled, s.send(to, newEvent(i, 1)))
		await(t, arrived, "request")
	}
	bad := newEvent(neighbours, 1)
	bad.ID += "_bad"
	s.send(to, bad)
	await(t, arrived, "request of the event")
	close(together)
	for _, c := range settled {
		await(t, c, "delivery")
	}
	for start := time.Now(); s.metric("hookline_attempts_total", "failed") < 2; {
		if time.Since(start) > patience {
			t.Fatal("the event has not failed twice")
		}
	}
	if got := s.metric("hookline_resent_requests_total", ""); got != neighbours+1 {
		t.Errorf("%v requests were sent again, want %d", got, neighbours+1)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(with) < 4 {
		t.Errorf(
			"requests came by %d connections, want one for all, one for the neighbours, and two for the "+
				"event",
			len(with),
		)
	}
	for _, events := range with {
		if n := len(events); n > 1 && n != neighbours+1 &&
			strings.Contains(strings.Join(events, " "), "_bad") {
			t.Errorf("the event has shared a connection again: %q", events)
		}
	}
}

// An answer that comes before the request is written is taken, though the connection is closed
// then; and what a receiver says before its answer is passed over.
func TestOddAnswers(t *testing.T) {
	const early = "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
	const hints = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early " +
		"Hints\r\nLink: </a>\r\n\r\n" +
		"HTTP/1.1 204 No Content\r\n\r\n"
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			target, certificate := rawReceiver(t, scheme, func(c net.Conn) {
				_, _ = newReader(c).ReadString('\n')
				_, _ = io.WriteString(c, early)
			}, func(c net.Conn) {
				r := bufio.NewReader(c)
				if _, ok := readPost(t, r); ok {
					_, _ = io.WriteString(c, hints)
				}
				_, _ = io.Copy(io.Discard, r)
			})
			s := newSender(t, Config{RetrySchedule: []time.Duration{time.Hour}})
			s.trust(certificate)
			to := subscription("a", target)
			if v, _ := s.once(eventOf(1, 8<<20), to, 1, nil); v.Status != http.StatusRequestEntityTooLarge {
				t.Errorf("early answer: %+v, want 413", v)
			}
			if v, _ := s.once(newEvent(2, 1), to, 1, nil); v.Status != http.StatusNoContent {
				t.Errorf("after hints: %+v, want 204", v)
			}
		})
	}
}
