// Package https POSTs over TLS, by HTTP/2 or HTTP/1.1 as the receiver likes. net/http speaks; which
// connection a request takes, and what has become of it when that ends, is told here, by what has
// passed over the connection.
package https

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
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

	// MaxHeaderBytes bounds the header of an answer.
	MaxHeaderBytes int64

	// Handshake is told of each handshake, and whether it resumed a session; may be nil.
	Handshake func(resumed bool)
}

// Transport sends requests, each once. When it cannot be told, or the receiver has said, that a
// request was not taken, the error is a *http1.LostError. Safe for concurrent use, but Read and
// Close of one answer's body are not.
type Transport struct {
	cfg          Config
	ctx          context.Context
	http1, http2 *http.Transport // make net/http speak over a wire
	open         atomic.Int64    // connections

	mu    sync.Mutex
	pools map[string]*pool // those that have a connection, or a user
}

// New returns a transport that opens no connection once ctx has ended.
func New(ctx context.Context, cfg Config) *Transport {
	talk := func(p *http.Protocols) *http.Transport {
		return &http.Transport{
			DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return ctx.Value(wireKey{}).(*wire), nil
			},
			Protocols:              p,
			MaxResponseHeaderBytes: cmp.Or(cfg.MaxHeaderBytes, 64<<10),
			DisableCompression:     true, // no answer is read
			// An HTTP/2 connection carries many requests: when it is dead, that must be found out before
			// they have all timed out.
			HTTP2: &http.HTTP2Config{
				SendPingTimeout: 15 * time.Second,
				PingTimeout:     5 * time.Second,
			},
		}
	}
	var one, two http.Protocols
	one.SetHTTP1(true)
	two.SetUnencryptedHTTP2(true) // to net/http a wire is no TLS
	t := &Transport{cfg: cfg, ctx: ctx, pools: map[string]*pool{}}
	t.http1, t.http2 = talk(&one), talk(&two)
	return t
}

// wireKey is the key of the wire that a client connection of net/http's is made of, in the context
// of its making.
type wireKey struct{}

// Terms say which connections a request may take.
type Terms struct {
	Owner         string    // those of this owner only
	After         time.Time // those made since then; zero: any
	OwnConnection bool      // one that is made for it, and closed behind it
}

// RoundTrip sends a request, whose body has a known length and is in memory. The request's context
// bounds it, the reading of the answer's body included.
func (t *Transport) RoundTrip(req *http.Request, terms Terms) (*http.Response, error) {
	p := t.pool(address(req.URL), terms.Owner)
	defer t.leave(p)
	c, err := p.take(req.Context(), terms)
	if err != nil {
		return nil, err
	}
	return c.roundTrip(req)
}

// pool returns the pool of a host and an owner, to be left again.
func (t *Transport) pool(address, owner string) *pool {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := address + owner
	p := t.pools[key]
	if p == nil {
		p = &pool{transport: t, key: key, address: address}
		t.pools[key] = p
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

// opened counts a connection of a pool.
func (t *Transport) opened(p *pool) {
	t.open.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	p.connections++
}

// ended counts it out.
func (t *Transport) ended(p *pool) {
	t.open.Add(-1)
	t.mu.Lock()
	defer t.mu.Unlock()
	p.connections--
	t.forget(p)
}

// full reports whether there are so many connections that none should be kept for later.
func (t *Transport) full() bool {
	return t.cfg.MaxIdleTotal > 0 && t.open.Load() > int64(t.cfg.MaxIdleTotal)
}

// CloseIdleConnections closes the connections without a request.
func (t *Transport) CloseIdleConnections() {
	t.mu.Lock()
	pools := make([]*pool, 0, len(t.pools))
	for _, p := range t.pools {
		pools = append(pools, p)
	}
	t.mu.Unlock()
	for _, p := range pools {
		p.closeIdle()
	}
}
