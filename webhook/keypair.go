package webhook

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"

	"hookline/mapper"
)

// What begins the keys of the asymmetric signatures of Standard Webhooks.
//
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
const (
	privatePrefix = "whsk_"
	publicPrefix  = "whpk_"
)

// NewKeyPair makes up a secret that signs with ed25519: whsk_ and the private key. Its public key
// is that of Secret.PublicKey.
func NewKeyPair() Secret {
	_, private, _ := ed25519.GenerateKey(nil) // never fails, as crypto/rand says
	return Secret(privatePrefix + base64.StdEncoding.EncodeToString(private))
}

// IsKeyPair reports whether the secret begins as a private or a public key of ed25519 does.
func (s Secret) IsKeyPair() bool {
	return strings.HasPrefix(string(s), privatePrefix) || strings.HasPrefix(string(s), publicPrefix)
}

// PrivateKey returns the private key behind whsk_: in base64, the seed of 32 bytes, or 64 bytes
// with the public key behind that. The error says, without the secret, why it is none.
func (s Secret) PrivateKey() (ed25519.PrivateKey, error) {
	text, ok := strings.CutPrefix(string(s), privatePrefix)
	if !ok {
		return nil, errors.New("is a public key; want the private one, which begins with whsk_")
	}
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	switch {
	case err != nil || len(key) != ed25519.SeedSize && len(key) != ed25519.PrivateKeySize:
		return nil, errors.New("is no private key behind whsk_: want 32 or 64 bytes in base64")
	case len(key) == ed25519.SeedSize:
		return ed25519.NewKeyFromSeed(key), nil
	}
	private := ed25519.NewKeyFromSeed(key[:ed25519.SeedSize])
	if !private.Equal(ed25519.PrivateKey(key)) {
		return nil, errors.New("has another public key in its private key than is its own")
	}
	return private, nil
}

// PublicKey returns whpk_ and the public key in base64, "" when the secret has none. Whoever knows
// it can check signatures, and make none.
func (s Secret) PublicKey() string {
	key := s.VerifyKey()
	if key == nil {
		return ""
	}
	return publicPrefix + base64.StdEncoding.EncodeToString(key)
}

// VerifyKey returns the public key, of a private one too, nil when there is none.
func (s Secret) VerifyKey() ed25519.PublicKey {
	if text, ok := strings.CutPrefix(string(s), publicPrefix); ok {
		key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil
		}
		return key
	}
	key, err := s.PrivateKey()
	if err != nil {
		return nil
	}
	return key.Public().(ed25519.PublicKey)
}

// check returns why nothing can be signed with the secret.
func (s Secret) check() error {
	if s.IsKeyPair() {
		_, err := s.PrivateKey()
		return err
	}
	_, _, err := s.StandardKey()
	return err
}

// keyPair holds a webhook whose secret is a private key to a form of which the signature that it
// makes is a part.
func (r *reading) keyPair() {
	if r.sub.Format == mapper.FormatTwenty && r.sub.Secret.IsKeyPair() && r.sub.Secret.check() == nil {
		r.fail(roleSecret, errors.New("is a private key, and receivers of format twenty know none of "+
			"its signatures; want another secret, or format event"))
	}
}
