package sender

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"hookline/sender/http1"
)

const idleTimeout = 90 * time.Second // that a connection without a request is kept

// transport is what requests are sent by: plain ones by Hookline's own means, which take less of everything, and all others by net/http's.
type transport struct {
	plain *http1.Transport
	other *http.Transport
}

func (t *transport) CloseIdleConnections() {
	t.plain.CloseIdleConnections()
	t.other.CloseIdleConnections()
}

// newTransport returns a transport whose plain requests end when ctx does. It has no Proxy: the guard would see the proxy's address in place of
// the receiver's.
func newTransport(ctx context.Context, cfg Config, g *guard) *transport {
	const maxHeader = 64 << 10
	dial := g.dialer(net.Dialer{Timeout: cfg.RequestTimeout})
	plain := http1.New(ctx, http1.Config{
		Dial: dial, MaxIdle: cfg.MaxInFlight, MaxIdleTotal: cfg.maxAttempts, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, BodyTimeout: drainTime,
	})
	other := &http.Transport{
		DialContext: dial,
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			ClientSessionCache: tls.NewLRUClientSessionCache(0),
		},
		TLSHandshakeTimeout:    cfg.RequestTimeout,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    cfg.MaxInFlight,
		MaxIdleConns:           cfg.maxAttempts,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true, // no answer is read
		// An HTTP/2 connection carries many requests: when it is dead, that must be found out before they have all timed out.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
	}
	return &transport{plain, other}
}
