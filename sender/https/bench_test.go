package https

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"
)

// BenchmarkRoundTrip is a POST of 1 kB, 64 of them at a time, over TLS on loopback. The receiver is
// net/http's server, in the same process.
func BenchmarkRoundTrip(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 1<<10)
	for _, protocol := range []string{"HTTP1", "HTTP2"} {
		server := httptest.NewUnstartedServer(
			http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
			}))
		server.EnableHTTP2 = protocol == "HTTP2"
		server.StartTLS()
		defer server.Close()
		roots := x509.NewCertPool()
		roots.AddCert(server.Certificate())
		ours := New(b.Context(), Config{
			Dial: new(net.Dialer).DialContext, TLS: &tls.Config{RootCAs: roots},
			DialTimeout: patience, IdleTimeout: time.Hour,
		})
		defer ours.CloseIdleConnections()
		theirs := &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: roots},
			ForceAttemptHTTP2:   server.EnableHTTP2,
			MaxIdleConnsPerHost: 64,
			DisableCompression:  true,
		}
		defer theirs.CloseIdleConnections()
		to := target(b, server.URL, "")
		for kind, post := range map[string]func() (*http.Response, error){
			"https": func() (*http.Response, error) {
				return ours.Post(time.Now().Add(time.Hour), to, nil, body, Terms{})
			},
			"net_http": func() (*http.Response, error) {
				req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, server.URL,
					bytes.NewReader(body))
				if err != nil {
					return nil, err
				}
				return theirs.RoundTrip(req)
			},
		} {
			b.Run(protocol+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				b.SetParallelism(64 / runtime.GOMAXPROCS(0))
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						resp, err := post()
						if err != nil {
							b.Error(err)
							return
						}
						_, _ = io.Copy(io.Discard, resp.Body)
						resp.Body.Close()
					}
				})
			})
		}
	}
}
