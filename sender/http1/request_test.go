package http1

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

// Both transports send the same request.
func TestRequests(t *testing.T) {
	type sent struct {
		dialled, method, uri, host string
		header                     http.Header
		length                     int64
		body                       string
		close                      bool
	}
	for name, test := range map[string]struct {
		url    string
		change func(*http.Request)
		want   sent
	}{
		"plain":         {"http://h.test", nil, sent{dialled: "h.test:80", uri: "/", host: "h.test"}},
		"port and path": {"http://h.test:81/a/b%20c?d=e&f=%0a#g", nil, sent{dialled: "h.test:81", uri: "/a/b%20c?d=e&f=%0a", host: "h.test:81"}},
		"empty port":    {"http://h.test:/?", nil, sent{dialled: "h.test:80", uri: "/?", host: "h.test"}},
		"IPv6":          {"http://[::1]/", nil, sent{dialled: "[::1]:80", uri: "/", host: "[::1]"}},
		"IPv6 and port": {"http://[::1]:81/", nil, sent{dialled: "[::1]:81", uri: "/", host: "[::1]:81"}},
		"IPv6 and zone": {"http://[fe80::1%25eth0]:81/", nil, sent{dialled: "[fe80::1%eth0]:81", uri: "/", host: "[fe80::1]:81"}},
		"other Host":    {"http://h.test/", func(r *http.Request) { r.Host = "other.test" }, sent{dialled: "h.test:80", uri: "/", host: "other.test"}},
		"credentials":   {"http://u:p@h.test/", nil, sent{dialled: "h.test:80", uri: "/", host: "h.test"}}, // http.Client's business
		"headers": {"http://h.test/", func(r *http.Request) {
			r.Header["X-A"], r.Header["x-b"] = []string{"1", "a\tb"}, []string{"é"}
		}, sent{dialled: "h.test:80", uri: "/", host: "h.test", header: http.Header{"X-A": {"1", "a\tb"}, "X-B": {"é"}}}},
		"headers that are not the caller's": {"http://h.test/", func(r *http.Request) {
			r.Header = http.Header{"Host": {"x"}, "Content-Length": {"99"}, "Transfer-Encoding": {"chunked"}, "Trailer": {"X-A"}, "User-Agent": {""}}
		}, sent{dialled: "h.test:80", uri: "/", host: "h.test"}},
		"close": {"http://h.test/", func(r *http.Request) { r.Close = true }, sent{dialled: "h.test:80", uri: "/", host: "h.test", close: true}},
		"no body": {"http://h.test/", func(r *http.Request) {
			r.Body, r.ContentLength = nil, 0
		}, sent{dialled: "h.test:80", uri: "/", host: "h.test", body: "none"}},
		"empty body": {"http://h.test/", func(r *http.Request) {
			r.Body, r.ContentLength = http.NoBody, 0
		}, sent{dialled: "h.test:80", uri: "/", host: "h.test", body: "none"}},
		"GET": {"http://h.test/", func(r *http.Request) {
			r.Method, r.Body, r.ContentLength = http.MethodGet, nil, 0
		}, sent{dialled: "h.test:80", method: "GET", uri: "/", host: "h.test", body: "none"}},
		"no method": {"http://h.test/", func(r *http.Request) {
			r.Method, r.Body, r.ContentLength = "", nil, 0
		}, sent{dialled: "h.test:80", method: "GET", uri: "/", host: "h.test", body: "none"}},
		"long body": {"http://h.test/", func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(strings.Repeat("x", 1<<20))), 1<<20
		}, sent{dialled: "h.test:80", uri: "/", host: "h.test", body: strings.Repeat("x", 1<<20)}},
	} {
		want := test.want
		switch want.body {
		case "":
			want.body = "{}"
		case "none":
			want.body = ""
		}
		want.length = int64(len(want.body))
		if want.method == "" {
			want.method = http.MethodPost
		}
		if want.header == nil {
			want.header = http.Header{}
		}
		for kind, newTransport := range transports {
			t.Run(name+"/"+kind, func(t *testing.T) {
				var got sent
				answer := pipes(func(c net.Conn) {
					req, err := http.ReadRequest(bufio.NewReader(c))
					if err != nil {
						t.Error(err)
						return
					}
					body, err := io.ReadAll(req.Body)
					if err != nil {
						t.Error(err)
					}
					req.Header.Del("User-Agent") // net/http has one of its own
					got = sent{got.dialled, req.Method, req.RequestURI, req.Host, req.Header, req.ContentLength, string(body), req.Close}
					req.Header.Del("Content-Length")
					req.Header.Del("Connection")
					_, _ = io.WriteString(c, accepted)
				})
				rt := newTransport(func(ctx context.Context, network, address string) (net.Conn, error) {
					got.dialled = address
					return answer(ctx, network, address)
				})
				defer rt.CloseIdleConnections()
				req := post(t, test.url, "{}")
				if test.change != nil {
					test.change(req)
				}
				if status, _ := must(t, rt, req); status != 200 {
					t.Errorf("status %d", status)
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("got  %+v\nwant %+v", got, want)
				}
			})
		}
	}
}

