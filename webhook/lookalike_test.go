package webhook_test

import (
	"strings"
	"testing"

	"hookline/webhook"
)

// TestLooksLike tells tables of webhooks from others that have a URL, or a secret, or a telling
// name.
func TestLooksLike(t *testing.T) {
	for _, test := range []struct {
		table, columns string
		want           bool
	}{
		{"webhooks", "id url secret events", true},
		{"webhooks_new", "id url", true},
		{"old_webhooks_2024", "id target_url", true},
		{"WebhookSubscriptions", "id endpointUrl", true},
		{"strapi_webhooks", "id name url headers events enabled", true},
		{"web_hooks", "id endpoint", true},
		{"webhook_deliveries", "id url request_headers response_body", true},
		{"callbacks", "id url signing_secret", true},
		{"integrations", "id endpoint secret_key", true},
		{"webhook_events", "id payload", false},
		{"webhook_status", "id state", false},
		{"companies", "id url name", false},
		{"clients", "id secret", false},
		{"hooks", "id url", false},
	} {
		if got := webhook.LooksLike(test.table, strings.Fields(test.columns)); got != test.want {
			t.Errorf("%s (%s): %t, want %t", test.table, test.columns, got, test.want)
		}
	}
}
