// Package http2 POSTs by HTTP/2 over one connection. It is a client of one kind of request: a short
// header, and a body that is in memory. It knows what has become of each request when the
// connection ends, and tells so by a *http1.LostError.
//
// A connection has a goroutine that reads, and while there is something to write one that does so:
// it begins the requests that have come since it last wrote, and writes all of them at once. So
// many share a TLS record and a system call.
//
// https://www.rfc-editor.org/rfc/rfc9113
package http2

import (
	"errors"
	"math"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	h2 "golang.org/x/net/http2"

	"hookline/sender/http1"
)

// Config of a Conn.
type Config struct {
	// Limits are the same as by HTTP/1.1.
	http1.Limits

	// CatchUp waits for a moment until what has come was read. It is called before requests are
	// begun, so that none is after the receiver has told that it takes no more. May be nil.
	CatchUp func()

	// Changed is called when Places may have changed. It must not wait.
	Changed func()

	// Release is called when an exchange is over: once for each Post.
	Release func()
}

// Conn is a connection. Safe for concurrent use.
type Conn struct {
	nc  net.Conn
	cfg Config

	mu    sync.Mutex // guards all below
	err   error      // why the connection is over
	timer *time.Timer
	due   time.Time // of timer; zero while it is not running
	heard time.Time // when something was read last
	asked time.Time // when a PING was sent that nothing was heard after

	// What is sent.
	writer  bool       // the goroutine that writes is there, or was the last one
	out     *h2.Framer // to pending
	pending buffer     // frames that are to be written
	spare   buffer     // is empty
	queued  int64      // bytes that were ever put into pending, but for those that are in it
	written int64      // bytes of them that have left
	broken  bool       // writing has failed
	header  []byte     // of the request that is begun
	table   table
	window  int64     // that the receiver has left for bodies
	opening int64     // window of each new stream
	waiting []*stream // requests that were not begun, in the order in which they came
	sending []*stream // those with a part of the body to send, likewise

	// What is known of the receiver.
	streams  map[uint32]*stream // that were begun and are not over
	next     uint32             // stream
	most     int                // streams at once
	told     bool               // most was
	spent    bool               // takes no request, for a reason of ours
	leaving  bool               // it has told that it ends the connection
	accepted uint32             // the last stream that it looks at, by all that it has told

	// What is received.
	room    int64 // that we have left for bodies
	unsaid  int64 // bytes more of it that the receiver does not know of
	reading reader
}

const (
	maxWindow   = math.MaxInt32
	firstWindow = 65535   // of connections and streams, unless told otherwise
	connRoom    = 1 << 20 // for the bodies of all answers that were not read yet
	streamRoom  = firstWindow

	plenty     = 100     // streams at once where the receiver sets no limit
	lastStream = 1 << 30 // no further one is begun
	// that what a receiver has said may take when a write has failed
	lastWords = 500 * time.Millisecond
	goodbye   = 250 * time.Millisecond // that saying so may take
)

var (
	// ErrNotBegun is the error of a request that was not begun since the connection takes no more of
	// them. It is no use to wait before it is sent by another one.
	ErrNotBegun = errors.New("http2: the connection takes no more requests")

	errClosed = errors.New("http2: the connection is closed")
)

// New returns what speaks over a connection, on which a TLS handshake has agreed on HTTP/2. It is
// to be started.
func New(nc net.Conn, cfg Config) *Conn {
	c := &Conn{
		nc: nc, cfg: cfg, writer: true,
		table: newTable(), window: firstWindow, opening: firstWindow, room: connRoom,
		streams: map[uint32]*stream{}, next: 1, accepted: math.MaxUint32, heard: time.Now(),
	}
	c.out = h2.NewFramer(&c.pending, nil)
	// Writing to a buffer does not fail.
	_, _ = c.pending.Write([]byte(h2.ClientPreface))
	_ = c.out.WriteSettings(h2.Setting{ID: h2.SettingEnablePush},
		h2.Setting{ID: h2.SettingMaxHeaderListSize, Val: uint32(cfg.MaxHeaderBytes)})
	_ = c.out.WriteWindowUpdate(0, connRoom-firstWindow)
	c.reading.init(c)
	return c
}

// Start begins to speak. The connection is closed when all is said.
func (c *Conn) Start() {
	go c.read()
	go c.write()
}

