package campaign

import (
	"context"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"hookline/e2e"
)

// receiverReloads is no fault: nobody must notice it.
const receiverReloads fault = "a receiver reloads gracefully"

// reloader is a receiver by HTTP/2 that is always well, and is replaced while it runs: what is
// under way is finished by the one before, and new connections go to the next one, as at a web
// server that reads a new certificate.
type reloader struct {
	*hook
	listener net.Listener
	certs    *http.Server // its TLS settings go for all

	mu      sync.Mutex
	current *turn
	done    sync.WaitGroup
}

// turn is one server's share of the connections.
type turn struct {
	net.Listener
	server *http.Server
	conns  chan net.Conn
	ended  chan struct{}
	once   sync.Once // closes ended
}

func (l *turn) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.ended:
		return nil, net.ErrClosed
	}
}

// Close ends Accept. The port stays open for the next one.
func (l *turn) Close() error {
	l.once.Do(func() { close(l.ended) })
	return nil
}

// newReloader adds a webhook for all events, and has Hookline trust its receiver.
func (c *campaign) newReloader() *reloader {
	c.t.Helper()
	model := httptest.NewTLSServer(nil) // for its certificate
	c.t.Cleanup(model.Close)
	path := filepath.Join(c.t.TempDir(), "certificate.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: model.Certificate().Raw})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		c.t.Fatal(err)
	}
	c.settings = append(c.settings, "SSL_CERT_FILE="+path)

	h := &hook{Inbox: e2e.NewInbox(c.t)}
	r := &reloader{hook: h, listener: listenLow(c.t), certs: &http.Server{TLSConfig: model.TLS}}
	h.Server.URL = "https://" + r.listener.Addr().String()
	h.id = c.db.AddWebhook(h.Inbox, "*.*")
	r.next()
	go r.accept()
	c.t.Cleanup(func() {
		r.listener.Close()
		r.current.server.Close()
		r.done.Wait()
	})
	return r
}

// accept hands connections to the server whose turn it is.
func (r *reloader) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.hand(conn)
	}
}

// hand gives a connection to the server whose turn it is.
func (r *reloader) hand(conn net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current.conns <- conn
}

// next starts a server for new connections and returns the one before.
func (r *reloader) next() (before *turn) {
	now := &turn{Listener: r.listener, conns: make(chan net.Conn, 1000), ended: make(chan struct{})}
	now.server = &http.Server{
		Handler: r.Server.Config.Handler, TLSConfig: r.certs.TLSConfig.Clone(),
		ErrorLog: log.New(io.Discard, "", 0), // handshakes end when Hookline is killed
	}
	now.server.TLSConfig.NextProtos = []string{"h2", "http/1.1"}
	r.done.Go(func() { _ = now.server.ServeTLS(now, "", "") })
	r.mu.Lock()
	defer r.mu.Unlock()
	before, r.current = r.current, now
	return before
}

// reload replaces the server, and lets the one before finish.
func (r *reloader) reload() {
	before := r.next()
	r.done.Go(func() {
		_ = before.server.Shutdown(context.Background())
		for len(before.conns) > 0 { // accepted, and not taken by then
			r.hand(<-before.conns)
		}
	})
}

// judgeReloads checks that no attempt at the receiver that reloads has failed, but for those that a
// machine short of breath did not answer in time.
func (c *campaign) judgeReloads() {
	c.t.Helper()
	for _, p := range c.launched {
		for line := range strings.Lines(p.Log.String()) {
			if strings.Contains(line, "attempt failed") && strings.Contains(line, c.reloader.id) &&
				!strings.Contains(line, "no answer within") {
				c.t.Errorf("a graceful reload of the receiver was taken for a failure: %s", line)
			}
		}
	}
}
