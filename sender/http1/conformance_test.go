package http1

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// result is what a caller sees of an answer.
type result struct {
	status  int
	proto   string
	length  int64
	header  string // X-A
	body    string
	trailer string // X-T
	failed  string // why there was no answer, or not all of its body
	reused  bool   // the next request took the same connection
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

func ask(t *testing.T, rt http.RoundTripper, address string) (r result) {
	req := post(t, "http://"+address+"/", "{}")
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return result{failed: kind(err)}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	r = result{
		status:  resp.StatusCode,
		proto:   resp.Proto,
		length:  resp.ContentLength,
		body:    string(body),
		trailer: resp.Trailer.Get("X-T"),
		failed:  kind(err),
	}
	if r.status > 299 {
		r.header = resp.Header.Get("X-A")
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

func TestAnswers(t *testing.T) {
	const ok, bad = "HTTP/1.1 200 OK\r\n", "HTTP/1.1 400 Bad Request\r\n"
	for name, test := range map[string]struct {
		answer string
		then   then
		want   result
	}{
		"empty": {answer: accepted, want: result{status: 200, reused: true}},
		"with length": {
			answer: ok + "X-A: a\r\nContent-Length: 3\r\n\r\nabc",
			want:   result{status: 200, length: 3, body: "abc", reused: true},
		},
		"lines end in LF": {
			answer: "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc",
			want:   result{status: 200, length: 3, body: "abc", reused: true},
		},
		"chunked": {
			answer: ok + "Transfer-Encoding: " +
				"chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n",
			want: result{status: 200, length: -1, body: "abc", reused: true},
		},
		"chunked, empty": {
			answer: ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			want:   result{status: 200, length: -1, reused: true},
		},
		"trailer": {
			answer: ok + "Transfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3\r\nabc\r\n0\r\nX-T: t\r\n\r\n",
			want:   result{status: 200, length: -1, body: "abc", trailer: "t", reused: true},
		},
		"ends with the connection": {
			answer: ok + "\r\nabc", then: closes,
			want: result{status: 200, length: -1, body: "abc"},
		},
		"kept alive in words": {
			answer: ok + "Connection: Keep-Alive\r\nKeep-Alive: " +
				"timeout=5\r\nContent-Length: 2\r\n\r\nok",
			want: result{status: 200, length: 2, body: "ok", reused: true},
		},
		"more than its length": {answer: ok + "Content-Length: 2\r\n\r\nokHTTP/1.1 500 " +
			"Forged\r\nContent-Length: 0\r\n\r\n", want: result{status: 200, length: 2, body: "ok"}},
		"space before the colon": {
			answer: ok + "X-A : a\r\nContent-Length: 0\r\n\r\n",
			want:   result{status: 200, reused: true},
		},
		"404 with a header": {answer: "HTTP/1.1 404 Not Found\r\nX-A: " +
			"a\r\nContent-Length: 0\r\n\r\n", want: result{status: 404, header: "a", reused: true}},
		"no reason": {
			answer: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
			want:   result{status: 200, reused: true},
		},
		"empty reason": {
			answer: "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
			want:   result{status: 200, reused: true},
		},
		"204": {
			answer: "HTTP/1.1 204 No Content\r\n\r\n",
			want:   result{status: 204, reused: true},
		},
		"204 with a length": {answer: "HTTP/1.1 204 No Content\r\nContent-Length: " +
			"3\r\n\r\n", want: result{status: 204, reused: true}},
		"304": {answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: " +
			"0\r\n\r\n", want: result{status: 304, reused: true}},
		"304 with a length": {answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: " +
			"3\r\n\r\n", want: result{status: 304, reused: true}},
		"500": {
			answer: "HTTP/1.1 500 Oops\r\nContent-Length: 3\r\n\r\nabc",
			want:   result{status: 500, length: 3, body: "abc", reused: true},
		},
		"999": {
			answer: "HTTP/1.1 999 Yes\r\nContent-Length: 0\r\n\r\n",
			want:   result{status: 999, reused: true},
		},
		"100": {
			answer: "HTTP/1.1 100 Continue\r\n\r\n" + accepted,
			want:   result{status: 200, reused: true},
		},
		"100, 103, 102": {
			answer: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early " +
				"Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + accepted,
			want: result{status: 200, reused: true},
		},
		"100 and no more": {
			answer: "HTTP/1.1 100 Continue\r\n\r\n", then: closes,
			want: result{failed: "cut"},
		},
		"101": {
			answer: "HTTP/1.1 101 Switching Protocols\r\n\r\n", then: keepsOpen,
			want: result{status: 101},
		},
		"endless 1xx": {answer: strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: "+
			"</a>\r\n\r\n", 3000), want: result{failed: "exceeded"}},
		"HTTP/1.0": {
			answer: "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",
			want:   result{status: 200, length: 3, body: "abc"},
		},
		"HTTP/1.0 kept alive": {
			answer: "HTTP/1.0 200 OK\r\nConnection: " +
				"keep-alive\r\nContent-Length: 3\r\n\r\nabc",
			want: result{status: 200, length: 3, body: "abc", reused: true},
		},
		"HTTP/1.0 without length": {
			answer: "HTTP/1.0 200 OK\r\n\r\nabc", then: closes,
			want: result{status: 200, length: -1, body: "abc"},
		},
		"Connection: close": {answer: ok + "Connection: close\r\nContent-Length: " +
			"3\r\n\r\nabc", want: result{status: 200, length: 3, body: "abc"}},
		"Connection: close, no body": {answer: ok + "Connection: foo, Close\r\nContent-Length: " +
			"0\r\n\r\n", want: result{status: 200}},
		"length and chunks": {
			answer: ok + "Content-Length: 1\r\nTransfer-Encoding: " +
				"chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
			want: result{status: 200, length: -1, body: "abc", reused: true},
		},
		"length twice, the same": {answer: ok + "Content-Length: 3\r\nContent-Length: " +
			"3\r\n\r\nabc", want: result{status: 200, length: 3, body: "abc", reused: true}},
		"length twice, not the same": {answer: ok + "Content-Length: 3\r\nContent-Length: " +
			"4\r\n\r\nabc", want: result{failed: "multiple Content-Length"}},
		"length is no number": {
			answer: ok + "Content-Length: three\r\n\r\nabc",
			want:   result{failed: "bad Content-Length"},
		},
		"length below zero": {
			answer: ok + "Content-Length: -3\r\n\r\nabc",
			want:   result{failed: "bad Content-Length"},
		},
		"other encoding": {
			answer: ok + "Transfer-Encoding: gzip\r\n\r\nabc",
			want:   result{failed: "unsupported transfer encoding"},
		},
		"chunk without size": {
			answer: ok + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
			want:   result{status: 200, length: -1, failed: "invalid"},
		},
		"chunks cut": {
			answer: ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nab",
			then:   closes, want: result{status: 200, length: -1, body: "ab", failed: "cut"},
		},
		"body cut": {
			answer: ok + "Content-Length: 9\r\n\r\nabc", then: closes,
			want: result{status: 200, length: 9, body: "abc", failed: "cut"},
		},
		"body reset": {
			answer: ok + "Content-Length: 9\r\n\r\nabc", then: resets,
			want: result{status: 200, length: 9, body: "abc", failed: "reset"},
		},
		"header cut": {
			answer: ok + "Content-Length: 0\r\n", then: closes,
			want: result{failed: "cut"},
		},
		"status line cut": {
			answer: "HTTP/1.1 20", then: closes,
			want: result{failed: "malformed"},
		},
		"nothing, closed": {then: closes, want: result{failed: "closed"}},
		"nothing, reset":  {then: resets, want: result{failed: "reset"}},
		"another protocol": {
			answer: "SSH-2.0-OpenSSH_9.2\r\n",
			want:   result{failed: "malformed"},
		},
		"another version": {
			answer: "HTTP/x.1 200 OK\r\n\r\n",
			want:   result{failed: "malformed"},
		},
		"status of two digits": {
			answer: "HTTP/1.1 20 OK\r\n\r\n",
			want:   result{failed: "malformed"},
		},
		"status of letters": {
			answer: "HTTP/1.1 abc OK\r\n\r\n",
			want:   result{failed: "malformed"},
		},
		"header without colon": {
			answer: ok + "nothing\r\n\r\n",
			want:   result{failed: "malformed"},
		},
		"header begins with a space": {
			answer: ok + " X-A: a\r\n\r\n",
			want:   result{failed: "malformed"},
		},
		"header goes on the next line": {
			answer: bad + "X-A: a\r\n b\r\nContent-Length: 0\r\n\r\n",
			want:   result{status: 400, header: "a b", reused: true},
		},
		"long header": {answer: bad + "X-B: " + strings.Repeat("b", 60<<10) +
			"\r\nX-A: a\r\nContent-Length: 0\r\n\r\n", want: result{status: 400, header: "a", reused: true}},
		"header too long": {
			answer: ok + "X-A: " + strings.Repeat("a", 70<<10),
			want:   result{failed: "exceeded"},
		},
		"long body": {answer: ok + "Content-Length: 100000\r\n\r\n" +
			strings.Repeat("x", 100000), want: result{
			status: 200, length: 100000,
			body: strings.Repeat("x", 100000), reused: true,
		}},
	} {
		if test.want.status != 0 {
			test.want.proto = "HTTP/1.1"
			if strings.HasPrefix(test.answer, "HTTP/1.0") {
				test.want.proto = "HTTP/1.0"
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
				_ = c.(*net.TCPConn).SetLinger(0)
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
				address := listen(t, func(c net.Conn) { defer close(over); first(c) }, second)
				rt := newTransport(new(net.Dialer).DialContext)
				defer rt.CloseIdleConnections()
				got := ask(t, rt, address)
				// net/http may notice only a moment later that the connection is of no use
				if !test.want.reused {
					await(t, over, "the end of the first connection")
				}
				next := ask(t, rt, address)
				switch next.status {
				case 222:
					got.reused = true
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

// However an answer is cut into pieces, it is the same.
func TestFragments(t *testing.T) {
	const answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nX-A: " +
		"a\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3\r\nabc\r\n0\r\nX-T: t\r\n\r\n"
	want := result{status: 202, proto: "HTTP/1.1", length: -1, body: "abc", trailer: "t"}
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
			if got := ask(t, rt, "pieces.test"); got != want {
				t.Errorf("cut at %d: got %+v, want %+v", i, got, want)
			}
		}
		rt.CloseIdleConnections()
	}
}
