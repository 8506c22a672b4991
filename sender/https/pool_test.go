package https

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// No connection gets more requests at once than the receiver takes, nor a second one before that
// has told how many: so none is refused. More connections are opened, one by one.
func TestFewStreams(t *testing.T) {
	const few, requests = 8, 64
	var all sync.WaitGroup
	all.Add(requests)
	var dials, most, open atomic.Int32
	transport, server := receiverOf(t, Config{
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if now := open.Add(1); now > most.Load() {
				most.Store(now)
			}
			defer open.Add(-1)
			dials.Add(1)
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}, func(s *httptest.Server) {
		s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: few}
	}, func(http.ResponseWriter, *http.Request) { all.Done(); all.Wait() }) // until all are under way
	to := target(t, server.URL, "")
	var done sync.WaitGroup
	for range requests {
		done.Go(func() {
			if status, err := transport.post(to, Terms{}); status != http.StatusOK {
				t.Errorf("status %d, %v", status, err)
			}
		})
	}
	done.Wait()
	if dials.Load() != requests/few || most.Load() != 1 {
		t.Errorf("%d connections, %d opened at once; want %d, 1", dials.Load(), most.Load(), requests/few)
	}
}

// By HTTP/1.1 the first connection is opened alone, the others side by side.
func TestFirstConnectionAlone(t *testing.T) {
	const requests = 8
	var all, dialling sync.WaitGroup
	all.Add(requests)
	dialling.Add(requests - 1)
	first := make(chan struct{})
	var dials atomic.Int32
	transport, server := receiverOf(t, Config{
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials.Add(1) == 1 {
				<-first
				if n := dials.Load(); n != 1 {
					t.Errorf("%d connections are opened before there is one", n)
				}
			} else { // the others wait for each other
				dialling.Done()
				dialling.Wait()
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}, func(s *httptest.Server) { s.EnableHTTP2 = false },
		func(http.ResponseWriter, *http.Request) { all.Done(); all.Wait() })
	to := target(t, server.URL, "")
	var done sync.WaitGroup
	for range requests {
		done.Go(func() {
			if status, err := transport.post(to, Terms{}); status != http.StatusOK {
				t.Errorf("status %d, %v", status, err)
			}
		})
	}
	p := transport.pool(to)
	defer transport.leave(p)
	for waiting := 0; waiting < requests; { // until all wait for the first
		p.mu.Lock()
		if waiting = 0; len(p.dials) > 0 {
			waiting = p.dials[0].waiters
		}
		p.mu.Unlock()
	}
	close(first)
	done.Wait()
}

// A dial that fails fails those who wait for it, and nobody waits for the one after.
func TestDialFails(t *testing.T) {
	why := errors.New("why")
	transport, server := receiverOf(t, Config{
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, why },
	}, nil, nil)
	to := target(t, server.URL, "")
	if _, err := transport.post(to, Terms{}); !errors.Is(err, why) {
		t.Errorf("%v, want %v", err, why)
	}
	transport.mu.Lock()
	defer transport.mu.Unlock()
	if len(transport.pools) > 0 {
		t.Error("a pool without connections is left")
	}
}

