package webhook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"hookline/cdc"
	"hookline/webhook"
)

// Whatever is printed on whatever way, no secret, credential or header value is in it.
func TestSecretsDoNotPrint(t *testing.T) {
	const hidden = "hunter2"
	d := newDatabase(t, webhook.Config{Profile: "generic", Table: "hookline.webhook"}, webhook.SchemaSQL("hookline"), `
		INSERT INTO hookline.webhook (url, secret, headers) VALUES
			('https://user:hunter2@example.com/hunter2?token=hunter2#hunter2', 'hunter2', '{"Authorization": "Bearer hunter2"}');
		INSERT INTO hookline.webhook (url, secret, headers, format, operations) VALUES
			('user:hunter2@example.com?token=hunter2', 'enc:v2:hunter2', '{"Authorization": ["Bearer hunter2"]}', 'xml', '{person}'),
			('http://user:hunter2@exa mple.com/', 'hunter2', '{"A": "hunter2\u0001"}', 'xml', '{person}');`)
	d.stream()
	sub := d.Match(event(t, "", "person.created"))[0]
	if sub.Secret != hidden || !strings.Contains(sub.URL, hidden) ||
		!strings.Contains(sub.Headers.Get("Authorization"), hidden) {
		t.Fatal("the subscription holds no secret to hide")
	}
	type delivery struct {
		To     *webhook.Subscription
		Secret webhook.Secret
	}
	values := map[string]any{
		"secret": sub.Secret, "pointer to a secret": &sub.Secret, "subscription": sub,
		"subscription by value": *sub,
		"subscriptions":         d.Match(event(t, "", "person.created")),
		"delivery":              delivery{sub, sub.Secret},
		"pointer":               &delivery{sub, sub.Secret},
		"map":                   map[string]webhook.Secret{"key": sub.Secret}, "status": d.List(),
		"registry": d.Registry,
		"error":    fmt.Errorf("send: %w", fmt.Errorf("to %v with %s", sub, sub.Secret)),
	}
	for name, value := range values {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Error("text", "value", value, "again", []any{value})
		slog.New(slog.NewJSONHandler(&out, nil)).Error("json", "value", value, "again", []any{value})
		if text, err := json.Marshal(value); err == nil {
			out.Write(text)
		} else {
			out.WriteString(err.Error())
		}
		out.WriteString(panicText(value))
		if strings.Contains(out.String(), hidden) {
			t.Errorf("%s: %s", name, out.String())
		}
	}
	for _, verb := range []string{"%d", "%x", "%t", "%08.3f"} {
		if text := fmt.Sprintf(verb, sub.Secret); text != "[secret]" {
			t.Errorf("%s: %s", verb, text)
		}
	}
	d.commit("UPDATE hookline.webhook SET description = 'x', enabled = NOT enabled",
		"UPDATE hookline.webhook SET enabled = NOT enabled",
		"UPDATE hookline.webhook SET headers = '{\"hunter\": 7}', url = url || 'x'",
		"DELETE FROM hookline.webhook")
	if log := d.log.take(); !strings.Contains(log, "example.com") || strings.Contains(log, hidden) {
		t.Errorf("logged: %s", log)
	}
}

// panicText is what a handler of panics prints of value.
func panicText(value any) (text string) {
	defer func() { text = fmt.Sprintf("panic: %v", recover()) }()
	panic(value)
}

// Errors of a Load, too.
func TestProblemsDoNotPrintRows(t *testing.T) {
	d := newDatabase(t, generic, "CREATE TABLE webhooks (url text, secret text)",
		"INSERT INTO webhooks VALUES ('http://hunter2', 'hunter2')")
	err := d.tryLoad()
	var problem *cdc.Problem
	if !errors.As(err, &problem) || strings.Contains(fmt.Sprintf("%+v %#v", err, problem), "hunter2") {
		t.Errorf("error %v", err)
	}
}
