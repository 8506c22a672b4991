package http1

import (
	"bufio"
	"context"
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
	}
	for name, test := range map[string]struct {
		url    string
		change func(*http.Request)
		want   sent
	}{
		"plain": {"http://h.test", nil, sent{dialled: "h.test:80", uri: "/", host: "h.test"}},
		"port and path": {
			"http://h.test:81/a/b%20c?d=e&f=%0a#g", nil,
			sent{dialled: "h.test:81", uri: "/a/b%20c?d=e&f=%0a", host: "h.test:81"},
		},
		"empty port":    {"http://h.test:/?", nil, sent{dialled: "h.test:80", uri: "/?", host: "h.test"}},
		"IPv6":          {"http://[::1]/", nil, sent{dialled: "[::1]:80", uri: "/", host: "[::1]"}},
		"IPv6 and port": {"http://[::1]:81/", nil, sent{dialled: "[::1]:81", uri: "/", host: "[::1]:81"}},
		"IPv6 and zone": {
			"http://[fe80::1%25eth0]:81/", nil,
			sent{dialled: "[fe80::1%eth0]:81", uri: "/", host: "[fe80::1]:81"},
		},
		// http.Client's business
		"credentials": {"http://u:p@h.test/", nil, sent{dialled: "h.test:80", uri: "/", host: "h.test"}},
		"headers": {"http://h.test/", func(r *http.Request) {
			r.Header["X-A"], r.Header["x-b"] = []string{"1", "a\tb"}, []string{"é"}
		}, sent{
			dialled: "h.test:80", uri: "/", host: "h.test",
			header: http.Header{"X-A": {"1", "a\tb"}, "X-B": {"é"}},
		}},
		"headers that are not the caller's": {"http://h.test/", func(r *http.Request) {
			r.Header = http.Header{
				"Host": {"x"}, "Content-Length": {"99"}, "Transfer-Encoding": {"chunked"},
				"Trailer": {"X-A"}, "User-Agent": {""},
			}
		}, sent{dialled: "h.test:80", uri: "/", host: "h.test"}},
		"empty body": {"http://h.test/", func(r *http.Request) {
			r.Body, r.ContentLength = http.NoBody, 0
		}, sent{dialled: "h.test:80", uri: "/", host: "h.test", body: "none"}},
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
		want.method = http.MethodPost
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
					got = sent{
						got.dialled,
						req.Method,
						req.RequestURI,
						req.Host,
						req.Header,
						req.ContentLength,
						string(body),
					}
					req.Header.Del("Content-Length")
					req.Header.Del("Connection")
					_, _ = io.WriteString(c, accepted)
				})
				rt := newTransport(
					func(ctx context.Context, network, address string) (net.Conn, error) {
						got.dialled = address
						return answer(ctx, network, address)
					},
				)
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

// What would not be one request is none at all.
func TestRefusesRequests(t *testing.T) {
	for name, test := range map[string]struct {
		url    url.URL
		header http.Header
	}{
		"no host":                {url: url.URL{Scheme: "http"}},
		"another scheme":         {url: url.URL{Scheme: "ftp"}},
		"host beyond ASCII":      {url: url.URL{Host: "bücher.test"}},
		"break in the host":      {url: url.URL{Host: "h.test\r\nX-B: b"}},
		"break in a value":       {header: http.Header{"X-A": {"a\r\nX-B: b"}}},
		"line feed in a value":   {header: http.Header{"X-A": {"fine", "a\nX-B: b"}}},
		"zero byte in a value":   {header: http.Header{"X-A": {"a\x00"}}},
		"DEL in a value":         {header: http.Header{"X-A": {"a\x7f"}}},
		"break in a name":        {header: http.Header{"X-A: a\r\nX-B": {"b"}}},
		"colon in a name":        {header: http.Header{"X-A:": {"b"}}},
		"space in a name":        {header: http.Header{"X A": {"b"}}},
		"name beyond ASCII":      {header: http.Header{"É": {"b"}}},
		"empty name":             {header: http.Header{"": {"b"}}},
		"break in the query":     {url: url.URL{RawQuery: "a\r\nb"}},
		"break in an opaque URL": {url: url.URL{Opaque: "/\r\nb"}},
	} {
		t.Run(name, func(t *testing.T) {
			u := test.url
			if u.Scheme == "" {
				u.Scheme = "http"
			}
			if u.Host == "" && name != "no host" {
				u.Host = "h.test"
			}
			if to, err := NewTarget(&u, test.header, ""); err == nil {
				t.Errorf("no error; the head is %q", to.head)
			}
			req := &http.Request{Method: http.MethodPost, URL: &u, Header: test.header}
			if test.header == nil {
				req.Header = http.Header{}
			}
			resp, err := transports["net/http"](pipes(answering(accepted, nil))).RoundTrip(
				req.WithContext(t.Context()))
			if err == nil {
				resp.Body.Close()
				if test.url.Host == "" { // those net/http can write otherwise
					t.Error("net/http sends it")
				}
			}
		})
	}
}

// What comes with one request is sent with it, after what all have in common.
func TestHeaderOfOneRequest(t *testing.T) {
	u, err := url.Parse("http://h.test/a")
	if err != nil {
		t.Fatal(err)
	}
	to, err := NewTarget(u, http.Header{"X-A": {"a"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	want := "POST /a HTTP/1.1\r\nHost: h.test\r\nX-A: a\r\nContent-Length: 3\r\nX-B: b\r\nX-C: " +
		"c\r\n\r\n"
	if got := string(to.appendHead(nil, []byte("X-B: b\r\nX-C: c\r\n"), 3)); got != want {
		t.Errorf("head %q, want %q", got, want)
	}
}
