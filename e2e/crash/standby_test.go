package crash

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// Of several processes one is active. When it is stopped, another takes over where it was; when it
// is killed, too, though some may come twice then.
func TestStandby(t *testing.T) {
	t.Parallel()
	const contacts = 400
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	first, second := e2e.Roles(t, e2e.Start(t, db, "HOOKLINE_MAX_BUFFER=64KiB"),
		e2e.Start(t, db, "HOOKLINE_MAX_BUFFER=64KiB"))

	box.CloseAfter(contacts / 2)
	db.OneByOne("first", contacts)
	first.StopInTheMiddle(box)
	second.Until("active")
	e2e.Eventually(t, box.Gets(db.Diary()...).Missing)
	box.Gets(db.Diary()...).Check() // nothing has come twice so far

	third, fourth := e2e.Start(t, db).Until("standby"), e2e.Start(t, db).Until("standby")
	fourth.Stop()
	box.CloseAfter(contacts / 2)
	db.OneByOne("second", contacts)
	box.UntilClosed()
	third.Signal(syscall.SIGSTOP) // so that it is plain who sends what
	second.Kill()
	box.ExpectReplay()
	box.OpenGate()
	third.Signal(syscall.SIGCONT)
	third.Until("active")
	e2e.Finish(t, third, box.Gets(db.Diary()...))
}

// Three processes pass the slot on: it takes less than 2 s after SIGTERM and less than 5 s after
// kill -9 until the next one delivers. Each says what it is.
func TestTakeover(t *testing.T) {
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	first, others := e2e.RolesOf(t, e2e.Start(t, db), e2e.Start(t, db), e2e.Start(t, db))
	db.OneByOne("first", 1)
	box.UntilAccepted(1)
	for _, p := range others {
		if log := p.Log.String(); !strings.Contains(log, "standing by") ||
			strings.Contains(log, "replication stream started") {
			t.Errorf("a standby does not say in its log that it is one:\n%s", log)
		}
	}

	takeover := func(how string, end func(), limit time.Duration) {
		t.Helper()
		began := time.Now()
		// the process is gone when it returns, so whatever is committed from now on is the next one's
		end()
		db.OneByOne(how, 1)
		took := box.UntilHeardOf(how + "1").Sub(began)
		t.Logf("takeover after %s: %s", how, took.Round(time.Millisecond))
		if took > limit {
			t.Errorf("the takeover after %s has taken %s, want less than %s", how, took, limit)
		}
	}
	takeover("SIGTERM", first.Stop, 2*time.Second)
	second, others := e2e.RolesOf(t, others...)
	if log := second.Log.String(); !strings.Contains(log, "replication stream started") {
		t.Errorf("the active one does not say in its log that it is:\n%s", log)
	}
	takeover("kill -9", func() { box.BeginLife(); second.Kill() }, 5*time.Second)
	e2e.Finish(t, others[0].Until("active"), box.Gets(db.Diary()...))
}

// Under constant writes the process is replaced again and again, as in a rolling update: the new
// one first, then the old one goes. Nothing is lost and nothing comes twice.
func TestRollingUpdate(t *testing.T) {
	t.Parallel()
	const updates = 3
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db).Until("active")
	stopWriting := keepWriting(db, "contact", box)
	for range updates {
		next := e2e.Start(t, db).Until("standby")
		box.UntilAccepted(box.Count() + 50)
		sut.Stop()
		sut = next.Until("active")
	}
	box.UntilAccepted(box.Count() + 50)
	stopWriting()
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
}

// ahead is how many events a writer may be ahead of an inbox.
const ahead = 200

// keepWriting adds contacts and changes them until stop is called, as fast as the inbox hears of
// it.
func keepWriting(db *e2e.Database, prefix string, box *e2e.Inbox) (stop func()) {
	db.T.Helper()
	conn := db.Session()
	ctx, cancel := context.WithCancel(db.T.Context())
	var writer sync.WaitGroup
	heard := box.Events()
	writer.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			box.UntilNear(ctx, heard+2*n, ahead)
			for _, sql := range []string{
				`INSERT INTO contacts (id) VALUES ($1)`,
				`UPDATE contacts SET version = 2 WHERE id = $1`,
			} {
				if _, err := conn.Exec(context.WithoutCancel(ctx), sql, fmt.Sprint(prefix, n)); err != nil {
					db.T.Errorf("%s: %v", sql, err)
					return
				}
			}
		}
	})
	db.T.Cleanup(cancel)
	return func() { cancel(); writer.Wait() }
}

