//go:build unix

package http1

import (
	"errors"
	"syscall"

	"hookline/internal/socket"
)

// prepareProbe makes probe, once for all requests.
func (c *Conn) prepareProbe() {
	sc, ok := c.Conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	c.raw = raw
	c.probe = func(fd uintptr) bool {
		var b [1]byte
		// does not wait: the connections of package net are non-blocking
		_, err := socket.TryRead(fd, b[:])
		c.silent = errors.Is(err, syscall.EAGAIN)
		return true
	}
}

// quiet is Quiet of a plain connection.
func (c *Conn) quiet() bool {
	return c.raw == nil || c.raw.Read(c.probe) == nil && c.silent
}
