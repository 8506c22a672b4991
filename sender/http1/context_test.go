package http1

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// readRequest reads a request from a connection.
func readRequest(c net.Conn) {
	if req, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
		_, _ = io.Copy(io.Discard, req.Body)
	}
}

// untilClosed waits until the other side has closed the connection.
func untilClosed(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// stages are all that a request may wait for. Each brings it there, in a synctest bubble, and leaves it there.
var stages = map[string]struct {
	handle func(net.Conn) // nil: the connection is not made
	body   int            // bytes of the request's body
	inBody bool           // there is an answer, its body is missing
}{
	"dial":          {},
	"write":         {handle: func(net.Conn) {}},
	"write, large":  {handle: func(c net.Conn) { _, _ = io.CopyN(io.Discard, c, inlineBytes) }, body: 1 << 20},
	"answer":        {handle: func(c net.Conn) { readRequest(c); untilClosed(c) }},
	"answer, large": {handle: func(c net.Conn) { readRequest(c); untilClosed(c) }, body: 1 << 20},
	"status line":   {handle: func(c net.Conn) { readRequest(c); _, _ = io.WriteString(c, "HTTP/1.1 20"); untilClosed(c) }},
	"header":        {handle: func(c net.Conn) { readRequest(c); _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nA: "); untilClosed(c) }},
	"after 100": {handle: func(c net.Conn) {
		readRequest(c)
		_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		untilClosed(c)
	}},
	"body": {handle: func(c net.Conn) {
		readRequest(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab")
		untilClosed(c)
	}, inBody: true},
	"body in chunks": {handle: func(c net.Conn) {
		readRequest(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab")
		untilClosed(c)
	}, inBody: true},
	"body, unbounded": {handle: func(c net.Conn) {
		readRequest(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nab")
		untilClosed(c)
	}, inBody: true},
}

// Wherever a request is, the end of its context ends it, and nothing is left of it.
func TestContextEnds(t *testing.T) {
	for stage, test := range stages {
		for _, way := range []string{"cancel", "deadline"} {
			t.Run(stage+"/"+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var theirs net.Conn
					rt := &Transport{MaxIdle: 1, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
						if test.handle == nil {
							<-ctx.Done()
							return nil, ctx.Err()
						}
						here, there := net.Pipe()
						theirs = there
						return here, nil
					}}
					var ctx context.Context
					var cancel context.CancelCauseFunc
					const limit = 3 * time.Second
					if way == "deadline" {
						timed, stop := context.WithTimeoutCause(t.Context(), limit, errCause)
						defer stop()
						ctx = timed
					} else {
						ctx, cancel = context.WithCancelCause(t.Context())
					}
					type outcome struct {
						answered bool
						err      error
						closed   error // what reading gives after Close
						at       time.Time
					}
					done := make(chan outcome, 1)
					start := time.Now()
					go func() {
						req := post(t, "http://h.test", strings.Repeat("x", test.body)).WithContext(ctx)
						resp, err := rt.RoundTrip(req)
						o := outcome{answered: err == nil, err: err}
						if err == nil {
							_, o.err = io.ReadAll(resp.Body)
							resp.Body.Close()
							_, o.closed = resp.Body.Read(make([]byte, 1))
						}
						o.at = time.Now()
						done <- o
					}()
					synctest.Wait()
					if theirs != nil {
						go test.handle(theirs)
					}
					synctest.Wait()
					if len(done) > 0 {
						t.Fatalf("it is over already: %+v", <-done)
					}
					if cancel != nil {
						time.Sleep(limit)
						cancel(errCause)
					}
					o := <-done
					if !errors.Is(o.err, errCause) || o.answered != test.inBody {
						t.Errorf("answered %t, %v; want %t, %v", o.answered, o.err, test.inBody, errCause)
					}
					if o.answered && !errors.Is(o.closed, errCause) {
						t.Errorf("after Close: %v", o.closed)
					}
					if took := o.at.Sub(start); took != limit {
						t.Errorf("ended after %s, want %s", took, limit)
					}
					if theirs != nil {
						synctest.Wait()
						if _, err := theirs.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
							t.Errorf("the connection is still open: %v", err)
						}
					}
					if rt.idle.take("h.test:80") != nil {
						t.Error("the connection was kept")
					}
				})
			})
		}
	}
}

// A context that has ended lets nothing begin, and one that ends later does nothing to the connection.
func TestContextOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials := 0
		answer := pipes(func(c net.Conn) {
			for {
				if req, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
					return
				} else if _, err := io.Copy(io.Discard, req.Body); err != nil {
					return
				}
				_, _ = io.WriteString(c, accepted)
			}
		})
		rt := &Transport{MaxIdle: 1, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			dials++
			return answer(ctx, network, address)
		}}
		ended, cancel := context.WithCancelCause(t.Context())
		cancel(errCause)
		if resp, err := rt.RoundTrip(post(t, "http://h.test", "{}").WithContext(ended)); err == nil {
			resp.Body.Close()
			t.Error("an answer after the context's end")
		} else if !errors.Is(err, errCause) || dials != 0 {
			t.Errorf("%v, %d connections; want %v, none", err, dials, errCause)
		}
		for range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			must(t, rt, post(t, "http://h.test", "{}").WithContext(ctx))
			cancel()
			synctest.Wait()
		}
		if dials != 1 {
			t.Errorf("%d connections for three requests, want 1", dials)
		}
		rt.CloseIdleConnections()
	})
}

// What was set on a connection for one request is not there for the next one.
func TestConnectionForgets(t *testing.T) {
	for name, test := range map[string]struct {
		body   int
		cancel bool // before the answer's body is read, all of which is there
		dials  int32
	}{
		"the end of a context":            {cancel: true, dials: 2},
		"the time that writing may take":  {body: 1 << 20, dials: 1},
		"the end of the context, written": {body: 1 << 20, cancel: true, dials: 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dial, dials := counting(pipes(answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", nil)))
				rt := &Transport{Dial: dial, MaxIdle: 1}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				resp, err := rt.RoundTrip(post(t, "http://h.test", strings.Repeat("x", test.body)).WithContext(ctx))
				if err != nil {
					t.Fatal(err)
				}
				if test.cancel {
					cancel()
					synctest.Wait()
				}
				if body, err := io.ReadAll(resp.Body); string(body) != "abc" {
					t.Errorf("body %q, %v", body, err)
				}
				resp.Body.Close()
				time.Sleep(time.Minute)
				must(t, rt, post(t, "http://h.test", "{}"))
				if dials.Load() != test.dials {
					t.Errorf("%d connections, want %d", dials.Load(), test.dials)
				}
				rt.CloseIdleConnections()
			})
		})
	}
}
