package sender

import (
	"bufio"
	"bytes"
	"maps"
	"net/http"
	"net/textproto"
	"regexp"
	"strings"
	"testing"
	"time"

	"hookline/webhook"
)

// whole returns the header of a request with the given post.
func whole(t *testing.T, p *post, extra http.Header, now time.Time) http.Header {
	t.Helper()
	var h header
	h.set(p, now)
	all := commonHeader("hookline/1.2", "application/json", extra)
	maps.Copy(all, h.read(t))
	return all
}

// read returns what the lines say.
func (h *header) read(t *testing.T) http.Header {
	t.Helper()
	lines := bufio.NewReader(strings.NewReader(string(h.lines) + "\r\n"))
	read, err := textproto.NewReader(lines).ReadMIMEHeader()
	if err != nil {
		t.Fatal(err)
	}
	return http.Header(read)
}

func TestHeader(t *testing.T) {
	now := time.UnixMilli(1700000000123)
	p := &post{id: "evt_1", attempt: 3, signer: newSigner("shh"), body: []byte("{}")}
	extra := http.Header{
		"Authorization": {"Bearer x"},
		"x-tenant":      {"a", "b"},
		"content-type": {
			"text/plain",
		},
		"User-Agent":     {"me"},
		"host":           {"evil"},
		"Content-Length": {"0"},
		"CONNECTION":     {"close"},
		"transfer-encoding": {
			"chunked",
		},
		"webhook-id":                 {"mine"},
		"X-Twenty-Webhook-Signature": {"forged"},
		"X-Hookline-Attempt":         {"9"},
	}
	h := whole(t, p, extra, now)
	nonce := h.Get(headerNonce)
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(nonce) {
		t.Errorf("nonce %q: want 32 hex digits", nonce)
	}
	want := map[string]string{
		"Authorization":              "Bearer x",
		"X-Tenant":                   "a",
		"Content-Type":               "application/json",
		"User-Agent":                 "hookline/1.2",
		"Webhook-Id":                 "evt_1",
		"X-Hookline-Attempt":         "3",
		"X-Twenty-Webhook-Timestamp": "1700000000123",
		"X-Twenty-Webhook-Signature": Sign("shh", 1700000000123, p.body),
		"X-Twenty-Webhook-Nonce":     nonce,
		"Webhook-Timestamp":          "1700000000",
		"Webhook-Signature":          SignStandard("shh", "evt_1", 1700000000, p.body),
	}
	for name, value := range want {
		if got := h.Get(name); got != value {
			t.Errorf("%s = %q, want %q", name, got, value)
		}
	}
	if len(h) != len(want) {
		t.Errorf("headers %v: want no other than %v", h, want)
	}
	if len(h["X-Tenant"]) != 2 {
		t.Errorf("X-Tenant = %q, want both values", h["X-Tenant"])
	}
	if again := whole(t, p, extra, now).Get(headerNonce); again == nonce {
		t.Error("two requests have the same nonce")
	}

	p.signer = nil
	unsigned := whole(t, p, extra, now)
	for _, name := range []string{
		HeaderTimestamp, HeaderSignature, headerNonce,
		HeaderStandardTimestamp, HeaderStandardSignature,
	} {
		if got, ok := unsigned[name]; ok {
			t.Errorf("without a secret %s = %q, want none", name, got)
		}
	}
	if got := unsigned.Get(HeaderID); got != "evt_1" {
		t.Errorf("without a secret %s = %q, want evt_1", HeaderID, got)
	}
}

// Nothing of the request before is left in the lines.
func TestHeaderLines(t *testing.T) {
	now := time.UnixMilli(1700000000123)
	var h header
	h.set(
		&post{
			id:      "evt_of_another_length",
			attempt: 12,
			replay:  true,
			signer:  newSigner("shh"),
			body:    []byte("[]"),
		},
		now,
	)
	h.set(&post{id: "evt_1", attempt: 3, replay: true, signer: newSigner("shh"), body: []byte("{}")},
		now)
	read := h.read(t)
	want := map[string]string{
		HeaderID: "evt_1", headerAttempt: "3", headerReplay: "true",
		HeaderTimestamp: "1700000000123", HeaderSignature: Sign("shh", 1700000000123, []byte("{}")),
		HeaderStandardTimestamp: "1700000000",
		HeaderStandardSignature: SignStandard("shh", "evt_1", 1700000000, []byte("{}")),
	}
	for name, value := range want {
		if got := read[name]; len(got) != 1 || got[0] != value {
			t.Errorf("%s = %q, want %q", name, got, value)
		}
	}
	if len(read) != len(want)+1 || len(read.Get(headerNonce)) != 32 {
		t.Errorf("%v: want %d headers and a nonce", read, len(want))
	}
}

// Two HMACs over a body of the usual size, and seven headers.
func BenchmarkHeader(b *testing.B) {
	p := &post{
		id:      "evt_0badcafe_0000000001a2b3c4_0",
		attempt: 1,
		signer:  newSigner("5f2b7c0d9e8a4f61b3d5c7e9f0a1b2c35f2b7c0d9e8a4f61b3d5c7e9f0a1b2c3"),
		body:    bytes.Repeat([]byte("x"), 1100),
	}
	now := time.Now()
	var h header
	b.ReportAllocs()
	for b.Loop() {
		h.set(p, now)
	}
}

// What Hookline sets itself, a webhook cannot: its table of webhooks has the same names.
func TestOwnHeadersAreRefused(t *testing.T) {
	for _, name := range []string{
		"Content-Type", "User-Agent", headerAttempt, headerReplay, HeaderBatch, HeaderBatchIDs,
		headerTrace, HeaderTimestamp, HeaderSignature, headerNonce, HeaderID, HeaderStandardTimestamp,
		HeaderStandardSignature,
	} {
		if !webhook.IsOwnHeader(http.CanonicalHeaderKey(name)) {
			t.Errorf("a webhook can have a header %s, which would take the place of Hookline's", name)
		}
	}
}
