package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hookline/internal/receiver"
)

// Webhooks of two workspaces that have URL and secret in common, and records that have their ids in common: each webhook gets what its own
// workspace and its own operations bring, once, also while a record of one workspace fails, and after a replay.
func TestTwentySharedReceiver(t *testing.T) {
	t.Parallel()
	db, box := newTwenty(t), newInbox(t)
	apple, pear := db.apple(), db.newWorkspace("Pear")
	everything := map[string]string{apple.id: apple.addWebhook(box, "*.*"), pear.id: pear.addWebhook(box, "*.*")}
	people := map[string]string{apple.id: apple.addWebhook(box, "person.*"), pear.id: pear.addWebhook(box, "person.created")}
	same, failing := uuid(), uuid()
	want := ledger{}
	did := func(w workspace, event, record string) {
		want.add(everything[w.id], w.did(event, record))
		if w.id == apple.id && strings.HasPrefix(event, "person.") || event == "person.created" {
			want.add(people[w.id], w.did(event, record))
		}
	}
	both := func(record string) {
		for _, w := range []workspace{apple, pear} {
			db.exec(`INSERT INTO `+w.schema+`.person (id, "nameFirstName") VALUES ($1, $2)`, record, confidential)
			db.exec(`UPDATE `+w.schema+`.person SET "jobTitle" = 'CTO' WHERE id = $1`, record)
			db.exec(`UPDATE `+w.schema+`.person SET "deletedAt" = now() WHERE id = $1`, record)
			for _, event := range []string{"person.created", "person.updated", "person.deleted"} {
				did(w, event, record)
			}
			db.exec(`INSERT INTO `+w.schema+`.company (id, name) VALUES ($1, $2)`, record, confidential)
			did(w, "company.created", record)
		}
	}

	// One record of Apple's fails for a while; Pear has it, too.
	box.answers(func(r receiver.Request) receiver.Answer {
		if body := string(r.Body); strings.Contains(body, apple.id) && strings.Contains(body, failing) {
			return receiver.Answer{Status: http.StatusServiceUnavailable}
		}
		return receiver.Answer{}
	})
	sut := start(t, db.database, asTwenty, often, "HOOKLINE_HOLD_MAX=1s").until("active")
	both(failing)
	both(same)
	const heldBack = 7 // of Apple: four for everything, three for people
	box.untilAccepted(want.count() - heldBack)
	box.answers(nil)
	box.untilAccepted(want.count())
	sut.stop()

	// One of Pear's webhooks turns a record away for good, and gets it by a replay.
	turnedAway := uuid()
	box.answers(func(r receiver.Request) receiver.Answer {
		if body := string(r.Body); strings.Contains(body, everything[pear.id]) && strings.Contains(body, turnedAway) {
			return receiver.Answer{Status: http.StatusUnprocessableEntity}
		}
		return receiver.Answer{}
	})
	sut = start(t, db.database, asTwenty, "HOOKLINE_RETRY_SCHEDULE=20ms,20ms").until("active")
	both(turnedAway)
	for _, dead := range db.untilDead(4) {
		if dead.Webhook != "core.webhook/"+everything[pear.id] {
			t.Errorf("dead letter of %s", dead.Webhook)
		}
	}
	box.answers(nil)
	if replay := run(t, db.env(), "deliveries", "replay", "--webhook", "core.webhook/"+everything[pear.id]); replay.wait() != 0 {
		t.Fatalf("deliveries replay: exit code %d", replay.wait())
	}
	finishLedger(t, sut, box, want)
}

// What a suspended workspace does is told. A soft-deleted one is silent, and its webhooks are off, until it is restored; whether that
// happens while Hookline runs or not.
func TestTwentyWorkspaceStates(t *testing.T) {
	t.Parallel()
	db, box, witness := newTwenty(t), newInbox(t), newInbox(t)
	apple, pear, quince := db.apple(), db.newWorkspace("Pear"), db.newWorkspace("Quince")
	apple.addWebhook(witness, "*.*")
	pear.addWebhook(box, "*.*")
	quince.addWebhook(box, "*.*")
	set := func(w workspace, column string) { db.exec(`UPDATE core.workspace SET `+column+` WHERE id = $1`, w.id) }
	const deleted, restored = `"deletedAt" = now()`, `"deletedAt" = NULL`
	set(quince, deleted)
	set(pear, `"activationStatus" = 'SUSPENDED'`)
	sut := start(t, db.database).until("active")
	sut.untilPrinted("active=2 skipped=0 disabled=1")

	var heard, witnessed []entry
	quince.addPerson()
	heard = append(heard, pear.addPerson()) // suspended at the start
	set(quince, restored)
	heard = append(heard, quince.addPerson())
	set(quince, `"activationStatus" = 'SUSPENDED'`)
	heard = append(heard, quince.addPerson())
	box.untilAccepted(len(heard))
	set(pear, deleted)
	pear.addPerson()
	witnessed = append(witnessed, apple.addPerson())
	heard = append(heard, quince.addPerson())
	witness.untilAccepted(1)
	status := run(t, db.env(), "status")
	if status.wait() != 0 || !strings.Contains(status.out.String(), "its workspace is deleted") {
		t.Errorf("status: exit code %d, want 0 and the webhook whose workspace is deleted:\n%s", status.wait(), status.out.String())
	}
	set(pear, restored)
	heard = append(heard, pear.addPerson())

	finish(t, sut, box.gets(heard...), witness.gets(witnessed...))
}

