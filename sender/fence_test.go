package sender

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// A Sender that may deliver no longer makes no request, settles nothing, and ends.
func TestFence(t *testing.T) {
	lapsed := errors.New("lapsed")
	for name, test := range map[string]struct {
		batch int
		held  int32 // how often it may still deliver when it is asked
	}{"single": {0, 0}, "batch": {10, 0}, "since it connects": {0, 1}} {
		t.Run(name, func(t *testing.T) {
			hits := make(chan hit, 1)
			var asked atomic.Int32
			s := newSender(t, Config{Fence: func() error {
				if asked.Add(1) <= test.held {
					return nil
				}
				return lapsed
			}})
			to := subscription("w", receiver(t, hits, nil).URL)
			to.Pace.Batch = test.batch
			settled := s.send(to, newEvent(1, 1))
			<-s.Context().Done()
			if err := context.Cause(s.Context()); !errors.Is(err, lapsed) {
				t.Errorf("it ends with %v", err)
			}
			left, ok := errors.AsType[*LeftError](s.Drain(t.Context()))
			if !ok || left.Deliveries != 1 {
				t.Errorf("left is %v", left)
			}
			if !open(settled) || len(hits) > 0 {
				t.Error("it was delivered, or settled")
			}
		})
	}
}

// Nor does one that may deliver no longer since its request was lost send that again.
func TestFenceOfWhatIsSentAgain(t *testing.T) {
	hits := make(chan hit, 2)
	server := httptest.NewUnstartedServer(recording(t, hits, nil))
	lapsed := errors.New("lapsed")
	listener := &firstConns{Listener: server.Listener, first: 1, handle: func(c net.Conn) {
		defer func() { _ = c.Close() }()
		conn := tls.Server(c, server.TLS)
		if _, err := goAwayAfter(conn, 0); err != nil {
			t.Errorf("HTTP/2 by hand: %v", err)
		}
		_ = conn.CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
	}}
	server.EnableHTTP2, server.Listener = true, listener
	server.StartTLS()
	t.Cleanup(func() { server.Close(); listener.done.Wait() })
	var asked atomic.Int32
	s := newSender(t, Config{Fence: func() error {
		if asked.Add(1) <= 2 { // for the attempt, and when it is connected
			return nil
		}
		return lapsed // as if the process had stood still meanwhile
	}})
	s.trust(server.Certificate())
	settled := s.send(subscription("w", server.URL), newEvent(1, 1))
	select {
	case <-s.Context().Done():
	case <-hits:
		t.Fatal("it was sent again")
	}
	if err := context.Cause(s.Context()); !errors.Is(err, lapsed) {
		t.Errorf("it ends with %v", err)
	}
	_ = s.Drain(t.Context())
	if !open(settled) || len(hits) > 0 {
		t.Error("it was delivered, or settled")
	}
}
