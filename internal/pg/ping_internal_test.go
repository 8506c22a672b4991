//go:build linux && !race

package pg

import (
	"context"
	"crypto/tls"
	"net"
	"testing"
	"time"

	"hookline/internal/socket"
)

func TestPings(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialled, err := new(net.Dialer).DialContext(context.Background(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer dialled.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	direct := socket.Direct(dialled)
	expect := func(what string, conn net.Conn, idle time.Duration, want bool) {
		t.Helper()
		if got := pings(conn, idle); got != want {
			t.Errorf("%s, idle for %s: pings %t, want %t", what, idle, got, want)
		}
	}
	secure := tls.Client(direct, &tls.Config{MinVersion: tls.VersionTLS12})
	expect("silent", direct, pingFrom, false)
	expect("silent", direct, pingAlways, false)
	expect("silent, over TLS", secure, pingAlways, false)
	expect("silent for long", direct, pingAlways+1, true)
	expect("cannot be told", server, pingFrom, false)
	expect("cannot be told", server, pingFrom+1, true)

	server.Close()
	for socket.Silent(direct) { // until the end has come
	}
	expect("ended", direct, pingFrom, false)
	expect("ended", direct, pingFrom+1, true)
	expect("ended, over TLS", secure, pingFrom+1, true)
}
