package https

import (
	"crypto/tls"
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
	return n == 0 && err == errNothing
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
	watched  atomic.Bool   // somebody waits for the next one
	progress chan struct{} // tells that it has begun
}

func newWire(nc net.Conn) *wire {
	w := &wire{Conn: nc, progress: make(chan struct{}, 1)}
	w.prepare()
	return w
}

func (w *wire) Read(p []byte) (int, error) {
	if w.probing {
		return w.readNow(p)
	}
	w.reads.Add(1)
	if w.watched.Load() {
		select {
		case w.progress <- struct{}{}:
		default:
		}
	}
	return w.Conn.Read(p)
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
	const patience = 20 * time.Millisecond
	for range 2 {
		before := w.reads.Load()
		if w.raw == nil || w.silent() {
			return
		}
		timer := time.NewTimer(patience)
		w.watched.Store(true)
		for late := false; w.reads.Load() == before && !late; {
			select {
			case <-w.progress:
			case <-timer.C:
				late = true
			}
		}
		w.watched.Store(false)
		timer.Stop()
	}
}
