package crash

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"hookline/e2e"
	"hookline/internal/twentydb"
)

const leadsSQL = `
	CREATE TABLE leads (id text PRIMARY KEY, note text NOT NULL DEFAULT 'confidential',
	  version int NOT NULL DEFAULT 1);
	CREATE TRIGGER diary AFTER INSERT OR UPDATE OR DELETE ON leads FOR EACH ROW EXECUTE FUNCTION diary.write('lead')`

// A table that is made at run time and written to from its first moment on: each row is announced
// once as created, as it was when the table was taken up, and each of its later changes after that,
// also when Hookline is killed in between.
func TestNewTableUnderWrites(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db).Until("active")
	db.Exec(leadsSQL)
	stop := writeLeads(db, 3, box)
	for range 3 {
		box.UntilAccepted(box.Count() + 200)
		sut.Kill()
		box.ExpectReplay()
		sut = e2e.Start(t, db).Until("active")
	}
	box.UntilAccepted(box.Count() + 200)
	stop()
	e2e.Eventually(t, func() error { return allLeads(db, box) })
	e2e.Finish(t, sut, box.Gets(sinceFirst(box, db.Diary())...))
}

// writeLeads adds leads and updates each twice, in so many sessions at once, until stop is called:
// many of them before the inbox hears of the first one, and then as fast as it does.
func writeLeads(db *e2e.Database, sessions int, box *e2e.Inbox) (stop func()) {
	ctx, cancel := context.WithCancel(db.T.Context())
	ended := make(chan error, sessions)
	var written atomic.Int64
	for s := range sessions {
		conn := db.Session()
		go func() {
			var err error
			for n := 0; ctx.Err() == nil && err == nil; n++ {
				box.UntilNear(ctx, int(written.Add(3)), 10*ahead)
				_, err = conn.Exec(db.T.Context(), `INSERT INTO leads (id) VALUES ($1)`,
					fmt.Sprintf("%d-%d", s, n))
				for range 2 {
					if err == nil {
						_, err = conn.Exec(db.T.Context(), `UPDATE leads SET version = version + 1 WHERE id = $1`,
							fmt.Sprintf("%d-%d", s, n))
					}
				}
			}
			ended <- err
		}()
	}
	return func() {
		db.T.Helper()
		cancel()
		for range sessions {
			if err := <-ended; err != nil {
				db.T.Fatal(err)
			}
		}
	}
}

// allLeads returns an error until every lead has come to the inbox.
func allLeads(db *e2e.Database, box *e2e.Inbox) error {
	all := e2e.Value[int](db, `SELECT count(*)::int FROM leads`)
	box.Mu.Lock()
	defer box.Mu.Unlock()
	if come := len(box.Records); come < all {
		return fmt.Errorf("%d of %d leads have come", come, all)
	}
	return nil
}

// sinceFirst returns the entries that remain when what a record was before its first event is left
// out; that event is its creation.
func sinceFirst(b *e2e.Inbox, diary []e2e.Entry) (rest []e2e.Entry) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	first := map[string]int{}
	for _, a := range b.Accepted {
		if _, known := first[a.Key()]; !known {
			first[a.Key()] = a.Version
		}
	}
	for _, e := range diary {
		version, known := first[e.Key()]
		if known && e.Version < version {
			continue
		}
		if e.Version == version {
			object, _, _ := strings.Cut(e.Event, ".")
			e.Event = object + ".created"
		}
		rest = append(rest, e)
	}
	return rest
}

// Tables that were made while nobody listened are announced with the rows that they have at the
// next start; those that were left out by the configuration have nothing to announce when it lets
// them in.
func TestNewTableWhileStopped(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	db.Exec(`CREATE TABLE orders (id text PRIMARY KEY); INSERT INTO orders VALUES ('old')`)
	sut := e2e.Start(t, db, "HOOKLINE_EXCLUDE=order,invoice").Until("active")
	db.Exec(`CREATE TABLE invoices (id text PRIMARY KEY); INSERT INTO invoices VALUES ('old')`)
	e2e.Eventually(t, func() error {
		if !e2e.Value[bool](db,
			`SELECT EXISTS (SELECT FROM hookline.known_table WHERE relation = 'invoices'::regclass)`) {
			return errors.New("invoices has not been looked at")
		}
		return nil
	})
	db.OneByOne("before", 1)
	box.UntilAccepted(1)
	sut.Stop()

	db.Exec(leadsSQL)
	db.Exec(
		`INSERT INTO leads (id) VALUES ('one'), ('two'); UPDATE leads SET version = 2 WHERE id = 'two'`)
	sut = e2e.Start(t, db).Until("active")
	db.Exec(
		`UPDATE leads SET version = 3 WHERE id = 'two'; INSERT INTO orders VALUES ('new'); INSERT INTO invoices VALUES ('new')`)
	box.UntilAccepted(6)
	e2e.Finish(t, sut, box.Gets(append(sinceFirst(box, db.Diary()), e2e.Entry{
		Event:  "order.created",
		Record: "new",
	}, e2e.Entry{Event: "invoice.created", Record: "new"})...))
}

