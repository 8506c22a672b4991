package crash

import (
	"net/http"
	"testing"

	"hookline/e2e"
)

// Stopped in the middle of a backlog, and of a transaction, the rest of which goes out, Hookline gives
// the slot back at once. Over all restarts nothing is lost, and nothing comes twice.
func TestStopped(t *testing.T) {
	t.Parallel()
	const contacts = 1200
	db, box, other := e2e.NewCRM(t), e2e.NewInbox(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	db.AddWebhook(other, "*.*")
	db.SetUp()
	db.AtOnce("together", contacts/2)
	db.OneByOne("single", contacts/2)
	diary := db.Diary()

	for i := range 3 {
		box.CloseAfter(100)
		// so that most of it is still with the server
		sut := e2e.Start(t, db, "HOOKLINE_MAX_BUFFER=64KiB")
		sut.StopInTheMiddle(box)
		if db.SlotActive() {
			t.Error("the slot is still active after the end of the process")
		}
		if got := box.Count(); got == contacts {
			t.Errorf("all of %d changes had arrived before stop %d", got, i+1)
		}
	}
	e2e.Finish(t, e2e.Start(t, db), box.Gets(diary...), other.Gets(diary...))
}

// A stop does not wait for retries. What is pending goes to the spool, and is sent after the
// restart.
func TestStoppedWhileFailing(t *testing.T) {
	t.Parallel()
	const contacts = 20
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	box.Answers(e2e.Always(http.StatusInternalServerError))
	sut := e2e.Start(t, db).Until("active")
	db.OneByOne("contact", contacts)
	db.Exec(`UPDATE contacts SET version = version + 1`)
	box.UntilAsked(1)
	sut.Stop()

	box.Answers(nil)
	e2e.Finish(t, e2e.Start(t, db), box.Gets(db.Diary()...))
}
