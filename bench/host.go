package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

// host serves HTTP on one port of some loopback addresses. It can be down for a while: who connects
// then is refused.
type host struct {
	handler   http.Handler
	addresses int
	port      int
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

func (h *host) url(n int) string { return "http://" + h.address(n) + "/" }

func (h *host) up() error {
	h.server = &http.Server{Handler: h.handler, ReadHeaderTimeout: time.Minute}
	for n := range h.addresses {
		listener, err := net.Listen("tcp", h.address(n))
		if err != nil {
			return errors.Join(err, h.server.Close())
		}
		go func(server *http.Server) { _ = server.Serve(listener) }(h.server)
	}
	return nil
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
}
