//go:build linux && !race

package socket

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// Direct returns a connection that reads and writes c without telling Go's scheduler. A connection
// of package net never blocks in the kernel, so there is nothing to tell; and who tells it wakes
// the runtime's monitor thread each time after the process has been idle, which then looks around
// for a while: a quarter of what an event costs when one comes at a time.
//
// It is a *net.TCPConn in all else. One goroutine may read at a time, and one may write. What is no
// *net.TCPConn is returned as it is.
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
	d.tryRead, d.tryWrite = d.readOnce, d.writeAll
	return d
}

type direct struct {
	*net.TCPConn
	raw               syscall.RawConn
	tryRead, tryWrite func(fd uintptr) (done bool) // made once
	in, out           transfer
}

// transfer is a call of Read or Write.
type transfer struct {
	p   []byte
	n   int
	err syscall.Errno
}

// Read is as net.Conn says.
func (d *direct) Read(p []byte) (int, error) {
	d.in = transfer{p: p}
	err := d.raw.Read(d.tryRead)
	n, errno := d.in.n, d.in.err
	d.in.p = nil
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
	d.out = transfer{p: p}
	err := d.raw.Write(d.tryWrite)
	n, errno := d.out.n, d.out.err
	d.out.p = nil
	switch {
	case err != nil:
		return n, named(err, "write")
	case errno != 0:
		return n, d.failed("write", errno)
	}
	return n, nil
}

// readOnce reads what is there, and reports whether anything was.
func (d *direct) readOnce(fd uintptr) (done bool) {
	if len(d.in.p) == 0 {
		return true
	}
	d.in.n, d.in.err = call(syscall.SYS_READ, fd, d.in.p)
	return d.in.err != syscall.EAGAIN
}

// writeAll writes on, and reports whether all is written.
func (d *direct) writeAll(fd uintptr) (done bool) {
	for d.out.n < len(d.out.p) {
		n, errno := call(syscall.SYS_WRITE, fd, d.out.p[d.out.n:])
		if d.out.n += n; errno != 0 {
			d.out.err = errno
			return errno != syscall.EAGAIN
		}
	}
	d.out.err = 0
	return true
}

// TryRead reads what a non-blocking file has, and fails with syscall.EAGAIN when that is nothing.
func TryRead(fd uintptr, p []byte) (n int, err error) {
	if n, errno := call(syscall.SYS_READ, fd, p); errno == 0 {
		return n, nil
	} else {
		return 0, errno
	}
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