// A custom object is announced from its first record on, and a workspace from its first webhook on.
func TestTwentyObjectAtRunTime(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewTwenty(t), e2e.NewInbox(t)
	apple := db.Apple()
	apple.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db.Database).Until("active")
	if err := twentydb.AddObject(t.Context(), db.Conn, apple.ID, "probe", "probes"); err != nil {
		t.Fatal(err)
	}
	var want []e2e.Entry
	add := func(n int) {
		for range n {
			id := e2e.UUID()
			db.Exec(`INSERT INTO `+apple.Schema+`._probe (id, name) VALUES ($1, $2)`, id, e2e.Confidential)
			want = append(want, apple.Did("probe.created", id))
		}
	}
	add(100)
	box.UntilAccepted(100)
	add(100)
	db.Exec(`UPDATE ` + apple.Schema + `._probe SET name = 'other'`)
	for _, e := range want[:200] {
		want = append(want, apple.Did("probe.updated", e.Record))
	}
	e2e.Finish(t, sut, box.Gets(want...))
}

// A workspace that is made at run time is announced to its own webhooks; once it is dropped the
// others go on.
func TestTwentyWorkspaceAtRunTime(t *testing.T) {
	t.Parallel()
	db, ofApple, ofPear := e2e.NewTwenty(t), e2e.NewInbox(t), e2e.NewInbox(t)
	apple := db.Apple()
	apple.AddWebhook(ofApple, "*.*")
	sut := e2e.Start(t, db.Database).Until("active")

	pear := db.NewWorkspace("Pear")
	pear.AddWebhook(ofPear, "*.*")
	var apples, pears []e2e.Entry
	for range 20 {
		apples = append(apples, apple.AddPerson())
		pears = append(pears, pear.AddPerson())
	}
	ofPear.UntilAccepted(len(pears))
	for range 20 {
		apples = append(apples, apple.AddPerson())
		pears = append(pears, pear.AddPerson())
	}
	ofPear.UntilAccepted(len(pears))
	db.Exec(`DELETE FROM core.workspace WHERE id = $1`, pear.ID)
	db.Exec(`DROP SCHEMA ` + pear.Schema + ` CASCADE`)
	apples = append(apples, apple.AddPerson())
	if err := twentydb.AddObject(t.Context(), db.Conn, apple.ID, "probe", "probes"); err != nil {
		t.Fatal(err)
	}
	probe := e2e.UUID()
	db.Exec(`INSERT INTO `+apple.Schema+`._probe (id) VALUES ($1)`, probe)
	apples = append(apples, apple.Did("probe.created", probe))
	e2e.Finish(t, sut, ofApple.Gets(apples...), ofPear.Gets(pears...))
}

// A role that owns nothing says that a new table is left out, and how to let it in; the DBA's SQL
// brings the rows along.
func TestNewTableByDBA(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	role, address := db.NewRole("REPLICATION")
	db.Exec(`GRANT SELECT ON contacts, webhooks TO ` + role)
	env := db.Env("HOOKLINE_DATABASE_URL=" + address)
	setUp := func() {
		t.Helper()
		printed := e2e.Run(t, env, "setup", "--print-sql")
		if printed.Wait() != 0 {
			t.Fatalf("setup --print-sql: exit code %d", printed.Wait())
		}
		for _, statement := range e2e.Statements(printed.Out.String()) {
			db.Exec(statement)
		}
	}
	setUp()
	sut := e2e.Start(t, db, "HOOKLINE_DATABASE_URL="+address).Until("active")
	db.Exec(leadsSQL)
	db.Exec(`INSERT INTO leads (id) VALUES ('one')`)
	sut.UntilPrinted(`the role does not own it`)
	db.Exec(`UPDATE leads SET version = 2`)
	setUp()
	db.Exec(`UPDATE leads SET version = 3`)
	box.UntilAccepted(2)
	e2e.Finish(t, sut, box.Gets(sinceFirst(box, db.Diary())...))
}
