package https

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// conn is a connection that net/http speaks over, by either protocol.
type conn struct {
	pool   *pool
	wire   *wire
	client *http.ClientConn
	began  time.Time // before it was opened
	alone  bool      // for one request
	once   sync.Once // of out

	// Guarded by pool.mu.
	requests int         // under way
	used     bool        // it has brought an answer
	rest     *time.Timer // closes it when it was idle for too long
}

// told reports whether the receiver has told how many requests it takes at once.
func (c *conn) told() bool {
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	return c.wire.most > 0
}

// places returns how many requests the connection takes at once: one by HTTP/1.1; by HTTP/2 what
// the receiver has told, and one until it has.
func (c *conn) places() int {
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	switch {
	case c.wire.gone():
		return 0
	case !c.wire.http2:
		return 1
	}
	return max(1, c.wire.most)
}

// ready reports whether the connection still takes a request, by all that has come.
func (c *conn) ready() bool {
	c.pool.mu.Lock()
	used := c.used
	c.pool.mu.Unlock()
	switch {
	case !used: // tickets may have come
	case c.wire.http2:
		c.wire.catchUp()
	case !c.wire.quiet():
		return false
	}
	c.wire.mu.Lock()
	gone := c.wire.gone()
	c.wire.mu.Unlock()
	return !gone
}

// wireChanged sees to it that a connection that is no good gets no further request, and that those
// who wait know what has changed.
func (c *conn) wireChanged() {
	p := c.pool
	c.wire.mu.Lock()
	gone := c.wire.gone()
	finished := c.wire.over || c.wire.closed
	c.wire.mu.Unlock()
	p.mu.Lock()
	if gone {
		p.remove(c)
	}
	idle := c.requests == 0
	p.tell()
	p.mu.Unlock()
	switch {
	case finished:
		c.out()
	case gone && idle:
		go c.close() // net/http, which has read this, may hold a lock that closing takes
	}
}

// out counts the connection out.
func (c *conn) out() { c.once.Do(func() { c.pool.transport.ended(c.pool) }) }

func (c *conn) close() { _ = c.client.Close() }

// expire closes the connection after too long a rest.
func (c *conn) expire() {
	c.pool.mu.Lock()
	idle := c.requests == 0
	if idle {
		c.pool.remove(c)
	}
	c.pool.mu.Unlock()
	if idle {
		c.close()
	}
}

// leave gives a place back. keep tells that the connection can be used again.
func (c *conn) leave(keep bool) {
	p := c.pool
	c.wire.mu.Lock()
	gone := c.wire.gone()
	c.wire.mu.Unlock()
	p.mu.Lock()
	c.requests--
	idle := c.requests == 0
	keep = keep && !gone && !c.alone && (!idle || !p.transport.full())
	if !keep {
		p.remove(c)
	} else if idle {
		c.rest.Reset(p.transport.cfg.IdleTimeout)
	}
	p.tell()
	p.mu.Unlock()
	if !keep && idle {
		c.close()
	}
}

// roundTrip sends a request, which has a place, and gives that back when the answer was read.
func (c *conn) roundTrip(req *http.Request) (*http.Response, error) {
	e := c.exchange()
	ctx := req.Context()
	if c.wire.http2 {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: e.wroteHeaders})
	}
	resp, err := c.client.RoundTrip(req.WithContext(ctx))
	if err != nil {
		if ctx.Err() == nil {
			err = e.judge(err)
		}
		e.end()
		c.leave(c.wire.http2) // an answer that did not come leaves nothing in the way of others
		return nil, err
	}
	c.pool.mu.Lock()
	c.used = true
	c.pool.mu.Unlock()
	// After 431 the two sides may differ on what the table of headers holds.
	fit := resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge
	b := &body{
		ReadCloser: resp.Body,
		exchange:   e,
		keep:       fit && c.wire.http2,
		whole:      fit && !resp.Close,
	}
	resp.Body = b
	if b.ReadCloser == http.NoBody {
		b.end(true)
		resp.Body = http.NoBody
	}
	return resp, nil
}

// body is that of an answer.
type body struct {
	io.ReadCloser
	exchange *exchange
	keep     bool // the connection can be used again, however much of the body was read
	whole    bool // likewise, if all of it was
	ended    bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.end(true)
	}
	return n, err
}

func (b *body) Close() error {
	err := b.ReadCloser.Close()
	b.end(false)
	return err
}

func (b *body) end(all bool) {
	if b.ended {
		return
	}
	b.ended = true
	b.exchange.end()
	b.exchange.conn.leave(b.keep || all && b.whole)
}
