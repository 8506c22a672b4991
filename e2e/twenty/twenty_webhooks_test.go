package twenty

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/e2e"
)

// No workspace hears of another one's records, whatever their webhooks have in common.
func TestTwentyWorkspaces(t *testing.T) {
	t.Parallel()
	db := e2e.NewTwenty(t)
	apple, pear := db.Apple(), db.NewWorkspace("Pear")
	ofApple, ofPear, shared := e2e.NewInbox(t), e2e.NewInbox(t), e2e.NewInbox(t)
	apple.AddWebhook(ofApple, "*.*")
	pear.AddWebhook(ofPear, "*.*")
	apple.AddWebhook(shared, "*.*")
	pear.AddWebhook(shared, "*.*")
	sut := e2e.Start(t, db.Database).Until("active")

	var apples, pears []e2e.Entry
	for range 10 {
		apples = append(apples, apple.AddPerson())
		pears = append(pears, pear.AddPerson())
	}
	db.Transaction(func(pgx.Tx) error { // both in one
		apples = append(apples, apple.AddPerson())
		pears = append(pears, pear.AddPerson())
		return nil
	})
	same := e2e.UUID() // an id that both have
	for _, w := range []e2e.Workspace{apple, pear} {
		w.Exec(`INSERT INTO `+w.Schema+`.company (id, name) VALUES ($1, $2)`, same, e2e.Confidential)
	}
	apples = append(apples, apple.Did("company.created", same))
	pears = append(pears, pear.Did("company.created", same))

	e2e.Finish(t, sut, ofApple.Gets(apples...), ofPear.Gets(pears...),
		shared.Gets(append(apples, pears...)...))
}

// A webhook hears of everything that comes after it, in its own transaction too, and of nothing
// after it is gone.
func TestTwentyWebhooksComeAndGo(t *testing.T) {
	t.Parallel()
	db := e2e.NewTwenty(t)
	apple, witness, box := db.Apple(), e2e.NewInbox(t), e2e.NewInbox(t)
	apple.AddWebhook(witness, "*.*")
	sut := e2e.Start(t, db.Database).Until("active")

	before := apple.AddPerson()
	witness.UntilAccepted(1) // the webhooks have been read
	var id string
	var together, same, after, late e2e.Entry
	db.Transaction(func(pgx.Tx) error {
		id = apple.AddWebhook(box, "person.*")
		together = apple.AddPerson()
		return nil
	})
	after = apple.AddPerson()
	box.UntilAccepted(2)
	db.Transaction(func(pgx.Tx) error {
		db.Exec(`DELETE FROM core.webhook WHERE id = $1`, id)
		same = apple.AddPerson()
		return nil
	})
	late = apple.AddPerson()

	e2e.Finish(t, sut, witness.Gets(before, together, after, same, late), box.Gets(together, after))
}

// A soft delete switches a webhook off, and on again when it is taken back.
func TestTwentyWebhookSoftDeleted(t *testing.T) {
	t.Parallel()
	db := e2e.NewTwenty(t)
	apple, witness, box := db.Apple(), e2e.NewInbox(t), e2e.NewInbox(t)
	apple.AddWebhook(witness, "*.*")
	id := apple.AddWebhook(box, "*.created")
	sut := e2e.Start(t, db.Database).Until("active")

	before := apple.AddPerson()
	box.UntilAccepted(1)
	db.Exec(`UPDATE core.webhook SET "deletedAt" = now() WHERE id = $1`, id)
	off := apple.AddPerson()
	witness.UntilAccepted(2)
	db.Exec(`UPDATE core.webhook SET "deletedAt" = NULL WHERE id = $1`, id)
	on := apple.AddPerson()

	e2e.Finish(t, sut, witness.Gets(before, off, on), box.Gets(before, on))
}

// A change of a webhook's URL, secret or operations counts from its commit on: first attempts of
// earlier events go where they would have gone before.
func TestTwentyWebhookChanges(t *testing.T) {
	t.Parallel()
	db := e2e.NewTwenty(t)
	apple, old, moved := db.Apple(), e2e.NewInbox(t), e2e.NewInbox(t)
	id := apple.AddWebhook(old, "person.*")
	sut := e2e.Start(t, db.Database).Until("active")

	before := apple.AddPerson()
	old.UntilAccepted(1)
	var first, second, third e2e.Entry
	db.Transaction(func(pgx.Tx) error {
		first = apple.AddPerson()
		db.Exec(`UPDATE core.webhook SET "targetUrl" = $2, secret = $3 WHERE id = $1`, id, moved.URL(),
			moved.Secret)
		second = apple.AddPerson()
		return nil
	})
	third = apple.AddPerson()
	company, unheard, left := e2e.UUID(), e2e.UUID(), e2e.UUID()
	insert := `INSERT INTO ` + apple.Schema + `.company (id, name) VALUES ($1, 'confidential')`
	db.Exec(insert, unheard)
	db.Exec(`UPDATE core.webhook SET operations = '{company.created}' WHERE id = $1`, id)
	db.Exec(insert, company)
	db.Exec(`DELETE FROM `+apple.Schema+`.company WHERE id = $1`, unheard)
	apple.AddPerson()
	db.Exec(insert, left)

	e2e.Finish(t, sut, old.Gets(before, first),
		moved.Gets(second, third, apple.Did("company.created", company),
			apple.Did("company.created", left)))
}
