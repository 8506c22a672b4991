package e2e

import (
	"net/http"
	"testing"
)

// Stopped in the middle of a backlog, and of a transaction, Hookline gives the slot back at once. Over all restarts nothing is lost,
// and nothing comes twice.
func TestStopped(t *testing.T) {
	t.Parallel()
	const contacts = 1500
	db, box, other := newCRM(t), newInbox(t), newInbox(t)
	db.addWebhook(box, "*.*")
	db.addWebhook(other, "*.*")
	db.setUp()
	db.atOnce("together", contacts/2)
	db.oneByOne("single", contacts/2)
	diary := db.diary()

	for i := range 3 {
		box.closeAfter(contacts / 6)
		sut := start(t, db, "HOOKLINE_MAX_BUFFER=64KiB") // so that most of it is still with the server
		sut.stopInTheMiddle(box)
		if db.slotActive() {
			t.Error("the slot is still active after the end of the process")
		}
		if got := box.count(); got == contacts {
			t.Errorf("all of %d changes had arrived before stop %d", got, i+1)
		}
	}
	finish(t, start(t, db), box.gets(diary...), other.gets(diary...))
}

// A stop does not wait for retries. What is pending goes to the spool, and is sent after the restart.
func TestStoppedWhileFailing(t *testing.T) {
	t.Parallel()
	const contacts = 20
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	box.answers(always(http.StatusInternalServerError))
	sut := start(t, db).until("active")
	db.oneByOne("contact", contacts)
	db.exec(`UPDATE contacts SET version = version + 1`)
	box.untilAsked(1)
	sut.stop()

	box.answers(nil)
	finish(t, start(t, db), box.gets(db.diary()...))
}
