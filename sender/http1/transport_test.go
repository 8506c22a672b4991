package http1

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"hookline/sender/answertest"
)

const early = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nabc"

// A receiver may answer before it has read the request, and never read the rest of it.
func TestEarlyAnswer(t *testing.T) {
	for name, handle := range map[string]func(c net.Conn, r io.Reader, answered <-chan struct{}){
		// with unread bytes: a reset follows the answer
		"closes": func(net.Conn, io.Reader, <-chan struct{}) {},
		"ends its half": func(c net.Conn, _ io.Reader, answered <-chan struct{}) {
			_ = c.(*net.TCPConn).CloseWrite()
			<-answered
		},
		"does not read": func(_ net.Conn, _ io.Reader, answered <-chan struct{}) { <-answered },
		"reads it later": func(_ net.Conn, r io.Reader, _ <-chan struct{}) {
			_, _ = io.Copy(io.Discard, r)
		},
	} {
		for _, size := range []int{100, inlineBytes, inlineBytes + 1, 16 << 20} {
			t.Run(fmt.Sprintf("%s, %d bytes", name, size), func(t *testing.T) {
				answered := make(chan struct{})
				defer close(answered)
				address := answertest.Listen(t, nil, func(c net.Conn) {
					r := bufio.NewReaderSize(c, 16)
					_, _ = r.ReadByte()
					_, _ = io.WriteString(c, early)
					handle(c, r, answered)
				})
				rt := transports["http1"](new(net.Dialer).DialContext)
				defer rt.CloseIdleConnections()
				if status, body := must(t, rt,
					post(t, "http://"+address, strings.Repeat("x", size))); status != 413 ||
					body != "abc" {
					t.Errorf("status %d, body %q", status, body)
				}
			})
		}
	}
	leftovers(t)
}

// counting counts the connections that are made.
func counting(dial dial) (counted dial, n *atomic.Int32) {
	n = new(atomic.Int32)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		n.Add(1)
		return dial(ctx, network, address)
	}, n
}

// answering answers every request, as soon as it is let.
func answering(text string, let <-chan struct{}) func(net.Conn) {
	return func(c net.Conn) {
		r := bufio.NewReader(c)
		for {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, req.Body)
			if let != nil {
				<-let
			}
			_, _ = io.WriteString(c, text)
		}
	}
}

