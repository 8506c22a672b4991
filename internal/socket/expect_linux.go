package socket

import (
	"net"
	"syscall"
	"time"
)

const tcpUserTimeout = 18 // TCP_USER_TIMEOUT, which package syscall does not know

// Expect has a TCP connection fail with ETIMEDOUT when the other side has acknowledged nothing for
// so long: what was sent, or that it is still there while nothing is. Otherwise the kernel goes on
// for a quarter of an hour. It does nothing to other connections.
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
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	// A kernel that knows nothing of it is none to run on (2.6.37).
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout,
			int(within/time.Millisecond))
	})
}
