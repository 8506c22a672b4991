package pg

import (
	"net"
	"time"

	"hookline/internal/socket"
)

const (
	pingFrom   = time.Second      // a connection that has been idle for less is taken as it is
	pingAlways = 30 * time.Second // and one that has been for longer may be gone without a word
)

// pings reports whether a connection that has been idle is asked for an answer before it is used.
// Between the limits that is only one over which something has come: a server that ends a
// connection says so.
func pings(conn net.Conn, idle time.Duration) bool {
	if idle <= pingFrom || idle > pingAlways {
		return idle > pingAlways
	}
	if over, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = over.NetConn()
	}
	return !socket.Silent(conn)
}
