package twenty

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// Webhooks of two workspaces that have URL and secret in common, and records that have their ids in
// common: each webhook gets what its own workspace and its own operations bring, once, also while a
// record of one workspace fails, and after a replay.
func TestTwentySharedReceiver(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewTwenty(t), e2e.NewInbox(t)
	apple, pear := db.Apple(), db.NewWorkspace("Pear")
	everything := map[string]string{
		apple.ID: apple.AddWebhook(box, "*.*"),
		pear.ID:  pear.AddWebhook(box, "*.*"),
	}
	people := map[string]string{
		apple.ID: apple.AddWebhook(box, "person.*"),
		pear.ID:  pear.AddWebhook(box, "person.created"),
	}
	same, failing := e2e.UUID(), e2e.UUID()
	want := ledger{}
	did := func(w e2e.Workspace, event, record string) {
		want.add(everything[w.ID], w.Did(event, record))
		if w.ID == apple.ID && strings.HasPrefix(event, "person.") || event == "person.created" {
			want.add(people[w.ID], w.Did(event, record))
		}
	}
	both := func(record string) {
		for _, w := range []e2e.Workspace{apple, pear} {
			db.Exec(`INSERT INTO `+w.Schema+`.person (id, "nameFirstName") VALUES ($1, $2)`, record,
				e2e.Confidential)
			db.Exec(`UPDATE `+w.Schema+`.person SET "jobTitle" = 'CTO' WHERE id = $1`, record)
			db.Exec(`UPDATE `+w.Schema+`.person SET "deletedAt" = now() WHERE id = $1`, record)
			for _, event := range []string{"person.created", "person.updated", "person.deleted"} {
				did(w, event, record)
			}
			db.Exec(`INSERT INTO `+w.Schema+`.company (id, name) VALUES ($1, $2)`, record, e2e.Confidential)
			did(w, "company.created", record)
		}
	}

	// One record of Apple's fails for a while; Pear has it, too.
	box.Answers(func(r receiver.Request) receiver.Answer {
		if body := string(r.Body); strings.Contains(body, apple.ID) && strings.Contains(body, failing) {
			return receiver.Answer{Status: http.StatusServiceUnavailable}
		}
		return receiver.Answer{}
	})
	sut := e2e.Start(t, db.Database, asTwenty, e2e.Often, "HOOKLINE_HOLD_MAX=1s").Until("active")
	both(failing)
	both(same)
	const heldBack = 7 // of Apple: four for everything, three for people
	box.UntilAccepted(want.count() - heldBack)
	box.Answers(nil)
	box.UntilAccepted(want.count())
	sut.Stop()

	// One of Pear's webhooks turns a record away for good, and gets it by a replay.
	turnedAway := e2e.UUID()
	box.Answers(func(r receiver.Request) receiver.Answer {
		if body := string(r.Body); strings.Contains(body, everything[pear.ID]) &&
			strings.Contains(body, turnedAway) {
			return receiver.Answer{Status: http.StatusUnprocessableEntity}
		}
		return receiver.Answer{}
	})
	sut = e2e.Start(t, db.Database, asTwenty, "HOOKLINE_RETRY_SCHEDULE=20ms,20ms").Until("active")
	both(turnedAway)
	for _, dead := range db.UntilDead(4) {
		if dead.Webhook != "core.webhook/"+everything[pear.ID] {
			t.Errorf("dead letter of %s", dead.Webhook)
		}
	}
	box.Answers(nil)
	if replay := e2e.Run(t, db.Env(), "deliveries", "replay", "--webhook",
		"core.webhook/"+everything[pear.ID]); replay.Wait() != 0 {
		t.Fatalf("deliveries replay: exit code %d", replay.Wait())
	}
	finishLedger(t, sut, box, want)
}

// What a suspended workspace does is told. A soft-deleted one is silent, and its webhooks are off,
// until it is restored; whether that happens while Hookline runs or not.
func TestTwentyWorkspaceStates(t *testing.T) {
	t.Parallel()
	db, box, witness := e2e.NewTwenty(t), e2e.NewInbox(t), e2e.NewInbox(t)
	apple, pear, quince := db.Apple(), db.NewWorkspace("Pear"), db.NewWorkspace("Quince")
	apple.AddWebhook(witness, "*.*")
	pear.AddWebhook(box, "*.*")
	quince.AddWebhook(box, "*.*")
	set := func(w e2e.Workspace, column string) {
		db.Exec(`UPDATE core.workspace SET `+column+` WHERE id = $1`, w.ID)
	}
	const deleted, restored = `"deletedAt" = now()`, `"deletedAt" = NULL`
	set(quince, deleted)
	set(pear, `"activationStatus" = 'SUSPENDED'`)
	sut := e2e.Start(t, db.Database).Until("active")
	sut.UntilPrinted("active=2 skipped=0 disabled=1")

	var heard, witnessed []e2e.Entry
	quince.AddPerson()
	heard = append(heard, pear.AddPerson()) // suspended at the start
	set(quince, restored)
	heard = append(heard, quince.AddPerson())
	set(quince, `"activationStatus" = 'SUSPENDED'`)
	heard = append(heard, quince.AddPerson())
	box.UntilAccepted(len(heard))
	set(pear, deleted)
	pear.AddPerson()
	witnessed = append(witnessed, apple.AddPerson())
	heard = append(heard, quince.AddPerson())
	witness.UntilAccepted(1)
	status := e2e.Run(t, db.Env(), "status")
	if status.Wait() != 0 || !strings.Contains(status.Out.String(), "its workspace is deleted") {
		t.Errorf("status: exit code %d, want 0 and the webhook whose workspace is deleted:\n%s",
			status.Wait(), status.Out.String())
	}
	set(pear, restored)
	heard = append(heard, pear.AddPerson())

	e2e.Finish(t, sut, box.Gets(heard...), witness.Gets(witnessed...))
}

