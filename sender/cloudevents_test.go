package sender

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hookline/mapper"
)

// CloudEvents come in the three modes of their protocol binding, signed as all bodies are.
func TestCloudEvents(t *testing.T) {
	for _, test := range []struct {
		format mapper.Format
		batch  int
		kind   string
	}{
		{mapper.FormatCloudEvents, 0, "application/cloudevents+json"},
		{mapper.FormatCloudEvents, 2, "application/cloudevents-batch+json"},
		{mapper.FormatCloudEventsBinary, 0, "application/json"},
	} {
		p := newEvent(1, 1).Parts()
		p.Object = `größe "%`
		e := mapper.NewEvent(p)
		to := subscription("a", "")
		to.Format, to.Pace.Batch, to.Pace.BatchWait = test.format, test.batch, time.Millisecond
		to.Headers = http.Header{"X-Team": {"crm"}}
		hits := make(chan hit, 1)
		server := receiver(t, nil, func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			hits <- hit{header: r.Header, body: body, at: time.Now()}
		})
		to.URL = server.URL
		s := newSender(t, Config{})
		await(t, s.send(to, e), "delivery")
		h := <-hits
		verify(t, h, to.Secret)
		if got := h.header.Get("Content-Type"); got != test.kind {
			t.Errorf("%s: Content-Type: %s, want %s", test.format, got, test.kind)
		}
		ce := h.header.Get("Ce-Type")
		if test.format != mapper.FormatCloudEventsBinary {
			if ce != "" || !strings.Contains(string(h.body), `"specversion":"1.0"`) {
				t.Errorf("%s: %v %s", test.format, h.header, h.body)
			}
			if array := h.body[0] == '['; array != (test.batch > 0) {
				t.Errorf("%s", h.body)
			}
			continue
		}
		want := map[string]string{
			"Ce-Specversion": "1.0", "Ce-Id": e.ID, "Ce-Source": "urn:hookline:0badcafe",
			"Ce-Type": "gr%C3%B6%C3%9Fe%20%22%25.updated", "X-Team": "crm",
		}
		for name, value := range want {
			if got := h.header.Get(name); got != value {
				t.Errorf("%s: %s, want %s", name, got, value)
			}
		}
		plain := e.Body(mapper.FormatEvent, mapper.Addressee{})
		if h.header.Get("Ce-Time") == "" || string(h.body) != string(plain) {
			t.Errorf("%v %s", h.header, h.body)
		}
	}
}

// A receiver is asked for its consent as the specification of webhooks for CloudEvents says, past
// the same guard as deliveries.
func TestConsent(t *testing.T) {
	answers := func(status int, pairs ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodOptions || r.Header.Get("WebHook-Request-Origin") != consentOrigin ||
				r.Header.Get("WebHook-Request-Rate") != "90" || r.Header.Get("X-Key") != "k" {
				t.Errorf("%s %v", r.Method, r.Header)
			}
			for i := 0; i < len(pairs); i += 2 {
				w.Header().Set(pairs[i], pairs[i+1])
			}
			w.WriteHeader(status)
		}
	}
	for _, test := range []struct {
		answer http.HandlerFunc
		rate   float64
		err    string
	}{
		{answers(200, "WebHook-Allowed-Origin", "*"), 0, ""},
		{answers(204, "WebHook-Allowed-Origin", "Hookline", "WebHook-Allowed-Rate", "120"), 2, ""},
		{answers(200, "WebHook-Allowed-Origin", "hookline", "WebHook-Allowed-Rate", "*"), 0, ""},
		{answers(200), 0, "its answer to OPTIONS has no WebHook-Allowed-Origin"},
		{answers(200, "WebHook-Allowed-Origin", "other"), 0, "allows another origin than hookline"},
		{answers(405, "WebHook-Allowed-Origin", "*"), 0, "it answered OPTIONS with 405"},
		{
			answers(301, "WebHook-Allowed-Origin", "*", "Location", "/"), 0,
			"it answered OPTIONS with 301",
		},
		{
			answers(200, "WebHook-Allowed-Origin", "*", "WebHook-Allowed-Rate", "many"), 0,
			"WebHook-Allowed-Rate of its answer to OPTIONS is neither * nor a number",
		},
	} {
		server := httptest.NewServer(test.answer)
		cfg := Config{AllowAddresses: []string{"127.0.0.0/8"}}
		extra := http.Header{"X-Key": {"k"}, "Content-Length": {"7"}}
		rate, err := AskConsent(t.Context(), cfg, server.URL, extra, nil, 1.5)
		if rate != test.rate || (err == nil) != (test.err == "") ||
			err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%v, %v; want %v, %s", rate, err, test.rate, test.err)
		}
		if _, err := AskConsent(t.Context(), Config{}, server.URL, nil, nil, 0); err == nil {
			t.Error("an address that is refused to deliveries was asked")
		}
		server.Close()
	}
}
