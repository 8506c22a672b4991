package https

import (
	"net/http"
	"time"

	"hookline/sender/http1"
	"hookline/sender/http2"
)

// conn is a connection, by either protocol.
type conn struct {
	pool  *pool
	nc    *secured
	http1 *http1.Conn // nil by HTTP/2
	http2 *http2.Conn // nil by HTTP/1.1
	began time.Time   // before it was opened
	alone bool        // for one request

	// Guarded by pool.mu.
	places    int  // requests that it takes at once; 0 when it takes no more
	told      bool // the receiver has told how many
	requests  int  // under way
	used      bool
	free      bool // it is in pool.free
	idleSince time.Time
}

// newConn returns a connection by the protocol that the handshake has agreed on. It is to be
// started.
func newConn(p *pool, nc *secured, began time.Time, alone bool) *conn {
	c := &conn{pool: p, nc: nc, began: began, alone: alone, places: 1}
	nc.ended = func() { p.transport.ended(c) }
	limits := &p.transport.limits
	if nc.ConnectionState().NegotiatedProtocol != "h2" {
		c.http1 = http1.NewConn(nc, limits, c.leave)
		return c
	}
	c.http2 = http2.New(nc, http2.Config{
		Limits:  *limits,
		CatchUp: nc.wire.catchUp,
		Changed: c.changed,
		Release: func() { c.leave(true) },
	})
	return c
}

// start begins to speak, unless all requests have ended meanwhile.
func (c *conn) start() {
	if c.http2 != nil {
		c.http2.Start()
	}
	if c.pool.transport.limits.Context.Err() != nil {
		c.interrupt()
	}
}

// changed takes note of how many requests an HTTP/2 connection takes now.
func (c *conn) changed() {
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.places, c.told = c.http2.Places(); c.places == 0 {
		p.remove(c)
	} else {
		p.offer(c)
	}
	p.tell()
}

// ready reports whether the connection still takes a request, by all that has come. The request has
// a place on it, and its deadline is set.
func (c *conn) ready(deadline time.Time) bool {
	if c.http2 != nil { // which looks for itself, once for many requests
		return true
	}
	if c.http1.EndBy(deadline) != nil {
		return false
	}
	c.pool.mu.Lock()
	used := c.used
	c.pool.mu.Unlock()
	return !used || c.http1.Quiet()
}

// post sends a request, which has a place, and gives that back when the answer was read.
func (c *conn) post(
	deadline time.Time, to *Target, header, body []byte,
) (*http.Response, error) {
	if c.http2 != nil {
		return c.http2.Post(deadline, to.http2, header, body)
	}
	return c.http1.Post(to.http1, header, body)
}

// rest notes that the connection is idle: before its next request it is looked at, and what it ends
// without an answer may have ended before. p.mu is held, or nobody else knows the connection.
func (c *conn) rest() {
	c.used = true
	if c.http1 != nil {
		c.http1.Rest()
	}
}

// leave gives a place back. keep tells that the connection can be used again.
func (c *conn) leave(keep bool) {
	p := c.pool
	p.mu.Lock()
	c.requests--
	idle := c.requests == 0
	keep = keep && c.places > 0 && !c.alone && (!idle || !p.transport.full())
	if keep {
		c.rest()
		p.offer(c)
	} else {
		p.remove(c)
	}
	p.tell()
	p.mu.Unlock()
	if !keep && idle {
		c.close()
	}
}

// close ends the connection.
func (c *conn) close() {
	if c.http2 != nil {
		c.http2.Close()
	} else {
		_ = c.nc.Close()
	}
}

// interrupt makes whatever waits for the connection fail.
func (c *conn) interrupt() {
	if c.http2 != nil {
		c.http2.Close()
	} else {
		c.http1.Interrupt()
	}
}