// A process from which the slot was taken delivers what it has in hand while its successor has begun
// and is yet to claim the spool. The successor goes by what is settled then: nothing comes twice.
func TestSettledWhileTakenOver(t *testing.T) {
	t.Parallel()
	const contacts = 10
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	settings := []string{"HOOKLINE_REQUEST_TIMEOUT=5m", "HOOKLINE_HOLD_MAX=5m"}
	first, second := e2e.Roles(t, e2e.Start(t, db, settings...), e2e.Start(t, db, settings...))
	box.CloseAfter(0)
	db.OneByOne("first", contacts-1)
	position := db.Position()
	db.OneByOne("newest", 1)
	box.UntilHeld(contacts)

	lock := db.Session() // the successor reads the webhooks before it claims the spool
	if _, err := lock.Exec(t.Context(), "BEGIN; LOCK TABLE webhooks"); err != nil {
		t.Fatal(err)
	}
	first.Signal(syscall.SIGSTOP) // or it might be the quicker one
	db.Exec(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1`,
		db.Name)
	second.UntilPrinted("replication stream started")
	first.Signal(syscall.SIGCONT)
	box.OpenGate()
	box.UntilAccepted(contacts)
	e2e.Eventually(t, func() error { // the first one's doing: the other one is held up
		const sql = `SELECT greatest(settled_lsn, commit_lsn) > $1::pg_lsn FROM hookline.checkpoint`
		if !e2e.Value[bool](db, sql, position) {
			return errors.New("the newest contact is not settled")
		}
		return nil
	})
	if _, err := lock.Exec(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	second.Until("active")
	first.Until("standby")
	db.OneByOne("last", 1)
	e2e.Finish(t, second, box.Gets(db.Diary()...))
	if n := box.Count(); n != contacts+1 {
		t.Errorf("%d deliveries have come of %d events", n, contacts+1)
	}
}

// Of a transaction the first event was settled by the process before when its successor claimed the
// spool: that makes the others, and not the first.
func TestSettledInPartWhileTakenOver(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	settings := []string{"HOOKLINE_REQUEST_TIMEOUT=5m", "HOOKLINE_HOLD_MAX=5m"}
	first, second := e2e.Roles(t, e2e.Start(t, db, settings...), e2e.Start(t, db, settings...))
	one, others := make(chan struct{}), make(chan struct{})
	asked := make(chan struct{}, 3)
	box.Answers(func(r receiver.Request) receiver.Answer {
		asked <- struct{}{}
		if strings.Contains(string(r.Body), `"one"`) {
			return receiver.Answer{Until: one}
		}
		return receiver.Answer{Status: http.StatusServiceUnavailable, Until: others}
	})
	db.Exec(`INSERT INTO contacts (id) VALUES ('one'), ('two'), ('three')`)
	for range 3 {
		<-asked
	}

	lock := db.Session() // the successor reads the webhooks before it claims the spool
	if _, err := lock.Exec(t.Context(), "BEGIN; LOCK TABLE webhooks"); err != nil {
		t.Fatal(err)
	}
	first.Signal(syscall.SIGSTOP) // or it might be the quicker one
	db.Exec(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1`,
		db.Name)
	second.UntilPrinted("replication stream started")
	first.Signal(syscall.SIGCONT)
	close(one)
	e2e.Eventually(t, func() error { // three changes, and a step of the end
		const sql = `SELECT commit_lsn > settled_lsn AND change_index = 4 FROM hookline.checkpoint`
		if !e2e.Value[bool](db, sql) {
			return errors.New("the first contact is not settled alone")
		}
		return nil
	})
	box.Answers(nil)
	first.Kill()
	close(others)
	if _, err := lock.Exec(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	second.Until("active")
	e2e.Finish(t, second, box.Gets(db.Diary()...))
	if n := box.Count(); n != 3 {
		t.Errorf("%d deliveries have come of 3 events", n)
	}
}

// A process is killed amid the end of a transaction, and the next one announces a table less: its
// records are not counted among those that are settled, so the rest is made, and nothing twice.
func TestKilledAndATableLess(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	db.Exec(`CREATE TABLE notes (id text PRIMARY KEY)`)
	last, asked := make(chan struct{}), make(chan struct{}, 3)
	box.Answers(func(r receiver.Request) receiver.Answer {
		asked <- struct{}{}
		if strings.Contains(string(r.Body), `"two"`) {
			return receiver.Answer{Status: http.StatusServiceUnavailable, Until: last}
		}
		return receiver.Answer{}
	})
	settings := []string{"HOOKLINE_REQUEST_TIMEOUT=5m", "HOOKLINE_HOLD_MAX=5m", e2e.Often}
	sut := e2e.Start(t, db, settings...).Until("active")
	db.Exec(`DO $$ BEGIN
		INSERT INTO notes VALUES ('zero');
		INSERT INTO contacts (id) VALUES ('one');
		INSERT INTO contacts (id) VALUES ('two');
	END $$`)
	for range 3 {
		<-asked
	}
	e2e.Eventually(t, func() error { // three changes, and what is told of the first two of them
		const sql = `SELECT commit_lsn > settled_lsn AND change_index = 5 FROM hookline.checkpoint`
		if !e2e.Value[bool](db, sql) {
			return errors.New("the first two are not settled alone")
		}
		return nil
	})
	sut.Kill()
	close(last)
	box.Answers(nil)
	sut = e2e.Start(t, db, append(settings, "HOOKLINE_EXCLUDE=public.notes")...).Until("active")
	box.UntilHeardOf("two")
	db.OneByOne("last", 1)
	box.UntilHeardOf("last1")
	sut.Stop()
	if n := box.Count(); n != 4 {
		t.Errorf("%d deliveries have come of 4 events", n)
	}
}
