package webhook

import (
	"net/http"
	"testing"

	"hookline/mapper"
)

func TestVersion(t *testing.T) {
	first := func() *Subscription {
		return &Subscription{
			Key: "public.webhooks/1", ID: "1", Workspace: "w", URL: "https://example.com",
			Host: "example.com", Secret: "s3cr3t",
			Operations: []string{"*.*"}, Headers: http.Header{"X-A": {"1"}, "X-B": {"2"}},
		}
	}
	version := first().Version()
	if len(version) != 16 || first().Version() != version {
		t.Errorf("versions %s and %s of equal subscriptions", version, first().Version())
	}
	for name, change := range map[string]func(*Subscription){
		"URL":            func(s *Subscription) { s.URL += "/hook" },
		"URL in its row": func(s *Subscription) { s.RowURL = "example.com" },
		"secret":         func(s *Subscription) { s.Secret = "another" },
		"workspace":      func(s *Subscription) { s.Workspace = "v" },
		"operations":     func(s *Subscription) { s.Operations = []string{"person.*"} },
		"format":         func(s *Subscription) { s.Format = mapper.FormatStandard },
		"headers":        func(s *Subscription) { s.Headers = http.Header{"X-A": {"1"}} },
	} {
		s := first()
		if change(s); s.Version() == version {
			t.Errorf("another %s has the same version", name)
		}
	}
}
