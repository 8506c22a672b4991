package http2

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	h2 "golang.org/x/net/http2"
)

// result is what a caller sees of an answer.
type result struct {
	status int
	length int64
	header string // X-A, of what is none of 2xx
	body   string
	failed string // "answer" or "body", whichever did not come as it should
}

func resultOf(resp *http.Response, err error) (r result) {
	if err != nil {
		return result{failed: "answer"}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	r = result{status: resp.StatusCode, length: resp.ContentLength, body: string(text)}
	if r.status > 299 {
		r.header = resp.Header.Get("X-A")
	}
	if err != nil {
		r.failed = "body"
	}
	return r
}

// clients are the one under test and the one whose behaviour is right by definition: each sends a
// request over a connection and tells what came of it.
var clients = map[string]func(t *testing.T, nc net.Conn) result{
	"http2": func(t *testing.T, nc net.Conn) result {
		cfg := Config{Changed: func() {}, Release: func() {}}
		cfg.Context, cfg.MaxHeaderBytes = t.Context(), 64<<10
		c := New(nc, cfg)
		c.Start()
		defer c.Close()
		to := targetOf(t, "https://h.test/hook", nil)
		return resultOf(c.Post(time.Now().Add(time.Hour), to, nil, []byte("{}")))
	},
	"net/http": func(t *testing.T, nc net.Conn) result {
		var unencrypted http.Protocols // as far as net/http can tell
		unencrypted.SetUnencryptedHTTP2(true)
		rt := &http.Transport{
			DialTLSContext: func(context.Context, string, string) (net.Conn, error) { return nc, nil },
			Protocols:      &unencrypted, MaxResponseHeaderBytes: 64 << 10, DisableCompression: true,
		}
		c, err := rt.NewClientConn(t.Context(), "https", "h.test:443")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://h.test/hook",
			strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		return resultOf(c.RoundTrip(req))
	},
}

// header writes a header with the given fields.
func (p *peer) header(end bool, fields ...string) {
	_ = p.WriteHeaders(h2.HeadersFrameParam{
		StreamID: 1, BlockFragment: encoded(fields...), EndHeaders: true, EndStream: end,
	})
}

func (p *peer) data(end bool, text string) { _ = p.WriteData(1, end, []byte(text)) }

// Whatever a receiver answers, it is the same to net/http.
func TestAnswers(t *testing.T) {
	status := func(code string, fields ...string) []string {
		return append([]string{":status", code}, fields...)
	}
	for name, test := range map[string]struct {
		answer func(*peer)
		want   result
		strict bool // net/http takes no notice, or waits for what does not come
	}{
		"empty": {
			func(p *peer) { p.header(true, status("200")...) }, result{status: 200}, false,
		},
		"empty, with a length": {
			func(p *peer) { p.header(true, status("200", "content-length", "0")...) },
			result{status: 200},
			false,
		},
		"empty, in a frame": {
			func(p *peer) { p.header(false, status("200")...); p.data(true, "") },
			result{status: 200, length: -1},
			false,
		},
		"with length": {
			func(p *peer) {
				p.header(false, status("200", "content-length", "3")...)
				p.data(true, "abc")
			}, result{status: 200, length: 3, body: "abc"}, false,
		},
		"without length": {
			func(p *peer) { p.header(false, status("202")...); p.data(false, "ab"); p.data(true, "c") },
			result{status: 202, length: -1, body: "abc"},
			false,
		},
		"padded": {
			func(p *peer) {
				_ = p.WriteHeaders(h2.HeadersFrameParam{
					StreamID: 1, BlockFragment: encoded(":status", "200"), EndHeaders: true, PadLength: 99,
				})
				_ = p.WriteDataPadded(1, false, []byte("abc"), make([]byte, 255))
				_ = p.WriteDataPadded(1, true, nil, make([]byte, 10))
			}, result{status: 200, length: -1, body: "abc"}, false,
		},
		"empty frames": {
			func(p *peer) {
				p.header(false, status("200")...)
				for range 99 {
					p.data(false, "")
				}
				p.data(true, "abc")
			}, result{status: 200, length: -1, body: "abc"}, false,
		},
		"with a priority": {
			func(p *peer) {
				_ = p.WriteHeaders(h2.HeadersFrameParam{
					StreamID: 1, BlockFragment: encoded(":status", "200"), EndHeaders: true, EndStream: true,
					Priority: h2.PriorityParam{StreamDep: 5, Weight: 9},
				})
			}, result{status: 200}, false,
		},
		"in pieces": {
			func(p *peer) {
				text := encoded(status("404", "x-b", strings.Repeat("b", 99), "x-a", "a")...)
				_ = p.WriteHeaders(h2.HeadersFrameParam{
					StreamID: 1, BlockFragment: text[:1], EndStream: true,
				})
				for text = text[1:]; len(text) > 1; text = text[1:] {
					_ = p.WriteContinuation(1, false, text[:1])
				}
				_ = p.WriteContinuation(1, true, text)
			}, result{status: 404, header: "a"}, false,
		},
		"204": {func(p *peer) { p.header(true, status("204")...) }, result{status: 204}, false},
		"404 with a header": {
			func(p *peer) { p.header(true, status("404", "x-a", "a")...) },
			result{status: 404, header: "a"},
			false,
		},
		"500": {
			func(p *peer) { p.header(false, status("500")...); p.data(true, "abc") },
			result{status: 500, length: -1, body: "abc"},
			false,
		},
		"999": {func(p *peer) { p.header(true, status("999")...) }, result{status: 999}, false},
		"100, 103, 102": {
			func(p *peer) {
				p.header(false, status("100")...)
				p.header(false, status("103", "link", "</a>")...)
				p.header(false, status("102")...)
				p.header(true, status("200")...)
			}, result{status: 200}, false,
		},
		"100 and no more": {
			func(p *peer) { p.header(true, status("100")...) }, result{failed: "answer"}, false,
		},
		"endless 1xx": {
			func(p *peer) {
				for range 3000 {
					p.header(false, status("103", "link", "</a>")...)
				}
			}, result{failed: "answer"}, false,
		},
		"trailer": {
			func(p *peer) {
				p.header(false, status("200")...)
				p.data(false, "abc")
				p.header(true, "x-t", "t")
			}, result{status: 200, length: -1, body: "abc"}, false,
		},
		"trailer without an end": {
			func(p *peer) {
				p.header(false, status("200")...)
				p.data(false, "abc")
				p.header(false, "x-t", "t")
			}, result{status: 200, length: -1, body: "abc", failed: "body"}, false,
		},
		"two headers": {
			func(p *peer) { p.header(false, status("200")...); p.header(true, status("500")...) },
			result{status: 200, length: -1, failed: "body"},
			false,
		},
		"no status": {
			func(p *peer) { p.header(true, "x-a", "a") }, result{failed: "answer"}, false,
		},
		"status twice": {
			func(p *peer) { p.header(true, ":status", "200", ":status", "200") },
			result{failed: "answer"},
			false,
		},
		"status of letters": {
			func(p *peer) { p.header(true, status("abc")...) }, result{failed: "answer"}, false,
		},
		"another pseudo-header": {
			func(p *peer) { p.header(true, status("200", ":path", "/")...) },
			result{failed: "answer"},
			false,
		},
		"status behind a field": {
			func(p *peer) { p.header(true, "x-a", "a", ":status", "200") }, result{failed: "answer"}, false,
		},
		"capitals": {
			func(p *peer) { p.header(true, status("200", "X-A", "a")...) }, result{failed: "answer"}, false,
		},
		"name with a space": {
			func(p *peer) { p.header(true, status("200", "x a", "a")...) }, result{failed: "answer"}, false,
		},
		"value with a line's end": {
			func(p *peer) { p.header(true, status("200", "x-a", "a\r\nb")...) },
			result{failed: "answer"},
			false,
		},
		"length is no number": {
			func(p *peer) {
				p.header(false, status("200", "content-length", "three")...)
				p.data(true, "abc")
			}, result{status: 200, length: -1, body: "abc"}, false,
		},
		"more than its length": {
			func(p *peer) {
				p.header(false, status("200", "content-length", "2")...)
				p.data(true, "abc")
			}, result{status: 200, length: 2, body: "ab", failed: "body"}, false,
		},
		"less than its length": {
			func(p *peer) {
				p.header(false, status("200", "content-length", "9")...)
				p.data(true, "abc")
			}, result{status: 200, length: 9, body: "abc", failed: "body"}, false,
		},
		"none of its length": {
			func(p *peer) { p.header(true, status("200", "content-length", "9")...) },
			result{status: 200, length: 9, failed: "body"},
			false,
		},
		"a body without a header": {
			func(p *peer) { p.data(true, "abc") }, result{failed: "answer"}, false,
		},
		"header too long": {
			func(p *peer) {
				p.header(true, status("200", "x-a", strings.Repeat("a", 15<<10), "x-b",
					strings.Repeat("b", 15<<10), "x-c", strings.Repeat("c", 15<<10), "x-d",
					strings.Repeat("d", 15<<10), "x-e", strings.Repeat("e", 15<<10))...)
			},
			result{failed: "answer"},
			false,
		},
		"body cut by a reset": {
			func(p *peer) {
				p.header(false, status("200")...)
				p.data(false, "abc")
				_ = p.WriteRSTStream(1, h2.ErrCodeInternal)
			}, result{status: 200, length: -1, body: "abc", failed: "body"}, false,
		},
		"body cut": {
			func(p *peer) {
				p.header(false, status("200")...)
				p.data(false, "abc")
				p.conn.Close()
			}, result{status: 200, length: -1, body: "abc", failed: "body"}, false,
		},
		"reset behind the answer": {
			func(p *peer) { p.header(true, status("200")...); _ = p.WriteRSTStream(1, h2.ErrCodeCancel) },
			result{status: 200},
			false,
		},
		"other frames between": {
			func(p *peer) {
				_ = p.WriteRawFrame(0xbe, 0xff, 1, []byte("what is this"))
				_ = p.WritePriority(1, h2.PriorityParam{Weight: 1})
				_ = p.WritePing(false, [8]byte{1})
				_ = p.WriteWindowUpdate(0, 1000)
				_ = p.WriteWindowUpdate(1, 1000)
				p.header(true, status("200")...)
				_ = p.WriteWindowUpdate(1, 1000)
			}, result{status: 200}, false,
		},
		"a window of no bytes more": {
			func(p *peer) { _ = p.WriteRawFrame(h2.FrameWindowUpdate, 0, 1, make([]byte, 4)) },
			result{failed: "answer"},
			false,
		},
		"a window too wide": {
			func(p *peer) { _ = p.WriteWindowUpdate(1, maxWindow) }, result{failed: "answer"}, true,
		},
		"a header of another stream": {
			func(p *peer) {
				_ = p.WriteHeaders(h2.HeadersFrameParam{
					StreamID: 5, BlockFragment: encoded(":status", "200"), EndHeaders: true,
				})
			}, result{failed: "answer"}, true,
		},
		"a header that is none": {
			func(p *peer) { _ = p.WriteRawFrame(h2.FrameHeaders, 5, 1, []byte{0xff, 0xff, 0xff, 0xff, 9}) },
			result{failed: "answer"},
			false,
		},
		"long body": {
			func(p *peer) {
				p.header(false, status("200", "content-length", "60000")...)
				for i := range 6 {
					p.data(i == 5, strings.Repeat("x", 10000))
				}
			}, result{status: 200, length: 60000, body: strings.Repeat("x", 60000)}, false,
		},
	} {
		for kind, client := range clients {
			if kind != "http2" && test.strict {
				continue
			}
			t.Run(name+"/"+kind, func(t *testing.T) {
				here, there := net.Pipe()
				defer there.Close()
				done := make(chan result, 1)
				go func() { done <- client(t, here) }()
				preface := make([]byte, len(h2.ClientPreface))
				_, _ = io.ReadFull(there, preface)
				p := newPeer(t, there)
				p.begin()
				go drain(p)
				test.answer(p)
				if got := await(t, done, "result"); got != test.want {
					t.Errorf("got  %s\nwant %s", brief(got), brief(test.want))
				}
			})
		}
	}
}

// brief is r without most of a long body.
func brief(r result) string {
	if len(r.body) > 99 {
		r.body = r.body[:9] + "…"
	}
	return fmt.Sprintf("%+v", r)
}
