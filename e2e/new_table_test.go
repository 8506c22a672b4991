package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"hookline/internal/twentydb"
)

const leadsSQL = `
	CREATE TABLE leads (id text PRIMARY KEY, note text NOT NULL DEFAULT 'confidential', version int NOT NULL DEFAULT 1);
	CREATE TRIGGER diary AFTER INSERT OR UPDATE OR DELETE ON leads FOR EACH ROW EXECUTE FUNCTION diary.write('lead')`

// A table that is made at run time and written to from its first moment on: each row is announced once as created, as it was when the
// table was taken up, and each of its later changes after that, also when Hookline is killed in between.
func TestNewTableUnderWrites(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	sut := start(t, db).until("active")
	db.exec(leadsSQL)
	stop := db.writeLeads(3, box)
	for range 3 {
		box.untilAccepted(box.count() + 200)
		sut.kill()
		box.expectReplay()
		sut = start(t, db).until("active")
	}
	box.untilAccepted(box.count() + 200)
	stop()
	eventually(t, func() error { return db.allLeads(box) })
	finish(t, sut, box.gets(box.sinceFirst(db.diary())...))
}

// writeLeads adds leads and updates each twice, in so many sessions at once, until stop is called: many of them before the inbox
// hears of the first one, and then as fast as it does.
func (db *database) writeLeads(sessions int, box *inbox) (stop func()) {
	ctx, cancel := context.WithCancel(db.t.Context())
	ended := make(chan error, sessions)
	var written atomic.Int64
	for s := range sessions {
		conn := db.session()
		go func() {
			var err error
			for n := 0; ctx.Err() == nil && err == nil; n++ {
				box.untilNear(ctx, int(written.Add(3)), 10*ahead)
				_, err = conn.Exec(db.t.Context(), `INSERT INTO leads (id) VALUES ($1)`, fmt.Sprintf("%d-%d", s, n))
				for range 2 {
					if err == nil {
						_, err = conn.Exec(db.t.Context(), `UPDATE leads SET version = version + 1 WHERE id = $1`, fmt.Sprintf("%d-%d", s, n))
					}
				}
			}
			ended <- err
		}()
	}
	return func() {
		db.t.Helper()
		cancel()
		for range sessions {
			if err := <-ended; err != nil {
				db.t.Fatal(err)
			}
		}
	}
}

// allLeads returns an error until every lead has come to the inbox.
func (db *database) allLeads(box *inbox) error {
	all := value[int](db, `SELECT count(*)::int FROM leads`)
	box.mu.Lock()
	defer box.mu.Unlock()
	if come := len(box.records); come < all {
		return fmt.Errorf("%d of %d leads have come", come, all)
	}
	return nil
}

