//go:build linux && !race

package socket

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"unsafe"
)

// Direct returns a connection that reads and writes c without telling Go's scheduler. A connection
// of package net never blocks in the kernel, so there is nothing to tell; and who tells it wakes
// the runtime's monitor thread each time after the process has been idle, which then looks around
// for a while: a quarter of what an event costs when one comes at a time.
//
// It is a *net.TCPConn in all else. What is none is returned as it is.
func Direct(c net.Conn) net.Conn {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return c
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return c
	}
	d := &direct{TCPConn: tcp, raw: raw}
	d.in.try, d.out.try = d.in.readOnce, d.out.writeAll
	return d
}

type direct struct {
	*net.TCPConn
	raw     syscall.RawConn
	in, out transfer
}

// transfer is a call of Read or Write; one at a time.
type transfer struct {
	mu  sync.Mutex
	try func(fd uintptr) (done bool) // made once
	p   []byte
	n   int
	err syscall.Errno
}

// Read is as net.Conn says.
func (d *direct) Read(p []byte) (int, error) {
	n, errno, err := d.in.run(d.raw.Read, p)
	switch {
	case err != nil:
		return 0, named(err, "read")
	case errno != 0:
		return 0, d.failed("read", errno)
	case n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return n, nil
}

// Write is as net.Conn says.
func (d *direct) Write(p []byte) (int, error) {
	n, errno, err := d.out.run(d.raw.Write, p)
	switch {
	case err != nil:
		return n, named(err, "write")
	case errno != 0:
		return n, d.failed("write", errno)
	}
	return n, nil
}

// run has package net try until it is done, or time is over.
func (t *transfer) run(
	until func(func(fd uintptr) bool) error, p []byte,
) (n int, errno syscall.Errno, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.p, t.n, t.err = p, 0, 0
	err = until(t.try)
	t.p = nil
	return t.n, t.err, err
}

// readOnce reads what is there, and reports whether anything was.
func (t *transfer) readOnce(fd uintptr) (done bool) {
	if len(t.p) == 0 {
		return true
	}
	t.n, t.err = call(syscall.SYS_READ, fd, t.p)
	return t.err != syscall.EAGAIN
}

// writeAll writes on, and reports whether all is written.
func (t *transfer) writeAll(fd uintptr) (done bool) {
	for t.n < len(t.p) {
		n, errno := call(syscall.SYS_WRITE, fd, t.p[t.n:])
		t.n += n
		if t.err = errno; errno != 0 {
			return errno != syscall.EAGAIN
		}
	}
	t.err = 0
	return true
}

// TryRead reads what a non-blocking file has, and fails with syscall.EAGAIN when that is nothing.
func TryRead(fd uintptr, p []byte) (n int, err error) {
	n, errno := call(syscall.SYS_READ, fd, p)
	if errno != 0 {
		return 0, errno
	}
	return n, nil
}

// Silent reports whether nothing has come over a direct connection that was not read: no byte, no
// end and no error. It takes no byte away, and is false where that cannot be told.
func Silent(c net.Conn) bool {
	d, ok := c.(*direct)
	if !ok {
		return false
	}
	silent := false
	err := d.raw.Control(func(fd uintptr) { silent = Empty(fd) })
	return err == nil && silent
}

// Empty reports whether nothing has come to a socket that was not read, as Silent does.
func Empty(fd uintptr) bool {
	var b [1]byte
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&b[0])),
		1, syscall.MSG_PEEK|syscall.MSG_DONTWAIT, 0, 0)
	return errno == syscall.EAGAIN
}

// call reads into p or writes of it, which has at least a byte.
func call(trap, fd uintptr, p []byte) (n int, err syscall.Errno) {
	for {
		r, _, errno := syscall.RawSyscall(trap, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		switch errno {
		case 0:
			return int(r), 0
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}

// failed returns the error that package net would.
func (d *direct) failed(operation string, errno syscall.Errno) error {
	return &net.OpError{
		Op: operation, Net: "tcp", Source: d.LocalAddr(), Addr: d.RemoteAddr(),
		Err: os.NewSyscallError(operation, errno),
	}
}

// named names the operation in an error of package net.
func named(err error, operation string) error {
	if failed, ok := errors.AsType[*net.OpError](err); ok {
		failed.Op = operation
	}
	return err
}
