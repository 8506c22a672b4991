package doctor

import (
	"strings"
	"testing"
	"time"

	"hookline/internal/tlstest"
	"hookline/webhook"
)

func TestCertificates(t *testing.T) {
	authority := tlstest.NewAuthority(t, "Corp CA") // valid for an hour
	now := time.Now()
	certificate, key := authority.Issue(t, "hookline", now.Add(100*24*time.Hour))
	s := webhook.TLSSettings{
		CA: &authority.PEM, ClientCertificate: &certificate, ClientKey: new(webhook.Secret(key)),
	}
	sub := &webhook.Subscription{Key: "hookline.webhook/1", Host: "one.example", TLS: s.Over(nil)}
	for _, test := range []struct {
		at   time.Time
		want []string // of each finding, in order
	}{
		{now, []string{`ca "CN=Corp CA" is valid for 0 more days`}},
		{now.Add(2 * time.Hour), []string{`ca "CN=Corp CA" has been valid until`}},
		{now.Add(90*24*time.Hour - time.Hour), []string{
			`client_certificate "CN=hookline" is valid for 10 more days`,
			`ca "CN=Corp CA" has been valid until`,
		}},
		{now.Add(101 * 24 * time.Hour), []string{
			`client_certificate "CN=hookline" has been valid until`,
			`ca "CN=Corp CA" has been valid until`,
		}},
		{now.Add(-10000 * time.Hour), []string{
			`client_certificate "CN=hookline" is not valid before`, `ca "CN=Corp CA" is not valid before`,
		}},
	} {
		found := checkCertificates(sub, test.at)
		if len(found) != len(test.want) {
			t.Errorf("at %s: %+v, want %d findings", test.at, found, len(test.want))
			continue
		}
		for i, f := range found {
			if !strings.Contains(f.Found, "hookline.webhook/1 to one.example: "+test.want[i]) ||
				!strings.Contains(f.Hint, "hookline webhooks edit hookline.webhook/1 --c") {
				t.Errorf("at %s: %+v, want %s", test.at, f, test.want[i])
			}
		}
	}
}
