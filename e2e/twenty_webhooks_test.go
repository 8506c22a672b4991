package e2e

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// No workspace hears of another one's records, whatever their webhooks have in common.
func TestTwentyWorkspaces(t *testing.T) {
	t.Parallel()
	db := newTwenty(t)
	apple, pear := db.apple(), db.newWorkspace("Pear")
	ofApple, ofPear, shared := newInbox(t), newInbox(t), newInbox(t)
	apple.addWebhook(ofApple, "*.*")
	pear.addWebhook(ofPear, "*.*")
	apple.addWebhook(shared, "*.*")
	pear.addWebhook(shared, "*.*")
	sut := start(t, db.database).until("active")

	var apples, pears []entry
	for range 10 {
		apples = append(apples, apple.addPerson())
		pears = append(pears, pear.addPerson())
	}
	db.transaction(func(pgx.Tx) error { // both in one
		apples = append(apples, apple.addPerson())
		pears = append(pears, pear.addPerson())
		return nil
	})
	same := uuid() // an id that both have
	for _, w := range []workspace{apple, pear} {
		w.exec(`INSERT INTO `+w.schema+`.company (id, name) VALUES ($1, $2)`, same, confidential)
	}
	apples = append(apples, apple.did("company.created", same))
	pears = append(pears, pear.did("company.created", same))

	finish(t, sut, ofApple.gets(apples...), ofPear.gets(pears...), shared.gets(append(apples, pears...)...))
}

// A webhook hears of everything that comes after it, in its own transaction too, and of nothing after it is gone.
func TestTwentyWebhooksComeAndGo(t *testing.T) {
	t.Parallel()
	db := newTwenty(t)
	apple, witness, box := db.apple(), newInbox(t), newInbox(t)
	apple.addWebhook(witness, "*.*")
	sut := start(t, db.database).until("active")

	before := apple.addPerson()
	witness.untilAccepted(1) // the webhooks have been read
	var id string
	var together, same, after, late entry
	db.transaction(func(pgx.Tx) error {
		id = apple.addWebhook(box, "person.*")
		together = apple.addPerson()
		return nil
	})
	after = apple.addPerson()
	box.untilAccepted(2)
	db.transaction(func(pgx.Tx) error {
		db.exec(`DELETE FROM core.webhook WHERE id = $1`, id)
		same = apple.addPerson()
		return nil
	})
	late = apple.addPerson()

	finish(t, sut, witness.gets(before, together, after, same, late), box.gets(together, after))
}

// A soft delete switches a webhook off, and on again when it is taken back.
func TestTwentyWebhookSoftDeleted(t *testing.T) {
	t.Parallel()
	db := newTwenty(t)
	apple, witness, box := db.apple(), newInbox(t), newInbox(t)
	apple.addWebhook(witness, "*.*")
	id := apple.addWebhook(box, "*.created")
	sut := start(t, db.database).until("active")

	before := apple.addPerson()
	box.untilAccepted(1)
	db.exec(`UPDATE core.webhook SET "deletedAt" = now() WHERE id = $1`, id)
	off := apple.addPerson()
	witness.untilAccepted(2)
	db.exec(`UPDATE core.webhook SET "deletedAt" = NULL WHERE id = $1`, id)
	on := apple.addPerson()

	finish(t, sut, witness.gets(before, off, on), box.gets(before, on))
}

// A change of a webhook's URL, secret or operations counts from its commit on: first attempts of earlier events go where they would
// have gone before.
func TestTwentyWebhookChanges(t *testing.T) {
	t.Parallel()
	db := newTwenty(t)
	apple, old, moved := db.apple(), newInbox(t), newInbox(t)
	id := apple.addWebhook(old, "person.*")
	sut := start(t, db.database).until("active")

	before := apple.addPerson()
	old.untilAccepted(1)
	var first, second, third entry
	db.transaction(func(pgx.Tx) error {
		first = apple.addPerson()
		db.exec(`UPDATE core.webhook SET "targetUrl" = $2, secret = $3 WHERE id = $1`, id, moved.url(), moved.secret)
		second = apple.addPerson()
		return nil
	})
	third = apple.addPerson()
	company, unheard, left := uuid(), uuid(), uuid()
	insert := `INSERT INTO ` + apple.schema + `.company (id, name) VALUES ($1, 'confidential')`
	db.exec(insert, unheard)
	db.exec(`UPDATE core.webhook SET operations = '{company.created}' WHERE id = $1`, id)
	db.exec(insert, company)
	db.exec(`DELETE FROM `+apple.schema+`.company WHERE id = $1`, unheard)
	apple.addPerson()
	db.exec(insert, left)

	finish(t, sut, old.gets(before, first),
		moved.gets(second, third, apple.did("company.created", company), apple.did("company.created", left)))
}
