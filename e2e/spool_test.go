package e2e

import "testing"

// The checkpoint may be kept in a database of its own: then nothing is ever written to the CRM's.
func TestSpoolElsewhere(t *testing.T) {
	t.Parallel()
	const contacts = 800
	db, spool, box := newCRM(t), newDatabase(t), newInbox(t)
	db.addWebhook(box, "*.*")
	setting := "HOOKLINE_SPOOL_DATABASE_URL=" + spool.url
	db.setUp(setting)
	db.atOnce("contact", contacts)
	box.closeAfter(contacts / 2)
	start(t, db, setting, "HOOKLINE_MAX_BUFFER=64KiB").stopInTheMiddle(box)
	finish(t, start(t, db, setting), box.gets(db.diary()...))

	const there = `SELECT to_regclass('hookline.checkpoint') IS NOT NULL`
	if value[bool](db, there) || !value[bool](spool, there) {
		t.Error("the table of checkpoints is not where it should be")
	}
}
