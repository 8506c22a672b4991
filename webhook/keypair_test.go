package webhook_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hookline/webhook"
)

// A secret may be a private key. It is given a public one that is shown, and never leaves itself.
func TestKeyPair(t *testing.T) {
	d := newDatabase(t, ownAlone, webhook.SchemaSQL("hookline"))
	d.load()
	d.stream()
	pair := webhook.NewKeyPair()
	row, _, err := d.Add(t.Context(), d.conn, webhook.Settings{
		URL: new("http://one.example"), Secret: &pair,
	})
	if err != nil || row.PublicKey != pair.PublicKey() || !strings.HasPrefix(row.PublicKey, "whpk_") {
		t.Fatalf("%+v, %v", row, err)
	}
	rotated, secret, err := d.Rotate(t.Context(), d.conn, row.Key, "", 1)
	if err != nil || secret != "" || rotated.PublicKey == row.PublicKey || rotated.PublicKey == "" {
		t.Errorf("rotated: %+v, %v", rotated, err)
	}
	_, err = d.Edit(t.Context(), d.conn, row.Key, webhook.Settings{Format: new("twenty")})
	var invalid *webhook.InvalidError
	if !errors.As(err, &invalid) ||
		!strings.HasPrefix(invalid.Reason, "secret: is a private key, and receivers of format twenty") {
		t.Errorf("%v", err)
	}
	_, _, err = d.Add(t.Context(), d.conn, webhook.Settings{
		URL: new("http://one.example"), Format: new("twenty"), Secret: new(webhook.Secret("whsk_")),
	})
	if !errors.As(err, &invalid) ||
		invalid.Reason != "secret: is no private key behind whsk_: want 32 or 64 bytes in base64" {
		t.Errorf("one that is no key: %v", err)
	}
}

// The key is read as libraries of Standard Webhooks write it, and what is no key is refused without
// being shown.
func TestPrivateKeys(t *testing.T) {
	pair := webhook.NewKeyPair()
	key, err := pair.PrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	seed := webhook.Secret("whsk_" + base64.StdEncoding.EncodeToString(key.Seed()))
	if seed.PublicKey() != pair.PublicKey() ||
		webhook.Secret(pair.PublicKey()).PublicKey() != pair.PublicKey() {
		t.Error("of one key there are two public ones")
	}
	other := slices.Clone(key)
	other[40]++
	for _, secret := range []webhook.Secret{
		"whsk_", "whsk_secret!", "whsk_c2VjcmV0", webhook.Secret(pair.PublicKey()),
		webhook.Secret("whsk_" + base64.StdEncoding.EncodeToString(other)),
	} {
		if _, err := secret.PrivateKey(); err == nil || strings.Contains(fmt.Sprint(err), "secret!") {
			t.Errorf("%s: %v", string(secret), err)
		}
	}
}
