// Package answertest holds a transport against net/http's: whatever a receiver answers, and however
// it ends, both tell the same of it.
package answertest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Transport is what the one under test and net/http's have in common. It has room for one idle
// connection, and takes 64 KiB of header.
type Transport interface {
	http.RoundTripper
	CloseIdleConnections()
}

const accepted = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

// Result is what a caller sees of an answer.
type Result struct {
	Status  int
	Proto   string
	Length  int64
	Header  string // X-A
	Body    string
	Trailer string // X-T
	Failed  string // why there was no answer, or not all of its body
	Reused  bool   // the next request took the same connection
}

// kind names an error that both transports give in words of their own.
func kind(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "cut"
	case errors.Is(err, io.EOF):
		return "closed"
	}
	for _, text := range []string{
		"malformed", "exceeded", "invalid", "bad Content-Length",
		"multiple Content-Length", "unsupported transfer encoding",
	} {
		if strings.Contains(err.Error(), text) {
			return text
		}
	}
	return err.Error()
}

// Ask sends a small request and tells what came of it.
func Ask(t *testing.T, rt http.RoundTripper, url string) (r Result) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return Result{Failed: kind(err)}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	r = Result{
		Status:  resp.StatusCode,
		Proto:   resp.Proto,
		Length:  resp.ContentLength,
		Body:    string(body),
		Trailer: resp.Trailer.Get("X-T"),
		Failed:  kind(err),
	}
	if r.Status > 299 {
		r.Header = resp.Header.Get("X-A")
	}
	return r
}

// then is what a server does after its answer.
type then int

const (
	keepsOpen then = iota
	closes
	resets
)

