//go:build unix

package http1

import (
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"

	"hookline/sender/answertest"
)

// An idle connection that the receiver has closed, or on which it has sent something unasked, is
// not used again.
func TestLeavesDeadConnections(t *testing.T) {
	for name, spoil := range map[string]func(net.Conn){
		"closed":     func(c net.Conn) { c.Close() },
		"reset":      func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); c.Close() },
		"half ended": func(c net.Conn) { _ = c.(*net.TCPConn).CloseWrite() },
		"a 408": func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
		},
		"an answer": func(c net.Conn) { _, _ = io.WriteString(c, accepted) },
	} {
		t.Run(name, func(t *testing.T) {
			accepting := make(chan net.Conn, 1)
			address := answertest.Listen(t, nil,
				func(c net.Conn) {
					accepting <- c
					answering("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", nil)(c)
				},
				answering("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", nil),
			)
			rt := newTripper(t, Config{Dial: new(net.Dialer).DialContext, MaxIdle: 1})
			defer rt.CloseIdleConnections()
			for range 2 {
				if status, _ := must(t, rt, post(t, "http://"+address, "{}")); status != 201 {
					t.Fatalf("status %d", status)
				}
			}
			spoil(await(t, accepting, "connection"))
			idle := rt.pool.idle[address][0]
			eventually(t, "news on the idle connection", func() (news bool) {
				err := idle.raw.Control(func(fd uintptr) {
					_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK)
					news = !errors.Is(err, syscall.EAGAIN)
				})
				return news || err != nil
			})
			if status, _ := must(t, rt, post(t, "http://"+address, "{}")); status != 202 {
				t.Errorf("status %d, want 202 from another connection", status)
			}
		})
	}
}

// A connection over which the receiver has said that it is the wrong one is not used again.
func TestLeavesMisdirected(t *testing.T) {
	address := answertest.Listen(t, nil,
		answering("HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n", nil),
		answering("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", nil))
	rt := newTripper(t, Config{Dial: new(net.Dialer).DialContext, MaxIdle: 1})
	defer rt.CloseIdleConnections()
	for _, want := range []int{421, 202} {
		if status, _ := must(t, rt, post(t, "http://"+address, "{}")); status != want {
			t.Errorf("status %d, want %d", status, want)
		}
	}
}

// What comes with an answer, and is more than the answer, does not become that to the next request.
func TestDropsWhatFollows(t *testing.T) {
	const twice = "HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 500 " +
		"Forged\r\nContent-Length: 0\r\n\r\n"
	address := answertest.Listen(t, nil, answering(twice, nil))
	dial, dials := counting(new(net.Dialer).DialContext)
	rt := newTripper(t, Config{Dial: dial, MaxIdle: 1})
	for range 3 {
		if status, body := must(t, rt, post(t, "http://"+address, "{}")); status != http.StatusCreated ||
			body != "abc" {
			t.Errorf("status %d, body %q", status, body)
		}
	}
	if dials.Load() != 3 {
		t.Errorf("%d connections, want 3", dials.Load())
	}
}
