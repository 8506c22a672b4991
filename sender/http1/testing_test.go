package http1

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is far longer than anything here takes.
const patience = time.Minute

func await[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain: %s", what)
		panic("not reached")
	}
}

// eventually waits until ok.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// roundTripper is what the two transports have in common.
type roundTripper interface {
	http.RoundTripper
	CloseIdleConnections()
}

type dial = func(ctx context.Context, network, address string) (net.Conn, error)

// tripper sends what an http.Request says by a Transport, so that it can stand where net/http's
// does.
type tripper struct{ *Transport }

func (t tripper) RoundTrip(req *http.Request) (*http.Response, error) {
	to, err := NewTarget(req.URL, req.Header, "")
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	deadline, ok := req.Context().Deadline()
	if !ok {
		deadline = time.Now().Add(time.Hour)
	}
	return t.Post(deadline, to, nil, body, false)
}

// newTripper returns one over a transport that lasts as long as the test.
func newTripper(t testing.TB, cfg Config) tripper { return tripper{New(t.Context(), cfg)} }

// transports are the one under test and the one whose behaviour is right by definition, each with
// room for one idle connection.
var transports = map[string]func(dial) roundTripper{
	"http1": func(d dial) roundTripper {
		return tripper{
			New(context.Background(), Config{Dial: d, MaxIdle: 1, IdleTimeout: time.Minute}),
		}
	},
	"net/http": func(d dial) roundTripper {
		return &http.Transport{
			DialContext:            d,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true,
		}
	},
}

// pipes returns a dial function whose connections, in memory, are handled as those of listen are.
func pipes(handlers ...func(net.Conn)) dial {
	var mu sync.Mutex
	n := 0
	return func(context.Context, string, string) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		here, there := net.Pipe()
		handle := handlers[min(n, len(handlers)-1)]
		n++
		go func() {
			defer there.Close()
			handle(there)
		}()
		return here, nil
	}
}

// post returns a POST of a body.
func post(t testing.TB, url, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// must sends a request and returns the status and the body of the answer.
func must(t testing.TB, rt http.RoundTripper, req *http.Request) (status int, text string) {
	t.Helper()
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

const accepted = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

// leftovers waits until no goroutine of a transport is left.
func leftovers(t testing.TB) {
	t.Helper()
	buf := make([]byte, 4<<20)
	eventually(t, "the end of the transport's goroutines", func() bool {
		for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if strings.Contains(stack, "http1.(*") && !strings.Contains(stack, "http1.leftovers") {
				return false
			}
		}
		return true
	})
}

var errCause = errors.New("the cause")
