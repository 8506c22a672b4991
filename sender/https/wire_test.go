//go:build unix

package https

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// pair returns both ends of a TLS connection over TCP, of which the client's goes through wrap.
func pair(t *testing.T, wrap func(net.Conn) net.Conn) (client *secured, server *tls.Conn) {
	t.Helper()
	config, roots := certified(t)
	config.ClientAuth = tls.RequestClientCert // so that session tickets come after the handshake
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := listener.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}()
	c, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server = tls.Server(await(t, accepted, "connection"), config)
	w := newWire(wrap(c))
	trusting := &tls.Config{
		RootCAs: roots, ServerName: "example.com", ClientSessionCache: tls.NewLRUClientSessionCache(1),
	}
	client = &secured{Conn: tls.Client(w, trusting), wire: w, ended: func() {}}
	done := make(chan error, 1)
	go func() { done <- server.Handshake() }()
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := await(t, done, "handshake"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.NetConn().Close() })
	return client, server
}

func same(c net.Conn) net.Conn { return c }

// until waits until something is so.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for start := time.Now(); !is(); {
		if time.Since(start) > patience {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// An idle connection is quiet while nothing comes but session tickets. Bytes that nobody asked for
// and an end are none of that, and neither waits.
func TestQuiet(t *testing.T) {
	for name, spoil := range map[string]func(*tls.Conn) error{
		"bytes": func(c *tls.Conn) error {
			_, err := io.WriteString(c, "HTTP/1.1 408 ")
			return err
		},
		"half ended": func(c *tls.Conn) error { return c.CloseWrite() },
		"closed":     func(c *tls.Conn) error { return c.Close() },
		"cut":        func(c *tls.Conn) error { return c.NetConn().Close() },
		"reset": func(c *tls.Conn) error {
			_ = c.NetConn().(*net.TCPConn).SetLinger(0)
			return c.NetConn().Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := pair(t, same)
			until(t, "session tickets", func() bool { return !client.wire.silent() })
			for range 2 {
				if !client.Quiet() {
					t.Fatal("not quiet, though nothing has come but tickets")
				}
			}
			if !client.wire.silent() {
				t.Error("the tickets were not taken in")
			}
			if err := spoil(server); err != nil {
				t.Fatal(err)
			}
			until(t, "news", func() bool { return !client.wire.silent() })
			if client.Quiet() {
				t.Error("quiet, though something has come")
			}
		})
	}
}

// A connection is used again after it was found quiet, whatever came in pieces.
func TestQuietInPieces(t *testing.T) {
	client, server := pair(t, same)
	until(t, "session tickets", func() bool { return !client.wire.silent() })
	for range 2 {
		if !client.Quiet() {
			t.Fatal("not quiet")
		}
	}
	go func() { _, _ = io.WriteString(server, "text") }()
	text := make([]byte, 4)
	if _, err := io.ReadFull(client, text); err != nil || string(text) != "text" {
		t.Errorf("%q, %v", text, err)
	}
	if !client.Quiet() {
		t.Error("not quiet after all was read")
	}
}

// gated is a connection that is read from, once told so, when somebody has looked whether something
// has come.
type gated struct {
	*net.TCPConn
	shut atomic.Bool
	look chan struct{}
}

func (g *gated) Read(p []byte) (int, error) {
	if g.shut.Load() {
		<-g.look
	}
	return g.TCPConn.Read(p)
}

func (g *gated) SyscallConn() (syscall.RawConn, error) {
	raw, err := g.TCPConn.SyscallConn()
	return gatedRaw{raw, g}, err
}

type gatedRaw struct {
	syscall.RawConn
	gated *gated
}

func (r gatedRaw) Control(f func(uintptr)) error {
	defer func() {
		if r.gated.shut.CompareAndSwap(true, false) {
			close(r.gated.look)
		}
	}()
	return r.RawConn.Control(f)
}

// What has come before a request is sent is read before it is: so it does not follow a GOAWAY.
func TestCatchesUp(t *testing.T) {
	var under *gated
	client, server := pair(t, func(c net.Conn) net.Conn {
		under = &gated{TCPConn: c.(*net.TCPConn), look: make(chan struct{})}
		return under
	})
	client.wire.patience = patience
	until(t, "session tickets", func() bool { return !client.wire.silent() })
	if !client.Quiet() {
		t.Fatal("not quiet")
	}
	if _, err := io.WriteString(server, "text"); err != nil {
		t.Fatal(err)
	}
	until(t, "what was sent", func() bool { return !client.wire.silent() })
	under.shut.Store(true)
	var reading sync.WaitGroup
	var got atomic.Value
	reading.Go(func() {
		text := make([]byte, 100)
		n, _ := client.Read(text)
		got.Store(string(text[:n]))
		_, _ = client.Read(make([]byte, 1)) // until the end
	})
	for !client.wire.reading.Load() {
		runtime.Gosched()
	}
	client.wire.catchUp()
	if got.Load() != "text" {
		t.Error("not all was read that had come")
	}
	client.wire.Conn.Close()
	reading.Wait()
}

// A connection that the receiver has ended while it was idle fails no request.
func TestLeavesEndedConnections(t *testing.T) {
	conns := make(chan net.Conn, 9)
	transport, server := receiverOf(t, Config{}, func(s *httptest.Server) {
		s.EnableHTTP2 = false
		s.Config.ConnState = func(c net.Conn, state http.ConnState) {
			if state == http.StateNew {
				conns <- c
			}
		}
	}, func(http.ResponseWriter, *http.Request) {})
	to := target(t, server.URL, "")
	for range 3 {
		if status, err := transport.post(to, Terms{}); status != http.StatusOK {
			t.Fatalf("status %d, %v", status, err)
		}
		if len(conns) != 1 {
			t.Fatalf("%d new connections, want 1", len(conns))
		}
		p := transport.pool(to)
		transport.leave(p)
		p.mu.Lock()
		idle := p.free[0]
		p.mu.Unlock()
		_ = await(t, conns, "connection").Close()
		until(t, "the end of the idle connection", func() bool { return !idle.nc.wire.silent() })
	}
}
