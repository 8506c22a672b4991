package http1

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

// deaf is a connection that takes nothing.
type deaf struct{ script }

func (d *deaf) Write([]byte) (int, error) {
	return 0, &net.OpError{Op: "write", Err: syscall.EPIPE}
}

const (
	timeout = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n"
	ending  = "Connection: close\r\n\r\n"
)

// A 408 is an answer on a connection that was made for the request, and where it goes on.
func TestTimeoutIsAnAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		pieces []string
		before bool
	}{
		"made for it":   {[]string{timeout + ending}, false},
		"used, goes on": {[]string{accepted, timeout + "\r\n"}, true},
		"used, the request was begun": {
			[]string{accepted, "HTTP/1.1 103 Early Hints\r\n\r\n" + timeout + ending}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			conn := &script{}
			for _, piece := range test.pieces {
				conn.pieces = append(conn.pieces, []byte(piece))
			}
			rt := newTripper(t, Config{
				MaxIdle: 1,
				Dial:    func(context.Context, string, string) (net.Conn, error) { return conn, nil },
			})
			if test.before {
				must(t, rt, post(t, "http://h.test", "{}"))
			}
			if status, _ := must(t, rt, post(t, "http://h.test", "{}")); status != 408 {
				t.Errorf("status %d, want 408", status)
			}
		})
	}
}

// What is told of a request that got no answer: whether it can be sent again, and whether some of
// it was written.
func TestLost(t *testing.T) {
	for name, test := range map[string]struct {
		conn        net.Conn
		before      bool // a request is answered first
		again, sent bool
	}{
		"made for it, nothing written": {conn: &deaf{}, again: true},
		"made for it, no answer":       {conn: &script{}},
		"used, no answer": {
			conn: &script{pieces: [][]byte{[]byte(accepted)}}, before: true,
			again: true, sent: true,
		},
		"used, 408 and the end": {
			conn: &script{pieces: [][]byte{[]byte(accepted), []byte(timeout + ending)}}, before: true,
			again: true, sent: true,
		},
		"used, half an answer": {
			conn: &script{pieces: [][]byte{[]byte(accepted), []byte("HTTP/1.1 2")}}, before: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			rt := newTripper(
				t,
				Config{
					MaxIdle: 1,
					Dial:    func(context.Context, string, string) (net.Conn, error) { return test.conn, nil },
				},
			)
			if test.before {
				must(t, rt, post(t, "http://h.test", "{}"))
			}
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			resp, err := rt.RoundTrip(post(t, "http://h.test", "{}").WithContext(ctx))
			if err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				t.Fatal("there is an answer")
			}
			lost, again := errors.AsType[*LostError](err)
			if again != test.again || again && lost.Sent != test.sent {
				t.Errorf("%v: again %t, %+v; want again %t, sent %t", err, again, lost, test.again, test.sent)
			}
		})
	}
}
