package twenty

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/e2e"
)

// handover is a receiver that Twenty and Hookline share, while its webhook goes from one to the
// other and back.
type handover struct {
	e2e.Workspace
	box    *e2e.Inbox
	all    []e2e.Entry     // every change
	plain  map[string]bool // ids of the webhooks that Twenty serves
	twin   string          // id of the webhook that Hookline serves, "" for none
	twenty ledger          // what Twenty sends
	ours   ledger          // what Hookline should
}

// create adds a webhook as Twenty's API does.
func (h *handover) create(operation string) (id string) { return h.AddWebhook(h.box, operation) }

func (h *handover) remove(id string) { h.Exec(`DELETE FROM core.webhook WHERE id = $1`, id) }

// person makes a change, which is sent by whoever serves a webhook at that moment.
func (h *handover) person() {
	h.T.Helper()
	e := h.AddPerson()
	h.all = append(h.all, e)
	for id := range h.plain {
		h.twenty.add(id, e)
	}
	if h.twin != "" {
		h.ours.add(h.twin, e)
	}
}

// TestTwentyHandover plays what README tells: a webhook goes to Hookline and back while records
// change. Its receiver hears of every change, and of none twice under the same webhook.
func TestTwentyHandover(t *testing.T) {
	t.Parallel()
	h := &handover{
		Workspace: e2e.NewTwenty(t).Apple(), box: e2e.NewInbox(t), plain: map[string]bool{},
		twenty: ledger{}, ours: ledger{},
	}
	first := h.create("person.*")
	h.plain[first] = true
	sut := e2e.Start(t, h.Database, "HOOKLINE_TWENTY_WEBHOOKS=marked", asTwenty, e2e.Often,
		"HOOKLINE_HOLD_MAX=100ms").Until("active")
	h.person()

	// There: the twin first, then the plain one goes.
	h.Transaction(func(pgx.Tx) error {
		h.person()
		h.twin = h.create("hookline:person.*")
		h.person()
		return nil
	})
	h.person()
	sut.UntilPrinted(`"webhook changed" webhook=core.webhook/` + h.twin)
	h.remove(first)
	delete(h.plain, first)
	h.person()
	h.box.Answers(e2e.Always(http.StatusBadGateway)) // a bad moment
	h.person()
	h.person()
	h.box.UntilAsked(h.ours.count() + 1)

	// And back: a plain one first, then the twin goes, once nothing from before waits for it.
	second := h.create("person.*")
	h.plain[second] = true
	h.person()
	h.box.Answers(nil)
	e2e.Eventually(t, func() error { return h.box.Gets(h.all[2:]...).Missing() })
	e2e.Eventually(t, func() error {
		if waiting := h.Deliveries("waiting"); len(waiting) > 0 {
			return fmt.Errorf("all has arrived, and the list says that something waits: %+v", waiting)
		}
		return nil
	})
	h.remove(h.twin)
	removed := `"webhook removed" webhook=core.webhook/` + h.twin
	h.twin = ""
	sut.UntilPrinted(removed)
	before := h.Position()
	h.person()
	h.UntilAcknowledged(before)

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

func (l ledger) has(e e2e.Entry) bool {
	for _, records := range l {
		if slices.Contains(records[e.Key()], e.Event) {
			return true
		}
	}
	return false
}

// Whatever the mode, a marked operation is Hookline's; but for none, in which only its own table
// counts.
func TestTwentyWebhooksModes(t *testing.T) {
	t.Parallel()
	for mode, serves := range map[string]struct{ plain, marked, own bool }{
		"all": {true, true, true}, "marked": {false, true, true}, "none": {false, false, true},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			db, plain, marked, own := e2e.NewTwenty(t), e2e.NewInbox(t), e2e.NewInbox(t), e2e.NewInbox(t)
			apple := db.Apple()
			apple.AddWebhook(plain, "person.*")
			apple.AddWebhook(marked, "hookline:*.created")
			db.SetUp()
			db.Exec(`INSERT INTO hookline.webhook (workspace_id, url, secret) VALUES ($1, $2, $3)`, apple.ID,
				own.URL(), own.Secret)
			sut := e2e.Start(t, db.Database, "HOOKLINE_TWENTY_WEBHOOKS="+mode).Until("active")
			person := apple.AddPerson()
			gets := func(box *e2e.Inbox, served bool) e2e.Delivery {
				if !served {
					return box.Gets()
				}
				return box.Gets(person)
			}
			e2e.Finish(t, sut, gets(plain, serves.plain), gets(marked, serves.marked), gets(own, serves.own))
		})
	}
}
