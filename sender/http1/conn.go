package http1

import (
	"net"
	"net/http"
	"syscall"
	"time"
)

// conn is a connection and, while there is one, the exchange of a request and its answer over it. It belongs to whoever took it from the
// pool or made it; only interrupt may be called by others.
type conn struct {
	net.Conn
	transport *Transport
	address   string
	idleSince time.Time
	raw       syscall.RawConn       // nil where the connection has none
	probe     func(fd uintptr) bool // for raw, sets silent
	silent    bool

	interrupt func()      // makes whatever waits for the connection fail
	stop      func() bool // ends the watch on the request's context
	sending   chan error  // tells how the writing of a large request ended, nil when there is none
	incoming  incoming
}

func newConn(nc net.Conn, t *Transport, address string) *conn {
	c := &conn{Conn: nc, transport: t, address: address}
	c.interrupt = func() { _ = nc.SetDeadline(time.Unix(1, 0)) } // has long passed
	c.incoming.conn = nc
	c.prepareProbe()
	return c
}

// send writes a request. When it cannot, the answer has only a while left to come.
func (c *conn) send(req *http.Request) error {
	err := write(c.Conn, req)
	closeBody(req)
	if err != nil {
		_ = c.SetReadDeadline(time.Now().Add(answerGrace))
		if req.Context().Err() != nil { // and interrupt came before that
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

// answer reads the answer but for its body, which is then to be read from it.
func (c *conn) answer(req *http.Request, maxHeader int64) (*http.Response, error) {
	if err := c.incoming.wait(maxHeader); err != nil {
		return nil, err
	}
	for {
		resp, err := http.ReadResponse(c.incoming.buffer, req)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode == http.StatusSwitchingProtocols || resp.StatusCode < 100 {
			resp.Close = true
		} else if resp.StatusCode < 200 {
			continue
		}
		c.incoming.headerRead()
		return resp, nil
	}
}

// end ends the exchange. keep tells that nothing is wrong with the connection, and that the answer was read to its end.
func (c *conn) end(keep bool) {
	keep = c.stop() && keep
	if keep && c.sending != nil { // the answer may be here before the writer knows that all is written
		_ = c.SetWriteDeadline(time.Now().Add(answerGrace))
		keep = <-c.sending == nil && c.SetWriteDeadline(time.Time{}) == nil
	}
	empty := c.incoming.release()
	if !keep || !empty {
		c.Close()
		return
	}
	c.stop, c.sending = nil, nil // an idle connection keeps nothing of its last request
	c.transport.idle.put(c, c.transport.MaxIdle, c.transport.IdleTimeout)
}
