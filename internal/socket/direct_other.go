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

// TryRead reads what a non-blocking file has, and fails with syscall.EAGAIN when that is nothing.
func TryRead(fd uintptr, p []byte) (n int, err error) { return syscall.Read(int(fd), p) }
