package http1

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"hookline/sender/answertest"
)

// client posts a body to a URL over and over.
type client struct {
	post  func() (*http.Response, error)
	close func()
}

// clientsOf use the two transports as the sender sets them up.
var clientsOf = map[string]func(b *testing.B, ctx context.Context, d dial, target,
	body string) client{
	"http1": func(b *testing.B, ctx context.Context, d dial, target, body string) client {
		u, err := url.Parse(target)
		if err != nil {
			b.Fatal(err)
		}
		to, err := NewTarget(u, nil, "")
		if err != nil {
			b.Fatal(err)
		}
		rt, bytes := New(ctx, Config{Dial: d, MaxIdle: 64, IdleTimeout: time.Minute}), []byte(body)
		return client{
			func() (*http.Response, error) {
				return rt.Post(time.Now().Add(time.Hour), to, nil, bytes, false)
			},
			rt.CloseIdleConnections,
		}
	},
	"net_http": func(b *testing.B, ctx context.Context, d dial, target, body string) client {
		rt := &http.Transport{
			DialContext:         d,
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     time.Minute,
			DisableCompression:  true,
		}
		return client{
			func() (*http.Response, error) { return rt.RoundTrip(post(b, target, body).WithContext(ctx)) },
			rt.CloseIdleConnections,
		}
	},
}

// BenchmarkRoundTrip is a POST of 1 kB, 64 of them at a time, over loopback. The receiver is in the
// same process, allocates nothing and does as little as it can.
func BenchmarkRoundTrip(b *testing.B) {
	body := strings.Repeat("x", 1<<10)
	for name, newClient := range clientsOf {
		b.Run(name, func(b *testing.B) {
			address := answertest.Listen(b, nil, func(c net.Conn) {
				buf := make([]byte, 4<<10)
				for missing := 0; ; {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					if missing == 0 { // the head comes whole
						missing = strings.Index(string(buf[:n]), "\r\n\r\n") + 4 + len(body)
					}
					if missing -= n; missing == 0 {
						_, _ = io.WriteString(c, accepted)
					}
				}
			})
			c := newClient(b, b.Context(), new(net.Dialer).DialContext, "http://"+address, body)
			defer c.close()
			b.ReportAllocs()
			b.SetParallelism(64 / runtime.GOMAXPROCS(0))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					resp, err := c.post()
					if err != nil {
						b.Error(err)
						return
					}
					resp.Body.Close()
				}
			})
		})
	}
}

// wroteConn tells when a request was written.
type wroteConn struct {
	*net.TCPConn
	wrote chan<- struct{}
}

func (c wroteConn) Write(p []byte) (int, error) {
	n, err := c.TCPConn.Write(p)
	c.wrote <- struct{}{}
	return n, err
}

// BenchmarkInFlight measures what a request takes that waits for its answer, of which there are
// 1,000: its goroutine, its connection, and what its caller keeps of it. The receiver is a listener
// that accepts nothing, and takes nothing.
func BenchmarkInFlight(b *testing.B) {
	const requests = 1000
	for name, newClient := range clientsOf {
		b.Run(name, func(b *testing.B) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			defer listener.Close()
			var heap, stack float64
			for b.Loop() {
				wrote := make(chan struct{}, requests)
				ctx, cancel := context.WithCancel(b.Context())
				c := newClient(
					b,
					ctx,
					func(ctx context.Context, network, address string) (net.Conn, error) {
						c, err := new(net.Dialer).DialContext(ctx, network, address)
						if err != nil {
							return nil, err
						}
						return wroteConn{c.(*net.TCPConn), wrote}, nil
					},
					"http://"+listener.Addr().String(),
					"{}",
				)
				before := memory()
				var crowd sync.WaitGroup
				for range requests {
					crowd.Go(func() {
						if resp, err := c.post(); err == nil {
							resp.Body.Close()
							b.Error("an answer")
						}
					})
				}
				for range requests {
					await(b, wrote, "requests under way")
				}
				after := memory()
				heap += float64(int64(after.HeapAlloc-before.HeapAlloc)) / requests
				stack += float64(int64(after.StackInuse-before.StackInuse)) / requests
				cancel()
				crowd.Wait()
			}
			b.ReportMetric(heap/float64(b.N), "heap-B/request")
			b.ReportMetric(stack/float64(b.N), "stack-B/request")
		})
	}
}

func memory() (m runtime.MemStats) {
	runtime.GC()
	runtime.GC() // what pools held is gone after the second
	runtime.ReadMemStats(&m)
	return m
}