// closing is a body that tells when it was closed.
type closing struct {
	io.Reader
	closed chan struct{}
}

func (c *closing) Close() error {
	close(c.closed)
	return nil
}

// What would not be one request is none at all.
func TestRefusesRequests(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"no URL":                    func(r *http.Request) { r.URL = nil },
		"no host":                   func(r *http.Request) { r.URL.Host = "" },
		"another scheme":            func(r *http.Request) { r.URL.Scheme = "ftp" },
		"break in a value":          func(r *http.Request) { r.Header["X-A"] = []string{"a\r\nX-B: b"} },
		"line feed in a value":      func(r *http.Request) { r.Header["X-A"] = []string{"fine", "a\nX-B: b"} },
		"zero byte in a value":      func(r *http.Request) { r.Header["X-A"] = []string{"a\x00"} },
		"DEL in a value":            func(r *http.Request) { r.Header["X-A"] = []string{"a\x7f"} },
		"break in a name":           func(r *http.Request) { r.Header["X-A: a\r\nX-B"] = []string{"b"} },
		"colon in a name":           func(r *http.Request) { r.Header["X-A:"] = []string{"b"} },
		"space in a name":           func(r *http.Request) { r.Header["X A"] = []string{"b"} },
		"name beyond ASCII":         func(r *http.Request) { r.Header["É"] = []string{"b"} },
		"empty name":                func(r *http.Request) { r.Header[""] = []string{"b"} },
		"break in the method":       func(r *http.Request) { r.Method = "POST / HTTP/1.1\r\nX-A: a\r\n" },
		"break in the query":        func(r *http.Request) { r.URL.RawQuery = "a\r\nb" },
		"break in an opaque URL":    func(r *http.Request) { r.URL.Opaque = "/\r\nb" },
		"shorter than it should be": func(r *http.Request) { r.ContentLength = 10 },
		"longer than it should be":  func(r *http.Request) { r.ContentLength = 1 },
	} {
		for kind, newTransport := range transports {
			t.Run(name+"/"+kind, func(t *testing.T) {
				rt := newTransport(pipes(func(c net.Conn) {
					req, err := http.ReadRequest(bufio.NewReader(c))
					if err != nil {
						return
					}
					if _, err := io.ReadAll(req.Body); err == nil && kind == "http1" {
						t.Errorf("the request was sent: %+v", req)
					}
				}))
				defer rt.CloseIdleConnections()
				closed := make(chan struct{})
				req := &http.Request{
					Method: http.MethodPost, URL: &url.URL{Scheme: "http", Host: "h.test"}, Header: http.Header{},
					Body: &closing{strings.NewReader("abc"), closed}, ContentLength: 3,
				}
				change(req)
				resp, err := rt.RoundTrip(req.WithContext(t.Context()))
				if err == nil {
					resp.Body.Close()
					t.Error("no error")
				}
				if errors.Is(err, io.ErrUnexpectedEOF) && kind == "http1" {
					t.Errorf("%v: looks like a broken connection", err)
				}
				await(t, closed, "the closing of the request's body")
			})
		}
	}
	for name, change := range map[string]func(*http.Request){
		"unknown length":            func(r *http.Request) { r.ContentLength = -1 },
		"unknown length, not asked": func(r *http.Request) { r.ContentLength = 0 },
		"host beyond ASCII":         func(r *http.Request) { r.URL.Host = "bücher.test" },
		"break in Host":             func(r *http.Request) { r.Host = "a\r\nX-B: b" },
	} {
		t.Run(name, func(t *testing.T) {
			rt := &Transport{Dial: pipes(func(c net.Conn) {
				if _, err := c.Read(make([]byte, 1)); err == nil {
					t.Error("something was sent")
				}
			})}
			req := post(t, "http://h.test", "abc")
			change(req)
			if resp, err := rt.RoundTrip(req); err == nil {
				resp.Body.Close()
				t.Error("no error")
			}
		})
	}
}

func TestHandles(t *testing.T) {
	for text, want := range map[string]bool{
		"http://h.test:80/": true, "http://[::1]/": true, "http://my_host/": true, "https://h.test/": false, "ftp://h.test/": false, "http://bücher.test/": false,
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := Handles(u); got != want {
			t.Errorf("Handles(%s) = %t", text, got)
		}
	}
}
