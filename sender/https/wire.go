package https

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"hookline/sender/http1"
)

const (
	// that what a receiver has said may take when a write has failed
	lastWords = 500 * time.Millisecond
	goodbye   = 250 * time.Millisecond // that saying goodbye may take
)

// wire is a TLS connection that net/http speaks over. It notes what passes, for net/http's errors
// do not tell what has become of a request: which streams were begun, which the receiver will not
// look at, which it has given up, and whether the connection is over.
//
// It has writing never fail. When it does fail, the receiver has closed its end, and what it has
// said before that is still there to be read: answers, and the GOAWAY that tells why. So writes go
// nowhere from then on, and reading tells the end. net/http would close the connection at the
// failed write, unread.
type wire struct {
	*tls.Conn
	http2   bool
	changed func() // is called without a lock when a note changes what the connection is good for

	mu       sync.Mutex // guards all below
	reads    *sync.Cond // tells of each Read that has returned
	in, out  frames
	received int64 // bytes
	sent     int64 // likewise
	broken   bool  // writing has failed
	over     bool  // the receiver has ended it
	closed   bool  // we have

	// Of HTTP/2.
	streams  map[uint32]reset // those that are open
	most     int              // streams at once; 0 until the receiver has told
	highest  uint32           // stream that was begun
	unsent   uint32           // from this stream on, none has left
	leaving  bool             // the receiver has told that it ends the connection
	accepted uint32           // the last stream that it looks at, by all it has told
}

// reset is whether the receiver has given a stream up, and the code that it gave.
type reset struct {
	told bool
	code uint32
}

func newWire(conn *tls.Conn, changed func()) *wire {
	w := &wire{
		Conn: conn, changed: changed, http2: conn.ConnectionState().NegotiatedProtocol == "h2",
		out: frames{skip: prefaceLength}, streams: map[uint32]reset{},
		unsent: math.MaxUint32, accepted: math.MaxUint32,
	}
	w.reads = sync.NewCond(&w.mu)
	return w
}

func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	first := w.begin(p)
	if w.broken {
		w.unsent = min(w.unsent, first)
		w.mu.Unlock()
		return len(p), nil
	}
	w.mu.Unlock()
	n, err := w.Conn.Write(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent += int64(n)
	if err == nil || w.closed {
		return n, err
	}
	w.broken = true
	w.unsent = min(w.unsent, first)
	_ = w.SetReadDeadline(time.Now().Add(lastWords))
	return len(p), nil
}

// begin notes the streams that p begins, and returns the first of them.
func (w *wire) begin(p []byte) (first uint32) {
	first = math.MaxUint32
	if !w.http2 {
		return first
	}
	w.out.follow(p, func(f frame) {
		if f.kind == frameHeaders {
			w.highest = max(w.highest, f.stream)
			w.streams[f.stream] = reset{}
			first = min(first, f.stream)
		}
	})
	return first
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.mu.Lock()
	w.received += int64(n)
	changed := w.http2 && w.read(p[:n])
	if err != nil && !w.closed && ended(err) {
		w.over, changed = true, true
	}
	w.reads.Broadcast()
	w.mu.Unlock()
	if changed {
		w.changed()
	}
	return n, err
}

// read notes what has come, and reports whether it changes what the connection is good for.
func (w *wire) read(p []byte) (changed bool) {
	w.in.follow(p, func(f frame) {
		switch {
		case f.kind == frameGoAway && len(f.payload) == 8:
			last := binary.BigEndian.Uint32(f.payload) &^ (1 << 31)
			w.leaving, w.accepted, changed = true, min(w.accepted, last), true
		case f.kind == frameReset && len(f.payload) >= 4:
			// The first one counts: h2o sends REFUSED_STREAM, and STREAM_CLOSED for what is
			// still on its way to that stream.
			if before, open := w.streams[f.stream]; open && !before.told {
				w.streams[f.stream] = reset{true, binary.BigEndian.Uint32(f.payload)}
			}
		case f.kind == frameSettings && f.flags&flagAck == 0:
			w.setMost(f.payload)
			changed = true
		}
	})
	return changed
}

// setMost takes the settings of the receiver.
func (w *wire) setMost(settings []byte) {
	const plenty = 100 // where the receiver sets no limit, as net/http has it
	if w.most == 0 {
		w.most = plenty
	}
	for ; len(settings) >= 6; settings = settings[6:] {
		if binary.BigEndian.Uint16(settings) == settingMaxConcurrent {
			w.most = int(min(binary.BigEndian.Uint32(settings[2:]), math.MaxInt32))
		}
	}
}

// ended reports whether an error of reading tells that the receiver has ended the connection, as it
// does without a complaint.
func ended(err error) bool {
	return http1.Ended(err) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, os.ErrDeadlineExceeded)
}

// Close closes the connection, soon even when the receiver does not listen.
func (w *wire) Close() error {
	w.mu.Lock()
	first := !w.closed
	w.closed = true
	w.reads.Broadcast()
	w.mu.Unlock()
	defer time.AfterFunc(goodbye, func() { _ = w.NetConn().Close() }).Stop()
	err := w.Conn.Close()
	if first {
		w.changed()
	}
	return err
}

// gone reports whether the connection takes no further request. w.mu is held.
func (w *wire) gone() bool { return w.leaving || w.broken || w.over || w.closed }

// quiet reports whether nothing has come that was not read yet, as far as it can be told.
func (w *wire) quiet() bool {
	sc, ok := w.NetConn().(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return true
	}
	return silent(raw)
}

// catchUp waits until what has come is read, so that an end is known before a request is sent. It
// waits for a few reads at most: after each, what comes next has come later than the call.
func (w *wire) catchUp() {
	const reads, patience = 2, 20 * time.Millisecond
	for range reads {
		w.mu.Lock()
		before := w.received
		gone := w.gone()
		w.mu.Unlock()
		if gone || w.quiet() {
			return
		}
		w.mu.Lock()
		late := false
		timer := time.AfterFunc(patience, func() {
			w.mu.Lock()
			late = true
			w.reads.Broadcast()
			w.mu.Unlock()
		})
		for w.received == before && !w.gone() && !late {
			w.reads.Wait()
		}
		w.mu.Unlock()
		timer.Stop()
	}
}

var _ net.Conn = (*wire)(nil)