// A large request leaves its connection as usable as a small one.
func TestReusesAfterLargeRequests(t *testing.T) {
	dial, dials := counting(new(net.Dialer).DialContext)
	rt := transports["http1"](dial)
	address := answertest.Listen(t, nil,
		answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", nil))
	for _, size := range []int{1, 1 << 20, 5, inlineBytes + 1, 4 << 20} {
		must(t, rt, post(t, "http://"+address, strings.Repeat("x", size)))
	}
	if dials.Load() != 1 {
		t.Errorf("%d connections, want 1", dials.Load())
	}
	rt.CloseIdleConnections()
	leftovers(t)
}

// A body that did not come with its header, and is not read to its end, costs the connection.
func TestClosesEarly(t *testing.T) {
	answer := "HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n" + strings.Repeat("abc", 200)
	for name, test := range map[string]struct {
		read  func(io.Reader) error
		dials int32
	}{
		"unread": {func(io.Reader) error { return nil }, 2},
		"begun":  {func(r io.Reader) error { _, err := io.CopyN(io.Discard, r, 2); return err }, 2},
		// it came with the last byte
		"read but for EOF": {func(r io.Reader) error {
			_, err := io.CopyN(io.Discard, r, 600)
			return err
		}, 1},
		"read": {func(r io.Reader) error {
			_, err := io.Copy(io.Discard, r)
			return err
		}, 1},
		"read beyond its end": {func(r io.Reader) error {
			_, _ = io.Copy(io.Discard, r)
			_, err := io.Copy(io.Discard, r)
			return err
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			dial, dials := counting(pipes(answering(answer, nil)))
			rt := transports["http1"](dial)
			resp, err := rt.RoundTrip(post(t, "http://h.test", "{}"))
			if err != nil {
				t.Fatal(err)
			}
			if err := test.read(resp.Body); err != nil {
				t.Error(err)
			}
			for range 2 {
				if err := resp.Body.Close(); err != nil {
					t.Error(err)
				}
			}
			if n, err := resp.Body.Read(make([]byte, 1)); n != 0 || err == nil {
				t.Errorf("read after Close: %d, %v", n, err)
			}
			must(t, rt, post(t, "http://h.test", "{}"))
			if dials.Load() != test.dials {
				t.Errorf("%d connections, want %d", dials.Load(), test.dials)
			}
			_ = resp.Body.Close() // does nothing to the request that has the connection now
			must(t, rt, post(t, "http://h.test", "{}"))
			if dials.Load() != test.dials {
				t.Errorf("%d connections after another Close, want %d", dials.Load(), test.dials)
			}
			rt.CloseIdleConnections()
		})
	}
}

// burst sends n requests at once; all are under way before the first is answered.
func burst(t *testing.T, rt http.RoundTripper, url string, n int, let chan<- struct{}) {
	var crowd sync.WaitGroup
	for range n {
		crowd.Go(func() { must(t, rt, post(t, url, "{}")) })
	}
	synctest.Wait()
	for range n {
		let <- struct{}{}
	}
	crowd.Wait()
}

func TestIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		var open atomic.Int32
		dial, dials := counting(pipes(func(c net.Conn) {
			open.Add(1)
			defer open.Add(-1)
			answering(accepted, let)(c)
		}))
		rt := newTripper(t, Config{Dial: dial, MaxIdle: 3, IdleTimeout: time.Minute})
		want := func(when string, made, left int32) {
			t.Helper()
			synctest.Wait()
			if dials.Load() != made || open.Load() != left {
				t.Errorf("%s: %d connections made, %d open; want %d, %d", when, dials.Load(), open.Load(), made,
					left)
			}
		}
		burst(t, rt, "http://a.test", 5, let)
		want("five at once, three kept", 5, 3)
		burst(t, rt, "http://a.test", 3, let)
		want("three at once", 5, 3)
		burst(t, rt, "http://b.test", 2, let)
		want("another address", 7, 5)
		burst(t, rt, "http://a.test:81", 1, let)
		want("another port", 8, 6)
		burst(t, rt, "http://a.test:80", 1, let)
		want("the default port", 8, 6)

		time.Sleep(59 * time.Second)
		want("59 s later", 8, 6)
		burst(t, rt, "http://a.test", 1, let)
		time.Sleep(time.Second)
		want("a minute later: the one used meanwhile is left", 8, 1)
		burst(t, rt, "http://b.test", 1, let)
		time.Sleep(59 * time.Second)
		want("another minute later", 9, 1)
		time.Sleep(time.Second)
		want("and a second", 9, 0)
		time.Sleep(time.Hour)
		burst(t, rt, "http://a.test", 2, let)
		want("an hour later", 11, 2)
		rt.CloseIdleConnections()
		want("after CloseIdleConnections", 11, 0)
		burst(t, rt, "http://a.test", 1, let)
		time.Sleep(time.Minute)
		want("the next minute", 12, 0)
		rt.CloseIdleConnections()
	})
}

// Over all addresses there is a limit, beyond which each has one connection at most.
func TestIdleConnectionsInAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		dial, dials := counting(pipes(answering(accepted, let)))
		rt := newTripper(t, Config{Dial: dial, MaxIdle: 4, MaxIdleTotal: 5, IdleTimeout: time.Minute})
		idle := func(address string) (total, own int) {
			rt.pool.mu.Lock()
			defer rt.pool.mu.Unlock()
			return rt.pool.total, len(rt.pool.idle[address])
		}
		for i, test := range []struct {
			host       string
			n          int
			dials      int32 // in all, after n requests at once
			total, own int   // idle connections, then
		}{
			{"a", 4, 4, 4, 4},
			{"b", 3, 7, 5, 1},
			{"c", 2, 9, 6, 1},
			{"a", 4, 9, 5, 3},
			{"b", 2, 10, 5, 1},
		} {
			burst(t, rt, "http://"+test.host+".test", test.n, let)
			synctest.Wait()
			if total, own := idle(test.host + ".test:80"); dials.Load() != test.dials ||
				total != test.total ||
				own != test.own {
				t.Errorf("step %d: %d connections made, %d idle, %d of them to %s; want %+v", i, dials.Load(),
					total, own, test.host, test)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if total, _ := idle(""); total != 0 {
			t.Errorf("%d connections idle after the timeout", total)
		}
		rt.CloseIdleConnections()
	})
}

func TestKeepsNoneWhenTold(t *testing.T) {
	dial, dials := counting(pipes(answering(accepted, nil)))
	rt := newTripper(t, Config{Dial: dial})
	for range 2 {
		must(t, rt, post(t, "http://h.test", "{}"))
	}
	if dials.Load() != 2 {
		t.Errorf("%d connections, want 2", dials.Load())
	}
}

