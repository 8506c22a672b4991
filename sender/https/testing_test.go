package https

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

const patience = 30 * time.Second

// await returns what comes from c.
func await[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatalf("no %s within %s", what, patience)
	}
	return v
}

// receiverOf starts a server that the transport trusts.
func receiverOf(
	t *testing.T,
	cfg Config,
	prepare func(*httptest.Server),
	handle http.HandlerFunc,
) (*Transport, *httptest.Server) {
	t.Helper()
	server := httptest.NewUnstartedServer(handle)
	server.EnableHTTP2 = true
	if prepare != nil {
		prepare(server)
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	cfg.TLS = &tls.Config{RootCAs: roots, ClientSessionCache: tls.NewLRUClientSessionCache(0)}
	cfg.DialTimeout, cfg.IdleTimeout = cmp.Or(cfg.DialTimeout, patience), time.Hour
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{}).DialContext
	}
	transport := New(t.Context(), cfg)
	t.Cleanup(transport.CloseIdleConnections)
	return transport, server
}

// post sends a small request and reads the answer.
func (t *Transport) post(ctx context.Context, url string, terms Terms) (status int, err error) {
	const text = "text"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader([]byte(text)))
	if err != nil {
		return 0, err
	}
	resp, err := t.RoundTrip(req, terms)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Body.Close()
}

// tlsPair returns both ends of a TLS connection over TCP, of which the client's goes through wrap.
func tlsPair(t *testing.T, wrap func(net.Conn) net.Conn) (client, server *tls.Conn) {
	t.Helper()
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	t.Cleanup(certificate.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := listener.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}()
	c, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server = tls.Server(await(t, accepted, "connection"), &tls.Config{
		Certificates:           certificate.TLS.Certificates,
		NextProtos:             []string{"h2"},
		SessionTicketsDisabled: true,
	})
	roots := x509.NewCertPool()
	roots.AddCert(certificate.Certificate())
	client = tls.Client(wrap(c), &tls.Config{
		RootCAs: roots, ServerName: "example.com",
		NextProtos: []string{"h2"},
	})
	done := make(chan error, 1)
	go func() { done <- server.Handshake() }()
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := await(t, done, "handshake"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.NetConn().Close(); server.NetConn().Close() })
	return client, server
}
