package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Of several processes one is active. When it is stopped, another takes over where it was; when it is killed, too, though some may
// come twice then.
func TestStandby(t *testing.T) {
	t.Parallel()
	const contacts = 600
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	first, second := roles(t, start(t, db, "HOOKLINE_MAX_BUFFER=64KiB"), start(t, db, "HOOKLINE_MAX_BUFFER=64KiB"))

	box.closeAfter(contacts / 2)
	db.oneByOne("first", contacts)
	first.stopInTheMiddle(box)
	second.until("active")
	eventually(t, box.gets(db.diary()...).missing)
	box.gets(db.diary()...).check() // nothing has come twice so far

	third, fourth := start(t, db).until("standby"), start(t, db).until("standby")
	fourth.stop()
	box.closeAfter(contacts / 2)
	db.oneByOne("second", contacts)
	box.untilClosed()
	third.signal(syscall.SIGSTOP) // so that it is plain who sends what
	second.kill()
	box.expectReplay()
	box.openGate()
	third.signal(syscall.SIGCONT)
	third.until("active")
	finish(t, third, box.gets(db.diary()...))
}

// Three processes pass the slot on: it takes less than 2 s after SIGTERM and less than 5 s after kill -9 until the next one delivers. Each
// says what it is.
func TestTakeover(t *testing.T) {
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	first, others := rolesOf(t, start(t, db), start(t, db), start(t, db))
	db.oneByOne("first", 1)
	box.untilAccepted(1)
	for _, p := range others {
		if log := p.log.String(); !strings.Contains(log, "standing by") || strings.Contains(log, "replication stream started") {
			t.Errorf("a standby does not say in its log that it is one:\n%s", log)
		}
	}

	takeover := func(how string, end func(), limit time.Duration) {
		t.Helper()
		began := time.Now()
		end() // the process is gone when it returns, so whatever is committed from now on is the next one's
		db.oneByOne(how, 1)
		took := box.untilHeardOf(how + "1").Sub(began)
		t.Logf("takeover after %s: %s", how, took.Round(time.Millisecond))
		if took > limit {
			t.Errorf("the takeover after %s has taken %s, want less than %s", how, took, limit)
		}
	}
	takeover("SIGTERM", first.stop, 2*time.Second)
	second, others := rolesOf(t, others...)
	if log := second.log.String(); !strings.Contains(log, "replication stream started") {
		t.Errorf("the active one does not say in its log that it is:\n%s", log)
	}
	takeover("kill -9", func() { box.beginLife(); second.kill() }, 5*time.Second)
	finish(t, others[0].until("active"), box.gets(db.diary()...))
}

// Under constant writes the process is replaced again and again, as in a rolling update: the new one first, then the old one goes. Nothing
// is lost and nothing comes twice.
func TestRollingUpdate(t *testing.T) {
	t.Parallel()
	const updates = 5
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	sut := start(t, db).until("active")
	stopWriting := db.keepWriting("contact", box)
	for range updates {
		next := start(t, db).until("standby")
		box.untilAccepted(box.count() + 50)
		sut.stop()
		sut = next.until("active")
	}
	box.untilAccepted(box.count() + 50)
	stopWriting()
	finish(t, sut, box.gets(db.diary()...))
}

// ahead is how many events a writer may be ahead of an inbox.
const ahead = 200

// keepWriting adds contacts and changes them until stop is called, as fast as the inbox hears of it.
func (db *database) keepWriting(prefix string, box *inbox) (stop func()) {
	db.t.Helper()
	conn := db.session()
	ctx, cancel := context.WithCancel(db.t.Context())
	var writer sync.WaitGroup
	heard := box.events()
	writer.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			box.untilNear(ctx, heard+2*n, ahead)
			for _, sql := range []string{`INSERT INTO contacts (id) VALUES ($1)`, `UPDATE contacts SET version = 2 WHERE id = $1`} {
				if _, err := conn.Exec(context.WithoutCancel(ctx), sql, fmt.Sprint(prefix, n)); err != nil {
					db.t.Errorf("%s: %v", sql, err)
					return
				}
			}
		}
	})
	db.t.Cleanup(cancel)
	return func() { cancel(); writer.Wait() }
}
