package http1

import (
	"bufio"
	"cmp"
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

// stages are all that a request may wait for. Each brings it there, in a synctest bubble, and
// leaves it there.
var stages = map[string]struct {
	handle func(net.Conn) // nil: the connection is not made
	body   int            // bytes of the request's body
	inBody bool           // there is an answer, its body is missing
}{
	"dial":  {},
	"write": {handle: func(net.Conn) {}},
	"write, large": {
		handle: func(c net.Conn) { _, _ = io.CopyN(io.Discard, c, inlineBytes) },
		body:   1 << 20,
	},
	"answer":        {handle: func(c net.Conn) { readRequest(c); untilClosed(c) }},
	"answer, large": {handle: func(c net.Conn) { readRequest(c); untilClosed(c) }, body: 1 << 20},
	"status line": {
		handle: func(c net.Conn) {
			readRequest(c)
			_, _ = io.WriteString(c, "HTTP/1.1 20")
			untilClosed(c)
		},
	},
	"header": {
		handle: func(c net.Conn) {
			readRequest(c)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nA: ")
			untilClosed(c)
		},
	},
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
					ctx, cancel := context.WithCancelCause(t.Context())
					defer cancel(nil)
					rt := tripper{
						New(
							ctx,
							Config{
								MaxIdle: 1,
								Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
									if test.handle == nil {
										<-ctx.Done()
										return nil, timedOut{ctx.Err()}
									}
									here, there := net.Pipe()
									theirs = there
									return here, nil
								},
							},
						),
					}
					const limit = 3 * time.Second
					request, want := t.Context(), errCause
					if way == "deadline" {
						timed, stop := context.WithTimeout(t.Context(), limit)
						defer stop()
						request, want = timed, context.DeadlineExceeded
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
						req := post(t, "http://h.test", strings.Repeat("x", test.body)).WithContext(request)
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
					if way == "cancel" {
						time.Sleep(limit)
						cancel(errCause)
					}
					o := <-done
					if !errors.Is(o.err, want) || o.answered != test.inBody {
						t.Errorf("answered %t, %v; want %t, %v", o.answered, o.err, test.inBody, want)
					}
					if o.answered && !errors.Is(o.closed, want) {
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
					if rt.pool.take("h.test:80") != nil {
						t.Error("the connection was kept")
					}
				})
			})
		}
	}
}

// timedOut is the error of a dialer whose time is over.
type timedOut struct{ error }

func (timedOut) Timeout() bool   { return true }
func (timedOut) Temporary() bool { return true }

// A transport whose context has ended lets nothing begin, and a deadline that comes later does
// nothing to the connection.
func TestOutsideOfARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		dial, dials := counting(pipes(answering(accepted, nil)))
		rt := tripper{New(ctx, Config{MaxIdle: 1, Dial: dial})}
		for range 3 {
			ctx, stop := context.WithTimeout(t.Context(), time.Second)
			must(t, rt, post(t, "http://h.test", "{}").WithContext(ctx))
			stop()
			time.Sleep(time.Minute)
		}
		if dials.Load() != 1 {
			t.Errorf("%d connections for three requests, want 1", dials.Load())
		}
		cancel(errCause)
		synctest.Wait()
		for range 2 { // the first finds an idle connection
			if resp, err := rt.RoundTrip(post(t, "http://h.test", "{}")); err == nil {
				resp.Body.Close()
				t.Error("an answer after the end of the transport's context")
			} else if !errors.Is(err, errCause) {
				t.Errorf("%v, want %v", err, errCause)
			}
		}
		rt.CloseIdleConnections()
	})
}

// What was set on a connection for one request is not there for the next one.
func TestConnectionForgets(t *testing.T) {
	for name, test := range map[string]struct {
		body   int
		answer string
		cfg    Config
	}{
		"the deadline":                   {},
		"the time that writing may take": {body: 1 << 20},
		"the time that the body may take": {
			answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
			cfg:    Config{BodyTimeout: time.Second},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dial, dials := counting(pipes(answering(cmp.Or(test.answer, accepted), nil)))
				cfg := test.cfg
				cfg.Dial, cfg.MaxIdle = dial, 1
				rt := newTripper(t, cfg)
				for range 3 {
					ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
					must(t, rt, post(t, "http://h.test", strings.Repeat("x", test.body)).WithContext(ctx))
					stop()
					time.Sleep(time.Minute)
				}
				if dials.Load() != 1 {
					t.Errorf("%d connections, want 1", dials.Load())
				}
				rt.CloseIdleConnections()
			})
		})
	}
}

// The body of an answer has a time of its own, and never more than its request.
func TestBodyTimeout(t *testing.T) {
	for name, test := range map[string]struct{ limit, body, want time.Duration }{
		"within the request's time": {10 * time.Second, time.Second, time.Second},
		"longer than that":          {time.Second, 10 * time.Second, time.Second},
		"not told":                  {3 * time.Second, 0, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rt := newTripper(t, Config{BodyTimeout: test.body, Dial: pipes(func(c net.Conn) {
					readRequest(c)
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab")
					untilClosed(c)
				})})
				ctx, stop := context.WithTimeout(t.Context(), test.limit)
				defer stop()
				start := time.Now()
				resp, err := rt.RoundTrip(post(t, "http://h.test", "{}").WithContext(ctx))
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v, want %v", err, context.DeadlineExceeded)
				}
				if took := time.Since(start); took != test.want {
					t.Errorf("the body ended after %s, want %s", took, test.want)
				}
			})
		})
	}
}
