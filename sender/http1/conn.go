package http1

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// Limits are what the connections of one transport have in common.
type Limits struct {
	// Context ends the requests under way, once they are interrupted as well.
	Context context.Context

	// MaxHeaderBytes bounds the header of an answer, and of all 1xx answers before it.
	MaxHeaderBytes int64

	// BodyTimeout is how long an answer's body may take, from the end of its header. 0 leaves it to
	// the request's deadline.
	BodyTimeout time.Duration
}

// Conn is a connection and, while there is one, the exchange of a request and its answer over it.
// It belongs to whoever sends by it; only Interrupt may be called by others.
type Conn struct {
	net.Conn
	limits   *Limits
	release  func(keep bool)       // takes it back when an exchange is over
	used     bool                  // it has brought an answer before, or has been idle
	begun    bool                  // a 1xx has come: the receiver is at the request
	deadline time.Time             // of the exchange
	raw      syscall.RawConn       // nil where the connection has none
	probe    func(fd uintptr) bool // for raw, sets silent
	silent   bool

	sending  chan error // tells how the writing of a large request ended, nil when there is none
	incoming incoming
}

// quieter is a connection that can tell by itself whether it is quiet: see Conn.Quiet.
type quieter interface{ Quiet() bool }

// NewConn returns what speaks over a connection. release is called when an exchange is over, and
// says whether there may be another one; the connection is closed by whoever is called. The
// exchange after that may begin within the call.
func NewConn(nc net.Conn, limits *Limits, release func(keep bool)) *Conn {
	c := new(Conn)
	c.init(nc, limits, release)
	return c
}

func (c *Conn) init(nc net.Conn, limits *Limits, release func(keep bool)) {
	c.Conn, c.limits, c.release = nc, limits, release
	c.incoming.conn = nc
	c.prepareProbe()
}

// Interrupt makes whatever waits for the connection fail.
func (c *Conn) Interrupt() { _ = c.SetDeadline(time.Unix(1, 0)) } // has long passed

// EndBy makes whatever waits for the connection fail at a time. The error is that of the context,
// when it has ended.
func (c *Conn) EndBy(deadline time.Time) error {
	c.deadline = deadline
	if err := c.SetDeadline(deadline); err != nil {
		return err
	}
	err := c.limits.Context.Err()
	if err != nil { // the interruption may have come before the deadline was set
		c.Interrupt()
	}
	return err
}

// Rest notes that the connection has been idle without having had a request. One that gets no byte
// of an answer then is a LostError, as on a connection that was used before.
func (c *Conn) Rest() { c.used = true }

// Quiet reports whether an idle connection can be used: nothing has come, neither its end, nor an
// error, nor bytes that nobody asked for. It may take those bytes away.
func (c *Conn) Quiet() bool {
	if q, ok := c.Conn.(quieter); ok {
		return q.Quiet()
	}
	return c.quiet()
}

// Post sends a request and returns its answer, as Transport.Post does, once EndBy has set its
// deadline. The connection is released by then, or when the answer's body was read or closed.
func (c *Conn) Post(to *Target, header, body []byte) (*http.Response, error) {
	request := requests.Get().(*[]byte)
	*request = to.appendHead((*request)[:0], header, len(body))
	var err error
	if len(body) > inlineBytes {
		sending := make(chan error, 1)
		c.sending = sending
		go func() { sending <- c.send(request, body) }()
	} else {
		err = c.send(request, body)
	}
	resp, missing := c.answer(c.limits.MaxHeaderBytes)
	if missing != nil {
		if sent := c.sent(); sent != nil {
			err = sent
		}
		err = Cause(c.limits.Context, c.judge(cmp.Or(err, missing)), c.deadline)
		c.end(false)
		return nil, err
	}
	if c.unasked(resp) {
		c.end(false)
		return nil, &LostError{Err: errUnasked, Sent: true}
	}
	keep := err == nil && !resp.Close && resp.StatusCode != http.StatusMisdirectedRequest
	if c.incoming.buffer == nil || resp.Body == http.NoBody {
		c.end(keep)
		return resp, nil
	}
	if c.limits.BodyTimeout > 0 {
		// fails on a connection that is gone, as its next read will
		_ = c.EndBy(earlier(c.deadline, time.Now().Add(c.limits.BodyTimeout)))
	}
	resp.Body = &answerBody{from: resp.Body, conn: c, keep: keep}
	return resp, nil
}

// requests has room for most requests, body and all, which so leave in one packet or system call.
var requests = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// send writes a request, whose head is given, and puts that back into the pool. When it cannot, the
// answer has only a while left to come.
func (c *Conn) send(request *[]byte, body []byte) (err error) {
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
		if n == 0 && ended(err) {
			err = &LostError{Err: err}
		}
		_ = c.SetReadDeadline(earlier(c.deadline, time.Now().Add(answerGrace)))
		if c.limits.Context.Err() != nil { // and interrupt came before that
			c.Interrupt()
		}
	}
	return err
}

// sent returns the error of writing a large request, if it is known already.
func (c *Conn) sent() error {
	select {
	case err := <-c.sending:
		return err
	default:
		return nil
	}
}

// answer reads the answer: all of it, or all but its body, which is then to be read from resp.Body.
func (c *Conn) answer(maxHeader int64) (*http.Response, error) {
	if err := c.incoming.wait(maxHeader); err != nil {
		return nil, err
	}
	if resp := usual(c.incoming.ahead); resp != nil {
		c.incoming.ahead = nil
		return resp, nil
	}
	c.incoming.open()
	c.begun = false
	for {
		resp, err := http.ReadResponse(c.incoming.buffer, nil)
		if err != nil {
			return nil, err
		}
		switch {
		case resp.StatusCode == http.StatusSwitchingProtocols || resp.StatusCode < 100:
			resp.Close = true
		case resp.StatusCode < 200:
			c.begun = true
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
func (c *Conn) end(keep bool) {
	if keep &&
		c.sending != nil { // the answer may be here before the writer knows that all is written
		_ = c.SetWriteDeadline(time.Now().Add(writeGrace))
		keep = <-c.sending == nil
	}
	empty := c.incoming.release()
	c.sending = nil // an idle connection keeps nothing of its last request
	keep = keep && empty
	c.used = c.used || keep
	c.release(keep)
}
