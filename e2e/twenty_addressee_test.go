package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// asTwenty has bodies tell which webhook they are for.
const asTwenty = "HOOKLINE_PAYLOAD_FORMAT=twenty"

// ledger is what came for each webhook, or is to come: for each record its events in order.
type ledger map[string]map[string][]string

func (l ledger) add(webhook string, e entry) {
	if l[webhook] == nil {
		l[webhook] = map[string][]string{}
	}
	l[webhook][e.record()] = append(l[webhook][e.record()], e.Event)
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
func (b *inbox) sums() ledger {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	l := ledger{}
	for _, a := range b.accepted {
		var body struct{ WebhookID string }
		if err := json.Unmarshal([]byte(a.body), &body); err != nil || body.WebhookID == "" {
			b.t.Errorf("%s does not tell its webhook: %v", a.id, err)
		}
		l.add(body.WebhookID, a.entry)
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
				lines = append(lines, fmt.Sprintf("webhook %s, %s: got %v, want %v", webhook, record, events, want[webhook][record]))
			}
		}
		for record, events := range want[webhook] {
			if records[record] == nil {
				lines = append(lines, fmt.Sprintf("webhook %s, %s: got nothing, want %v", webhook, record, events))
			}
		}
	}
	return lines
}

// finishLedger waits until as much has arrived as should, stops the process, and checks that each webhook got its own, once and in order.
func finishLedger(t *testing.T, sut *process, box *inbox, want ledger) {
	t.Helper()
	box.untilAccepted(want.count())
	sut.stop()
	if lines := box.sums().differs(want); lines != nil {
		t.Errorf("%s", strings.Join(lines, "\n"))
	}
}

// Twenty's body quotes the URL as an administrator has entered it, whatever it takes to send there.
func TestTwentyTargetURL(t *testing.T) {
	t.Parallel()
	db, box := newTwenty(t), newInbox(t)
	apple := db.apple()
	id := apple.addWebhook(box, "person.*")
	entered := " HTTP" + strings.TrimPrefix(box.url(), "http") + "\n"
	db.exec(`UPDATE core.webhook SET "targetUrl" = $2 WHERE id = $1`, id, entered)
	sut := start(t, db.database, asTwenty).until("active")
	finish(t, sut, box.gets(apple.addPerson()))
	var body struct{ TargetURL string }
	if err := json.Unmarshal(box.all()[0].Body, &body); err != nil || body.TargetURL != entered {
		t.Errorf("targetUrl is %q, want %q", body.TargetURL, entered)
	}
}
