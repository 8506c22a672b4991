package http1

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// script is a connection on which comes what is in it, in pieces, and then nothing more.
type script struct {
	net.Conn
	pieces [][]byte
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.pieces[0])
	if s.pieces[0] = s.pieces[0][n:]; len(s.pieces[0]) == 0 {
		s.pieces = s.pieces[1:]
	}
	return n, nil
}

func (s *script) Write(p []byte) (int, error)      { return len(p), nil }
func (s *script) Close() error                     { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }
func (s *script) SetDeadline(time.Time) error      { return nil }

// FuzzAnswer compares with http.ReadResponse, whatever comes and however it is cut in two.
func FuzzAnswer(f *testing.F) {
	for _, answer := range []string{
		"", accepted, early, "HTTP/1.1 100 Continue\r\n\r\n" + accepted, "HTTP/1.1 101 Switching " +
			"Protocols\r\n\r\n", "HTTP/1.1 099 \r\n\r\n",
		"HTTP/1.0 200 OK\r\n\r\nabc", "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: " +
			"X-T\r\n\r\n3;x\r\nabc\r\n0\r\nX-T: t\r\n\r\n", accepted + accepted,
		"HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 5000) + "\r\n\r\nabc",
	} {
		f.Add([]byte(answer), 13)
	}
	f.Fuzz(func(t *testing.T, answer []byte, cut int) {
		const limit = 8 << 10
		cut = min(max(cut, 0), len(answer))
		var pieces [][]byte
		for _, piece := range [][]byte{bytes.Clone(answer[:cut]), bytes.Clone(answer[cut:])} {
			if len(piece) > 0 {
				pieces = append(pieces, piece)
			}
		}
		rt := newTripper(
			t,
			Config{
				MaxHeaderBytes: limit,
				MaxIdle:        1,
				Dial: func(context.Context, string, string) (net.Conn, error) {
					return &script{pieces: pieces}, nil
				},
			},
		)
		req := post(t, "http://h.test", "{}")
		var status int
		var body []byte
		resp, err := rt.RoundTrip(req)
		if err == nil {
			status = resp.StatusCode
			body, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}

		r := bufio.NewReaderSize(bytes.NewReader(answer), 4<<10)
		reference, wrong := http.ReadResponse(r, req) //nolint:bodyclose // nothing is behind it
		for wrong == nil && reference.StatusCode >= 100 && reference.StatusCode < 200 &&
			reference.StatusCode != 101 {
			reference, wrong = http.ReadResponse(r, req) //nolint:bodyclose // likewise
		}
		var wantStatus int
		var wantBody []byte
		if wrong == nil {
			wantStatus = reference.StatusCode
			wantBody, wrong = io.ReadAll(reference.Body)
		}
		if err != nil && strings.Contains(err.Error(), "exceeded") && len(answer) >= limit {
			return
		}
		if status != wantStatus || !bytes.Equal(body, wantBody) || (err == nil) != (wrong == nil) {
			t.Errorf("status %d, body %q, %v; http.ReadResponse: %d, %q, %v", status, body, err, wantStatus,
				wantBody, wrong)
		}
		if kept := rt.pool.take("h.test:80"); kept != nil && (err != nil || reference.Close) {
			t.Errorf("the connection was kept after %v", err)
		}
	})
}
