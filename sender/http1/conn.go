package http1

import (
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// conn is a connection and, while there is one, the exchange of a request and its answer over it.
// It belongs to whoever took it from the pool or made it; only interrupt may be called by others.
type conn struct {
	net.Conn
	transport *Transport
	key       string                // of the targets that it is for
	used      bool                  // it has brought an answer before
	deadline  time.Time             // of the exchange
	raw       syscall.RawConn       // nil where the connection has none
	probe     func(fd uintptr) bool // for raw, sets silent
	silent    bool

	prev, next *conn     // in pool.busy; the pool's
	idleSince  time.Time // likewise

	sending  chan error // tells how the writing of a large request ended, nil when there is none
	incoming incoming
}

func newConn(nc net.Conn, t *Transport, key string) *conn {
	c := &conn{Conn: nc, transport: t, key: key}
	c.incoming.conn = nc
	c.prepareProbe()
	return c
}

// interrupt makes whatever waits for the connection fail.
func (c *conn) interrupt() { _ = c.SetDeadline(time.Unix(1, 0)) } // has long passed

// endBy makes whatever waits for the connection fail at a time. The error is that of the
// transport's context, when it has ended.
func (c *conn) endBy(deadline time.Time) error {
	c.deadline = deadline
	if err := c.SetDeadline(deadline); err != nil {
		return err
	}
	err := c.transport.ctx.Err()
	if err != nil { // the interruption may have come before the deadline was set
		c.interrupt()
	}
	return err
}

// requests has room for most requests, body and all, which so leave in one packet or system call.
var requests = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// send writes a request, whose head is given, and puts that back into the pool. When it cannot, the
// answer has only a while left to come.
func (c *conn) send(request *[]byte, body []byte) (err error) {
	var n int64
	if len(body) > inlineBytes {
		n, err = (&net.Buffers{*request, body}).WriteTo(c.Conn)
	} else {
		var some int
		*request = append(*request, body...)
		some, err = c.Write(*request)
		n = int64(some)
	}
	requests.Put(request)
	if err != nil {
		if n == 0 && Ended(err) {
			err = &LostError{Err: err}
		}
		_ = c.SetReadDeadline(earlier(c.deadline, time.Now().Add(answerGrace)))
		if c.transport.ctx.Err() != nil { // and interrupt came before that
			c.interrupt()
		}
	}
	return err
}

// sent returns the error of writing a large request, if it is known already.
func (c *conn) sent() error {
	select {
	case err := <-c.sending:
		return err
	default:
		return nil
	}
}

// answer reads the answer: all of it, or all but its body, which is then to be read from resp.Body.
func (c *conn) answer(maxHeader int64) (*http.Response, error) {
	if err := c.incoming.wait(maxHeader); err != nil {
		return nil, err
	}
	if resp := usual(c.incoming.ahead); resp != nil {
		c.incoming.ahead = nil
		return resp, nil
	}
	c.incoming.open()
	for {
		resp, err := http.ReadResponse(c.incoming.buffer, nil)
		if err != nil {
			return nil, err
		}
		switch {
		case resp.StatusCode == http.StatusSwitchingProtocols || resp.StatusCode < 100:
			resp.Close = true
		case resp.StatusCode < 200:
			continue
		case resp.StatusCode < 300:
			resp.Header = noHeader
		}
		c.incoming.headerRead()
		return resp, nil
	}
}

// end ends the exchange. keep tells that nothing is wrong with the connection, and that the answer
// was read to its end.
func (c *conn) end(keep bool) {
	if keep &&
		c.sending != nil { // the answer may be here before the writer knows that all is written
		_ = c.SetWriteDeadline(time.Now().Add(answerGrace))
		keep = <-c.sending == nil
	}
	empty := c.incoming.release()
	c.sending = nil // an idle connection keeps nothing of its last request
	c.transport.pool.put(c, keep && empty)
}
