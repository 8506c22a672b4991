package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Hookline is killed again and again in the middle of a backlog.
func TestKilled(t *testing.T) {
	t.Parallel()
	const changes, kills = 3000, 5
	random, db, box := random(t), newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	db.setUp()
	db.backlog(random, changes)

	for range kills {
		box.closeAfter(random.IntN(changes / kills))         // so something is left, whatever comes again
		buffer := []string{"64KiB", "32MiB"}[random.IntN(2)] // with the larger one all of it is in memory when the end comes
		sut := start(t, db, "HOOKLINE_MAX_BUFFER="+buffer)
		box.untilClosed()
		sut.kill()
		box.expectReplay()
	}
	box.openGate()
	finish(t, start(t, db), box.gets(db.diary()...))
}

// Hookline is killed at every step of its first start, and starts over.
func TestKilledAtStart(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	for _, step := range []string{
		"hookline starts", "database found", "schema brought up to date", "made the schema", "REPLICA IDENTITY FULL", "CREATE PUBLICATION",
		"pg_create_logical_replication_slot", "replication stream started",
	} {
		sut := start(t, db)
		eventually(t, func() error { // the kill before may have been too late to stop this step
			if sut.get("/readyz") != "200 active" && !strings.Contains(sut.log.String(), step) {
				return fmt.Errorf("no %q in the log", step)
			}
			return nil
		})
		sut.kill()
	}
	sut := start(t, db).until("active")
	db.oneByOne("contact", 10)
	finish(t, sut, box.gets(db.diary()...))
}

// What comes again after a kill is what was not in the checkpoint, not the whole of a large transaction.
func TestKilledInBigTransaction(t *testing.T) {
	t.Parallel()
	const contacts, place = 4000, 3000
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	db.setUp()
	db.atOnce("contact", contacts)

	box.closeAfter(place)
	sut := start(t, db, "HOOKLINE_MAX_BUFFER=64KiB")
	box.untilClosed()
	box.untilAccepted(place)
	eventually(t, func() error {
		const saved = `SELECT change_index::int FROM hookline.checkpoint WHERE slot = $1`
		if got := value[int](db, saved, db.name); got < place/2 {
			return fmt.Errorf("the checkpoint has %d changes of the transaction, want %d", got, place/2)
		}
		return nil
	})
	sut.kill()
	box.expectReplay()
	box.openGate()
	finish(t, start(t, db), box.gets(db.diary()...))
	if again := box.count() - contacts; again > place/2 {
		t.Errorf("%d of %d came again, want them to be few", again, place)
	}
}

// Postgres crashes and comes back, twice, in the middle of a backlog. Hookline sits it out, and can be stopped while Postgres is
// away.
func TestPostgresCrashes(t *testing.T) {
	t.Parallel()
	const changes = 900
	server, db := newCRMServer(t)
	random, box := random(t), newInbox(t)
	db.addWebhook(box, "*.*")
	db.setUp()
	db.backlog(random, changes)

	// With little room, so that most of what the gate holds up is still with the server.
	sut := start(t, db, "HOOKLINE_MAX_IN_FLIGHT=8", "HOOKLINE_MAX_BUFFER=64KiB", "HOOKLINE_REQUEST_TIMEOUT=5m")
	for i := range 2 {
		box.closeAfter(changes / 4)
		box.untilClosed()
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		sut.until("connecting")
		box.closeAfter(0) // what was under way is delivered while Postgres is away, and no more
		if got := box.count(); got == changes {
			t.Errorf("all of %d changes had arrived before crash %d", got, i+1)
		}
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		sut.until("active")
	}
	box.openGate()
	db.conn = db.session()
	finish(t, sut, box.gets(db.diary()...)) // the same process, and nothing came twice

	sut = start(t, db).until("active")
	db.oneByOne("last", 1)
	box.untilAccepted(changes + 1)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	sut.until("connecting").stop()
}

// A process that stands by outlives Postgres too, and is there to take over afterwards.
func TestPostgresCrashesUnderStandby(t *testing.T) {
	t.Parallel()
	server, db := newCRMServer(t)
	box := newInbox(t)
	db.addWebhook(box, "*.*")
	active := start(t, db).until("active")
	standby := start(t, db).until("standby")
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	active.until("connecting").kill()
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	standby.until("active")
	db.conn = db.session()
	db.oneByOne("contact", 10)
	finish(t, standby, box.gets(db.diary()...))
}

// Postgres is restarted in the orderly way. It waits for those who read its stream to confirm all of it, so Hookline, which may
// have deliveries pending, must let go of it at once.
func TestPostgresRestarts(t *testing.T) {
	t.Parallel()
	server, db := newCRMServer(t)
	box := newInbox(t)
	db.addWebhook(box, "*.*")
	sut := start(t, db, often, "HOOKLINE_HOLD_MAX=1h").until("active")
	restart := func() {
		t.Helper()
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		log, err := os.ReadFile(filepath.Join(server.Dir(), "log"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(log), "received immediate shutdown request") {
			t.Fatal("the shutdown waited for Hookline, and had to be cut short")
		}
		db.conn = db.session()
	}

	db.oneByOne("first", 10)
	box.untilAccepted(10)
	restart() // with nothing pending
	box.answers(always(http.StatusServiceUnavailable))
	db.oneByOne("second", 3) // too few for the breaker: they wait in memory
	box.untilAsked(9)
	restart() // with deliveries pending
	box.answers(nil)
	finish(t, sut, box.gets(db.diary()...))
}
