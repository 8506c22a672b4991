package socket

import (
	"net"
	"time"
)

// Expect has a TCP connection fail with ETIMEDOUT when the other side has acknowledged nothing for
// so long: that it is still there while nothing is sent, and on Linux what was sent, too. Otherwise
// the kernel goes on for a quarter of an hour. It does nothing to other connections.
//
// https://man7.org/linux/man-pages/man7/tcp.7.html
func Expect(c net.Conn, within time.Duration) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{
		Enable: true, Idle: within / 2, Interval: within / 4, Count: 2,
	})
	expectAcknowledged(tcp, within)
}
