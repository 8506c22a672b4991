package e2e

import (
	"fmt"
	"slices"
	"testing"
)

// dealsSQL is a table of deals, partitioned by what stage they are in.
const dealsSQL = `
	CREATE TABLE deals (id text, stage text, version int, PRIMARY KEY (id, stage)) PARTITION BY LIST (stage);
	CREATE TABLE deals_new PARTITION OF deals FOR VALUES IN ('new');
	CREATE TABLE deals_won PARTITION OF deals FOR VALUES IN ('won');
	CREATE TABLE deals_others PARTITION OF deals DEFAULT`

// A row that moves to another partition is updated; rows that are moved in bulk, to a partition that is made for them, are not announced at
// all, and nothing that lives is called deleted.
func TestPartitionMoves(t *testing.T) {
	t.Parallel()
	db, box := newDatabase(t), newInbox(t)
	db.exec(webhooksSQL)
	db.exec(dealsSQL)
	db.addWebhook(box, "*.*")
	sut := start(t, db).until("active")
	var want []entry
	did := func(event, record string, version int) {
		want = append(want, entry{Event: "deal." + event, Record: record, Version: version})
	}

	db.exec(`INSERT INTO deals VALUES ('moved', 'new', 1), ('kept', 'new', 1), ('gone', 'lost', 1)`)
	did("created", "moved", 1)
	did("created", "kept", 1)
	did("created", "gone", 1)
	db.exec(`UPDATE deals SET stage = 'won', version = 2 WHERE id = 'moved'`)
	did("updated", "moved", 2)
	db.exec(`UPDATE deals SET version = 2 WHERE id = 'kept'`)
	did("updated", "kept", 2)
	db.exec(`UPDATE deals SET version = version WHERE id = 'kept'`) // changes nothing

	const bulk = 3000
	db.exec(`INSERT INTO deals SELECT 'bulk' || i, 'lost', 1 FROM generate_series(1, $1::int) i`, bulk)
	for i := range bulk {
		did("created", fmt.Sprint("bulk", i+1), 1)
	}
	db.transactionOf(`CREATE TABLE deals_lost (LIKE deals INCLUDING ALL)`,
		`WITH gone AS (DELETE FROM deals_others RETURNING *)
			INSERT INTO deals_lost SELECT id, stage, CASE id WHEN 'bulk7' THEN 2 ELSE version END FROM gone WHERE id <> 'gone'`,
		`ALTER TABLE deals ATTACH PARTITION deals_lost FOR VALUES IN ('lost')`)
	did("updated", "bulk7", 2)
	did("deleted", "gone", 1)
	box.untilAccepted(len(want))
	db.transactionOf(`CREATE TEMP TABLE moving ON COMMIT DROP AS SELECT * FROM deals_won`, `DELETE FROM deals_won`, `INSERT INTO deals SELECT id, stage, 3 FROM moving`)
	did("updated", "moved", 3)
	db.exec(`DELETE FROM deals WHERE id = 'kept'`)
	did("deleted", "kept", 2)
	finish(t, sut, box.gets(want...))

	for _, r := range box.all() {
		data, updated := dataOf(t, r)
		if e, _ := read(r); e.Event == "deal.updated" && e.Record == "moved" && e.Version == 2 {
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
func (db *database) transactionOf(statements ...string) {
	db.t.Helper()
	db.exec("BEGIN")
	for _, sql := range statements {
		db.exec(sql)
	}
	db.exec("COMMIT")
}

// Hookline is killed again and again in the middle of a transaction that deletes rows, and makes most of them again: what it takes up is told
// in the same words, and no row that lives is deleted.
func TestKilledInARewrite(t *testing.T) {
	t.Parallel()
	const contacts, kills = 3000, 4
	random, db, box := random(t), newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	db.setUp()
	db.atOnce("contact", contacts)
	db.transactionOf(
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
		sut := start(t, db, "HOOKLINE_MAX_BUFFER=64KiB")
		box.untilAccepted(place)
		sut.kill()
		box.expectReplay()
	}
	finish(t, start(t, db), box.gets(db.diary()...))
}
