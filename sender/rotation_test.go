package sender

import (
	"strings"
	"testing"
	"time"

	"hookline/webhook"
)

// While a secret is being replaced the signature of Standard Webhooks is made with both, so each of
// them verifies; Twenty's is that of the one before until the grace period is over.
func TestBothSecretsSign(t *testing.T) {
	const before, after = "the one before", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	end := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	to := &webhook.Subscription{Secret: after, Previous: before, PreviousUntil: end}
	body := []byte(`{"event":"person.created"}`)
	for name, c := range map[string]struct {
		to     *webhook.Subscription
		at     time.Time
		twenty string // whose signature Twenty's is
		both   bool
	}{
		"in the grace period": {to, end.Add(-time.Second), before, true},
		"at its end":          {to, end, after, false},
		"without an end": {
			&webhook.Subscription{Secret: after, Previous: before}, end, before, true,
		},
		"of no rotation": {&webhook.Subscription{Secret: after}, end, after, false},
	} {
		p := &post{id: "evt_1", attempt: 1, signer: signerOf(c.to), body: body}
		var h header
		h.set(p, c.at)
		got := h.read(t)
		if err := Verify(c.twenty, got, body, c.at, time.Second); err != nil {
			t.Errorf("%s: Twenty's signature with %s: %v", name, c.twenty, err)
		}
		if err := VerifyStandard(after, got, body, c.at, time.Second); err != nil {
			t.Errorf("%s: the new secret: %v", name, err)
		}
		if err := VerifyStandard(before, got, body, c.at, time.Second); (err == nil) != c.both {
			t.Errorf("%s: the secret before: %v", name, err)
		}
		list := strings.Split(got.Get(HeaderStandardSignature), " ")
		if want := map[bool]int{true: 2, false: 1}[c.both]; len(list) != want ||
			!strings.HasPrefix(list[len(list)-1], "v1,") {
			t.Errorf("%s: signatures %q", name, list)
		}
	}
	if signerOf(&webhook.Subscription{}) != nil {
		t.Error("a webhook without a secret is signed")
	}
}
