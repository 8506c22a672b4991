package delivery

import (
	"testing"
	"time"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// A receiver that works, but far too slowly, holds the slot only until HOOKLINE_HOLD_WAL is
// reached. What waits for it comes from the spool, in order.
func TestSlowReceiverHoldsLittleWAL(t *testing.T) {
	t.Parallel()
	const contacts = 500
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	box.Answers(func(receiver.Request) receiver.Answer {
		return receiver.Answer{Latency: 200 * time.Millisecond}
	})
	sut := e2e.Start(t, db, "HOOKLINE_HOLD_WAL=1MiB", "HOOKLINE_MAX_IN_FLIGHT=2").Until("active")
	before := db.Position()
	db.Exec(
		`INSERT INTO contacts (id, note) SELECT 'contact' || i, repeat('x', 1000) FROM generate_series(1, $1::int) i`, contacts)
	for range 3 {
		db.Exec(`UPDATE contacts SET version = version + 1`)
	}
	db.UntilAcknowledged(before)
	box.Answers(nil)
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
}
