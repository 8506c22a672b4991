package twenty

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"hookline/e2e"
)

// asTwenty has bodies tell which webhook they are for.
const asTwenty = "HOOKLINE_PAYLOAD_FORMAT=twenty"

// ledger is what came for each webhook, or is to come: for each record its events in order.
type ledger map[string]map[string][]string

func (l ledger) add(webhook string, e e2e.Entry) {
	if l[webhook] == nil {
		l[webhook] = map[string][]string{}
	}
	l[webhook][e.Key()] = append(l[webhook][e.Key()], e.Event)
}

func (l ledger) count() (n int) {
	for _, records := range l {
		for _, events := range records {
			n += len(events)
		}
	}
	return n
}

// sums returns what was accepted, in the twenty format.
func sums(b *e2e.Inbox) ledger {
	b.T.Helper()
	b.Mu.Lock()
	defer b.Mu.Unlock()
	l := ledger{}
	for _, a := range b.Accepted {
		var body struct{ WebhookID string }
		if err := json.Unmarshal([]byte(a.Body), &body); err != nil || body.WebhookID == "" {
			b.T.Errorf("%s does not tell its webhook: %v", a.ID, err)
		}
		l.add(body.WebhookID, a.Entry)
	}
	return l
}

// differs tells how l is not as it should be, nil when it is.
func (l ledger) differs(want ledger) (lines []string) {
	for webhook := range maps.Keys(want) {
		if l[webhook] == nil {
			lines = append(lines, fmt.Sprintf("webhook %s got nothing", webhook))
		}
	}
	for webhook, records := range l {
		for record, events := range records {
			if !slices.Equal(events, want[webhook][record]) {
				lines = append(lines, fmt.Sprintf("webhook %s, %s: got %v, want %v", webhook, record, events,
					want[webhook][record]))
			}
		}
		for record, events := range want[webhook] {
			if records[record] == nil {
				lines = append(lines, fmt.Sprintf("webhook %s, %s: got nothing, want %v", webhook, record,
					events))
			}
		}
	}
	return lines
}

// finishLedger waits until as much has arrived as should, stops the process, and checks that each
// webhook got its own, once and in order.
func finishLedger(t *testing.T, sut *e2e.Process, box *e2e.Inbox, want ledger) {
	t.Helper()
	box.UntilAccepted(want.count())
	sut.Stop()
	if lines := sums(box).differs(want); lines != nil {
		t.Errorf("%s", strings.Join(lines, "\n"))
	}
}

// Twenty's body quotes the URL as an administrator has entered it, whatever it takes to send there.
func TestTwentyTargetURL(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewTwenty(t), e2e.NewInbox(t)
	apple := db.Apple()
	id := apple.AddWebhook(box, "person.*")
	entered := " HTTP" + strings.TrimPrefix(box.URL(), "http") + "\n"
	db.Exec(`UPDATE core.webhook SET "targetUrl" = $2 WHERE id = $1`, id, entered)
	sut := e2e.Start(t, db.Database, asTwenty).Until("active")
	e2e.Finish(t, sut, box.Gets(apple.AddPerson()))
	var body struct{ TargetURL string }
	if err := json.Unmarshal(box.All()[0].Body, &body); err != nil || body.TargetURL != entered {
		t.Errorf("targetUrl is %q, want %q", body.TargetURL, entered)
	}
}
