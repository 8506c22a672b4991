package socket

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// expectAcknowledged bounds how long what was sent may be unacknowledged.
func expectAcknowledged(tcp *net.TCPConn, within time.Duration) {
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	// A kernel that knows nothing of it is none to run on (2.6.37).
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT,
			int(within/time.Millisecond))
	})
}
