package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"time"
)

// host serves HTTP on one port of some loopback addresses. It can be down for a while: who connects
// then is refused.
type host struct {
	handler   http.Handler
	addresses int
	port      int
	protocol  string
	shows     *certificate // nil over plain HTTP
	server    *http.Server // nil while it is down
}

// newHost returns a host that is down.
func newHost(handler http.Handler, addresses int) (*host, error) {
	port, err := keptPort()
	return &host{handler: handler, addresses: addresses, port: port}, err
}

// keptPort returns a free port that no system gives to whoever asks for any port, so that it stays
// free while its host is down.
func keptPort() (int, error) {
	// Linux gives from 32,768 on, most others from 49,152 on
	const first, ports, tries = 20_000, 10_000, 100
	var errs []error
	for range tries {
		port := first + rand.IntN(ports)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, l.Close()
		}
		errs = append(errs, err)
	}
	return 0, errors.Join(errs...)
}

// address returns that of a number below h.addresses.
func (h *host) address(n int) string {
	return fmt.Sprintf("127.0.%d.%d:%d", n/250, 1+n%250, h.port)
}

func (h *host) url(n int) string {
	if h.shows != nil {
		return "https://" + h.address(n) + "/"
	}
	return "http://" + h.address(n) + "/"
}

// env is what a process is to be started with so that it trusts the host.
func (h *host) env() []string {
	if h.shows == nil {
		return nil
	}
	return []string{h.shows.trust()}
}

func (h *host) up() error {
	h.server = &http.Server{Handler: h.handler, ReadHeaderTimeout: time.Minute}
	if h.shows != nil {
		h.server.TLSConfig = &tls.Config{GetCertificate: h.certificate}
		h.server.Protocols = new(http.Protocols)
		h.server.Protocols.SetHTTP1(h.protocol == tlsHTTP1)
		h.server.Protocols.SetHTTP2(h.protocol == tlsHTTP2)
	}
	for n := range h.addresses {
		listener, err := net.Listen("tcp", h.address(n))
		if err != nil {
			return errors.Join(err, h.server.Close())
		}
		go h.serve(h.server, listener)
	}
	return nil
}

// certificate is one for the address that somebody connects to: one for all of a thousand would be
// larger than that of any host.
func (h *host) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if h.addresses == 1 {
		return &h.shows.Certificate, nil
	}
	return h.shows.sign(hello.Conn.LocalAddr().(*net.TCPAddr).IP)
}

func (h *host) serve(server *http.Server, listener net.Listener) {
	if h.shows != nil {
		_ = server.ServeTLS(listener, "", "")
	} else {
		_ = server.Serve(listener)
	}
}

// down answers what has been asked, and refuses connections from now on.
func (h *host) down(ctx context.Context) error {
	server := h.server
	h.server = nil
	return server.Shutdown(ctx)
}

// close ends the host, whatever it is doing.
func (h *host) close() {
	if h.server != nil {
		_ = h.server.Close()
	}
	if h.shows != nil {
		_ = os.RemoveAll(h.shows.dir)
	}
}
