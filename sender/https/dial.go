package https

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"
)

// dial is the opening of a connection, for all who wait for it.
type dial struct {
	began time.Time
	alone bool // for one request

	// Guarded by pool.mu.
	waiters int
	ended   bool
	conn    *conn // then, for the first who takes it
	err     error // likewise, for all
}

// open opens a connection.
func (p *pool) open(alone bool) (*conn, error) {
	t := p.transport
	ctx, cancel := context.WithTimeout(t.limits.Context, t.cfg.DialTimeout)
	defer cancel()
	began := time.Now()
	raw, err := t.cfg.Dial(ctx, "tcp", p.address)
	if err != nil {
		return nil, cause(ctx, err)
	}
	w := newWire(raw)
	encrypted := tls.Client(w, config(p.tls, p.address))
	if err := encrypted.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		if plain, ok := errors.AsType[tls.RecordHeaderError](err); ok &&
			string(plain.RecordHeader[:]) == "HTTP/" {
			err = http.ErrSchemeMismatch
		}
		return nil, cause(ctx, err)
	}
	if t.cfg.Handshake != nil {
		t.cfg.Handshake(encrypted.ConnectionState().DidResume)
	}
	c := newConn(p, &secured{Conn: encrypted, wire: w}, began, alone)
	t.opened(c)
	c.start()
	return c, nil
}

// cause returns why opening a connection failed: err, or the end of its context, which a dialler or
// a handshake words in ways of its own.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// config returns what a handshake with a host is made with. Servers that speak both protocols
// choose HTTP/2.
func config(identity *tls.Config, address string) *tls.Config {
	cfg := identity.Clone()
	cfg.NextProtos = []string{"h2", "http/1.1"}
	cfg.DynamicRecordSizingDisabled = true // a request is one record, the first ones as well
	if cfg.ServerName == "" {
		cfg.ServerName, _, _ = net.SplitHostPort(address)
	}
	return cfg
}
