// Package http1 POSTs by HTTP/1.1 over plain TCP. It does what net/http's Transport does there, in
// the caller's goroutine and with few allocations: a connection has no goroutines of its own, an
// idle one holds no buffers, and a request that waits for its answer holds 512 bytes.
package http1

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// Config of a Transport.
type Config struct {
	// Dial opens a connection. It must return soon after ctx has ended.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// MaxIdle is how many connections to one address are kept for later. 0 keeps none.
	MaxIdle int

	// MaxIdleTotal is how many are kept over all addresses; each may have one all the same. 0 stands
	// for any number.
	MaxIdleTotal int

	// IdleTimeout is how long they are kept. 0 stands for ever.
	IdleTimeout time.Duration

	// MaxHeaderBytes bounds the header of an answer, and of all 1xx answers before it. 0 stands for
	// 64 KiB.
	MaxHeaderBytes int64

	// BodyTimeout is how long an answer's body may take, from the end of its header. 0 leaves it to
	// the request's deadline.
	BodyTimeout time.Duration
}

// Transport sends requests. A connection is used again when the answer's body was there with its
// header, or was read to its end; closing the body earlier closes the connection. Read and Close of
// one body must not be called at the same time; everything else is safe for concurrent use.
//
// A request is sent once. When its connection turns out to be dead, and it can be sent again, the
// error is a *LostError.
//
// What net/http's Transport does and this one does not: TLS, proxies, names of hosts beyond ASCII,
// other methods, request bodies that are not in memory, Expect, httptrace, answers that it asks to
// have compressed, connections taken over after 101 Switching Protocols. It keeps the header of an
// answer only if that is none of 2xx.
type Transport struct {
	cfg    Config
	limits Limits
	pool   pool
}

// New returns a transport whose requests all end when ctx does, whatever they wait for.
func New(ctx context.Context, cfg Config) *Transport {
	t := &Transport{cfg: cfg, limits: Limits{
		Context:        ctx,
		MaxHeaderBytes: cmp.Or(cfg.MaxHeaderBytes, 64<<10),
		BodyTimeout:    cfg.BodyTimeout,
	}}
	t.pool.init()
	context.AfterFunc(ctx, t.pool.interrupt)
	return t
}

// answerGrace is the time that an answer has to come when the request could not be written: a
// receiver may answer and close the connection without having read all of it.
const answerGrace = 500 * time.Millisecond

// writeGrace is the time that the rest of a request has to be written when its answer is there.
const writeGrace = 50 * time.Millisecond

// inlineBytes is how large a body may be that is written before the answer is looked for. Sockets
// take that much though nobody reads at the other end. A larger one has a goroutine of its own
// write it, since the answer may come before its end, and be why nobody reads.
const inlineBytes = 16 << 10

// Post sends body to a target and returns the answer. header is further lines of the request's
// header, each with its CR LF, and is sent as it is. It may be changed once Post has returned; the
// bytes of body must never change. fresh has a connection made for it, even if there is an idle
// one.
//
// At the deadline, the error of Post or of reading the answer's body is context.DeadlineExceeded;
// when the transport's context ends, it is that one's cause.
func (t *Transport) Post(
	deadline time.Time,
	to *Target,
	header, body []byte,
	fresh bool,
) (*http.Response, error) {
	if to.secure {
		return nil, errSecure
	}
	c, err := t.connect(deadline, to, fresh)
	if err != nil {
		return nil, Cause(t.limits.Context, err, deadline)
	}
	return c.Post(to, header, body)
}

var errSecure = errors.New("http1: a target of https, and no TLS")

// CloseIdleConnections closes the connections that are not in use.
func (t *Transport) CloseIdleConnections() { t.pool.clear() }

// connect returns a connection to a target, an idle one if there is one that still works, unless it
// is to be fresh.
func (t *Transport) connect(deadline time.Time, to *Target, fresh bool) (*conn, error) {
	for !fresh {
		c := t.pool.take(to.key)
		if c == nil {
			break
		}
		if err := c.EndBy(deadline); err != nil {
			c.end(false)
			return nil, err
		}
		if c.Quiet() {
			return c, nil
		}
		c.end(false)
	}
	c, err := t.dial(deadline, to)
	if err != nil {
		return nil, err
	}
	t.pool.add(c)
	if err := c.EndBy(deadline); err != nil {
		c.end(false)
		return nil, err
	}
	return c, nil
}

// dial opens a connection, on another goroutine: looking a name up takes a deep stack, which the
// caller's would keep as long as it waits for the answer.
func (t *Transport) dial(deadline time.Time, to *Target) (c *conn, err error) {
	dialled := make(chan struct{})
	go func() {
		defer close(dialled)
		ctx, cancel := context.WithDeadline(t.limits.Context, deadline)
		defer cancel()
		var nc net.Conn
		if nc, err = t.cfg.Dial(ctx, "tcp", to.address); err == nil {
			c = newConn(nc, t, to.key)
		}
	}()
	<-dialled
	return c, err
}

// Cause returns why a request failed: err, or the end of its time, or of all requests.
func Cause(all context.Context, err error, deadline time.Time) error {
	if all.Err() != nil {
		return context.Cause(all)
	}
	if !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return err
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
