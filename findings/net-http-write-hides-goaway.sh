#!/bin/sh
# net/http of Go 1.26.
#
# When the writing of one HTTP/2 request fails, the client closes the connection before it has read what lies there. A server that reloads
# gracefully says GOAWAY and closes, so the next request's write fails: all requests on the connection end in "client connection force
# closed", and which of them the server has taken, as the GOAWAY says, is lost.
#
# Shown without a network: a connection in memory brings SETTINGS; after the first write that fails, it would bring a GOAWAY.
#
# Seen: "http2: client connection force closed via ClientConn.Close", and the GOAWAY was not read.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >go.mod <<'GO'
module goaway

go 1.26
GO
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"
)

// conn takes the first request, and then nothing more.
type conn struct {
	net.Conn
	first  io.Reader
	mu     sync.Mutex
	deaf   bool
	failed chan struct{} // closed when it has taken nothing
	once   sync.Once
	last   io.Reader
}

func (c *conn) Read(p []byte) (int, error) {
	if n, err := c.first.Read(p); err == nil {
		return n, nil
	}
	<-c.failed
	time.Sleep(100 * time.Millisecond) // as long as the client takes to make up its mind
	return c.last.Read(p)
}

func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deaf {
		c.once.Do(func() { close(c.failed) })
		return 0, &net.OpError{Op: "write", Err: syscall.EPIPE}
	}
	return len(p), nil
}

func (c *conn) Close() error { return nil }

func main() {
	c := &conn{
		first:  strings.NewReader("\x00\x00\x00\x04\x00\x00\x00\x00\x00"),
		failed: make(chan struct{}),
		last:   strings.NewReader("\x00\x00\x08\x07\x00\x00\x00\x00\x00" + "\x00\x00\x00\x01" + "\x00\x00\x00\x00"),
	}
	var h2 http.Protocols
	h2.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{
		Protocols:   &h2,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return c, nil },
	}}
	errs := make(chan error)
	go func() {
		_, err := client.Post("http://h.test/", "text/plain", strings.NewReader("one"))
		errs <- err
	}()
	time.Sleep(200 * time.Millisecond) // the first request is sent
	c.mu.Lock()
	c.deaf = true
	c.mu.Unlock()
	go client.Post("http://h.test/", "text/plain", strings.NewReader("two"))
	fmt.Println(<-errs)
}
GO
go version
out=$(go run .)
echo "$out"
case "$out" in
*"client connection force closed via ClientConn.Close"*) ;;
*) echo "this is not what was seen before"; exit 1 ;;
esac
