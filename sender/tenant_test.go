package sender

import (
	"strings"
	"testing"

	"hookline/mapper"
)

// What is not for the webhook's tenant is never sent, whatever brought it there: it is a dead
// letter at once.
func TestOfAnotherTenant(t *testing.T) {
	hits := make(chan hit, 10)
	s := newSender(t, Config{})
	server := receiver(t, hits, nil)
	for i, test := range []struct {
		event, webhook string
		sent           bool
	}{
		{"a", "a", true},
		{"a", "b", false},
		{"", "b", false},
		{"a", "", false},
		{"a", mapper.Everyone, true},
		{mapper.Everyone, "b", true},
	} {
		to := subscription("of "+test.webhook+" for "+test.event, server.URL)
		to.Workspace = test.webhook
		parts := newEvent(i, 1).Parts()
		parts.Workspace = test.event
		await(t, s.send(to, mapper.NewEvent(parts)), "settlement")
		dead := s.Dead(to.Key)
		switch {
		case test.sent && (len(hits) != 1 || len(dead) != 0):
			t.Errorf("%s: %d requests, %d dead letters, want it sent", to.Key, len(hits), len(dead))
		case !test.sent && (len(hits) != 0 || len(dead) != 1):
			t.Errorf("%s: %d requests, %d dead letters, want a dead letter", to.Key, len(hits), len(dead))
		case !test.sent && !strings.Contains(dead[0].Reason, "another tenant"):
			t.Errorf("%s: the reason is %q", to.Key, dead[0].Reason)
		}
		for len(hits) > 0 {
			<-hits
		}
	}
}