// sinceFirst returns the entries that remain when what a record was before its first event is left out; that event is its creation.
func (b *inbox) sinceFirst(diary []entry) (rest []entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	first := map[string]int{}
	for _, a := range b.accepted {
		if _, known := first[a.record()]; !known {
			first[a.record()] = a.Version
		}
	}
	for _, e := range diary {
		version, known := first[e.record()]
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

// Tables that were made while nobody listened are announced with the rows that they have at the next start; those that were left out by
// the configuration have nothing to announce when it lets them in.
func TestNewTableWhileStopped(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	db.exec(`CREATE TABLE orders (id text PRIMARY KEY); INSERT INTO orders VALUES ('old')`)
	sut := start(t, db, "HOOKLINE_EXCLUDE=order,invoice").until("active")
	db.exec(`CREATE TABLE invoices (id text PRIMARY KEY); INSERT INTO invoices VALUES ('old')`)
	eventually(t, func() error {
		if !value[bool](db, `SELECT EXISTS (SELECT FROM hookline.known_table WHERE relation = 'invoices'::regclass)`) {
			return errors.New("invoices has not been looked at")
		}
		return nil
	})
	db.oneByOne("before", 1)
	box.untilAccepted(1)
	sut.stop()

	db.exec(leadsSQL)
	db.exec(`INSERT INTO leads (id) VALUES ('one'), ('two'); UPDATE leads SET version = 2 WHERE id = 'two'`)
	sut = start(t, db).until("active")
	db.exec(`UPDATE leads SET version = 3 WHERE id = 'two'; INSERT INTO orders VALUES ('new'); INSERT INTO invoices VALUES ('new')`)
	box.untilAccepted(6)
	finish(t, sut, box.gets(append(box.sinceFirst(db.diary()), entry{Event: "order.created", Record: "new"}, entry{Event: "invoice.created", Record: "new"})...))
}

// A custom object is announced from its first record on, and a workspace from its first webhook on.
func TestTwentyObjectAtRunTime(t *testing.T) {
	t.Parallel()
	db, box := newTwenty(t), newInbox(t)
	apple := db.apple()
	apple.addWebhook(box, "*.*")
	sut := start(t, db.database).until("active")
	if err := twentydb.AddObject(t.Context(), db.conn, apple.id, "probe", "probes"); err != nil {
		t.Fatal(err)
	}
	var want []entry
	add := func(n int) {
		for range n {
			id := uuid()
			db.exec(`INSERT INTO `+apple.schema+`._probe (id, name) VALUES ($1, $2)`, id, confidential)
			want = append(want, apple.did("probe.created", id))
		}
	}
	add(100)
	box.untilAccepted(100)
	add(100)
	db.exec(`UPDATE ` + apple.schema + `._probe SET name = 'other'`)
	for _, e := range want[:200] {
		want = append(want, apple.did("probe.updated", e.Record))
	}
	finish(t, sut, box.gets(want...))
}

// A workspace that is made at run time is announced to its own webhooks; once it is dropped the others go on.
func TestTwentyWorkspaceAtRunTime(t *testing.T) {
	t.Parallel()
	db, ofApple, ofPear := newTwenty(t), newInbox(t), newInbox(t)
	apple := db.apple()
	apple.addWebhook(ofApple, "*.*")
	sut := start(t, db.database).until("active")

	pear := db.newWorkspace("Pear")
	pear.addWebhook(ofPear, "*.*")
	var apples, pears []entry
	for range 20 {
		apples = append(apples, apple.addPerson())
		pears = append(pears, pear.addPerson())
	}
	ofPear.untilAccepted(len(pears))
	for range 20 {
		apples = append(apples, apple.addPerson())
		pears = append(pears, pear.addPerson())
	}
	ofPear.untilAccepted(len(pears))
	db.exec(`DELETE FROM core.workspace WHERE id = $1`, pear.id)
	db.exec(`DROP SCHEMA ` + pear.schema + ` CASCADE`)
	apples = append(apples, apple.addPerson())
	if err := twentydb.AddObject(t.Context(), db.conn, apple.id, "probe", "probes"); err != nil {
		t.Fatal(err)
	}
	probe := uuid()
	db.exec(`INSERT INTO `+apple.schema+`._probe (id) VALUES ($1)`, probe)
	apples = append(apples, apple.did("probe.created", probe))
	finish(t, sut, ofApple.gets(apples...), ofPear.gets(pears...))
}

// A role that owns nothing says that a new table is left out, and how to let it in; the DBA's SQL brings the rows along.
func TestNewTableByDBA(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	role, address := db.newRole("REPLICATION")
	db.exec(`GRANT SELECT ON contacts, webhooks TO ` + role)
	env := db.env("HOOKLINE_DATABASE_URL=" + address)
	setUp := func() {
		t.Helper()
		printed := run(t, env, "setup", "--print-sql")
		if printed.wait() != 0 {
			t.Fatalf("setup --print-sql: exit code %d", printed.wait())
		}
		for _, statement := range statements(printed.out.String()) {
			db.exec(statement)
		}
	}
	setUp()
	sut := start(t, db, "HOOKLINE_DATABASE_URL="+address).until("active")
	db.exec(leadsSQL)
	db.exec(`INSERT INTO leads (id) VALUES ('one')`)
	sut.untilPrinted(`the role does not own it`)
	db.exec(`UPDATE leads SET version = 2`)
	setUp()
	db.exec(`UPDATE leads SET version = 3`)
	box.untilAccepted(2)
	finish(t, sut, box.gets(box.sinceFirst(db.diary())...))
}
