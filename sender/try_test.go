package sender

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hookline/mapper"
	"hookline/webhook"
)

// A trial goes the way of a delivery: signed, past the guard, and over TLS only to who is trusted.
func TestTry(t *testing.T) {
	var got *http.Request
	var body []byte
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("X-Reason", "teapot")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, strings.Repeat("x", 5000))
	})
	plain, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	event := mapper.NewTrial("", time.Now())
	allowed := Config{AllowAddresses: []string{"127.0.0.1"}, Version: "9"}
	try := func(cfg Config, url string) Answer {
		t.Helper()
		a, err := Try(t.Context(), cfg, &webhook.Subscription{Secret: "shh", URL: url}, event)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}

	a := try(allowed, plain.URL+"/hook")
	if a.Outcome != Failed || a.Status != http.StatusTeapot || a.Header.Get("X-Reason") != "teapot" ||
		len(a.Body) != 1024 || a.Took <= 0 ||
		a.Proto != "HTTP/1.1" {
		t.Errorf("answer: %+v", a)
	}
	if err := Verify("shh", got.Header, body, time.Now(), time.Minute); err != nil {
		t.Error(err)
	}
	if err := VerifyStandard("shh", got.Header, body, time.Now(), time.Minute); err != nil {
		t.Error(err)
	}
	if got.Header.Get(HeaderID) != event.ID || got.UserAgent() != "hookline/9" ||
		!strings.HasPrefix(string(body), `{"event":"hookline.test","data":{"message":`) {
		t.Errorf("request: %v %s", got.Header, body)
	}
	if a := try(Config{}, plain.URL); a.Outcome != Blocked ||
		!strings.Contains(a.Reason, "loopback") {
		t.Errorf("to an address that is refused: %+v", a)
	}
	if a := try(allowed, secure.URL); a.Outcome != Failed ||
		!strings.Contains(a.Reason, "certificate") {
		t.Errorf("to a server that nobody vouches for: %+v", a)
	}
	wrong := Config{AllowAddresses: []string{"http://x"}}
	if _, err := Try(t.Context(), wrong, nil, event); err == nil {
		t.Error("settings that are wrong are taken")
	}
}
