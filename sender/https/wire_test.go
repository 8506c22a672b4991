package https

import (
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// deaf is a connection that the other end takes nothing from, once told.
type deaf struct {
	net.Conn
	told atomic.Bool
}

func (d *deaf) Write(p []byte) (int, error) {
	if d.told.Load() {
		return 0, &net.OpError{Op: "write", Err: syscall.EPIPE}
	}
	return d.Conn.Write(p)
}

// After a write has failed, what the receiver had said before is read: the GOAWAY, and answers.
func TestLastWordsAreRead(t *testing.T) {
	var under *deaf
	client, server := tlsPair(t, func(c net.Conn) net.Conn { under = &deaf{Conn: c}; return under })
	w := newWire(client, func() {})
	under.told.Store(true)
	if _, err := server.Write(frameOf(frameGoAway, 0, 0, uint32s(1, 0)...)); err != nil {
		t.Fatal(err)
	}
	text := append(make([]byte, prefaceLength), frameOf(frameHeaders, 4, 3, 0)...)
	for range 2 { // the second one knows already that it is in vain
		if n, err := w.Write(text); n != len(text) || err != nil {
			t.Fatalf("a write has ended in %d bytes, %v; want all of them to be taken", n, err)
		}
		text = frameOf(frameHeaders, 4, 5, 0)
	}
	if w.unsent != 3 || !w.gone() {
		t.Errorf("stream %d is the first that was not sent, want 3", w.unsent)
	}
	piece := make([]byte, 100)
	for !w.leaving {
		if _, err := w.Read(piece); err != nil {
			t.Fatalf("the GOAWAY was not read: %v", err)
		}
	}
	if w.accepted != 1 || w.over {
		t.Errorf("GOAWAY after stream %d, over %t; want 1, not over", w.accepted, w.over)
	}
	if _, err := w.Read(piece); err == nil || !w.over {
		t.Errorf("reading goes on: %v; want it to end when the last words have had their time", err)
	}
}

// looked is a connection that tells when somebody has looked whether something has come.
type looked struct {
	*net.TCPConn
	then func()
}

func (l *looked) SyscallConn() (syscall.RawConn, error) {
	raw, err := l.TCPConn.SyscallConn()
	return lookedRaw{raw, l.then}, err
}

type lookedRaw struct {
	syscall.RawConn
	then func()
}

func (l lookedRaw) Control(f func(uintptr)) error {
	defer l.then()
	return l.RawConn.Control(f)
}

// What has come before a request is sent is read before it is: so it does not follow a GOAWAY.
func TestCatchesUp(t *testing.T) {
	var w *wire
	var reading sync.WaitGroup
	read := sync.OnceFunc(func() { reading.Go(func() { _, _ = w.Read(make([]byte, 100)) }) })
	client, server := tlsPair(t, func(c net.Conn) net.Conn {
		return &looked{c.(*net.TCPConn), func() {}}
	})
	w = newWire(client, func() {})
	if _, err := server.Write(frameOf(frameGoAway, 0, 0, uint32s(1, 0)...)); err != nil {
		t.Fatal(err)
	}
	for w.quiet() { // until it has come
		continue
	}
	client.NetConn().(*looked).then = read
	w.catchUp()
	w.mu.Lock()
	if !w.leaving {
		t.Error("the GOAWAY that had come is not known")
	}
	w.mu.Unlock()
	reading.Wait()
}