// Before 1.1 each workspace had a table of webhooks, and before 0.33 it had one operation in each row.
func TestTwentyTablesOfOldVersions(t *testing.T) {
	t.Parallel()
	db, box := newTwenty(t), newInboxWith(t, "")
	apple, pear := db.apple(), db.newWorkspace("Pear")
	db.exec(`DROP TABLE core.webhook`)
	for w, columns := range map[workspace]string{
		apple: `operation text DEFAULT 'person.create'`,
		pear:  `operations text[] DEFAULT '{person.created}', secret text DEFAULT ''`,
	} {
		db.exec(`CREATE TABLE ` + w.schema + `.webhook (
			id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "targetUrl" text, ` + columns + `, "deletedAt" timestamptz)`)
		db.exec(`INSERT INTO `+w.schema+`.webhook ("targetUrl") VALUES ($1)`, box.url())
	}
	sut := start(t, db.database).until("active")
	var people []entry
	for _, w := range []workspace{apple, pear} {
		people = append(people, w.addPerson())
		box.untilAccepted(len(people))
		db.exec(`UPDATE ` + w.schema + `.webhook SET "deletedAt" = now()`)
		w.addPerson()
		db.exec(`UPDATE ` + w.schema + `.webhook SET "deletedAt" = NULL`)
		people = append(people, w.addPerson())
	}
	finish(t, sut, box.gets(people...))
}

// What waits for a webhook is of the workspace that it belonged to. When that changes it is given up; what is in the spool still, since
// nobody saw the change, is a dead letter, and a replay makes no difference.
func TestTwentyWebhookMoves(t *testing.T) {
	t.Parallel()
	db, box, witness := newTwenty(t), newInbox(t), newInbox(t)
	apple, pear := db.apple(), db.newWorkspace("Pear")
	moved := apple.addWebhook(box, "person.*")
	apple.addWebhook(witness, "person.*")
	box.answers(always(http.StatusServiceUnavailable))
	sut := start(t, db.database, often, "HOOKLINE_HOLD_MAX=300ms").until("active")
	people := []entry{apple.addPerson(), apple.addPerson()}
	eventually(t, func() error {
		if got := len(db.deliveries("waiting")); got != 2 {
			return fmt.Errorf("%d deliveries wait in the spool, want 2", got)
		}
		return nil
	})
	people = append(people, apple.addPerson()) // may still be in memory
	witness.untilAccepted(3)
	db.exec(`UPDATE core.webhook SET "workspaceId" = $2 WHERE id = $1`, moved, pear.id)
	there := pear.addPerson()
	sut.untilPrinted(`"webhook changed" webhook=core.webhook/` + moved)
	box.answers(nil)
	eventually(t, func() error {
		if got := len(db.deliveries("all")); got != 0 {
			return fmt.Errorf("%d deliveries are in the spool, want none", got)
		}
		return nil
	})
	box.untilAccepted(1)

	box.answers(always(http.StatusServiceUnavailable))
	asked := len(box.all())
	pear.addPerson()
	box.untilAsked(asked + 1)
	sut.stop() // which puts it into the spool
	db.exec(`UPDATE core.webhook SET "workspaceId" = $2 WHERE id = $1`, moved, apple.id)
	box.answers(nil)
	sut = start(t, db.database, often).until("active")
	dead := db.untilDead(1)[0]
	if run(t, db.env(), "deliveries", "replay", dead.ID).wait() != 0 {
		t.Error("deliveries replay has failed")
	}
	sut.untilPrinted("the webhook belongs to another workspace now")
	back := apple.addPerson()
	eventually(t, box.gets(there, back).missing)
	if again := db.untilDead(1)[0]; again.ID != dead.ID {
		t.Errorf("dead letter %s, want %s", again.ID, dead.ID)
	}
	finish(t, sut, box.gets(there, back), witness.gets(append(people, back)...))
}
