//go:build unix && (!linux || race)

package socket

import (
	"net"
	"syscall"
)

// Direct returns c.
func Direct(c net.Conn) net.Conn { return c }

// Silent returns false.
func Silent(net.Conn) bool { return false }

// Empty reports whether nothing has come to a socket that was not read: no byte, no end and no
// error. It takes no byte away.
func Empty(fd uintptr) bool {
	var b [1]byte
	_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return err == syscall.EAGAIN
}

// TryRead reads what a non-blocking file has, and fails with syscall.EAGAIN when that is nothing.
func TryRead(fd uintptr, p []byte) (n int, err error) { return syscall.Read(int(fd), p) }
