//go:build unix

package https

import (
	"errors"
	"io"
	"syscall"

	"hookline/internal/socket"
)

// look is what a wire looks with, made once for all requests.
type look struct {
	peek  func(fd uintptr)
	take  func(fd uintptr) bool
	quiet bool   // set by peek
	into  []byte // for take
	n     int    // set by take, as is the next
	err   error
}

// prepare gets ready to look, where the connection can be looked at.
func (w *wire) prepare() {
	sc, ok := w.Conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	w.raw = raw
	w.peek = func(fd uintptr) {
		w.quiet = socket.Empty(fd)
	}
	w.take = func(fd uintptr) bool {
		// does not wait: the connections of package net are non-blocking
		w.n, w.err = socket.TryRead(fd, w.into)
		return true
	}
}

// silent reports whether nothing has come: no bytes, no end, no error. It takes nothing away.
func (w *wire) silent() bool {
	err := w.raw.Control(w.peek)
	return err == nil && w.quiet
}

// readNow reads what is there, and fails with errNothing when nothing is.
func (w *wire) readNow(p []byte) (int, error) {
	w.into = p
	err := w.raw.Read(w.take)
	w.into = nil
	switch {
	case err != nil:
		return 0, err
	case errors.Is(w.err, syscall.EAGAIN):
		return 0, errNothing
	case w.err != nil:
		return 0, w.err
	case w.n == 0:
		return 0, io.EOF
	}
	return w.n, nil
}
