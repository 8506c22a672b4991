package https

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"hookline/sender/answertest"
)

// tripper sends what an http.Request says by a Transport, so that it can stand where net/http's
// does.
type tripper struct{ *Transport }

func (t tripper) RoundTrip(req *http.Request) (*http.Response, error) {
	to, err := NewTarget(req.URL, req.Header, "", nil)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	return t.Post(time.Now().Add(time.Hour), to, nil, body, Terms{})
}

// certified returns what receivers speak TLS with, by HTTP/1.1 alone, and what trusts them.
func certified(t *testing.T) (server *tls.Config, roots *x509.CertPool) {
	t.Helper()
	of := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(of.Close)
	roots = x509.NewCertPool()
	roots.AddCert(of.Certificate())
	return &tls.Config{Certificates: of.TLS.Certificates}, roots
}

// Whatever a receiver answers by HTTP/1.1 over TLS, it is the same to net/http.
func TestAnswers(t *testing.T) {
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			server, roots := certified(t)
			server.MaxVersion = version
			answertest.Run(t, server, map[string]func(*testing.T) answertest.Transport{
				"https": func(t *testing.T) answertest.Transport {
					return tripper{New(t.Context(), Config{
						Dial: new(net.Dialer).DialContext, TLS: &tls.Config{RootCAs: roots},
						DialTimeout: patience, IdleTimeout: time.Hour,
					})}
				},
				"net/http": func(*testing.T) answertest.Transport {
					return &http.Transport{
						TLSClientConfig:        &tls.Config{RootCAs: roots},
						MaxIdleConnsPerHost:    1,
						MaxResponseHeaderBytes: 64 << 10,
						DisableCompression:     true,
					}
				},
			})
		})
	}
}