// A dial that has run out of its time is made again for those who have time left.
func TestDialTimesOut(t *testing.T) {
	var dials atomic.Int32
	transport, server := receiverOf(t, Config{
		DialTimeout: time.Second,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials.Add(1) == 1 {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}, nil, func(http.ResponseWriter, *http.Request) {})
	to := target(t, server.URL, "")
	status, err := transport.post(to, Terms{})
	if status != http.StatusOK || dials.Load() != 2 {
		t.Errorf("status %d, %v after %d dials; want 200 after 2", status, err, dials.Load())
	}
}

// A request that must not share a connection gets its own, which nobody else gets; one that wants a
// new connection gets one, and shares it.
func TestTerms(t *testing.T) {
	from := make(chan string, 9)
	transport, server := receiverOf(t, Config{}, nil, func(_ http.ResponseWriter, r *http.Request) {
		from <- r.RemoteAddr
	})
	to := target(t, server.URL, "")
	send := func(terms Terms) string {
		t.Helper()
		if status, err := transport.post(to, terms); status != http.StatusOK {
			t.Fatalf("status %d, %v", status, err)
		}
		return await(t, from, "request")
	}
	old := send(Terms{})
	alone := send(Terms{OwnConnection: true})
	shared := send(Terms{})
	now := time.Now()
	fresh := send(Terms{After: now})
	again := send(Terms{After: now})
	if alone == old || shared != old || fresh == old || fresh == alone || again != fresh {
		t.Errorf("requests came from %s, alone %s, shared %s, new %s, again %s", old, alone, shared,
			fresh, again)
	}
	others := target(t, server.URL, "other")
	if status, err := transport.post(others, Terms{}); status != http.StatusOK {
		t.Fatalf("status %d, %v", status, err)
	}
	if other := await(t, from, "request"); other == old || other == fresh {
		t.Errorf("a request of another owner came from %s", other)
	}
}

// A reload may have a receiver speak the other protocol: whoever comes after it goes along, as many
// at once as before.
func TestReloadChangesProtocol(t *testing.T) {
	const requests = 16
	var proto atomic.Value // that is offered
	var all atomic.Pointer[sync.WaitGroup]
	var strangers atomic.Int32
	transport, server := receiverOf(t, Config{}, func(s *httptest.Server) {
		s.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			c := s.TLS.Clone() // the session tickets of before are of no use to it
			c.GetConfigForClient, c.NextProtos = nil, []string{proto.Load().(string)}
			return c, nil
		}}
	}, func(w http.ResponseWriter, r *http.Request) {
		if r.TLS.NegotiatedProtocol != proto.Load() {
			strangers.Add(1)
		}
		all.Load().Done()
		all.Load().Wait()
		w.Header().Set("Connection", "close") // over HTTP/2 that is a GOAWAY
	})
	to := target(t, server.URL, "")
	for i, name := range []string{"h2", "http/1.1", "h2", "http/1.1"} {
		proto.Store(name)
		var group, done sync.WaitGroup
		group.Add(requests)
		all.Store(&group)
		for range requests {
			done.Go(func() {
				if status, err := transport.post(to, Terms{}); status != http.StatusOK {
					t.Errorf("reload %d, to %s: status %d, %v", i, name, status, err)
				}
			})
		}
		done.Wait()
	}
	if n := strangers.Load(); n != 0 {
		t.Errorf("%d requests came by the protocol of before", n)
	}
}

// After 431, and after 421, a connection gets no further request.
func TestWrongConnections(t *testing.T) {
	for _, answer := range []int{
		http.StatusRequestHeaderFieldsTooLarge, http.StatusMisdirectedRequest,
	} {
		from := make(chan string, 9)
		transport, server := receiverOf(t, Config{}, nil, func(w http.ResponseWriter, r *http.Request) {
			from <- r.RemoteAddr
			w.WriteHeader(answer)
		})
		seen := map[string]bool{}
		for range 3 {
			to := target(t, server.URL, "")
			status, err := transport.post(to, Terms{})
			if status != answer {
				t.Fatalf("status %d, %v; want %d", status, err, answer)
			}
			seen[await(t, from, "request")] = true
		}
		if len(seen) != 3 {
			t.Errorf("%d: %d connections for three requests, want 3", answer, len(seen))
		}
	}
}

// A connection that was opened for a request which then took another one is idle before its first
// request: that finds its end, and takes another.
func TestSpare(t *testing.T) {
	busy, finish := make(chan struct{}, 8), make(chan struct{})
	dials, dial := make(chan struct{}, 8), make(chan struct{}, 8)
	opened := make(chan bool, 8)
	transport, server := receiverOf(t, Config{
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			dials <- struct{}{}
			<-dial
			return new(net.Dialer).DialContext(ctx, network, address)
		},
		Handshake: func(resumed bool) { opened <- resumed },
	}, func(s *httptest.Server) { s.EnableHTTP2 = false }, func(http.ResponseWriter, *http.Request) {
		busy <- struct{}{}
		<-finish
	})
	to := target(t, server.URL, "")
	answers := make(chan error, 8)
	post := func() {
		go func() {
			_, err := transport.post(to, Terms{})
			answers <- err
		}()
	}
	answered := func() {
		t.Helper()
		if err := await(t, answers, "answer"); err != nil {
			t.Error(err)
		}
	}
	dial <- struct{}{}
	post() // opens the first one, and keeps it busy
	await(t, dials, "dial")
	await(t, opened, "connection")
	await(t, busy, "request")
	post() // wants a second one
	await(t, dials, "dial")
	finish <- struct{}{}
	answered()
	await(t, busy, "request") // on the first one after all
	finish <- struct{}{}
	answered()
	dial <- struct{}{} // which leaves the second one without a request
	await(t, opened, "connection")
	pool := transport.pool(to)
	for spare := false; !spare; {
		pool.mu.Lock()
		spare = len(pool.free) == 2
		changed := pool.change()
		pool.mu.Unlock()
		if !spare {
			await(t, changed, "connection that is free")
		}
	}
	transport.leave(pool)
	server.CloseClientConnections()
	dial <- struct{}{}
	post()
	await(t, busy, "request")
	finish <- struct{}{}
	answered()
}
