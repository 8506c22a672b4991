package scale

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"hookline/e2e"
	"hookline/internal/natstest"
)

// Operators hear of what becomes of a webhook at its sender, by way of the reader: once each time,
// in order, also of what a killed sender had found the beginning of.
func TestOperatorEvents(t *testing.T) {
	t.Parallel()
	nats := natstest.Start(t, natstest.Options(t.TempDir()))
	g := newGround(t, nats.ClientURL(), 1)
	bad, operator := g.boxes[0], e2e.NewInbox(t)
	g.db.AddOwnWebhook(operator, "event", "hookline.*")
	g.settings = append(g.settings, "HOOKLINE_RETRY_SCHEDULE=1h", "HOOKLINE_NOTICE_CALM=1ms")
	told := func(n int) {
		t.Helper()
		e2e.Eventually(t, func() error {
			if got := operator.Events(); got < n {
				return fmt.Errorf("operators heard of %d events, want %d", got, n)
			}
			return nil
		})
	}
	bad.Answers(e2e.Always(http.StatusServiceUnavailable))
	reader, sender := g.start("reader").Until("active"), g.start("sender")
	g.db.OneByOne("contact", 6)
	told(1)
	e2e.Eventually(t, func() error {
		if n := e2e.Value[int](g.db, `SELECT count(*) FROM hookline.notice WHERE NOT settled`); n > 0 {
			return fmt.Errorf("%d operator events are not settled", n)
		}
		return nil
	})
	sender.Kill()
	bad.Answers(nil)
	sender = g.start("sender")
	told(2)
	bad.UntilAccepted(6)
	bad.Answers(e2e.Always(http.StatusGone))
	g.db.OneByOne("unwanted", 1)
	told(4)
	bad.Answers(nil)
	g.db.Exec(`UPDATE webhooks SET operations = '{contact.*}' WHERE id = $1`, g.ids[0])
	told(5)
	var names []string
	for _, r := range operator.All() {
		names = append(names, r.Event)
	}
	want := []string{
		"hookline.failing", "hookline.recovered", "hookline.deadLetters", "hookline.paused",
		"hookline.resumed",
	}
	if !slices.Equal(names, want) {
		t.Errorf("operators hear of %v, want %v", names, want)
	}
	sender.Stop()
	reader.Stop()
}
