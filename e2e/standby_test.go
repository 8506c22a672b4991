package e2e

import (
	"fmt"
	"syscall"
	"testing"
)

// Of several processes one is active. When it is stopped, another takes over where it was; when it is killed, too, though some may
// come twice then.
func TestStandby(t *testing.T) {
	t.Parallel()
	const contacts = 1500
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	first, second := start(t, db, "HOOKLINE_MAX_BUFFER=64KiB"), start(t, db, "HOOKLINE_MAX_BUFFER=64KiB")
	eventually(t, func() error {
		if first.get("/readyz") == "200 standby" {
			first, second = second, first
		}
		if a, b := first.get("/readyz"), second.get("/readyz"); a != "200 active" || b != "200 standby" {
			return fmt.Errorf("two processes, %q and %q", a, b)
		}
		return nil
	})

	db.oneByOne("first", contacts)
	box.untilAccepted(contacts / 2)
	first.stop()
	second.until("active")
	eventually(t, box.gets(db.diary()...).missing)
	box.gets(db.diary()...).check() // nothing has come twice so far

	third, fourth := start(t, db).until("standby"), start(t, db).until("standby")
	fourth.stop()
	db.oneByOne("second", contacts)
	box.untilAccepted(contacts + contacts/2)
	third.signal(syscall.SIGSTOP) // so that it is plain who sends what
	second.kill()
	box.expectReplay()
	third.signal(syscall.SIGCONT)
	third.until("active")
	finish(t, third, box.gets(db.diary()...))
}
