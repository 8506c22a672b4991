package https

import (
	"sync/atomic"

	"hookline/sender/http1"
)

// exchange is a request and its answer on a connection.
type exchange struct {
	conn           *conn
	used           bool // the connection had brought an answer before
	received, sent int64
	stream         atomic.Uint32 // of HTTP/2; 0 until it is begun
}

func (c *conn) exchange() *exchange {
	e := &exchange{conn: c}
	c.pool.mu.Lock()
	e.used = c.used
	c.pool.mu.Unlock()
	c.wire.mu.Lock()
	e.received, e.sent = c.wire.received, c.wire.sent
	c.wire.mu.Unlock()
	return e
}

// wroteHeaders is called by net/http when it has written the head of a request, while it writes
// nothing else: so the stream is the one that was begun last.
func (e *exchange) wroteHeaders() {
	w := e.conn.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	e.stream.Store(w.highest)
}

// end forgets the stream.
func (e *exchange) end() {
	w := e.conn.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.streams, e.stream.Load())
}

// judge returns what has become of a request that ended in err: err itself when the receiver has
// failed it, or a *http1.LostError.
func (e *exchange) judge(err error) error {
	w := e.conn.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.http2 {
		return e.judgeHTTP1(err)
	}
	id := e.stream.Load()
	told := w.streams[id]
	switch {
	case id == 0 && w.gone(),
		id > w.accepted,
		id >= w.unsent,
		told.told && told.code == codeRefused:
		return &http1.LostError{Err: err}
	case id == 0:
		return err
	case told.told && !w.leaving: // it is this request that the receiver would not have
		return err
	case told.told:
		return &http1.LostError{Err: err, Sent: true, Leaving: true}
	case !w.over && !w.closed:
		return err
	case w.highest == 1 && !w.leaving: // whoever took the only request has failed
		return err
	}
	last := id == min(w.accepted, w.highest)
	return &http1.LostError{Err: err, Sent: true, Leaving: w.leaving, Suspect: last}
}

// judgeHTTP1 is judge for HTTP/1.1, where the receiver says nothing. w.mu is held.
func (e *exchange) judgeHTTP1(err error) error {
	w := e.conn.wire
	switch {
	case !w.over && !w.broken && !w.closed || w.received > e.received:
		return err
	case w.sent == e.sent:
		return &http1.LostError{Err: err}
	case e.used && (w.over || w.broken):
		return &http1.LostError{Err: err, Sent: true}
	}
	return err
}