// Before 1.1 each workspace had a table of webhooks, and before 0.33 it had one operation in each
// row.
func TestTwentyTablesOfOldVersions(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewTwenty(t), e2e.NewInboxWith(t, "")
	apple, pear := db.Apple(), db.NewWorkspace("Pear")
	db.Exec(`DROP TABLE core.webhook`)
	for w, columns := range map[e2e.Workspace]string{
		apple: `operation text DEFAULT 'person.create'`,
		pear:  `operations text[] DEFAULT '{person.created}', secret text DEFAULT ''`,
	} {
		db.Exec(`CREATE TABLE ` + w.Schema + `.webhook (
			id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "targetUrl" text, ` + columns + `, "deletedAt" timestamptz)`)
		db.Exec(`INSERT INTO `+w.Schema+`.webhook ("targetUrl") VALUES ($1)`, box.URL())
	}
	sut := e2e.Start(t, db.Database).Until("active")
	var people []e2e.Entry
	for _, w := range []e2e.Workspace{apple, pear} {
		people = append(people, w.AddPerson())
		box.UntilAccepted(len(people))
		db.Exec(`UPDATE ` + w.Schema + `.webhook SET "deletedAt" = now()`)
		w.AddPerson()
		db.Exec(`UPDATE ` + w.Schema + `.webhook SET "deletedAt" = NULL`)
		people = append(people, w.AddPerson())
	}
	e2e.Finish(t, sut, box.Gets(people...))
}

// What waits for a webhook is of the workspace that it belonged to. When that changes it is given
// up; what is in the spool still, since nobody saw the change, is a dead letter, and a replay makes
// no difference.
func TestTwentyWebhookMoves(t *testing.T) {
	t.Parallel()
	db, box, witness := e2e.NewTwenty(t), e2e.NewInbox(t), e2e.NewInbox(t)
	apple, pear := db.Apple(), db.NewWorkspace("Pear")
	moved := apple.AddWebhook(box, "person.*")
	apple.AddWebhook(witness, "person.*")
	box.Answers(e2e.Always(http.StatusServiceUnavailable))
	sut := e2e.Start(t, db.Database, e2e.Often, "HOOKLINE_HOLD_MAX=300ms").Until("active")
	people := []e2e.Entry{apple.AddPerson(), apple.AddPerson()}
	e2e.Eventually(t, func() error {
		if got := len(db.Deliveries("waiting")); got != 2 {
			return fmt.Errorf("%d deliveries wait in the spool, want 2", got)
		}
		return nil
	})
	people = append(people, apple.AddPerson()) // may still be in memory
	witness.UntilAccepted(3)
	db.Exec(`UPDATE core.webhook SET "workspaceId" = $2 WHERE id = $1`, moved, pear.ID)
	there := pear.AddPerson()
	sut.UntilPrinted(`"webhook changed" webhook=core.webhook/` + moved)
	box.Answers(nil)
	e2e.Eventually(t, func() error {
		if got := len(db.Deliveries("all")); got != 0 {
			return fmt.Errorf("%d deliveries are in the spool, want none", got)
		}
		return nil
	})
	box.UntilAccepted(1)

	box.Answers(e2e.Always(http.StatusServiceUnavailable))
	asked := len(box.All())
	pear.AddPerson()
	box.UntilAsked(asked + 1)
	sut.Stop() // which puts it into the spool
	db.Exec(`UPDATE core.webhook SET "workspaceId" = $2 WHERE id = $1`, moved, apple.ID)
	box.Answers(nil)
	sut = e2e.Start(t, db.Database, e2e.Often).Until("active")
	dead := db.UntilDead(1)[0]
	if e2e.Run(t, db.Env(), "deliveries", "replay", dead.ID).Wait() != 0 {
		t.Error("deliveries replay has failed")
	}
	sut.UntilPrinted("the webhook belongs to another tenant now")
	back := apple.AddPerson()
	e2e.Eventually(t, box.Gets(there, back).Missing)
	if again := db.UntilDead(1)[0]; again.ID != dead.ID {
		t.Errorf("dead letter %s, want %s", again.ID, dead.ID)
	}
	e2e.Finish(t, sut, box.Gets(there, back), witness.Gets(append(people, back)...))
}