// Run holds transports against each other, each of which is made anew for each answer. Receivers
// speak TLS if they are given what with, and HTTP/1.1 in any case.
func Run(t *testing.T, secure *tls.Config, transports map[string]func(*testing.T) Transport) {
	t.Helper()
	scheme := "http://"
	if secure != nil {
		scheme = "https://"
	}
	const ok, bad = "HTTP/1.1 200 OK\r\n", "HTTP/1.1 400 Bad Request\r\n"
	for name, test := range map[string]struct {
		answer string
		then   then
		want   Result
	}{
		"empty": {answer: accepted, want: Result{Status: 200, Reused: true}},
		"with length": {
			answer: ok + "X-A: a\r\nContent-Length: 3\r\n\r\nabc",
			want:   Result{Status: 200, Length: 3, Body: "abc", Reused: true},
		},
		"lines end in LF": {
			answer: "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc",
			want:   Result{Status: 200, Length: 3, Body: "abc", Reused: true},
		},
		"chunked": {
			answer: ok + "Transfer-Encoding: " +
				"chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n",
			want: Result{Status: 200, Length: -1, Body: "abc", Reused: true},
		},
		"chunked, empty": {
			answer: ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			want:   Result{Status: 200, Length: -1, Reused: true},
		},
		"trailer": {
			answer: ok + "Transfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3\r\nabc\r\n0\r\nX-T: t\r\n\r\n",
			want:   Result{Status: 200, Length: -1, Body: "abc", Trailer: "t", Reused: true},
		},
		"ends with the connection": {
			answer: ok + "\r\nabc", then: closes,
			want: Result{Status: 200, Length: -1, Body: "abc"},
		},
		"kept alive in words": {
			answer: ok + "Connection: Keep-Alive\r\nKeep-Alive: " +
				"timeout=5\r\nContent-Length: 2\r\n\r\nok",
			want: Result{Status: 200, Length: 2, Body: "ok", Reused: true},
		},
		"another protocol is offered": {
			answer: ok + "Upgrade: h2,h2c\r\nConnection: Upgrade, Keep-Alive\r\nContent-Length: 2\r\n\r\nok",
			want:   Result{Status: 200, Length: 2, Body: "ok", Reused: true},
		},
		"more than its length": {answer: ok + "Content-Length: 2\r\n\r\nokHTTP/1.1 500 " +
			"Forged\r\nContent-Length: 0\r\n\r\n", want: Result{Status: 200, Length: 2, Body: "ok"}},
		"space before the colon": {
			answer: ok + "X-A : a\r\nContent-Length: 0\r\n\r\n",
			want:   Result{Status: 200, Reused: true},
		},
		"404 with a header": {answer: "HTTP/1.1 404 Not Found\r\nX-A: " +
			"a\r\nContent-Length: 0\r\n\r\n", want: Result{Status: 404, Header: "a", Reused: true}},
		"no reason": {
			answer: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
			want:   Result{Status: 200, Reused: true},
		},
		"empty reason": {
			answer: "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
			want:   Result{Status: 200, Reused: true},
		},
		"204": {
			answer: "HTTP/1.1 204 No Content\r\n\r\n",
			want:   Result{Status: 204, Reused: true},
		},
		"204 with a length": {answer: "HTTP/1.1 204 No Content\r\nContent-Length: " +
			"3\r\n\r\n", want: Result{Status: 204, Reused: true}},
		"304": {answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: " +
			"0\r\n\r\n", want: Result{Status: 304, Reused: true}},
		"304 with a length": {answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: " +
			"3\r\n\r\n", want: Result{Status: 304, Reused: true}},
		"500": {
			answer: "HTTP/1.1 500 Oops\r\nContent-Length: 3\r\n\r\nabc",
			want:   Result{Status: 500, Length: 3, Body: "abc", Reused: true},
		},
		"999": {
			answer: "HTTP/1.1 999 Yes\r\nContent-Length: 0\r\n\r\n",
			want:   Result{Status: 999, Reused: true},
		},
		"100": {
			answer: "HTTP/1.1 100 Continue\r\n\r\n" + accepted,
			want:   Result{Status: 200, Reused: true},
		},
		"100, 103, 102": {
			answer: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early " +
				"Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + accepted,
			want: Result{Status: 200, Reused: true},
		},
		"100 and no more": {
			answer: "HTTP/1.1 100 Continue\r\n\r\n", then: closes,
			want: Result{Failed: "cut"},
		},
		"101": {
			answer: "HTTP/1.1 101 Switching Protocols\r\n\r\n", then: keepsOpen,
			want: Result{Status: 101},
		},
		"endless 1xx": {answer: strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: "+
			"</a>\r\n\r\n", 3000), want: Result{Failed: "exceeded"}},
		"HTTP/1.0": {
			answer: "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",
			want:   Result{Status: 200, Length: 3, Body: "abc"},
		},
		"HTTP/1.0 kept alive": {
			answer: "HTTP/1.0 200 OK\r\nConnection: " +
				"keep-alive\r\nContent-Length: 3\r\n\r\nabc",
			want: Result{Status: 200, Length: 3, Body: "abc", Reused: true},
		},
		"HTTP/1.0 without length": {
			answer: "HTTP/1.0 200 OK\r\n\r\nabc", then: closes,
			want: Result{Status: 200, Length: -1, Body: "abc"},
		},
		"Connection: close": {answer: ok + "Connection: close\r\nContent-Length: " +
			"3\r\n\r\nabc", want: Result{Status: 200, Length: 3, Body: "abc"}},
		"Connection: close, no body": {answer: ok + "Connection: foo, Close\r\nContent-Length: " +
			"0\r\n\r\n", want: Result{Status: 200}},
		"length and chunks": {
			answer: ok + "Content-Length: 1\r\nTransfer-Encoding: " +
				"chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
			want: Result{Status: 200, Length: -1, Body: "abc", Reused: true},
		},
		"length twice, the same": {answer: ok + "Content-Length: 3\r\nContent-Length: " +
			"3\r\n\r\nabc", want: Result{Status: 200, Length: 3, Body: "abc", Reused: true}},
		"length twice, not the same": {answer: ok + "Content-Length: 3\r\nContent-Length: " +
			"4\r\n\r\nabc", want: Result{Failed: "multiple Content-Length"}},
		"length is no number": {
			answer: ok + "Content-Length: three\r\n\r\nabc",
			want:   Result{Failed: "bad Content-Length"},
		},
		"length below zero": {
			answer: ok + "Content-Length: -3\r\n\r\nabc",
			want:   Result{Failed: "bad Content-Length"},
		},
		"other encoding": {
			answer: ok + "Transfer-Encoding: gzip\r\n\r\nabc",
			want:   Result{Failed: "unsupported transfer encoding"},
		},
		"chunk without size": {
			answer: ok + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
			want:   Result{Status: 200, Length: -1, Failed: "invalid"},
		},
		"chunks cut": {
			answer: ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nab",
			then:   closes, want: Result{Status: 200, Length: -1, Body: "ab", Failed: "cut"},
		},
		"body cut": {
			answer: ok + "Content-Length: 9\r\n\r\nabc", then: closes,
			want: Result{Status: 200, Length: 9, Body: "abc", Failed: "cut"},
		},
		"body reset": {
			answer: ok + "Content-Length: 9\r\n\r\nabc", then: resets,
			want: Result{Status: 200, Length: 9, Body: "abc", Failed: "reset"},
		},
		"header cut": {
			answer: ok + "Content-Length: 0\r\n", then: closes,
			want: Result{Failed: "cut"},
		},
		"status line cut": {
			answer: "HTTP/1.1 20", then: closes,
			want: Result{Failed: "malformed"},
		},
		"nothing, closed": {then: closes, want: Result{Failed: "closed"}},
		"nothing, reset":  {then: resets, want: Result{Failed: "reset"}},
		"another protocol": {
			answer: "SSH-2.0-OpenSSH_9.2\r\n",
			want:   Result{Failed: "malformed"},
		},
		"another version": {
			answer: "HTTP/x.1 200 OK\r\n\r\n",
			want:   Result{Failed: "malformed"},
		},
		"status of two digits": {
			answer: "HTTP/1.1 20 OK\r\n\r\n",
			want:   Result{Failed: "malformed"},
		},
		"status of letters": {
			answer: "HTTP/1.1 abc OK\r\n\r\n",
			want:   Result{Failed: "malformed"},
		},
		"header without colon": {
			answer: ok + "nothing\r\n\r\n",
			want:   Result{Failed: "malformed"},
		},
		"header begins with a space": {
			answer: ok + " X-A: a\r\n\r\n",
			want:   Result{Failed: "malformed"},
		},
		"header goes on the next line": {
			answer: bad + "X-A: a\r\n b\r\nContent-Length: 0\r\n\r\n",
			want:   Result{Status: 400, Header: "a b", Reused: true},
		},
		"long header": {answer: bad + "X-B: " + strings.Repeat("b", 60<<10) +
			"\r\nX-A: a\r\nContent-Length: 0\r\n\r\n", want: Result{Status: 400, Header: "a", Reused: true}},
		"header too long": {
			answer: ok + "X-A: " + strings.Repeat("a", 70<<10),
			want:   Result{Failed: "exceeded"},
		},
		"long body": {answer: ok + "Content-Length: 100000\r\n\r\n" +
			strings.Repeat("x", 100000), want: Result{
			Status: 200, Length: 100000,
			Body: strings.Repeat("x", 100000), Reused: true,
		}},
	} {
		if test.want.Status != 0 {
			test.want.Proto = "HTTP/1.1"
			if strings.HasPrefix(test.answer, "HTTP/1.0") {
				test.want.Proto = "HTTP/1.0"
			}
		}
		first := func(c net.Conn) {
			r := bufio.NewReader(c)
			if req, err := http.ReadRequest(r); err != nil {
				t.Errorf("%s: %v", name, err)
			} else if _, err := io.Copy(io.Discard, req.Body); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			_, _ = io.WriteString(c, test.answer)
			switch test.then {
			case resets:
				reset(c)
			case keepsOpen:
				if _, err := http.ReadRequest(r); err == nil {
					_, _ = io.WriteString(c,
						"HTTP/1.1 222 Again\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
				}
			}
		}
		second := func(c net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				_, _ = io.WriteString(c, "HTTP/1.1 223 New\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
			}
		}
		for kind, newTransport := range transports {
			t.Run(name+"/"+kind, func(t *testing.T) {
				over := make(chan struct{})
				url := scheme + Listen(t, secure,
					func(c net.Conn) { defer close(over); first(c) }, second,
					func(net.Conn) { t.Error("there is a third connection") }) + "/"
				rt := newTransport(t)
				defer rt.CloseIdleConnections()
				got := Ask(t, rt, url)
				// net/http may notice only a moment later that the connection is of no use
				if !test.want.Reused {
					select {
					case <-over:
					case <-time.After(time.Minute):
						t.Fatal("the first connection does not end")
					}
				}
				next := Ask(t, rt, url)
				switch next.Status {
				case 222:
					got.Reused = true
				case 223:
				default:
					t.Errorf("the next request: %+v", next)
				}
				if got != test.want {
					t.Errorf("got  %+v\nwant %+v", got, test.want)
				}
			})
		}
	}
}

// reset closes a connection without a word.
func reset(c net.Conn) {
	if over, ok := c.(*tls.Conn); ok {
		c = over.NetConn()
	}
	_ = c.(*net.TCPConn).SetLinger(0)
	c.Close()
}
