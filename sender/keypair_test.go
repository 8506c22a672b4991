package sender

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"hookline/webhook"
)

// A private key signs as Standard Webhooks has it, v1a; who has the public one can check that.
// While a secret is rotated, both sign, whatever they are.
func TestKeyPairs(t *testing.T) {
	pair, other := webhook.NewKeyPair(), webhook.NewKeyPair()
	const shared = webhook.Secret("a shared secret")
	for _, test := range []struct {
		secret, previous webhook.Secret
		signatures       int
		twenty           string // the secret whose signature Twenty's header has, "" for none
	}{
		{pair, "", 1, ""},
		{pair, other, 2, ""},
		{pair, shared, 2, string(shared)},
		{shared, pair, 2, string(shared)},
	} {
		hits := make(chan hit, 1)
		server := receiver(t, nil, func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			hits <- hit{header: r.Header, body: body, at: time.Now()}
		})
		to := subscription("a", server.URL)
		to.Secret, to.Previous = test.secret, test.previous
		await(t, newSender(t, Config{}).send(to, newEvent(1, 1)), "delivery")
		h := <-hits
		if n := len(strings.Fields(h.header.Get(HeaderStandardSignature))); n != test.signatures {
			t.Errorf("%d signatures, want %d: %v", n, test.signatures, h.header)
		}
		for _, secret := range []webhook.Secret{test.secret, test.previous} {
			key := string(secret)
			if public := secret.PublicKey(); public != "" {
				key = public
			} else if key == "" {
				continue
			}
			if err := VerifyStandard(key, h.header, h.body, h.at, patience); err != nil {
				t.Error(err)
			}
			changed := append([]byte(" "), h.body...)
			err := VerifyStandard(key, h.header, changed, h.at, patience)
			if !errors.Is(err, ErrMismatch) {
				t.Errorf("of another body: %v", err)
			}
		}
		if test.twenty == "" {
			if h.header.Get(HeaderSignature) != "" || h.header.Get(headerNonce) != "" {
				t.Errorf("%v", h.header)
			}
		} else if err := Verify(test.twenty, h.header, h.body, h.at, patience); err != nil {
			t.Error(err)
		}
	}
}

// The signature is that of the specification: of <id>.<timestamp>.<body>.
func TestSignStandardWithAKeyPair(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	secret := "whsk_" + base64.StdEncoding.EncodeToString(key)
	want := "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(key, []byte("msg_1.17.{}")))
	if got := SignStandard(secret, "msg_1", 17, []byte("{}")); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
