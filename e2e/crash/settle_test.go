package crash

import (
	"fmt"
	"strings"
	"testing"

	"hookline/e2e"
)

// Records that settle are told once though the process is killed twice meanwhile: what came before
// and after is one event, and a record that has come and gone is told to be gone. Where they settle for a
// moment only, the last that is told of a record is how it was left.
func TestSettling(t *testing.T) {
	t.Parallel()
	db, long, short := e2e.NewCRM(t), e2e.NewInbox(t), e2e.NewInbox(t)
	db.Exec(`ALTER TABLE contacts REPLICA IDENTITY FULL`)
	db.Exec(`INSERT INTO contacts (id) VALUES ('old')`)
	db.SetUp()
	webhook := db.AddOwnWebhook(long, "event", "*.*")
	db.Exec(`UPDATE hookline.webhook SET settle = '1 hour', previous = 'changed'`)
	db.AddOwnWebhook(short, "event", "*.*")
	db.Exec(`UPDATE hookline.webhook SET settle = '100ms' WHERE settle IS NULL`)

	const update = `UPDATE contacts SET version = version + 1 WHERE id <> 'gone'`
	sut := e2e.Start(t, db, e2e.Often).Until("active")
	db.Exec(update)
	db.Exec(`INSERT INTO contacts (id) VALUES ('new'), ('gone')`)
	untilWaiting(db, webhook, 3)
	db.Exec(update) // which is on its way to the spool, or was not read yet
	sut.Kill()
	db.Exec(update)
	db.Exec(`DELETE FROM contacts WHERE id = 'gone'`)
	sut = e2e.Start(t, db, e2e.Often).Until("active")
	untilWaiting(db, webhook, 3+2+3)
	sut.Kill()
	sut = e2e.Start(t, db, e2e.Often).Until("active")
	if n := long.Count(); n != 0 {
		t.Errorf("%d events are told of records that settle", n)
	}

	db.Exec(`UPDATE hookline.webhook SET settle = NULL, catch_up = 'latest' WHERE settle = '1 hour'`)
	untilWaiting(db, webhook, 0)
	want := map[string]string{
		"new": `{"event":"contact.created","data":{"id":"new","note":"confidential","version":3}`,
		"old": `{"event":"contact.updated","data":{"id":"old","note":"confidential","version":4},` +
			`"previous":{"version":1}`,
		"gone": `{"event":"contact.deleted","data":{"id":"gone","note":"confidential","version":1}`,
	}
	for _, r := range long.All() {
		e, err := e2e.Read(r)
		if err != nil || want[e.Record] == "" || !strings.HasPrefix(string(r.Body), want[e.Record]) {
			t.Errorf("told %s, want once %q: %v", r.Body, want[e.Record], err)
		}
		delete(want, e.Record)
	}
	if len(want) > 0 {
		t.Errorf("not told: %q", want)
	}
	e2e.Eventually(t, func() error {
		last := map[string]int{}
		for _, r := range short.All() {
			e, err := e2e.Read(r)
			if err != nil {
				return err
			}
			last[e.Record] = e.Version
		}
		if last["old"] != 4 || last["new"] != 3 {
			return fmt.Errorf("records are left as of versions %v", last)
		}
		return nil
	})
	sut.Stop()
}

// A receiver has taken in that a record was created, and the process is killed before it knows. The
// record is deleted while nobody looks. The next process has both changes settle, and tells of them
// in one event that the record is gone: nothing is left of it at the receiver.
func TestCreatedAndDeletedAroundAKill(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.SetUp()
	webhook := db.AddOwnWebhook(box, "event", "contact.*")
	db.Exec(`UPDATE hookline.webhook SET settle = '100ms'`)
	sut := e2e.Start(t, db, e2e.Often).Until("active")
	box.CloseAfter(0)
	db.Exec(`INSERT INTO contacts (id) VALUES ('gone'), ('stays')`)
	box.UntilHeld(2) // each is at the receiver, which has yet to answer
	sut.Kill()
	db.Exec(`DELETE FROM contacts WHERE id = 'gone'`)
	db.Exec(`UPDATE hookline.webhook SET settle = '1 hour'`)
	box.ExpectReplay()
	box.OpenGate()

	mirror := map[string]string{}
	follow := func() {
		clear(mirror)
		for _, r := range box.All() {
			e, err := e2e.Read(r)
			if err != nil {
				t.Fatal(err)
			}
			if mirror[e.Record] = e.Event; e.Event == "contact.deleted" {
				delete(mirror, e.Record)
			}
		}
	}
	follow()
	if len(mirror) != 2 {
		t.Fatalf("the receiver has %v before the kill", mirror)
	}
	sut = e2e.Start(t, db, e2e.Often).Until("active")
	untilWaiting(db, webhook, 3) // both changes of the one, and that of the other, settle
	db.Exec(`UPDATE hookline.webhook SET settle = NULL, catch_up = 'latest'`)
	untilWaiting(db, webhook, 0)
	follow()
	if fmt.Sprint(mirror) != "map[stays:contact.created]" {
		t.Errorf("the receiver has %v", mirror)
	}
	told := 0
	for _, a := range box.Accepted {
		if a.Record == "gone" {
			if told++; a.Event != "contact.deleted" {
				t.Errorf("told %s", a.Body)
			}
		}
	}
	if told != 1 {
		t.Errorf("what has come and gone is told %d times", told)
	}
	sut.Stop()
}
