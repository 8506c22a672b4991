package webhook_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hookline/internal/migrate"
	"hookline/internal/tlstest"
	"hookline/webhook"
)

// TestTLS reads by which authorities a receiver is known, and who calls. A version of Hookline's own
// table that has no such columns takes them later.
func TestTLS(t *testing.T) {
	d := newDatabase(t, ownAlone, webhook.SchemaSQL("hookline"),
		"ALTER TABLE hookline.webhook DROP ca, DROP client_certificate, DROP client_key",
		"INSERT INTO hookline.webhook (url) VALUES ('https://old.example')")
	d.load()
	if list := d.List(); len(list) != 1 || list[0].State != webhook.Active {
		t.Fatalf("without the columns: %+v", list)
	}
	pending := migrate.SQL("hookline", migrate.Webhooks, "tls")
	d.exec("DELETE FROM hookline.webhook", pending, pending)
	authority := tlstest.NewAuthority(t, "Corp CA")
	until := time.Now().Add(time.Hour)
	certificate, key := authority.Issue(t, "hookline", until)
	_, otherKey := authority.Issue(t, "another", until)
	row, _, err := d.Add(t.Context(), d.conn, webhook.Settings{
		URL: new("https://one.example"),
		TLSSettings: webhook.TLSSettings{
			CA: &authority.PEM, ClientCertificate: &certificate,
			ClientKey: new(webhook.Secret(key)),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(row.CA) != 1 || row.CA[0] != "CN=Corp CA" || row.ClientCertificate != "CN=hookline" ||
		row.ClientUntil.Sub(until).Abs() > time.Second {
		t.Errorf("row: %+v", row.TLSRow)
	}
	d.stream()
	sub := d.Get(row.Key)
	config := sub.TLS.Config
	if config.RootCAs == nil || config.GetClientCertificate == nil || config.ClientSessionCache == nil {
		t.Fatalf("%+v", config)
	}
	secretPart := strings.Split(key, "\n")[1]
	text, _ := json.Marshal(row)
	for _, shown := range []string{
		string(text), fmt.Sprintf("%v %+v %#v", sub.TLS, sub.TLS, sub.TLS), fmt.Sprintf("%+v", row), d.log.take(),
	} {
		if strings.Contains(shown, secretPart) {
			t.Errorf("the key is shown: %s", shown)
		}
	}

	// What it says of others changes nothing of its sessions, and another key is another version.
	version := sub.Version()
	d.commit("UPDATE hookline.webhook SET rate = 3")
	if now := d.Get(row.Key); now.TLS != sub.TLS || now.Version() == version {
		t.Error("a change of the rate: other sessions, or no other version")
	}
	version = d.Get(row.Key).Version()
	d.commit("UPDATE hookline.webhook SET client_certificate = NULL, client_key = NULL")
	if now := d.Get(row.Key); now.TLS == nil || now.TLS.Certificate != nil || now.Version() == version {
		t.Error("without the certificate: it is of the same version, or has one")
	}
	d.commit("UPDATE hookline.webhook SET ca = NULL")
	if now := d.Get(row.Key); now.TLS != nil {
		t.Errorf("without any of it: %v", now.TLS)
	}

	damaged := strings.Replace(certificate, "MII", "AAA", 1)
	junk := webhook.Secret("-----BEGIN PRIVATE KEY-----\n" +
		base64.StdEncoding.EncodeToString([]byte("hunter2 hunter2")) + "\n-----END PRIVATE KEY-----\n")
	for want, s := range map[string]webhook.TLSSettings{
		"ca: has no certificate in PEM":                      {CA: new("Corp CA")},
		"ca: has something else than certificates":           {CA: &key},
		"ca: certificate 2 cannot be read: it is damaged":    {CA: new(authority.PEM + damaged)},
		"ca: what stands behind certificate 1 is cut off":    {CA: new(authority.PEM + certificate[:99])},
		"ca: has 300000 bytes, want at most 262144":          {CA: new(strings.Repeat("x", 300000))},
		"client_key: is null, and client_certificate is not": {ClientCertificate: &certificate},
		"client_certificate: is null, and client_key is not": {ClientKey: new(webhook.Secret(key))},
		"client_certificate: has no certificate in PEM":      {ClientCertificate: new("x"), ClientKey: new(webhook.Secret(key))},
		"client_key: is no private key in PEM":               {ClientCertificate: &certificate, ClientKey: new(webhook.Secret("hunter2"))},
		"client_key: is another thing than a private key":    {ClientCertificate: &certificate, ClientKey: new(webhook.Secret(certificate))},
		"client_key: cannot be read, or is not the key":      {ClientCertificate: &certificate, ClientKey: new(webhook.Secret(otherKey))},
		"client_key: cannot be read, or is not the key of":   {ClientCertificate: &certificate, ClientKey: &junk},
		"client_key: is encrypted: want the key without":     {ClientCertificate: &certificate, ClientKey: new(webhook.Secret(strings.ReplaceAll(key, "PRIVATE", "ENCRYPTED PRIVATE")))},
	} {
		_, err := d.Edit(t.Context(), d.conn, row.Key, webhook.Settings{TLSSettings: s})
		invalid, ok := errors.AsType[*webhook.InvalidError](err)
		if !ok || !strings.HasPrefix(invalid.Reason, want) {
			t.Errorf("%v, want %s", err, want)
		} else if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), secretPart) {
			t.Errorf("it shows what it must not: %v", err)
		}
	}
	_, err = d.Edit(t.Context(), d.conn, row.Key, webhook.Settings{
		URL: new("http://one.example"), TLSSettings: webhook.TLSSettings{CA: &authority.PEM},
	})
	if want := "ca: says nothing of a receiver without TLS: want an https URL, or null"; err == nil ||
		err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
