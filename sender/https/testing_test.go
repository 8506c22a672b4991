package https

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
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

// target returns the target of POSTs to a URL.
func target(t testing.TB, address, owner string) *Target {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	to, err := NewTarget(u, nil, owner, nil)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// post sends a small request and reads the answer.
func (t *Transport) post(to *Target, terms Terms) (status int, err error) {
	//nolint:bodyclose // it is closed below
	resp, err := t.Post(time.Now().Add(time.Hour), to, nil, []byte("text"), terms)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Body.Close()
}
