package sender

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookline/internal/tlstest"
	"hookline/mapper"
	"hookline/webhook"
)

// receiverBy starts a receiver that shows a certificate of one authority, and wants one of another.
// It tells how many of its connections have resumed a session.
func receiverBy(
	t *testing.T, of, clients *tlstest.Authority, http2 bool,
) (url string, resumed *atomic.Int64) {
	t.Helper()
	resumed = new(atomic.Int64)
	server := httptest.NewUnstartedServer(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			if r.TLS.DidResume {
				resumed.Add(1)
			}
			w.Header().Set("Connection", "close")
			if len(r.TLS.PeerCertificates) == 0 && clients != nil {
				w.WriteHeader(http.StatusForbidden)
			}
		}))
	server.EnableHTTP2, server.TLS = http2, of.Server(t, clients)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, resumed
}

// tlsOf returns what a row says of TLS, as a webhook has it.
func tlsOf(authority *tlstest.Authority, certificate, key string) *webhook.TLS {
	s := webhook.TLSSettings{}
	if authority != nil {
		s.CA = &authority.PEM
	}
	if certificate != "" {
		s.ClientCertificate, s.ClientKey = &certificate, new(webhook.Secret(key))
	}
	return s.Over(nil)
}

// A receiver is known by its webhook's authorities alone, and told who calls, by either protocol.
// Its sessions are resumed, and never those of another identity.
func TestIdentities(t *testing.T) {
	corp, partners, other := tlstest.NewAuthority(t, "corp"), tlstest.NewAuthority(t, "partners"),
		tlstest.NewAuthority(t, "other")
	soon := time.Now().Add(time.Hour)
	certificate, key := partners.Issue(t, "hookline", soon)
	wrong, wrongKey := other.Issue(t, "hookline", soon)
	for _, http2 := range []bool{false, true} {
		url, resumed := receiverBy(t, corp, partners, http2)
		known := tlsOf(corp, certificate, key)
		try := func(by *webhook.TLS) Answer {
			t.Helper()
			cfg := Config{AllowAddresses: []string{"127.0.0.1"}}
			a, err := Try(t.Context(), cfg, &webhook.Subscription{URL: url, TLS: by},
				mapper.NewTrial("", time.Now()))
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		for range 2 {
			if a := try(known); a.Outcome != Delivered {
				t.Errorf("HTTP/2 %t: %+v", http2, a.Verdict)
			}
		}
		if n := resumed.Load(); n != 1 {
			t.Errorf("HTTP/2 %t: %d sessions were resumed, want 1", http2, n)
		}
		for name, test := range map[string]struct {
			by   *webhook.TLS
			want string // in the reason
		}{
			"none":                   {nil, "certificate"},
			"of another authority":   {tlsOf(other, certificate, key), "certificate"},
			"without a certificate":  {tlsOf(corp, "", ""), "certificate required"},
			"with one of nobody's":   {tlsOf(corp, wrong, wrongKey), "unknown certificate authority"},
			"certificate, system CA": {tlsOf(nil, certificate, key), "certificate"},
		} {
			if a := try(test.by); a.Outcome != Failed || !strings.Contains(a.Reason, test.want) {
				t.Errorf("HTTP/2 %t, %s: %+v, want %s", http2, name, a.Verdict, test.want)
			}
		}
		if n := resumed.Load(); n != 1 {
			t.Errorf("HTTP/2 %t: a session of one identity was another's", http2)
		}
	}
}

// Connections of one identity are not another's, though host and secret are the same.
func TestIdentitiesShareNothing(t *testing.T) {
	corp := tlstest.NewAuthority(t, "corp")
	certificate, key := corp.Issue(t, "hookline", time.Now().Add(time.Hour))
	a := ownerOf(&webhook.Subscription{Secret: "s", TLS: tlsOf(corp, certificate, key)})
	b := ownerOf(&webhook.Subscription{Secret: "s", TLS: tlsOf(corp, "", "")})
	c := ownerOf(&webhook.Subscription{Secret: "s"})
	same := ownerOf(&webhook.Subscription{Secret: "s", TLS: tlsOf(corp, certificate, key)})
	if a == b || a == c || b == c || a != same {
		t.Errorf("%x %x %x %x", a, b, c, same)
	}
}

// asProcess is set in a process that TestCertFile starts again.
const asProcess = "HOOKLINE_TEST_CERT_FILE_URL"

// SSL_CERT_FILE names the authorities of all other receivers. It is read once in a process, so each
// case is one.
func TestCertFile(t *testing.T) {
	if url := os.Getenv(asProcess); url != "" {
		a, err := Try(t.Context(), Config{AllowAddresses: []string{"127.0.0.1"}},
			&webhook.Subscription{URL: url}, mapper.NewTrial("", time.Now()))
		if err != nil || a.Outcome != Delivered {
			t.Fatalf("%v %+v", err, a.Verdict)
		}
		return
	}
	corp, other := tlstest.NewAuthority(t, "corp"), tlstest.NewAuthority(t, "other")
	url, _ := receiverBy(t, corp, nil, true)
	for name, test := range map[string]struct {
		trusted *tlstest.Authority
		works   bool
	}{"its authority": {corp, true}, "another": {other, false}} {
		file := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(file, []byte(test.trusted.PEM), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCertFile$")
		cmd.Env = append(os.Environ(), asProcess+"="+url, "SSL_CERT_FILE="+file,
			"SSL_CERT_DIR="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if works := err == nil; works != test.works ||
			!works && !strings.Contains(string(out), "unknown authority") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
