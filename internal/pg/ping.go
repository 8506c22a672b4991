package pg

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/internal/socket"
)

const (
	pingFrom   = time.Second      // a connection that has been idle for less is taken as it is
	pingAlways = 30 * time.Second // and one that has been for longer may be gone without a word
	pingWithin = 5 * time.Second  // it has to answer, or another one is made

	// A connection fails when the other side has not acknowledged for so long what was sent. A server
	// that is at work acknowledges what it does not read yet, while there is room for it; so this is
	// longer than it ever lets a statement wait for a lock.
	vanished = time.Minute
)

// pinger says which connections of a pool are asked for an answer before they are used.
type pinger struct{ lost atomic.Int64 } // when one was last lost that was in use, Unix ns

// watch has a pool ask those that a pinger chooses.
func (p *pinger) watch(config *pgxpool.Config) {
	config.PingTimeout = pingWithin
	config.ShouldPing = func(_ context.Context, params pgxpool.ShouldPingParams) bool {
		since := time.Now().Add(-params.IdleDuration)
		return since.UnixNano() <= p.lost.Load() ||
			pings(params.Conn.PgConn().Conn(), params.IdleDuration)
	}
	// What ended one connection without a word has ended the others that were idle then: each would
	// fail a statement.
	config.BeforeClose = func(conn *pgx.Conn) {
		if conn.IsClosed() {
			p.lost.Store(time.Now().UnixNano())
		}
	}
}

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
