package delivery

import (
	"testing"

	"hookline/e2e"
)

// The checkpoint may be kept in a database of its own: then nothing is ever written to the CRM's.
func TestSpoolElsewhere(t *testing.T) {
	t.Parallel()
	const contacts = 600
	db, spool, box := e2e.NewCRM(t), e2e.NewDatabase(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	setting := "HOOKLINE_SPOOL_DATABASE_URL=" + spool.URL
	db.SetUp(setting)
	db.OneByOne("contact", contacts)
	box.CloseAfter(contacts / 4)
	e2e.Start(t, db, setting, "HOOKLINE_MAX_BUFFER=64KiB").StopInTheMiddle(box)
	e2e.Finish(t, e2e.Start(t, db, setting), box.Gets(db.Diary()...))

	const there = `SELECT to_regclass('hookline.checkpoint') IS NOT NULL`
	if e2e.Value[bool](db, there) || !e2e.Value[bool](spool, there) {
		t.Error("the table of checkpoints is not where it should be")
	}
}
