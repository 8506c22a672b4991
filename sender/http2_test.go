package sender

import (
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"testing"
	"time"
)

// What an HTTP/2 receiver sends for the first request, frame by frame, and what comes of it.
func TestHTTP2Answers(t *testing.T) {
	const (
		endStream, endHeaders = 1, 4
		status200, status500  = 0x88, 0x8e // as HPACK has them
	)
	answer := []byte{0, 0, 1, 1, endStream | endHeaders, 0, 0, 0, 1, status200}
	failure := []byte{0, 0, 1, 1, endStream | endHeaders, 0, 0, 0, 1, status500}
	reset := func(code byte) []byte { return []byte{0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, code} }
	leaving := func(last byte) []byte {
		return []byte{0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, last, 0, 0, 0, 0}
	}
	for name, test := range map[string]struct {
		frames   [][]byte
		want     Outcome
		again    int // requests that come after that, on other connections
		resent   float64
		endsConn bool
	}{
		"an answer":                              {[][]byte{answer}, Delivered, 0, 0, false},
		"an answer, and NO_ERROR behind it":      {[][]byte{answer, reset(0)}, Delivered, 0, 0, false},
		"an answer, and CANCEL behind it":        {[][]byte{answer, reset(8)}, Delivered, 0, 0, false},
		"an answer, and STREAM_CLOSED behind it": {[][]byte{answer, reset(5)}, Delivered, 0, 0, false},
		"GOAWAY before the answer":               {[][]byte{leaving(1), answer}, Delivered, 0, 0, false},
		"a refusal":                              {[][]byte{failure, reset(0)}, Failed, 0, 0, false},
		"NO_ERROR without an answer":             {[][]byte{reset(0)}, Failed, 0, 0, false},
		"INTERNAL_ERROR":                         {[][]byte{reset(2)}, Failed, 0, 0, false},
		"PROTOCOL_ERROR":                         {[][]byte{reset(1)}, Failed, 0, 0, false},
		"ENHANCE_YOUR_CALM":                      {[][]byte{reset(11)}, Failed, 0, 0, false},
		"HTTP_1_1_REQUIRED":                      {[][]byte{reset(13)}, Failed, 0, 0, false},
		"REFUSED_STREAM":                         {[][]byte{reset(7)}, Delivered, 1, 0, false},
		"REFUSED_STREAM, then STREAM_CLOSED":     {[][]byte{reset(7), reset(5)}, Delivered, 1, 0, false},
		"PROTOCOL_ERROR after GOAWAY": {
			[][]byte{leaving(1), reset(1)},
			Delivered, 1, 1,
			false,
		},
		"GOAWAY, and the end": {[][]byte{leaving(1)}, Delivered, 1, 1, true},
		"GOAWAY that counts less, later": {
			[][]byte{leaving(127), leaving(0)},
			Delivered, 1, 0,
			true,
		},
		"the end of a connection made for it": {nil, Failed, 0, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			hits := make(chan hit, 9)
			server := httptest.NewUnstartedServer(recording(t, hits, nil))
			server.EnableHTTP2 = true
			listener := &firstConns{Listener: server.Listener, first: 1}
			listener.handle = func(c net.Conn) {
				defer func() { _ = c.Close() }()
				conn := tls.Server(c, server.TLS)
				if _, err := replyAfter(conn, test.frames...); err != nil {
					t.Errorf("HTTP/2 by hand: %v", err)
				}
				if test.endsConn {
					_ = conn.CloseWrite()
				}
				_, _ = io.Copy(io.Discard, conn)
			}
			server.Listener = listener
			server.StartTLS()
			s := newSender(t, Config{RetrySchedule: []time.Duration{time.Hour}})
			t.Cleanup(func() { s.transport.CloseIdleConnections(); server.Close(); listener.done.Wait() })
			s.trust(server.Certificate())
			v, _ := s.once(newEvent(1, 1), subscription("a", server.URL), 1, nil)
			if got := s.metric("hookline_resent_requests_total", ""); v.Outcome != test.want ||
				len(hits) != test.again ||
				got != test.resent {
				t.Errorf("%+v, %d more requests, %v resent; want %s, %d, %v", v, len(hits), got, test.want,
					test.again, test.resent)
			}
		})
	}
}
