// Package https POSTs over TLS, by HTTP/2 or HTTP/1.1 as the receiver likes: it opens the
// connections, over which http1 and http2 speak, and says which one a request takes.
package https

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hookline/sender/http1"
	"hookline/sender/http2"
)

// Config of a Transport.
type Config struct {
	// Dial opens a TCP connection. It must return soon after ctx has ended.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// TLS is what handshakes are made with. Names and protocols are added to it.
	TLS *tls.Config

	// DialTimeout is how long opening a connection may take, handshake included.
	DialTimeout time.Duration

	// IdleTimeout is how long a connection without a request is kept.
	IdleTimeout time.Duration

	// MaxIdleTotal is how many connections there may be, over all hosts, for one to be kept when its
	// last request is over.
	MaxIdleTotal int

	// MaxHeaderBytes bounds the header of an answer, and of all 1xx answers before it. 0 stands for
	// 64 KiB.
	MaxHeaderBytes int64

	// BodyTimeout is how long an answer's body may take, from the end of its header. 0 leaves it to
	// the request's deadline.
	BodyTimeout time.Duration

	// Handshake is told of each handshake, and whether it resumed a session; may be nil.
	Handshake func(resumed bool)
}

// Transport sends requests, each once. When it cannot be told, or the receiver has said, that a
// request was not taken, the error is a *http1.LostError. Safe for concurrent use, but Read and
// Close of one answer's body are not.
type Transport struct {
	cfg    Config
	limits http1.Limits
	open   atomic.Int64 // connections

	mu    sync.Mutex
	pools map[string]*pool // those that have a connection, or a user
	conns map[*conn]struct{}
}

// New returns a transport whose requests all end when ctx does, whatever they wait for.
func New(ctx context.Context, cfg Config) *Transport {
	t := &Transport{cfg: cfg, pools: map[string]*pool{}, conns: map[*conn]struct{}{}}
	t.limits = http1.Limits{
		Context:        ctx,
		MaxHeaderBytes: cmp.Or(cfg.MaxHeaderBytes, 64<<10),
		BodyTimeout:    cfg.BodyTimeout,
	}
	context.AfterFunc(ctx, t.interrupt)
	return t
}

// Terms say which connections a request may take.
type Terms struct {
	After         time.Time // those made since then; zero: any
	OwnConnection bool      // one that is made for it, and closed behind it
}

// tries is how many connections one request may take that turn out to take no more requests.
const tries = 3

// Post sends body to a target and returns the answer. header is further lines of the request's
// header, each with its CR LF. It may be changed once Post has returned; the bytes of body must
// never change.
//
// At the deadline, the error of Post or of reading the answer's body is context.DeadlineExceeded;
// when the transport's context ends, it is that one's cause.
func (t *Transport) Post(
	deadline time.Time,
	to *Target,
	header, body []byte,
	terms Terms,
) (resp *http.Response, err error) {
	p := t.pool(to)
	defer t.leave(p)
	for range tries {
		var c *conn
		if c, err = p.take(deadline, terms); err != nil {
			return nil, http1.Cause(t.limits.Context, err, deadline)
		}
		resp, err = c.post(deadline, to, header, body)
		if err == nil || !errors.Is(err, http2.ErrNotBegun) {
			break
		}
		c.changed() // or the next one may be sent to it as well
	}
	return resp, err
}

// pool returns the pool of a host and an owner, to be left again.
func (t *Transport) pool(to *Target) *pool {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.pools[to.key]
	if p == nil {
		p = &pool{transport: t, key: to.key, address: to.address, tls: cmp.Or(to.tls, t.cfg.TLS)}
		t.pools[to.key] = p
	}
	p.users++
	return p
}

// leave tells that somebody needs a pool no longer.
func (t *Transport) leave(p *pool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p.users--
	t.forget(p)
}

// forget drops a pool without a connection and a user. t.mu is held.
func (t *Transport) forget(p *pool) {
	if p.users == 0 && p.connections == 0 {
		delete(t.pools, p.key)
	}
}

// opened takes a connection in.
func (t *Transport) opened(c *conn) {
	t.open.Add(1)
	t.mu.Lock()
	c.pool.connections++
	t.conns[c] = struct{}{}
	t.mu.Unlock()
}

// ended takes it out.
func (t *Transport) ended(c *conn) {
	t.open.Add(-1)
	t.mu.Lock()
	defer t.mu.Unlock()
	c.pool.connections--
	delete(t.conns, c)
	t.forget(c.pool)
}

// interrupt makes everything fail that waits for a connection.
func (t *Transport) interrupt() {
	t.mu.Lock()
	conns := slices.Collect(maps.Keys(t.conns))
	t.mu.Unlock()
	for _, c := range conns {
		c.interrupt()
	}
}

// full reports whether there are so many connections that none should be kept for later.
func (t *Transport) full() bool {
	return t.cfg.MaxIdleTotal > 0 && t.open.Load() > int64(t.cfg.MaxIdleTotal)
}

// CloseIdleConnections closes the connections without a request.
func (t *Transport) CloseIdleConnections() {
	t.mu.Lock()
	pools := slices.Collect(maps.Values(t.pools))
	t.mu.Unlock()
	for _, p := range pools {
		p.closeIdle()
	}
}
