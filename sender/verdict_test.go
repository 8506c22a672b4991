package sender

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/textproto"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"hookline/sender/answertest"
)

func TestJudgeStatus(t *testing.T) {
	for status, want := range map[int]Outcome{
		101: Failed, 199: Failed, 200: Delivered, 201: Delivered, 202: Delivered, 204: Delivered,
		299: Delivered,
		300: Failed, 301: Failed, 302: Failed, 304: Failed, 307: Failed, 308: Failed,
		400: Failed, 401: Failed, 403: Failed, 404: Failed, 405: Failed, 408: Failed, 409: Failed,
		410: Gone, 413: Failed, 422: Failed,
		429: Failed, 500: Failed, 501: Failed, 502: Failed, 503: Failed, 504: Failed, 599: Failed,
		600: Failed, 999: Failed,
	} {
		v := judge(&http.Response{StatusCode: status}, nil, time.Now())
		if v != (Verdict{Outcome: want, Status: status}) {
			t.Errorf("%d: %+v, want %s", status, v, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	for value, want := range map[string]time.Time{
		"":                               {},
		"0":                              now,
		"120":                            now.Add(2 * time.Minute),
		"99999999999999999":              now.Add(7 * 24 * time.Hour),
		"99999999999999999999999":        {},
		"-1":                             {},
		"1.5":                            {},
		"soon":                           {},
		"Wed, 06 May 2026 07:10:00 GMT":  time.Date(2026, 5, 6, 7, 10, 0, 0, time.UTC),
		"Wednesday, 06-May-26 07:10:00 ": {},
		"Wed May  6 07:10:00 2026":       time.Date(2026, 5, 6, 7, 10, 0, 0, time.UTC),
		"Wed, 06 May 2026 07:00:00 GMT":  time.Date(2026, 5, 6, 7, 0, 0, 0, time.UTC),
	} {
		resp := &http.Response{StatusCode: 503, Header: http.Header{"Retry-After": {value}}}
		if got := judge(resp, nil, now).NotBefore; !got.Equal(want) {
			t.Errorf("Retry-After %q: %s, want %s", value, got, want)
		}
	}
}

// A Retry-After is obeyed where the receiver is overloaded, and nowhere else.
func TestRetryAfterOfStatus(t *testing.T) {
	for status := 300; status < 600; status++ {
		resp := &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {"5"}}}
		got := !judge(resp, nil, time.Now()).NotBefore.IsZero()
		if want := status == 429 || status == 503; got != want {
			t.Errorf("%d with Retry-After: obeyed is %t, want %t", status, got, want)
		}
	}
}

// TestVerdicts has one real receiver for each way to go wrong.
func TestVerdicts(t *testing.T) {
	answer := func(text string) func(net.Conn) {
		return func(c net.Conn) {
			_, _ = http.ReadRequest(newReader(c))
			_, _ = io.WriteString(c, text)
		}
	}
	reset := func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) } // closing sends RST
	then := func(fs ...func(net.Conn)) func(net.Conn) {
		return func(c net.Conn) {
			for _, f := range fs {
				f(c)
			}
		}
	}
	hang := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) } // until the other side closes
	untrusted := httptest.NewUnstartedServer(nil)
	untrusted.Config.ErrorLog = silent
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	raw := func(f func(net.Conn)) string { return "http://" + answertest.Listen(t, nil, f) }

	for name, test := range map[string]struct {
		url     string
		outcome Outcome
		status  int
		reason  string // part of it
	}{
		"accepted": {raw(answer("HTTP/1.1 204 No Content\r\n\r\n")), Delivered, 204, ""},
		"accepted, body reset": {raw(then(answer("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc"),
			reset)), Delivered, 200, ""},
		"accepted, body hangs": {raw(then(answer("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc"),
			hang)), Delivered, 200, ""},
		"accepted, body broken": {raw(answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: " +
			"chunked\r\n\r\nxyz")), Delivered, 200, ""},
		"redirect": {raw(answer("HTTP/1.1 302 Found\r\nLocation: " +
			"http://127.0.0.1:1/\r\n\r\n")), Failed, 302, ""},
		"gone": {
			raw(answer("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")), Gone, 410,
			"",
		},
		"error": {
			raw(answer("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")), Failed,
			500, "",
		},
		"upgraded": {
			raw(then(answer("HTTP/1.1 101 Switching Protocols\r\n\r\n"), hang)),
			Failed, 101, "",
		},
		"connection refused": {"http://" + closed.Addr().String(), Failed, 0, "connection refused"},
		"reset":              {raw(then(answer(""), reset)), Failed, 0, "connection reset by peer"},
		"closed":             {raw(answer("")), Failed, 0, "EOF"},
		"closed in the header": {
			raw(answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n")), Failed, 0,
			"unexpected EOF",
		},
		"no HTTP": {raw(answer("SSH-2.0-OpenSSH_9.2\r\n")), Failed, 0, "malformed HTTP"},
		"no header": {
			raw(answer("HTTP/1.1 200 OK\r\nsecret echo\r\n\r\n")), Failed, 0,
			"not HTTP",
		},
		"endless header": {raw(then(answer("HTTP/1.1 200 OK\r\nA: "+strings.Repeat("a", 80<<10)),
			hang)), Failed, 0, "exceeded"},
		"timeout":             {raw(hang), Failed, 0, "no answer within 1s"},
		"unknown certificate": {untrusted.URL, Failed, 0, "certificate"},
		"no TLS": {
			"https://" + answertest.Listen(t, nil, answer("HTTP/1.1 400 Bad Request\r\n\r\n")),
			Failed, 0, "HTTP response to HTTPS client",
		},
		"no such host": {"http://no-such-host.invalid/", Failed, 0, "no-such-host.invalid"},
		"blocked": {"http://10.0.0.1/", Blocked, 0, "address 10.0.0.1 is refused " +
			"(private)"},
		"no URL":       {"http://user:pass word@[/", Failed, 0, "the URL cannot be parsed"},
		"other scheme": {"ftp://example.com/", Failed, 0, "unsupported protocol scheme"},
		"no host":      {"http:///path", Failed, 0, "no Host"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{RequestTimeout: 10 * patience}
			if name == "timeout" {
				cfg.RequestTimeout = time.Second
			}
			s := newSender(t, cfg)
			to := subscription("a", "http://example.com")
			to.URL = test.url
			v, took := s.once(newEvent(1, 1), to, 1, nil)
			if v.Outcome != test.outcome || v.Status != test.status ||
				!strings.Contains(v.Reason, test.reason) ||
				(v.Reason != "") != (v.Status == 0) {
				t.Errorf("%+v, want %s, status %d, reason with %q", v, test.outcome, test.status, test.reason)
			}
			if strings.Contains(v.Reason, test.url) || strings.Contains(v.Reason, "echo") {
				t.Errorf("the reason tells too much: %s", v.Reason)
			}
			if took > patience {
				t.Errorf("took %s", took)
			}
		})
	}
}

