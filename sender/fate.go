package sender

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"syscall"

	"hookline/sender/http1"
)

// errResend is what net/http returns when it would send a request again by itself, on another
// connection: see wire.
var errResend = errors.New("the connection was lost with the request on its way")

// errLeaving says that the receiver has told, by a GOAWAY, that it ends the connection: it is at
// work, and takes the request on another one.
var errLeaving = errors.New("the receiver has ended the connection")

// fate tells what has become of a request that net/http sent and that was not answered.
type fate struct {
	used  bool // the connection had been used before
	http2 bool
	sent  atomic.Bool // some of the request was written
}

// trace returns a context for the request.
func (f *fate) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			f.used = info.Reused
			if conn, ok := info.Conn.(*tls.Conn); ok {
				f.http2 = conn.ConnectionState().NegotiatedProtocol == "h2"
			}
		},
		WroteHeaders: func() { f.sent.Store(true) },
	})
}

// judge makes a *http1.LostError of the request's error, if it is one. What net/http would send
// again over HTTP/2 was not taken: it was above the last stream of a GOAWAY, or was refused. Over
// HTTP/1.1 net/http knows no more than that the connection had been used, and has ended without an
// answer. A GOAWAY that closes a connection leaves it open what was taken, so it may have been. The
// same is guessed where net/http has closed an HTTP/2 connection itself: it does so when the
// writing of one request fails, before it reads the GOAWAY that tells why, as at each graceful
// reload of Apache or lighttpd; and the other requests on it are not to blame.
func (f *fate) judge(err error) error {
	switch {
	case errors.Is(err, errResend):
		return &http1.LostError{Err: err, Sent: f.sent.Load() && !f.http2}
	case strings.Contains(err.Error(), "http2: server sent GOAWAY"): // net/http does not export it
		return &http1.LostError{Err: fmt.Errorf("%w: %w", errLeaving, err), Sent: true}
	case f.http2 && strings.Contains(err.Error(), "http2: client connection"): // force closed, or lost: likewise
		return &http1.LostError{Err: err, Sent: true}
	case f.used && ended(err):
		return &http1.LostError{Err: err, Sent: true}
	}
	return err
}

// ended reports whether an error tells that the connection has ended.
func ended(err error) bool {
	for _, target := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, target) {
			return true
		}
	}
	return strings.HasSuffix(err.Error(), "http: server closed idle connection") // net/http does not export it
}
