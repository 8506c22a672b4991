//go:build unix

package socket_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"hookline/internal/socket"
)

// pair returns both ends of a connection, the first of which is a direct one.
func pair(t testing.TB) (direct, other net.Conn) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialled, err := new(net.Dialer).DialContext(context.Background(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	other, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return socket.Direct(dialled), other
}

// TestDirect holds it to what package net is held to.
func TestDirect(t *testing.T) {
	nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
		direct, other := pair(t)
		return direct, socket.Direct(other), func() { direct.Close(); other.Close() }, nil
	})
}

// A large write waits again and again for whoever reads.
func TestLarge(t *testing.T) {
	direct, other := pair(t)
	defer direct.Close()
	sent := bytes.Repeat([]byte("0123456789"), 1<<20)
	written := make(chan error, 1)
	go func() {
		_, err := direct.Write(sent)
		written <- errors.Join(err, direct.Close())
	}()
	got, err := io.ReadAll(other)
	if err := errors.Join(err, <-written); err != nil || !bytes.Equal(got, sent) {
		t.Fatalf("got %d bytes of %d, %v", len(got), len(sent), err)
	}
}

// What a write has written before its time was over is told.
func TestWritten(t *testing.T) {
	direct, other := pair(t)
	defer direct.Close()
	defer other.Close()
	type result struct {
		n   int
		err error
	}
	written := make(chan result, 1)
	go func() {
		n, err := direct.Write(make([]byte, 64<<20))
		written <- result{n, err}
	}()
	if _, err := io.ReadFull(other, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := direct.SetWriteDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if r := <-written; r.n <= 0 || r.n >= 64<<20 || !errors.Is(r.err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d bytes, %v", r.n, r.err)
	}
}

// A connection that was reset says so as one of package net does.
func TestReset(t *testing.T) {
	direct, other := pair(t)
	defer direct.Close()
	if err := other.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	other.Close()
	_, err := direct.Read(make([]byte, 1))
	operation, ok := errors.AsType[*net.OpError](err)
	if !ok || operation.Op != "read" || !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("%v, want a reset", err)
	}
}

func TestTryRead(t *testing.T) {
	direct, other := pair(t)
	defer direct.Close()
	defer other.Close()
	raw, err := direct.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	try := func() (n int, err error) {
		failed := raw.Control(func(fd uintptr) { n, err = socket.TryRead(fd, make([]byte, 8)) })
		if failed != nil {
			t.Fatal(failed)
		}
		return n, err
	}
	if _, err := try(); !errors.Is(err, syscall.EAGAIN) {
		t.Fatalf("nothing came: %v, want EAGAIN", err)
	}
	if _, err := other.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	for {
		n, err := try()
		if errors.Is(err, syscall.EAGAIN) {
			continue
		}
		if n != 3 || err != nil {
			t.Fatalf("%d bytes, %v", n, err)
		}
		return
	}
}
