package sender

import (
	"bytes"
	"net/http"
	"regexp"
	"testing"
	"time"
)

func TestHeader(t *testing.T) {
	now := time.UnixMilli(1700000000123)
	p := &post{
		id: "evt_1", attempt: 3, userAgent: "hookline/1.2", signer: newSigner("shh"), body: []byte("{}"),
		extra: http.Header{
			"Authorization": {"Bearer x"}, "x-tenant": {"a", "b"},
			"content-type": {"text/plain"}, "User-Agent": {"me"}, "host": {"evil"}, "Content-Length": {"0"}, "CONNECTION": {"close"},
			"transfer-encoding": {"chunked"}, "webhook-id": {"mine"}, "X-Twenty-Webhook-Signature": {"forged"}, "X-Hookline-Attempt": {"9"},
		},
	}
	h := p.header(now)
	nonce := h.Get(HeaderNonce)
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(nonce) {
		t.Errorf("nonce %q: want 32 hex digits", nonce)
	}
	want := map[string]string{
		"Authorization": "Bearer x", "X-Tenant": "a", "Content-Type": "application/json", "User-Agent": "hookline/1.2",
		"Webhook-Id": "evt_1", "X-Hookline-Attempt": "3",
		"X-Twenty-Webhook-Timestamp": "1700000000123", "X-Twenty-Webhook-Signature": Sign("shh", 1700000000123, p.body),
		"X-Twenty-Webhook-Nonce": nonce,
		"Webhook-Timestamp":      "1700000000", "Webhook-Signature": SignStandard("shh", "evt_1", 1700000000, p.body),
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
	if again := p.header(now).Get(HeaderNonce); again == nonce {
		t.Error("two requests have the same nonce")
	}

	p.signer = nil
	for _, name := range []string{HeaderTimestamp, HeaderSignature, HeaderNonce, HeaderStandardTimestamp, HeaderStandardSignature} {
		if got, ok := p.header(now)[name]; ok {
			t.Errorf("without a secret %s = %q, want none", name, got)
		}
	}
	if got := p.header(now).Get(HeaderID); got != "evt_1" {
		t.Errorf("without a secret %s = %q, want evt_1", HeaderID, got)
	}
}

// Two HMACs over a body of the usual size, and nine headers.
func BenchmarkHeader(b *testing.B) {
	p := &post{
		id: "evt_0badcafe_0000000001a2b3c4_0", attempt: 1, userAgent: "hookline/1.0.0",
		signer: newSigner("5f2b7c0d9e8a4f61b3d5c7e9f0a1b2c35f2b7c0d9e8a4f61b3d5c7e9f0a1b2c3"), body: bytes.Repeat([]byte("x"), 1100),
	}
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		p.header(now)
	}
}
