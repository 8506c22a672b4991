//go:build !linux

package socket

import (
	"net"
	"time"
)

// Expect has a TCP connection fail when the other side has not said for so long that it is still
// there, while nothing is sent.
func Expect(c net.Conn, within time.Duration) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{
			Enable: true, Idle: within / 2, Interval: within / 4, Count: 2,
		})
	}
}