// Places returns how many requests the connection takes at once, none when it takes no more, and
// whether the receiver has told so: until then it is one.
func (c *Conn) Places() (n int, told bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone() {
		return 0, c.told
	}
	return c.places(), c.told
}

// places is Places of a connection that is not gone. c.mu is held.
func (c *Conn) places() int { return max(1, c.most) }

// full reports whether no stream may be begun for now. A receiver may say that it takes none at
// all: what has a place waits until it takes some again. c.mu is held.
func (c *Conn) full() bool {
	if !c.told {
		return len(c.streams) >= c.places()
	}
	return len(c.streams) >= c.most
}

// gone reports whether the connection takes no further request. c.mu is held.
func (c *Conn) gone() bool { return c.err != nil || c.leaving || c.broken || c.spent }

// Post sends body to a target and returns the answer, as http1.Transport.Post does.
func (c *Conn) Post(
	deadline time.Time, to *Target, header, body []byte,
) (*http.Response, error) {
	s := &stream{conn: c, to: to, header: header, body: body, deadline: deadline}
	s.changed.L = &c.mu
	s.headerLeft = c.cfg.MaxHeaderBytes
	c.mu.Lock()
	if c.gone() {
		s.err = &http1.LostError{Err: ErrNotBegun}
	} else {
		c.waiting = append(c.waiting, s)
		c.watch(deadline)
		c.signal()
	}
	for !s.answered && s.err == nil {
		s.changed.Wait()
	}
	s.header = nil
	resp, over := s.response()
	err := s.err
	c.mu.Unlock()
	if over {
		c.cfg.Release()
	}
	if resp == nil {
		return nil, http1.Cause(c.cfg.Context, err, deadline)
	}
	return resp, nil
}

// signal sees to it that what there is to write is written. c.mu is held.
func (c *Conn) signal() {
	if !c.writer {
		c.writer = true
		go c.write()
	}
}

// Close ends the connection, and what is under way on it.
func (c *Conn) Close() { c.end(errClosed, h2.ErrCodeNo) }

// noGoodbye is the code of an end that the receiver need not be told.
const noGoodbye = h2.ErrCode(math.MaxUint32)

// end ends the connection, and tells the receiver a code.
func (c *Conn) end(err error, code h2.ErrCode) {
	c.mu.Lock()
	c.over(err, code)
	c.mu.Unlock()
	c.cfg.Changed()
}

// over is end with c.mu held, which does not call Changed.
func (c *Conn) over(err error, code h2.ErrCode) {
	if c.err != nil {
		return
	}
	c.err = err
	c.turnAway()
	for _, s := range c.streams {
		s.fail(s.judgeEnd(err))
	}
	c.sending = nil
	clear(c.streams)
	if code != noGoodbye {
		_ = c.out.WriteGoAway(0, code, nil)
	}
	if c.timer != nil {
		c.timer.Stop()
	}
	_ = c.nc.SetWriteDeadline(time.Now().Add(goodbye))
	c.signal()
}

// turnAway fails the requests that were not begun, which another connection has to take. c.mu is
// held.
func (c *Conn) turnAway() {
	for _, s := range c.waiting {
		s.fail(&http1.LostError{Err: ErrNotBegun})
	}
	c.waiting = nil
}

// forget takes a stream out, which is over. c.mu is held.
func (c *Conn) forget(s *stream) {
	if s.id == 0 {
		c.waiting = slices.DeleteFunc(c.waiting, func(o *stream) bool { return o == s })
		return
	}
	delete(c.streams, s.id)
	if len(s.body) > 0 {
		c.sending = slices.DeleteFunc(c.sending, func(o *stream) bool { return o == s })
		s.body = nil
	}
	if len(c.waiting) > 0 {
		c.signal()
		return
	}
	if len(c.streams) > 0 {
		return
	}
	c.shrink()
	if c.gone() && !c.broken { // for good, once the receiver has said all
		c.over(errClosed, h2.ErrCodeNo)
	}
}

// abandon gives a stream up for a reason. c.mu is held.
func (c *Conn) abandon(s *stream, err error, code h2.ErrCode) {
	if s.id > 0 {
		_ = c.out.WriteRSTStream(s.id, code)
		c.signal()
	}
	s.fail(err)
	c.forget(s)
}
