//go:build !linux

package socket

import (
	"net"
	"time"
)

func expectAcknowledged(*net.TCPConn, time.Duration) {}