func TestReason(t *testing.T) {
	post := func(err error) error {
		return &url.Error{Op: "Post", URL: "https://u:p@example.com/?token=t0k", Err: err}
	}
	blocked := &blockedError{Addr: netip.MustParseAddr("10.0.0.1"), Why: "private"}
	for _, test := range []struct {
		err  error
		want string
	}{
		{post(io.EOF), "EOF"},
		{
			post(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}),
			"dial tcp: connection refused",
		},
		{
			post(&net.DNSError{Err: "no such host", Name: "x.test", Server: "10.0.0.2:53"}),
			"lookup x.test on 10.0.0.2:53: no such host",
		},
		{post(tls.AlertError(40)), "tls: handshake failure"},
		{
			post(errors.New(`malformed HTTP response "POST /?token=t0k \"x\" HTTP/1.1"`)),
			`malformed HTTP response "…"`,
		},
		{
			post(fmt.Errorf("broken: %w", textproto.ProtocolError("malformed MIME header line: token=t0k"))),
			"the answer is not HTTP",
		},
		{
			&url.Error{Op: "parse", URL: "https://u:p@example.com", Err: errors.New("invalid port :t0k")},
			"the URL cannot be parsed",
		},
		{post(&net.OpError{Op: "dial", Net: "tcp", Err: blocked}), "dial tcp: " + blocked.Error()},
		{context.DeadlineExceeded, "context deadline exceeded"},
		{errors.New(strings.Repeat("x", 1000)), strings.Repeat("x", 300)},
	} {
		if got := reason(test.err); got != test.want {
			t.Errorf("reason(%v) = %q, want %q", test.err, got, test.want)
		}
	}
}
