//go:build unix

package https

import "syscall"

// silent reports whether nothing has come on a connection: no bytes, no end, no error. It takes
// nothing away.
func silent(raw syscall.RawConn) (is bool) {
	_ = raw.Control(func(fd uintptr) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		is = err == syscall.EAGAIN
	})
	return is
}
