package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hookline/internal/receiver"
)

// A receiver that fails delays nobody but itself, and holds no WAL back. What it could not take waits in the spool until it recovers, and
// comes in order then.
func TestFailingReceiver(t *testing.T) {
	t.Parallel()
	db, healthy, failing := newCRM(t), newInbox(t), newInbox(t)
	db.addWebhook(healthy, "*.*")
	db.addWebhook(failing, "*.*")
	failing.answers(always(http.StatusInternalServerError))
	sut := start(t, db, often, "HOOKLINE_HOLD_MAX=1s").until("active")

	before := db.position()
	db.oneByOne("contact", 50)
	for range 5 {
		db.exec(`UPDATE contacts SET version = version + 1`)
	}
	db.exec(`DELETE FROM contacts WHERE id LIKE '%1'`)
	diary := db.diary()
	eventually(t, healthy.gets(diary...).missing)
	db.untilAcknowledged(before)
	untouched := db.position()
	db.oneByOne("later", 1)
	diary = db.diary()
	db.untilAcknowledged(untouched)
	if got := failing.count(); got > 0 {
		t.Errorf("%d deliveries accepted by a receiver that answers 500", got)
	}

	failing.answers(nil)
	eventually(t, failing.gets(diary...).missing)
	finish(t, sut, healthy.gets(diary...), failing.gets(diary...))
	for _, r := range healthy.all() {
		if r.Attempt != 1 {
			t.Errorf("%s came to the healthy receiver at attempt %d", r.ID, r.Attempt)
		}
	}
}

// While one record waits for its retry, others go on, and its own later changes wait behind it.
func TestFailingRecord(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	box.answers(func(r receiver.Request) receiver.Answer {
		if strings.Contains(string(r.Body), `"stuck1"`) {
			return receiver.Answer{Status: http.StatusServiceUnavailable}
		}
		return receiver.Answer{}
	})
	sut := start(t, db, often).until("active")
	db.oneByOne("stuck", 1)
	db.exec(`UPDATE contacts SET version = 2`)
	db.exec(`UPDATE contacts SET version = 3`)
	db.oneByOne("contact", 200)
	box.untilAccepted(200)
	box.answers(nil)
	finish(t, sut, box.gets(db.diary()...))
}

// A receiver can say when it wants to be asked again.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	box.answers(func(r receiver.Request) receiver.Answer {
		if r.Attempt > 1 {
			return receiver.Answer{}
		}
		return receiver.Answer{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}}
	})
	sut := start(t, db, "HOOKLINE_RETRY_SCHEDULE=10ms").until("active")
	db.oneByOne("contact", 1)
	finish(t, sut, box.gets(db.diary()...))
	for i, wait := range box.between(box.all()[0].ID) {
		if wait < time.Second {
			t.Errorf("attempt %d came %s after the one before, want 1s at least", i+2, wait)
		}
	}
}

// Whoever mends a webhook need not wait for the next retry, and one that is deleted holds nothing back.
func TestFailingWebhookChanged(t *testing.T) {
	t.Parallel()
	db, wrong, right, given := newCRM(t), newInbox(t), newInbox(t), newInbox(t)
	mended, deleted := db.addWebhook(wrong, "*.*"), db.addWebhook(given, "*.*")
	wrong.answers(always(http.StatusNotFound))
	given.answers(always(http.StatusBadGateway))
	sut := start(t, db, "HOOKLINE_RETRY_SCHEDULE=1h").until("active")
	before := db.position()
	db.oneByOne("contact", 3)
	db.exec(`UPDATE contacts SET version = 2`)
	wrong.untilAsked(3)
	given.untilAsked(3)

	db.exec(`UPDATE webhooks SET url = $2, secret = $3 WHERE id = $1`, mended, right.url(), right.secret)
	db.exec(`DELETE FROM webhooks WHERE id = $1`, deleted)
	eventually(t, right.gets(db.diary()...).missing)
	db.untilAcknowledged(before)
	finish(t, sut, wrong.gets(), given.gets(), right.gets(db.diary()...))
}
