package crash

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"hookline/e2e"
	"hookline/sender/settled"
)

// What was put into the spool for one receiver while another one held the checkpoint is delivered
// once, though the next process takes it from the spool and is brought it by the stream as well,
// and the one after that is brought it when it has left the spool.
func TestSpoolAheadOfCheckpoint(t *testing.T) {
	t.Parallel()
	const contacts = 500
	db, dead, slow := e2e.NewCRM(t), e2e.NewInbox(t), e2e.NewInbox(t)
	webhook := db.AddWebhook(dead, "*.*")
	db.AddWebhook(slow, "*.*")
	db.SetUp()
	dead.Answers(e2e.Always(http.StatusServiceUnavailable))
	slow.CloseAfter(0)
	db.OneByOne("contact", contacts)
	kill := func(sut *e2e.Process) {
		sut.Kill()
		dead.ExpectReplay()
		slow.ExpectReplay()
	}

	roomy := []string{e2e.Often, "HOOKLINE_REQUEST_TIMEOUT=5m", "HOOKLINE_MAX_BUFFER=32MiB"}
	sut := e2e.Start(t, db, roomy...)
	untilWaiting(db, webhook, contacts)
	kill(sut)

	// With little room the stream is held up by the slow one, until all that the other one has to get
	// has come from the spool.
	dead.Answers(nil)
	sut = e2e.Start(t, db, append(roomy, "HOOKLINE_MAX_BUFFER=64KiB")...)
	dead.UntilAccepted(contacts)
	untilWaiting(db, webhook, 0)
	kill(sut)

	sut = e2e.Start(t, db, roomy...).Until("active")
	db.OneByOne("last", 1)
	dead.UntilAccepted(contacts + 1) // the stream has brought everything before
	slow.OpenGate()
	e2e.Finish(t, sut, dead.Gets(db.Diary()...), slow.Gets(db.Diary()...))
	for name, box := range map[string]*e2e.Inbox{"dead": dead, "slow": slow} {
		if n := box.Count(); n != contacts+1 {
			t.Errorf("the %s one has got %d deliveries of %d events", name, n, contacts+1)
		}
	}
}

func untilWaiting(db *e2e.Database, webhook string, n int) {
	db.T.Helper()
	const sql = `SELECT coalesce(sum(waiting), 0)::int FROM hookline.queue
		WHERE webhook LIKE '%' || $1`
	e2e.Eventually(db.T, func() error {
		if got := e2e.Value[int](db, sql, webhook); got != n {
			return fmt.Errorf("%d deliveries wait in the spool, want %d", got, n)
		}
		return nil
	})
}

// inFlight is how many requests one webhook gets at once.
const inFlight = 64

// With a directory for its state, a process that is killed repeats no more than what was in flight.
func TestKilledWithState(t *testing.T) {
	t.Parallel()
	const kills = 6
	random, db, box := e2e.Random(t), e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	db.SetUp()
	state := "HOOKLINE_STATE_DIR=" + t.TempDir()
	stop := write(db, box)
	for range kills {
		sut := e2e.Start(t, db, state)
		box.UntilMore(inFlight + random.IntN(200))
		sut.Kill()
		box.ExpectReplay()
	}
	stop()
	e2e.Finish(t, e2e.Start(t, db, state).Until("active"), box.Gets(db.Diary()...))
	for life, n := range box.Repeats() {
		if n > inFlight {
			t.Errorf("%d deliveries were repeated after kill %d, want %d at most", n, life, inFlight)
		}
	}
	t.Logf("%d events, repeats after each kill: %v", box.Events(), box.Repeats())
}