// The connection used last is used first, so that those that are too many get old.
func TestTakesTheNewest(t *testing.T) {
	tr := New(t.Context(), Config{MaxIdle: 2, IdleTimeout: time.Hour})
	p := &tr.pool
	one, other := net.Pipe()
	a, b := newConn(one, tr, "x"), newConn(other, tr, "x")
	for _, c := range []*conn{a, b} {
		p.add(c)
		p.put(c, true)
	}
	if p.take("y") != nil || p.take("x") != b || p.take("x") != a || p.take("x") != nil {
		t.Error("not the newest first")
	}
	p.timer.Stop()
}

// Failures to connect come back as they are.
func TestDialErrors(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	refused := errors.New("refused by the guard")
	for name, test := range map[string]struct {
		dial dial
		want error
	}{
		"refused by the host": {new(net.Dialer).DialContext, syscall.ECONNREFUSED},
		"refused by the guard": {
			(&net.Dialer{Control: func(string, string,
				syscall.RawConn,
			) error {
				return refused
			}}).DialContext, refused,
		},
	} {
		for kind, newTransport := range transports {
			t.Run(name+"/"+kind, func(t *testing.T) {
				resp, err := newTransport(test.dial).RoundTrip(
					post(t, "http://"+listener.Addr().String(), "{}"))
				if err == nil {
					resp.Body.Close()
				}
				if !errors.Is(err, test.want) {
					t.Errorf("%v, want %v", err, test.want)
				}
			})
		}
	}
}

// Many at once, some of them out of time, with a receiver that breaks connections: every answer is
// that of its own request.
func TestCrowd(t *testing.T) {
	address := answertest.Listen(t, nil, func(c net.Conn) {
		r := bufio.NewReader(c)
		for i := 0; ; i++ {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			body, err := io.ReadAll(req.Body)
			if err != nil || i == 50 {
				return
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n"+
				string(body[:4])+"\r\n0\r\n\r\n")
		}
	})
	rt := newTripper(t, Config{
		Dial: new(net.Dialer).DialContext, MaxIdle: 8,
		IdleTimeout: time.Minute,
	})
	var crowd sync.WaitGroup
	var answered atomic.Int32
	for i := range 16 {
		crowd.Go(func() {
			for j := range 200 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				if j%10 == 0 {
					ctx, cancel = context.WithTimeout(t.Context(), time.Duration(j)*time.Microsecond)
				}
				want := string([]byte{byte('a' + i), byte('a' + j%26), byte('a' + j/26), '.'})
				resp, err := rt.RoundTrip(post(t, "http://"+address,
					want+strings.Repeat("x", j%3*inlineBytes)).WithContext(ctx))
				if err == nil {
					body, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					if err == nil {
						answered.Add(1)
						if string(body) != want {
							t.Errorf("got the answer %q, want %q", body, want)
						}
					}
				}
				cancel()
			}
		})
	}
	crowd.Wait()
	if n := answered.Load(); n < 16*200*3/4 {
		t.Errorf("%d requests were answered", n)
	}
	rt.CloseIdleConnections()
	leftovers(t)
}

// brokenScript takes no request.
type brokenScript struct{ script }

func (*brokenScript) Write([]byte) (int, error) { return 0, syscall.EPIPE }

// A request that could not be written may have an answer; its connection has no use.
func TestAnswerToNothing(t *testing.T) {
	for name, answer := range map[string]string{"answered": early, "not answered": ""} {
		for _, size := range []int{2, inlineBytes + 1} {
			t.Run(fmt.Sprintf("%s, %d bytes", name, size), func(t *testing.T) {
				c := new(brokenScript)
				if answer != "" {
					c.pieces = [][]byte{[]byte(answer)}
				}
				rt := newTripper(
					t,
					Config{
						MaxIdle: 1,
						Dial:    func(context.Context, string, string) (net.Conn, error) { return c, nil },
					},
				)
				resp, err := rt.RoundTrip(post(t, "http://h.test", strings.Repeat("x", size)))
				switch {
				case answer == "":
					if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, io.EOF) {
						t.Errorf("%v, want a broken connection", err)
					}
				case err != nil || resp.StatusCode != 413:
					t.Errorf("%v, %v; want 413", resp, err)
				default:
					if _, err := io.Copy(io.Discard, resp.Body); err != nil {
						t.Error(err)
					}
				}
				if err == nil {
					resp.Body.Close()
				}
				if rt.pool.take("h.test:80") != nil {
					t.Error("the connection was kept")
				}
			})
		}
	}
}
