// Package http1 sends requests by HTTP/1.1 over plain TCP. It does what net/http's Transport does there, in the caller's goroutine: a
// connection has no goroutines of its own, an idle one holds no buffers, and a request that waits for its answer holds 512 bytes.
package http1

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Transport is an http.RoundTripper for URLs whose scheme is http. Its fields must be set before it is used and left alone then. Safe for
// concurrent use.
//
// Cancelling a request's context ends it at once, whatever it waits for, and the reading of the answer's body with it; the error is the
// context's cause. A connection is used again when the body was read to its end; closing the body earlier closes the connection. Read and
// Close of one body must not be called at the same time.
//
// A request is sent once: when its connection turns out to be dead, the error says so, as io.EOF, io.ErrUnexpectedEOF, ECONNRESET or EPIPE.
//
// What net/http's Transport does and this one does not: TLS, proxies, names of hosts beyond ASCII, request bodies of unknown length, request
// trailers, Expect, httptrace, answers that it asks to have compressed, connections taken over after 101 Switching Protocols.
type Transport struct {
	// Dial opens a connection. It must return soon after ctx has ended.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// MaxIdle is how many connections to one address are kept for later. 0 keeps none.
	MaxIdle int

	// IdleTimeout is how long they are kept. 0 stands for ever.
	IdleTimeout time.Duration

	// MaxHeaderBytes bounds the header of an answer, and of all 1xx answers before it. 0 stands for 64 KiB.
	MaxHeaderBytes int64

	idle pool
}

// answerGrace is the time that an answer has to come when the request could not be written: a receiver may answer and close the connection
// without having read all of it.
const answerGrace = 50 * time.Millisecond

// inlineBytes is how large a body may be that is written before the answer is looked for. Sockets take that much though nobody reads at the
// other end. A larger one has a goroutine of its own write it, since the answer may come before its end, and be why nobody reads.
const inlineBytes = 16 << 10

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := check(req); err != nil {
		closeBody(req)
		return nil, err
	}
	ctx := req.Context()
	c, err := t.connect(ctx, address(req.URL))
	if err != nil {
		closeBody(req)
		return nil, cause(ctx, err)
	}
	c.stop = context.AfterFunc(ctx, c.interrupt)
	if req.ContentLength > inlineBytes {
		c.sending = make(chan error, 1)
		go func() { c.sending <- c.send(req) }()
	} else {
		err = c.send(req)
	}
	resp, missing := c.answer(req, cmp.Or(t.MaxHeaderBytes, 64<<10))
	if missing != nil {
		if sent := c.sent(); sent != nil {
			err = sent
		}
		c.end(false)
		return nil, cause(ctx, cmp.Or(err, missing))
	}
	keep := err == nil && !resp.Close && !req.Close
	if resp.Body == http.NoBody {
		c.end(keep)
	} else {
		resp.Body = &body{from: resp.Body, conn: c, ctx: ctx, keep: keep}
	}
	return resp, nil
}

// CloseIdleConnections closes the connections that are not in use.
func (t *Transport) CloseIdleConnections() { t.idle.clear() }

// connect returns a connection to an address, an idle one if there is one that still works.
func (t *Transport) connect(ctx context.Context, address string) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for c := t.idle.take(address); c != nil; c = t.idle.take(address) {
		if c.quiet() {
			return c, nil
		}
		c.Close()
	}
	nc, err := t.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return newConn(nc, t, address), nil
}

// address returns what to dial for a URL.
func address(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	return net.JoinHostPort(u.Hostname(), "80")
}

// cause returns why a request failed: err, or the cause of its context's end.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// Handles reports whether a Transport can send to a URL.
func Handles(u *url.URL) bool { return u.Scheme == "http" && validHost(u.Host) }

var (
	errNoURL  = errors.New("http1: the request has no URL")
	errNoHost = errors.New("http1: no Host in the request's URL")
)

// check returns an error unless req can be sent, and as one request.
func check(req *http.Request) error {
	switch {
	case req.URL == nil:
		return errNoURL
	case req.URL.Host == "":
		return errNoHost
	case req.URL.Scheme != "http":
		return fmt.Errorf("http1: unsupported protocol scheme %q: want http", req.URL.Scheme)
	case !validHost(req.URL.Host) || !validHost(req.Host):
		return fmt.Errorf("http1: host %q: want printable ASCII without spaces", cmp.Or(req.Host, req.URL.Host))
	case !validToken(cmp.Or(req.Method, http.MethodGet)):
		return fmt.Errorf("http1: invalid method %q", req.Method)
	case !validValue(req.URL.RequestURI()):
		return errors.New("http1: the request's URL has a control character")
	case req.ContentLength < 0:
		return errors.New("http1: the length of the request's body is not known")
	}
	for name, values := range req.Header {
		if !validToken(name) {
			return fmt.Errorf("http1: invalid header name %q", name)
		}
		for _, value := range values {
			if !validValue(value) {
				return fmt.Errorf("http1: invalid value of header %q: it has a control character", name)
			}
		}
	}
	return nil
}
