package http1

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"hookline/sender/answertest"
)

// Whatever a receiver answers, it is the same to net/http.
func TestAnswers(t *testing.T) {
	made := map[string]func(*testing.T) answertest.Transport{}
	for kind, newTransport := range transports {
		made[kind] = func(*testing.T) answertest.Transport {
			return newTransport(new(net.Dialer).DialContext)
		}
	}
	answertest.Run(t, nil, made)
}

// However an answer is cut into pieces, it is the same.
func TestFragments(t *testing.T) {
	const answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nX-A: " +
		"a\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3\r\nabc\r\n0\r\nX-T: t\r\n\r\n"
	want := answertest.Result{
		Status: 202, Proto: "HTTP/1.1", Length: -1, Body: "abc", Trailer: "t",
	}
	reply := func(pieces ...string) func(net.Conn) {
		return func(c net.Conn) {
			r := bufio.NewReader(c)
			for {
				req, err := http.ReadRequest(r)
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, req.Body)
				for _, piece := range pieces {
					_, _ = io.WriteString(c, piece)
				}
			}
		}
	}
	for i := range len(answer) {
		pieces := []string{answer[:i], answer[i:]}
		if i == 0 {
			pieces = strings.Split(answer, "")
		}
		rt := newTripper(t, Config{Dial: pipes(reply(pieces...)), MaxIdle: 1})
		for range 2 {
			if got := answertest.Ask(t, rt, "http://pieces.test/"); got != want {
				t.Errorf("cut at %d: got %+v, want %+v", i, got, want)
			}
		}
		rt.CloseIdleConnections()
	}
}
