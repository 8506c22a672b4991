package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hookline/webhook"
)

func TestWebhookTLS(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) *string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return &path
	}
	var s webhook.Settings
	c := webhookTLS{CA: file("ca", "authorities"), ClientCertificate: new(""), ClientKey: file("key", "k")}
	if err := c.tls(&s); err != nil || *s.CA != "authorities" || *s.ClientCertificate != "" ||
		*s.ClientKey != "k" {
		t.Errorf("%v %+v", err, s.TLSSettings)
	}
	if err := new(webhookTLS).tls(&s); err != nil || s.TLSSettings != (webhook.TLSSettings{}) {
		t.Errorf("nothing is said: %v %+v", err, s.TLSSettings)
	}
	for want, c := range map[string]webhookTLS{
		"--ca: open " + dir + "/none: no such file": {CA: new(dir + "/none")},
		"--client-key: " + dir + "/empty: is empty": {ClientKey: file("empty", "")},
	} {
		if err := c.tls(&s); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
