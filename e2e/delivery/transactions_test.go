package delivery

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"hookline/e2e"
)

// Transactions that overlap are announced one after the other, in the order of their commits, and
// what is rolled back is not announced.
func TestTransactions(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db).Until("active")

	ctx, a, b := t.Context(), db.Conn, db.Session()
	step := func(conn *pgx.Conn, sql string) {
		t.Helper()
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	// b begins later and commits first; each changes a contact that the other has committed.
	step(a, "BEGIN")
	step(a, "INSERT INTO contacts (id) VALUES ('a1'), ('a2')")
	step(b, "BEGIN")
	step(b, "INSERT INTO contacts (id) VALUES ('b1'), ('b2')")
	step(a, "UPDATE contacts SET version = 2 WHERE id = 'a1'")
	step(b, "COMMIT")
	step(a, "UPDATE contacts SET version = 2 WHERE id = 'b1'")
	step(a, "COMMIT")
	step(b, "UPDATE contacts SET version = 3 WHERE id IN ('a1', 'b1')")
	step(b, "DELETE FROM contacts WHERE id = 'a2'")

	step(a, `BEGIN;
		INSERT INTO contacts (id) VALUES ('s1');
		SAVEPOINT one;
			UPDATE contacts SET version = 100 WHERE id = 's1';
			INSERT INTO contacts (id) VALUES ('never1');
			SAVEPOINT two;
				INSERT INTO contacts (id) VALUES ('never2');
			RELEASE two;
		ROLLBACK TO one;
		UPDATE contacts SET version = 2 WHERE id = 's1';
		SAVEPOINT three;
			INSERT INTO contacts (id) VALUES ('s2');
		RELEASE three;
		COMMIT`)
	step(a,
		`BEGIN; INSERT INTO contacts (id) VALUES ('never3'); DELETE FROM contacts WHERE id = 's1'; ROLLBACK`)

	rows := make([][]any, 1000)
	for i := range rows {
		rows[i] = []any{fmt.Sprintf("copied%d", i)}
	}
	if _, err := a.CopyFrom(ctx, pgx.Identifier{"contacts"}, []string{"id"},
		pgx.CopyFromRows(rows)); err != nil {
		t.Fatal(err)
	}

	step(b, "UPDATE contacts SET id = 'renamed', version = 2 WHERE id = 'b2'")
	step(b, "TRUNCATE contacts") // tells nothing of its rows
	step(b, "INSERT INTO contacts (id) VALUES ('last')")

	diary := db.Diary()
	if got, want := len(diary), 3+2+2+1+2+1000+2; got != want {
		t.Fatalf("the diary has %d entries, want %d", got, want)
	}
	e2e.Finish(t, sut, box.Gets(diary...))
}

// Sessions write at the same time, to records of their own and to common ones, and roll some of it
// back.
func TestManySessions(t *testing.T) {
	t.Parallel()
	const sessions, transactions = 4, 40
	random, db, box := e2e.Random(t), e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db).Until("active")

	common := []string{"common1", "common2", "common3", "common4", "common5"}
	db.Exec("INSERT INTO contacts (id) SELECT unnest($1::text[])", common)
	var group errgroup.Group
	for i := range sessions {
		conn := db.Session()
		author := &e2e.Author{
			Random: rand.New(rand.NewPCG(random.Uint64(), 0)), Prefix: fmt.Sprintf("session%d contact", i),
			Common: common,
		}
		group.Go(func() error { return author.Write(t, conn, transactions) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
}

// A transaction that is far larger than all that fits into memory comes through whole, beside small
// ones.
func TestBigTransaction(t *testing.T) {
	t.Parallel()
	const rows = 5000
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db, "HOOKLINE_MAX_BUFFER=64KiB").Until("active") // room for some 100 of them
	db.OneByOne("before", 10)
	db.AtOnce("big", rows)
	db.OneByOne("after", 10)
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
}

// Each event has the columns that its table had then.
func TestMigrations(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db).Until("active")
	want := []string{
		`{"id":"one","note":"confidential","version":1}`,
		`{"id":"two","note":"confidential","version":1,"phoneNumber":"1"}`,
		`{"id":"two","note":"confidential","version":2,"phoneNumber":2}`,
		`{"id":"two","remark":"confidential","version":3,"phoneNumber":2}`,
		`{"id":"two","version":4,"phoneNumber":2}`,
	}
	db.Exec(`INSERT INTO contacts (id) VALUES ('one')`)
	db.Exec(`ALTER TABLE contacts ADD phone_number text`)
	db.Exec(`INSERT INTO contacts (id, phone_number) VALUES ('two', '1')`)
	db.Exec(`ALTER TABLE contacts ALTER phone_number TYPE int USING 2`)
	db.Exec(`UPDATE contacts SET version = 2 WHERE id = 'two'`)
	db.Exec(`ALTER TABLE contacts RENAME note TO remark`)
	db.Exec(`UPDATE contacts SET version = 3 WHERE id = 'two'`)
	db.Exec(`ALTER TABLE contacts DROP remark`)
	db.Exec(`UPDATE contacts SET version = 4 WHERE id = 'two'`)
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
	got := map[string]bool{}
	for _, r := range box.All() {
		data, _ := e2e.DataOf(t, r)
		got[data] = true
	}
	for _, data := range want {
		if !got[data] {
			t.Errorf("no event has the data %s; all of them: %q", data, slices.Sorted(maps.Keys(got)))
		}
	}
}
