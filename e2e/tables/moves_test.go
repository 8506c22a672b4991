package tables

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"hookline/e2e"
)

// dealsSQL is a table of deals, partitioned by what stage they are in.
const dealsSQL = `
	CREATE TABLE deals (id text, stage text, version int, PRIMARY KEY (id,
	  stage)) PARTITION BY LIST (stage);
	CREATE TABLE deals_new PARTITION OF deals FOR VALUES IN ('new');
	CREATE TABLE deals_won PARTITION OF deals FOR VALUES IN ('won');
	CREATE TABLE deals_others PARTITION OF deals DEFAULT`

// A row that moves to another partition is updated; rows that are moved in bulk, to a partition
// that is made for them, are not announced at all, and nothing that lives is called deleted.
func TestPartitionMoves(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewDatabase(t), e2e.NewInbox(t)
	db.Exec(e2e.WebhooksSQL)
	db.Exec(dealsSQL)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db).Until("active")
	var want []e2e.Entry
	did := func(event, record string, version int) {
		want = append(want, e2e.Entry{Event: "deal." + event, Record: record, Version: version})
	}

	db.Exec(`INSERT INTO deals VALUES ('moved', 'new', 1), ('kept', 'new', 1), ('gone', 'lost', 1)`)
	did("created", "moved", 1)
	did("created", "kept", 1)
	did("created", "gone", 1)
	// the move changes the key, and events of two keys may overtake each other
	box.UntilAccepted(len(want))
	db.Exec(`UPDATE deals SET stage = 'won', version = 2 WHERE id = 'moved'`)
	did("updated", "moved", 2)
	db.Exec(`UPDATE deals SET version = 2 WHERE id = 'kept'`)
	did("updated", "kept", 2)
	db.Exec(`UPDATE deals SET version = version WHERE id = 'kept'`) // changes nothing

	const bulk = 3000
	db.Exec(`INSERT INTO deals SELECT 'bulk' || i, 'lost', 1 FROM generate_series(1, $1::int) i`, bulk)
	for i := range bulk {
		did("created", fmt.Sprint("bulk", i+1), 1)
	}
	transactionOf(db, `CREATE TABLE deals_lost (LIKE deals INCLUDING ALL)`,
		`WITH gone AS (DELETE FROM deals_others RETURNING *)
			INSERT INTO deals_lost SELECT id, stage, CASE id WHEN 'bulk7' THEN 2 ELSE version END FROM gone WHERE id <> 'gone'`,
		`ALTER TABLE deals ATTACH PARTITION deals_lost FOR VALUES IN ('lost')`)
	did("updated", "bulk7", 2)
	did("deleted", "gone", 1)
	// the rows of a partition that was attached come then, unless they were told
	e2e.Eventually(t, func() error {
		if !e2e.Value[bool](db,
			`SELECT EXISTS (SELECT FROM hookline.known_table WHERE relation = 'deals_lost'::regclass)`) {
			return errors.New("the new partition has not been looked at")
		}
		return nil
	})
	box.UntilAccepted(len(want))
	transactionOf(db, `CREATE TEMP TABLE moving ON COMMIT DROP AS SELECT * FROM deals_won`,
		`DELETE FROM deals_won`, `INSERT INTO deals SELECT id, stage, 3 FROM moving`)
	did("updated", "moved", 3)
	db.Exec(`DELETE FROM deals WHERE id = 'kept'`)
	did("deleted", "kept", 2)
	e2e.Finish(t, sut, box.Gets(want...))

	for _, r := range box.All() {
		data, updated := e2e.DataOf(t, r)
		if e, _ := e2e.Read(r); e.Event == "deal.updated" && e.Record == "moved" && e.Version == 2 {
			if want := []string{"stage", "version"}; !slices.Equal(updated, want) {
				t.Errorf("updatedFields of the move are %q, want %q", updated, want)
			}
			if want := `{"id":"moved","stage":"won","version":2}`; data != want {
				t.Errorf("the move reads %s, want %s", data, want)
			}
		}
	}
}

// transactionOf runs statements in one transaction.
func transactionOf(db *e2e.Database, statements ...string) {
	db.T.Helper()
	db.Exec("BEGIN")
	for _, sql := range statements {
		db.Exec(sql)
	}
	db.Exec("COMMIT")
}

// Hookline is killed again and again in the middle of a transaction that deletes rows, and makes
// most of them again: what it takes up is told in the same words, and no row that lives is deleted.
func TestKilledInARewrite(t *testing.T) {
	t.Parallel()
	const contacts, kills = 3000, 4
	random, db, box := e2e.Random(t), e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	db.SetUp()
	db.AtOnce("contact", contacts)
	transactionOf(db,
		`CREATE TEMP TABLE rewritten ON COMMIT DROP AS SELECT * FROM contacts`,
		`DELETE FROM contacts`,
		`INSERT INTO contacts SELECT id, note, version + 1 FROM rewritten WHERE right(id, 1) <> '3'`,
		`UPDATE contacts SET version = version + 1 WHERE right(id, 1) IN ('1', '2')`,
		`DELETE FROM contacts WHERE right(id, 1) = '2'`,
		`INSERT INTO contacts SELECT id, note, version + 3 FROM rewritten WHERE right(id, 2) = '12'`)

	places := make([]int, kills)
	for i := range places {
		places[i] = contacts + random.IntN(contacts)
	}
	slices.Sort(places)
	for _, place := range places {
		sut := e2e.Start(t, db, "HOOKLINE_MAX_BUFFER=64KiB")
		box.UntilAccepted(place)
		sut.Kill()
		box.ExpectReplay()
	}
	e2e.Finish(t, e2e.Start(t, db), box.Gets(db.Diary()...))
}
