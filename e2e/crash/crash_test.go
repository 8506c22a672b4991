package crash

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hookline/e2e"
)

// Hookline is killed again and again in the middle of a backlog.
func TestKilled(t *testing.T) {
	t.Parallel()
	const changes, kills = 1500, 5
	random, db, box := e2e.Random(t), e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	db.SetUp()
	db.Backlog(random, changes)

	for range kills {
		box.CloseAfter(random.IntN(changes / kills)) // so something is left, whatever comes again
		// with the larger one all of it is in memory when the end comes
		buffer := []string{"64KiB", "32MiB"}[random.IntN(2)]
		sut := e2e.Start(t, db, "HOOKLINE_MAX_BUFFER="+buffer)
		box.UntilClosed()
		sut.Kill()
		box.ExpectReplay()
	}
	box.OpenGate()
	e2e.Finish(t, e2e.Start(t, db), box.Gets(db.Diary()...))
}

// Hookline is killed at every step of its first start, and starts over.
func TestKilledAtStart(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	for _, step := range []string{
		"hookline starts", "database found", "schema brought up to date", "made the schema",
		"REPLICA IDENTITY FULL", "CREATE PUBLICATION",
		"pg_create_logical_replication_slot", "replication stream started",
	} {
		sut := e2e.Start(t, db)
		e2e.Eventually(t, func() error { // the kill before may have been too late to stop this step
			if sut.Get("/readyz") != "200 active" && !strings.Contains(sut.Log.String(), step) {
				return fmt.Errorf("no %q in the log", step)
			}
			return nil
		})
		sut.Kill()
	}
	sut := e2e.Start(t, db).Until("active")
	db.OneByOne("contact", 10)
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
}

// What comes again after a kill is what was not in the checkpoint, not the whole of a large
// transaction.
func TestKilledInBigTransaction(t *testing.T) {
	t.Parallel()
	const contacts, place = 2000, 1500
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	db.SetUp()
	db.AtOnce("contact", contacts)

	box.CloseAfter(place)
	sut := e2e.Start(t, db, "HOOKLINE_MAX_BUFFER=64KiB",
		fmt.Sprint("HOOKLINE_MAX_IN_FLIGHT=", inFlight))
	box.UntilClosed()
	box.UntilAccepted(place)
	told := func() int { // the checkpoint goes through the changes first, then through the records
		const index = `SELECT change_index::int FROM hookline.checkpoint WHERE slot = $1`
		return e2e.Value[int](db, index, db.Name) - contacts
	}
	e2e.Eventually(t, func() error {
		if got := told(); got < place/2 {
			return fmt.Errorf("the checkpoint has %d events, want %d", got, place/2)
		}
		return nil
	})
	sut.Kill()
	saved := told()
	box.ExpectReplay()
	box.OpenGate()
	e2e.Finish(t, e2e.Start(t, db), box.Gets(db.Diary()...))
	if again, most := box.Count()-contacts, place+inFlight-saved; again > most {
		t.Errorf("%d came again, the checkpoint had %d of %d, want at most %d",
			again, saved, place, most)
	}
}

// Postgres crashes and comes back, twice, in the middle of a backlog. Hookline sits it out, and can
// be stopped while Postgres is away.
func TestPostgresCrashes(t *testing.T) {
	t.Parallel()
	const changes = 900
	server, db := e2e.NewCRMServer(t)
	random, box := e2e.Random(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	db.SetUp()
	db.Backlog(random, changes)

	// With little room, so that most of what the gate holds up is still with the server.
	sut := e2e.Start(t, db, "HOOKLINE_MAX_IN_FLIGHT=8", "HOOKLINE_MAX_BUFFER=64KiB",
		"HOOKLINE_REQUEST_TIMEOUT=5m")
	for i := range 2 {
		box.CloseAfter(changes / 4)
		box.UntilClosed()
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		sut.Until("connecting")
		box.CloseAfter(0) // what was under way is delivered while Postgres is away, and no more
		if got := box.Count(); got == changes {
			t.Errorf("all of %d changes had arrived before crash %d", got, i+1)
		}
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		sut.Until("active")
	}
	box.OpenGate()
	db.Conn = db.Session()
	e2e.Finish(t, sut, box.Gets(db.Diary()...)) // the same process, and nothing came twice

	sut = e2e.Start(t, db).Until("active")
	db.OneByOne("last", 1)
	box.UntilAccepted(len(db.Diary()))
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	sut.Until("connecting").Stop()
}

// A process that stands by outlives Postgres too, and is there to take over afterwards.
func TestPostgresCrashesUnderStandby(t *testing.T) {
	t.Parallel()
	server, db := e2e.NewCRMServer(t)
	box := e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	active := e2e.Start(t, db).Until("active")
	standby := e2e.Start(t, db).Until("standby")
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	active.Until("connecting").Kill()
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	standby.Until("active")
	db.Conn = db.Session()
	db.OneByOne("contact", 10)
	e2e.Finish(t, standby, box.Gets(db.Diary()...))
}

// Postgres is restarted in the orderly way. It waits for those who read its stream to confirm all
// of it, so Hookline, which may have deliveries pending, must let go of it at once.
func TestPostgresRestarts(t *testing.T) {
	t.Parallel()
	server, db := e2e.NewCRMServer(t)
	box := e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db, e2e.Often, "HOOKLINE_HOLD_MAX=1h").Until("active")
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
		db.Conn = db.Session()
	}

	db.OneByOne("first", 10)
	box.UntilAccepted(10)
	restart() // with nothing pending
	box.Answers(e2e.Always(http.StatusServiceUnavailable))
	db.OneByOne("second", 3) // too few for the breaker: they wait in memory
	box.UntilAsked(9)
	restart() // with deliveries pending
	box.Answers(nil)
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
}
