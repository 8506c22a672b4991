package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
)

// handover is a receiver that Twenty and Hookline share, while its webhook goes from one to the other and back.
type handover struct {
	workspace
	box    *inbox
	all    []entry         // every change
	plain  map[string]bool // ids of the webhooks that Twenty serves
	twin   string          // id of the webhook that Hookline serves, "" for none
	twenty ledger          // what Twenty sends
	ours   ledger          // what Hookline should
}

// create adds a webhook as Twenty's API does.
func (h *handover) create(operation string) (id string) { return h.addWebhook(h.box, operation) }

func (h *handover) remove(id string) { h.exec(`DELETE FROM core.webhook WHERE id = $1`, id) }

// person makes a change, which is sent by whoever serves a webhook at that moment.
func (h *handover) person() {
	h.t.Helper()
	e := h.addPerson()
	h.all = append(h.all, e)
	for id := range h.plain {
		h.twenty.add(id, e)
	}
	if h.twin != "" {
		h.ours.add(h.twin, e)
	}
}

// TestTwentyHandover plays what README tells: a webhook goes to Hookline and back while records change. Its receiver hears of every change,
// and of none twice under the same webhook.
func TestTwentyHandover(t *testing.T) {
	t.Parallel()
	h := &handover{workspace: newTwenty(t).apple(), box: newInbox(t), plain: map[string]bool{}, twenty: ledger{}, ours: ledger{}}
	first := h.create("person.*")
	h.plain[first] = true
	sut := start(t, h.database, "HOOKLINE_TWENTY_WEBHOOKS=marked", asTwenty, often, "HOOKLINE_HOLD_MAX=100ms").until("active")
	h.person()

	// There: the twin first, then the plain one goes.
	h.transaction(func(pgx.Tx) error {
		h.person()
		h.twin = h.create("hookline:person.*")
		h.person()
		return nil
	})
	h.person()
	sut.untilPrinted(`"webhook changed" webhook=core.webhook/` + h.twin)
	h.remove(first)
	delete(h.plain, first)
	h.person()
	h.box.answers(always(http.StatusBadGateway)) // a bad moment
	h.person()
	h.person()
	h.box.untilAsked(h.ours.count() + 1)

	// And back: a plain one first, then the twin goes, once nothing from before waits for it.
	second := h.create("person.*")
	h.plain[second] = true
	h.person()
	h.box.answers(nil)
	eventually(t, func() error { return h.box.gets(h.all[2:]...).missing() })
	eventually(t, func() error {
		if waiting := h.deliveries("waiting"); len(waiting) > 0 {
			return fmt.Errorf("all has arrived, and the list says that something waits: %+v", waiting)
		}
		return nil
	})
	h.remove(h.twin)
	removed := `"webhook removed" webhook=core.webhook/` + h.twin
	h.twin = ""
	sut.untilPrinted(removed)
	before := h.position()
	h.person()
	h.untilAcknowledged(before)

	finishLedger(t, sut, h.box, h.ours)
	for _, e := range h.all {
		if !h.twenty.has(e) && !h.ours.has(e) {
			t.Errorf("nobody was to send %+v", e)
		}
	}
	if sent := h.twenty.count() + h.ours.count(); sent <= len(h.all) {
		t.Errorf("%d deliveries of %d changes: at no time did both serve", sent, len(h.all))
	}
}

func (l ledger) has(e entry) bool {
	for _, records := range l {
		if slices.Contains(records[e.record()], e.Event) {
			return true
		}
	}
	return false
}

// Whatever the mode, a marked operation is Hookline's; but for none, in which only its own table counts.
func TestTwentyWebhooksModes(t *testing.T) {
	t.Parallel()
	for mode, serves := range map[string]struct{ plain, marked, own bool }{
		"all": {true, true, true}, "marked": {false, true, true}, "none": {false, false, true},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			db, plain, marked, own := newTwenty(t), newInbox(t), newInbox(t), newInbox(t)
			apple := db.apple()
			apple.addWebhook(plain, "person.*")
			apple.addWebhook(marked, "hookline:*.created")
			db.setUp()
			db.exec(`INSERT INTO hookline.webhook (workspace_id, url, secret) VALUES ($1, $2, $3)`, apple.id, own.url(), own.secret)
			sut := start(t, db.database, "HOOKLINE_TWENTY_WEBHOOKS="+mode).until("active")
			person := apple.addPerson()
			gets := func(box *inbox, served bool) delivery {
				if !served {
					return box.gets()
				}
				return box.gets(person)
			}
			finish(t, sut, gets(plain, serves.plain), gets(marked, serves.marked), gets(own, serves.own))
		})
	}
}
