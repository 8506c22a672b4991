package delivery

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// A receiver that fails delays nobody but itself, and holds no WAL back. What it could not take
// waits in the spool until it recovers, and comes in order then.
func TestFailingReceiver(t *testing.T) {
	t.Parallel()
	db, healthy, failing := e2e.NewCRM(t), e2e.NewInbox(t), e2e.NewInbox(t)
	db.AddWebhook(healthy, "*.*")
	db.AddWebhook(failing, "*.*")
	failing.Answers(e2e.Always(http.StatusInternalServerError))
	sut := e2e.Start(t, db, e2e.Often, "HOOKLINE_HOLD_MAX=1s").Until("active")

	before := db.Position()
	db.OneByOne("contact", 50)
	for range 5 {
		db.Exec(`UPDATE contacts SET version = version + 1`)
	}
	db.Exec(`DELETE FROM contacts WHERE id LIKE '%1'`)
	diary := db.Diary()
	e2e.Eventually(t, healthy.Gets(diary...).Missing)
	db.UntilAcknowledged(before)
	untouched := db.Position()
	db.OneByOne("later", 1)
	diary = db.Diary()
	db.UntilAcknowledged(untouched)
	if got := failing.Count(); got > 0 {
		t.Errorf("%d deliveries accepted by a receiver that answers 500", got)
	}

	failing.Answers(nil)
	e2e.Eventually(t, failing.Gets(diary...).Missing)
	e2e.Finish(t, sut, healthy.Gets(diary...), failing.Gets(diary...))
	for _, r := range healthy.All() {
		if r.Attempt != 1 {
			t.Errorf("%s came to the healthy receiver at attempt %d", r.ID, r.Attempt)
		}
	}
}

// While one record waits for its retry, others go on, and its own later changes wait behind it.
func TestFailingRecord(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	box.Answers(func(r receiver.Request) receiver.Answer {
		if strings.Contains(string(r.Body), `"stuck1"`) {
			return receiver.Answer{Status: http.StatusServiceUnavailable}
		}
		return receiver.Answer{}
	})
	sut := e2e.Start(t, db, e2e.Often).Until("active")
	db.OneByOne("stuck", 1)
	db.Exec(`UPDATE contacts SET version = 2`)
	db.Exec(`UPDATE contacts SET version = 3`)
	db.OneByOne("contact", 200)
	box.UntilAccepted(200)
	box.Answers(nil)
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
}

// A receiver can say when it wants to be asked again.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	box.Answers(func(r receiver.Request) receiver.Answer {
		if r.Attempt > 1 {
			return receiver.Answer{}
		}
		return receiver.Answer{
			Status: http.StatusTooManyRequests,
			Header: http.Header{"Retry-After": {"1"}},
		}
	})
	sut := e2e.Start(t, db, "HOOKLINE_RETRY_SCHEDULE=10ms").Until("active")
	db.OneByOne("contact", 1)
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
	for i, wait := range box.Between(box.All()[0].ID) {
		if wait < time.Second {
			t.Errorf("attempt %d came %s after the one before, want 1s at least", i+2, wait)
		}
	}
}

// Whoever mends a webhook need not wait for the next retry, and one that is deleted holds nothing
// back.
func TestFailingWebhookChanged(t *testing.T) {
	t.Parallel()
	db, wrong, right, given := e2e.NewCRM(t), e2e.NewInbox(t), e2e.NewInbox(t), e2e.NewInbox(t)
	mended, deleted := db.AddWebhook(wrong, "*.*"), db.AddWebhook(given, "*.*")
	wrong.Answers(e2e.Always(http.StatusNotFound))
	given.Answers(e2e.Always(http.StatusBadGateway))
	sut := e2e.Start(t, db, "HOOKLINE_RETRY_SCHEDULE=1h").Until("active")
	before := db.Position()
	db.OneByOne("contact", 3)
	db.Exec(`UPDATE contacts SET version = 2`)
	wrong.UntilAsked(3)
	given.UntilAsked(3)

	db.Exec(`UPDATE webhooks SET url = $2, secret = $3 WHERE id = $1`, mended, right.URL(),
		right.Secret)
	db.Exec(`DELETE FROM webhooks WHERE id = $1`, deleted)
	e2e.Eventually(t, right.Gets(db.Diary()...).Missing)
	db.UntilAcknowledged(before)
	e2e.Finish(t, sut, wrong.Gets(), given.Gets(), right.Gets(db.Diary()...))
}
