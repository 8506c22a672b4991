package e2e

import (
	"testing"
	"time"

	"hookline/internal/receiver"
)

// A receiver that works, but far too slowly, holds the slot only until HOOKLINE_HOLD_WAL is reached. What waits for it comes from the
// spool, in order.
func TestSlowReceiverHoldsLittleWAL(t *testing.T) {
	t.Parallel()
	const contacts = 500
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	box.answers(func(receiver.Request) receiver.Answer { return receiver.Answer{Latency: 200 * time.Millisecond} })
	sut := start(t, db, "HOOKLINE_HOLD_WAL=1MiB", "HOOKLINE_MAX_IN_FLIGHT=2").until("active")
	before := db.position()
	db.exec(`INSERT INTO contacts (id, note) SELECT 'contact' || i, repeat('x', 1000) FROM generate_series(1, $1::int) i`, contacts)
	for range 3 {
		db.exec(`UPDATE contacts SET version = version + 1`)
	}
	db.untilAcknowledged(before)
	box.answers(nil)
	finish(t, sut, box.gets(db.diary()...))
}