// Ten times Hookline is killed while some 1,000 changes are committed in a second, in the middle of
// its deliveries: each other time the receiver lets some through, and holds back what comes then
// until its sender is gone; else it accepts all the while. Nothing is lost, records stay in order,
// and each event that comes again was in flight: the receiver had accepted it, and the process had
// not noted that yet.
func TestTenKillsUnderWrites(t *testing.T) {
	onEachMajor(t, func(t *testing.T, db *e2e.Database) {
		const kills = 10
		random, box, dir := e2e.Random(t), e2e.NewInbox(t), t.TempDir()
		db.AddWebhook(box, "*.*")
		db.SetUp()
		state := "HOOKLINE_STATE_DIR=" + dir
		began := time.Now()
		stop := writePaced(db, box, 20*time.Millisecond, 2000)
		var records []map[string]bool // what the record had at each kill
		for kill := range kills {
			if kill%2 == 0 {
				box.CloseAfter(500 + random.IntN(1000))
			} else {
				box.OpenGate()
			}
			sut := e2e.Start(t, db, state)
			if kill%2 == 0 {
				box.UntilHeld(1 + random.IntN(8))
			} else {
				box.UntilMore(500 + random.IntN(1000))
			}
			sut.Kill()
			box.ExpectReplay()
			records = append(records, accepted(t, dir, db, box))
		}
		written := len(db.Diary())
		rate := float64(written) / time.Since(began).Seconds()
		stop()
		box.OpenGate()
		e2e.Finish(t, e2e.Start(t, db, state).Until("active"), box.Gets(db.Diary()...))

		lives := box.Lives()
		if len(lives) != kills+1 {
			t.Fatalf("%d processes have delivered, want %d", len(lives), kills+1)
		}
		last := map[string]int{} // the life in which an event was accepted last
		for life, ids := range lives {
			unnoted, again := 0, 0
			for _, id := range ids {
				before, known := last[id]
				if last[id] = life; known {
					again++
				}
				for kill := before; known && kill < life; kill++ {
					if records[kill][id] {
						t.Errorf("%s came again in life %d, and the record had it at kill %d", id, life+1, kill+1)
					}
				}
				if life < kills && !records[life][id] {
					unnoted++
				}
			}
			if unnoted > inFlight || again > inFlight {
				t.Errorf("life %d: %d events were in flight at its end, and %d came again, want %d at most",
					life+1, unnoted, again, inFlight)
			}
		}
		t.Logf("%d events, %.0f a second while it was killed, repeats in each life: %v", box.Events(),
			rate, box.Repeats())
	})
}

