package crash

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"hookline/e2e"
)

// onEachMajor runs f with the database of a CRM on the default server and on the newest.
func onEachMajor(t *testing.T, f func(t *testing.T, db *e2e.Database)) {
	t.Parallel()
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("major %d", major), func(t *testing.T) {
			t.Parallel()
			f(t, e2e.NewDatabaseMajor(t, major).WithContacts())
		})
	}
}

// pause stops the process in the middle of its deliveries, for longer than the server waits for it.
func pause(db *e2e.Database, sut *e2e.Process) {
	db.T.Helper()
	sut.Signal(syscall.SIGSTOP)
	e2e.Eventually(db.T, func() error {
		if db.SlotActive() {
			return errors.New("the server still waits for the process")
		}
		return nil
	})
}

// A process that is paused, as with its machine, goes on where it was: nothing is lost, and nothing
// comes twice. When another one has taken over meanwhile, it stands by; what it had in hand may
// come once more.
func TestPaused(t *testing.T) {
	onEachMajor(t, func(t *testing.T, db *e2e.Database) {
		db.Exec(fmt.Sprintf(`ALTER DATABASE %s SET wal_sender_timeout = '1s'`, db.Name))
		box := e2e.NewInbox(t)
		db.AddWebhook(box, "*.*")
		settings := []string{"HOOKLINE_MAX_IN_FLIGHT=1"} // so that it is plain what is under way
		sut := e2e.Start(t, db, settings...).Until("active")
		box.CloseAfter(50)
		db.OneByOne("before", 100)
		box.UntilClosed()
		pause(db, sut)
		db.OneByOne("meanwhile", 50)
		box.OpenGate()
		sut.Signal(syscall.SIGCONT)
		e2e.Eventually(t, box.Gets(db.Diary()...).Missing)
		box.Gets(db.Diary()...).Check()
		sut.Until("active")

		before := box.Count()
		box.CloseAfter(50)
		db.OneByOne("second", 100)
		box.UntilClosed()
		pause(db, sut)
		box.OpenGate()
		box.UntilAccepted(before + 51) // but its sender does not know of the last one
		box.BeginLife()
		// whoever starts from now on is given the usual time
		db.Exec(fmt.Sprintf(`ALTER DATABASE %s RESET wal_sender_timeout`, db.Name))
		other := e2e.Start(t, db, settings...).Until("active")
		e2e.Eventually(t, box.Gets(db.Diary()...).Missing)
		box.BeginLife()
		sut.Signal(syscall.SIGCONT)
		sut.UntilPrinted("starting over, as a standby")
		sut.Until("standby").Stop()
		box.BeginLife()
		db.OneByOne("last", 20)
		e2e.Finish(t, other, box.Gets(db.Diary()...))
	})
}

// A process that finds that it was replaced while the server takes no further connections waits for
// the server, and stands by.
func TestReplacedWhileTheServerIsFull(t *testing.T) {
	t.Parallel()
	db := e2e.NewCRM(t)
	db.Exec(fmt.Sprintf(`ALTER DATABASE %s SET wal_sender_timeout = '1s'`, db.Name))
	role, address := db.NewRole("REPLICATION IN ROLE postgres")
	first := e2e.Start(t, db, "HOOKLINE_DATABASE_URL="+address).Until("active")
	pause(db, first)
	second := e2e.Start(t, db).Until("active")
	db.Exec("ALTER ROLE " + role + " CONNECTION LIMIT 0")
	first.Signal(syscall.SIGCONT)
	e2e.Eventually(t, func() error {
		if !strings.Contains(first.Log.String(), "too many connections for role") {
			return errors.New("the process has not been refused yet")
		}
		return nil
	})
	db.Exec("ALTER ROLE " + role + " CONNECTION LIMIT -1")
	first.Until("standby")
	second.Stop()
	first.Until("active").Stop()
}
