package sender

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"hookline/sender/http1"
)

const (
	idleTimeout = 90 * time.Second // that a connection without a request is kept
	maxHeader   = 64 << 10         // bytes of an answer's header
)

// transport is what requests are sent by: plain ones by Hookline's own means, which take less of
// everything, and all others by net/http's. It has no Proxy: the guard would see the proxy's
// address in place of the receiver's.
type transport struct {
	plain *http1.Transport
	cfg   Config
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
	tls   *tls.Config  // of all, for the sessions that can be resumed
	open  atomic.Int64 // connections of net/http's

	mu     sync.Mutex
	owners map[string]weak.Pointer[http.Transport] // as long as somebody, or a connection, has use for one
}

// newTransport returns a transport whose plain requests end when ctx does.
func newTransport(ctx context.Context, cfg Config, g *guard) *transport {
	dial := g.dialer(net.Dialer{Timeout: cfg.RequestTimeout})
	return &transport{
		plain: http1.New(ctx, http1.Config{
			Dial: dial, MaxIdle: cfg.MaxInFlight, MaxIdleTotal: cfg.maxAttempts, IdleTimeout: idleTimeout,
			MaxHeaderBytes: maxHeader, BodyTimeout: drainTime,
		}),
		cfg:    cfg,
		dial:   dial,
		tls:    &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(0)},
		owners: map[string]weak.Pointer[http.Transport]{},
	}
}

// secure returns net/http's transport for one owner. Each has one, since net/http shares
// connections between all requests to a host.
func (t *transport) secure(owner string) *http.Transport {
	t.mu.Lock()
	defer t.mu.Unlock()
	if known := t.owners[owner].Value(); known != nil {
		return known
	}
	made := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := t.dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			t.open.Add(1)
			return &openConn{Conn: conn, closed: sync.OnceFunc(func() { t.open.Add(-1) })}, nil
		},
		TLSClientConfig:        t.tls.Clone(),
		TLSHandshakeTimeout:    t.cfg.RequestTimeout,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    t.cfg.MaxInFlight,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true, // no answer is read
		// An HTTP/2 connection carries many requests: when it is dead, that must be found out before they have all timed out.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
	}
	t.owners[owner] = weak.Make(made)
	runtime.AddCleanup(made, t.forget, owner)
	return made
}

// forget removes an owner whose transport is gone.
func (t *transport) forget(owner string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.owners[owner].Value() == nil {
		delete(t.owners, owner)
	}
}

// full reports whether so many of net/http's connections are open, over all owners, that none
// should be kept for later.
func (t *transport) full() bool { return t.open.Load() > int64(t.cfg.maxAttempts) }

// CloseIdleConnections closes the connections without a request.
func (t *transport) CloseIdleConnections() {
	t.plain.CloseIdleConnections()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, owner := range t.owners {
		if known := owner.Value(); known != nil {
			known.CloseIdleConnections()
		}
	}
}

// openConn is a connection that counts as open.
type openConn struct {
	net.Conn
	closed func()
}

func (c *openConn) Close() error {
	c.closed()
	return c.Conn.Close()
}
