package sender

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"hookline/internal/socket"
	"hookline/sender/http1"
	"hookline/sender/https"
)

const (
	idleTimeout = 90 * time.Second // that a connection without a request is kept
	maxHeader   = 64 << 10         // bytes of an answer's header
	maxSessions = 1024             // of hosts, that can be resumed; each takes some 2 kB
)

// transport is what requests are sent by, over TLS or not. It knows no proxies: the guard would see
// the proxy's address in place of the receiver's.
type transport struct {
	dial   func(ctx context.Context, network, address string) (net.Conn, error) // through the guard
	plain  *http1.Transport
	secure *https.Transport
	tls    *tls.Config // of all, for the sessions that can be resumed
}

// newTransport returns a transport whose requests end when ctx does. handshake is told of
// each TLS handshake.
func newTransport(
	ctx context.Context, cfg Config, g *guard, handshake func(resumed bool),
) *transport {
	guarded := g.dialer(net.Dialer{Timeout: cfg.RequestTimeout})
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := guarded(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if cfg.Fence != nil { // connecting may have taken long
			if err := cfg.Fence(); err != nil {
				_ = conn.Close()
				return nil, err
			}
		}
		return socket.Direct(conn), nil
	}
	sessions := &tls.Config{
		MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(maxSessions),
	}
	return &transport{
		dial: dial,
		plain: http1.New(ctx, http1.Config{
			Dial:           dial,
			MaxIdle:        cfg.MaxInFlight,
			MaxIdleTotal:   cfg.MaxRequests,
			IdleTimeout:    idleTimeout,
			MaxHeaderBytes: maxHeader,
			BodyTimeout:    drainTime,
		}),
		secure: https.New(ctx, https.Config{
			Dial: dial, TLS: sessions, DialTimeout: cfg.RequestTimeout,
			MaxIdleTotal: cfg.MaxRequests, IdleTimeout: idleTimeout,
			MaxHeaderBytes: maxHeader, BodyTimeout: drainTime, Handshake: handshake,
		}),
		tls: sessions,
	}
}

// CloseIdleConnections closes the connections without a request.
func (t *transport) CloseIdleConnections() {
	t.plain.CloseIdleConnections()
	t.secure.CloseIdleConnections()
}
