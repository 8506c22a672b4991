package http1

import (
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// transportsOf are the two transports as the sender sets them up.
var transportsOf = map[string]func(dial) roundTripper{
	"http1": func(d dial) roundTripper { return &Transport{Dial: d, MaxIdle: 64, IdleTimeout: time.Minute} },
	"net_http": func(d dial) roundTripper {
		return &http.Transport{DialContext: d, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, DisableCompression: true}
	},
}

// BenchmarkRoundTrip is a POST of 1 kB, 64 of them at a time, over loopback. The receiver is in the same process, allocates nothing and does
// as little as it can.
func BenchmarkRoundTrip(b *testing.B) {
	body := strings.Repeat("x", 1<<10)
	for name, newTransport := range transportsOf {
		b.Run(name, func(b *testing.B) {
			address := listen(b, func(c net.Conn) {
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
			rt := newTransport(new(net.Dialer).DialContext)
			defer rt.CloseIdleConnections()
			b.ReportAllocs()
			b.SetParallelism(64 / runtime.GOMAXPROCS(0))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					resp, err := rt.RoundTrip(post(b, "http://"+address, body))
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

// BenchmarkInFlight measures what a request takes that waits for its answer, of which there are 1,000: its goroutine, its connection, and
// what RoundTrip's caller keeps of it. The receiver is a listener that accepts nothing, and takes nothing.
func BenchmarkInFlight(b *testing.B) {
	const requests = 1000
	for name, newTransport := range transportsOf {
		b.Run(name, func(b *testing.B) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			defer listener.Close()
			var heap, stack float64
			for b.Loop() {
				wrote := make(chan struct{}, requests)
				rt := newTransport(func(ctx context.Context, network, address string) (net.Conn, error) {
					c, err := new(net.Dialer).DialContext(ctx, network, address)
					if err != nil {
						return nil, err
					}
					return wroteConn{c.(*net.TCPConn), wrote}, nil
				})
				ctx, cancel := context.WithCancel(b.Context())
				before := memory()
				var crowd sync.WaitGroup
				for range requests {
					crowd.Go(func() {
						if resp, err := rt.RoundTrip(post(b, "http://"+listener.Addr().String(), "{}").WithContext(ctx)); err == nil {
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
