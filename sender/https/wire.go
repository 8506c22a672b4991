package https

import (
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const goodbye = 250 * time.Millisecond // that saying so may take

// secured is a TLS connection over a wire.
type secured struct {
	*tls.Conn
	wire  *wire
	once  sync.Once
	ended func() // is called when the connection is closed
}

// Quiet reports whether nothing has come on an idle connection but what TLS has to tell, such as a
// session ticket, which it takes in.
func (s *secured) Quiet() bool {
	if s.wire.raw == nil {
		return true
	}
	var b [1]byte
	s.wire.probing = true
	n, err := s.Read(b[:])
	s.wire.probing = false
	return n == 0 && errors.Is(err, errNothing)
}

// Close closes the connection, soon even when the receiver does not listen.
func (s *secured) Close() (err error) {
	s.once.Do(func() {
		defer s.ended()
		defer time.AfterFunc(goodbye, func() { _ = s.wire.Close() }).Stop()
		err = s.Conn.Close()
	})
	return err
}

// wire is the connection below TLS. It can tell what has come and was not read yet, in a way for
// each of the two protocols.
type wire struct {
	net.Conn
	raw syscall.RawConn // nil where the connection has none, and where it cannot be looked at
	look

	// Of HTTP/1.1, where whoever sends a request reads the answer.
	probing bool // Read returns what is there

	// Of HTTP/2, where another goroutine reads.
	reads    atomic.Int64  // Reads that have begun
	reading  atomic.Bool   // the last of them has not returned
	watched  atomic.Bool   // somebody waits for the next one
	progress chan struct{} // tells that it has begun
	patience time.Duration // of somebody who waits
}

func newWire(nc net.Conn) *wire {
	w := &wire{Conn: nc, progress: make(chan struct{}, 1), patience: 20 * time.Millisecond}
	w.prepare()
	return w
}

func (w *wire) Read(p []byte) (int, error) {
	if w.probing {
		return w.readNow(p)
	}
	w.reads.Add(1)
	w.reading.Store(true)
	if w.watched.Load() {
		select {
		case w.progress <- struct{}{}:
		default:
		}
	}
	n, err := w.Conn.Read(p)
	w.reading.Store(false)
	return n, err
}

// errNothing is the error of reading what is there, when nothing is. To TLS it is a timeout: the
// connection can be read again.
var errNothing = nothing{}

type nothing struct{}

func (nothing) Error() string   { return "https: nothing has come" }
func (nothing) Timeout() bool   { return true }
func (nothing) Temporary() bool { return true }

// catchUp waits until what has come is read, so that an end is known before a request is sent.
// Whoever reads has taken in all that it has read when it reads again. It waits for two reads at
// most, as the first may have begun before: what comes next has come later than the call.
func (w *wire) catchUp() {
	for range 2 {
		before := w.reads.Load()
		if w.raw == nil || w.silent() && w.reading.Load() && w.reads.Load() == before {
			return
		}
		w.await(before)
	}
}

// await waits for another Read, for a moment.
func (w *wire) await(before int64) {
	late := time.NewTimer(w.patience)
	defer late.Stop()
	w.watched.Store(true)
	defer w.watched.Store(false)
	for w.reads.Load() == before {
		select {
		case <-w.progress:
		case <-late.C:
			return
		}
	}
}