// accepted returns the events that the record has as accepted, after its process has ended.
func accepted(t *testing.T, dir string, db *e2e.Database, box *e2e.Inbox) map[string]bool {
	t.Helper()
	copied := t.TempDir() // whoever opens a record has it
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	database := strings.Split(box.All()[0].ID, "_")[1]
	record, err := settled.Open(copied, settled.Origin{Database: database, Slot: db.Name},
		slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	note := func(d settled.Delivery) { has[d.Event(database)] = true }
	record.Each(0, note, note)
	if err := record.Close(); err != nil {
		t.Fatal(err)
	}
	if len(has) == 0 {
		t.Error("the record is empty")
	}
	return has
}

// write commits changes, each by itself, until stop is called: it is some hundreds ahead of the
// inbox, so that there is always more to send than may be in flight.
func write(db *e2e.Database, box *e2e.Inbox) (stop func()) {
	return writePaced(db, box, 0, 10*inFlight)
}

// writePaced is write of 20 changes at most in each pause, and of at most so many ahead of the
// inbox.
func writePaced(db *e2e.Database, box *e2e.Inbox, pause time.Duration, ahead int) (stop func()) {
	const sql = `DO $$ BEGIN FOR i IN 1..%d LOOP
		INSERT INTO contacts (id) VALUES ('contact' || (%[2]d + i) %% 5000)
			ON CONFLICT (id) DO UPDATE SET version = contacts.version + 1;
		COMMIT;
	END LOOP; END $$`
	const each = 20
	conn := db.Session()
	ctx, cancel := context.WithCancel(db.T.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		var due <-chan time.Time
		if pause > 0 {
			tick := time.NewTicker(pause)
			defer tick.Stop()
			due = tick.C
		}
		for written := 0; ctx.Err() == nil; written += each {
			if due != nil {
				<-due
			}
			if _, err := conn.Exec(db.T.Context(), fmt.Sprintf(sql, each, written)); err != nil {
				db.T.Error(err)
				return
			}
			box.UntilNear(ctx, written, ahead)
		}
	}()
	return func() { cancel(); <-done }
}

// What comes from the spool is no exception, though the spool has yet to hear what was accepted.
func TestKilledAmidSpoolWithState(t *testing.T) {
	t.Parallel()
	const contacts, place = 500, 400
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	webhook := db.AddWebhook(box, "*.*")
	db.SetUp()
	state := "HOOKLINE_STATE_DIR=" + t.TempDir()
	box.Answers(e2e.Always(http.StatusServiceUnavailable))
	db.OneByOne("contact", contacts)
	soon := "HOOKLINE_RETRY_SCHEDULE=1ms" + strings.Repeat(",1ms", 500) // nothing waits for its time
	sut := e2e.Start(t, db, soon, state)
	untilWaiting(db, webhook, contacts)
	sut.Kill()
	box.ExpectReplay()

	// The row of its queue is locked, so the spool hears of nothing.
	locked := db.Session()
	tx, err := locked.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT FROM hookline.queue FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	box.CloseAfter(place)
	box.Answers(nil)
	sut = e2e.Start(t, db, soon, state)
	box.UntilClosed()
	box.UntilAccepted(place)
	sut.Kill()
	box.ExpectReplay()
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	box.OpenGate()
	e2e.Finish(t, e2e.Start(t, db, soon, state).Until("active"), box.Gets(db.Diary()...))
	if again := box.Count() - contacts; again > inFlight {
		t.Errorf("%d deliveries were repeated, want %d at most", again, inFlight)
	}
}

// A process that is frozen has the record of what it has accepted, and keeps it. Who takes over
// from it reads it all the same, and has it as soon as the frozen one is gone: killed then, it
// repeats no more than what was in flight, either.
func TestRecordOfAFrozenProcess(t *testing.T) {
	onEachMajor(t, func(t *testing.T, db *e2e.Database) {
		const contacts = 300
		quick, slow := e2e.NewInbox(t), e2e.NewInbox(t)
		db.AddWebhook(quick, "*.*")
		db.AddWebhook(slow, "*.*") // which holds the checkpoint
		slow.CloseAfter(0)
		settings := []string{
			"HOOKLINE_STATE_DIR=" + t.TempDir(), "HOOKLINE_REQUEST_TIMEOUT=5m",
			"HOOKLINE_MAX_BUFFER=32MiB", e2e.Often,
		}
		first := e2e.Start(t, db, settings...).Until("active")
		db.OneByOne("first", contacts)
		quick.UntilAccepted(contacts)

		first.Signal(syscall.SIGSTOP)
		db.Exec(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots
			WHERE slot_name = $1 AND active`, db.Name)
		quick.BeginLife()
		second := e2e.Start(t, db, settings...).Until("active")
		second.UntilPrinted("another process has the record of accepted deliveries")
		db.OneByOne("second", 1)
		quick.UntilHeardOf("second1") // the stream has brought everything before
		first.Kill()
		second.UntilPrinted("accepted deliveries are recorded from now on")
		db.OneByOne("third", contacts)
		quick.UntilHeardOf(fmt.Sprint("third", contacts))
		quick.UntilAccepted(2*contacts + 1)

		second.Kill()
		quick.ExpectReplay()
		slow.ExpectReplay()
		third := e2e.Start(t, db, settings...).Until("active")
		db.OneByOne("last", 1)
		quick.UntilHeardOf("last1")
		slow.OpenGate()
		e2e.Finish(t, third, quick.Gets(db.Diary()...), slow.Gets(db.Diary()...))
		for life, n := range quick.Repeats() {
			if n > inFlight {
				t.Errorf("%d deliveries were repeated in life %d, want %d at most", n, life, inFlight)
			}
		}
		t.Logf("repeats in each life: %v", quick.Repeats())
	})
}
