package delivery

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hookline/e2e"
)

// A table of webhooks that is rebuilt and swapped in, with a copy that stays: none of the three is
// ever announced.
func TestRebuiltTableOfWebhooksIsNotAnnounced(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db *e2e.Database) {
		box := e2e.NewInbox(t)
		db.Exec(`ALTER TABLE webhooks ADD COLUMN note text DEFAULT 'canary'`)
		db.AddWebhook(box, "*.*")
		sut := e2e.Start(t, db).Until("active")
		db.Exec(`CREATE TABLE webhooks_new (LIKE webhooks INCLUDING ALL)`)
		db.Exec(`INSERT INTO webhooks_new SELECT * FROM webhooks`)
		db.Exec(`CREATE TABLE webhooks_backup (LIKE webhooks INCLUDING ALL)`)
		db.Exec(`INSERT INTO webhooks_backup SELECT * FROM webhooks`)
		db.Exec(`CREATE TABLE markers (id text PRIMARY KEY)`)
		db.Exec(`INSERT INTO markers VALUES ('one')`)
		box.UntilHeardOf("one") // so the others have been looked at
		db.Exec(
			`BEGIN; ALTER TABLE webhooks RENAME TO webhooks_old; ALTER TABLE webhooks_new RENAME TO webhooks; COMMIT`)
		for _, table := range []string{"webhooks_old", "webhooks_backup"} {
			db.Exec(`UPDATE ` + table + ` SET note = 'canary2'`)
		}
		db.Exec(`CREATE TABLE signs (id text PRIMARY KEY)`)
		db.Exec(`INSERT INTO signs VALUES ('two')`)
		box.UntilHeardOf("two")
		for _, table := range []string{"webhooks_old", "webhooks_backup"} {
			db.Exec(`UPDATE ` + table + ` SET note = 'canary3'`)
			db.Exec(`DELETE FROM ` + table)
		}
		db.OneByOne("contact", 1)
		e2e.Finish(t, sut, box.Gets(append(db.Diary(), e2e.Entry{Event: "marker.created", Record: "one"},
			e2e.Entry{Event: "sign.created", Record: "two"})...))
		seek(t, []*e2e.Process{sut}, box)
	})
}

// A table that nothing but the setting says is one of webhooks stays one under any name: while
// Hookline runs, and after a restart.
func TestRenamedTableOfWebhooksIsNotAnnounced(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db *e2e.Database) {
		const setting = "HOOKLINE_WEBHOOKS_TABLE=public.receivers"
		box := e2e.NewInboxWith(t, "")
		db.Exec(`DROP TABLE webhooks`)
		db.Exec(`CREATE TABLE receivers (id int PRIMARY KEY, endpoint text, note text)`)
		db.Exec(`INSERT INTO receivers VALUES (1, $1, 'canary')`, box.URL())
		sut := e2e.Start(t, db, setting).Until("active")
		db.OneByOne("before", 1)
		box.UntilAccepted(1)
		db.Exec(`BEGIN; ALTER TABLE receivers RENAME TO destinations;
			CREATE TABLE receivers (LIKE destinations INCLUDING ALL); INSERT INTO receivers SELECT * FROM destinations; COMMIT`)
		db.Exec(`UPDATE destinations SET note = 'canary2'`) // as long as it is published
		db.Exec(`CREATE TABLE markers (id text PRIMARY KEY)`)
		db.Exec(`INSERT INTO markers VALUES ('one')`)
		box.UntilHeardOf("one")
		db.Exec(`UPDATE destinations SET note = 'canary3'`)
		sut.Stop()
		db.Exec(`UPDATE destinations SET note = 'canary4'`)
		db.Exec(`ALTER TABLE destinations RENAME TO goals`)
		db.Exec(`UPDATE goals SET note = 'canary5'`)
		again := e2e.Start(t, db, setting).Until("active")
		db.Exec(`UPDATE goals SET note = 'canary6'`)
		db.OneByOne("after", 1)
		box.UntilAccepted(3)
		doctor := e2e.Run(t, db.Env(setting), "doctor")
		doctor.Wait()
		e2e.Finish(t, again,
			box.Gets(append(db.Diary(), e2e.Entry{Event: "marker.created", Record: "one"})...))
		seek(t, []*e2e.Process{sut, again, doctor}, box)
		if text := doctor.Out.String(); !strings.Contains(text, `"goals": webhooks were read from it`) {
			t.Errorf("the doctor says\n%s", text)
		}
	})
}

// With Hookline's own table, that of the CRM is not announced either.
func TestTableOfWebhooksBesideTheOwnOne(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db *e2e.Database) {
		box := e2e.NewInbox(t)
		const setting = "HOOKLINE_WEBHOOKS_TABLE=hookline.webhook"
		db.Exec(`CREATE TABLE callbacks (id int PRIMARY KEY, target_url text, signing_secret text)`)
		db.Exec(`CREATE TABLE webhook_deliveries (id int PRIMARY KEY, url text, request_body text)`)
		db.SetUp(setting)
		db.Exec(`INSERT INTO hookline.webhook (url, secret) VALUES ($1, $2)`, box.URL(), box.Secret)
		sut := e2e.Start(t, db, setting).Until("active")
		for _, table := range []string{"callbacks", "webhook_deliveries"} {
			db.Exec(`INSERT INTO ` + table + ` VALUES (1, 'https://example.com/canary', 'canary')`)
			db.Exec(`DELETE FROM ` + table)
		}
		db.Exec(`INSERT INTO webhooks (url, secret) VALUES ('https://example.com/canary', 'canary')`)
		db.Exec(`UPDATE webhooks SET secret = 'canary2'`)
		db.OneByOne("contact", 1)
		e2e.Finish(t, sut, box.Gets(db.Diary()...))
		seek(t, []*e2e.Process{sut}, box)
	})
}

// Webhooks whose table is dropped are gone, those that the new one has stay, and neither needs a
// restart.
func TestTableOfWebhooksMadeAnew(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db *e2e.Database) {
		stays, gone, late := e2e.NewInbox(t), e2e.NewInbox(t), e2e.NewInbox(t)
		id := db.AddWebhook(stays, "*.*")
		db.AddWebhook(gone, "*.*")
		gone.Answers(e2e.Always(http.StatusServiceUnavailable))
		sut := e2e.Start(t, db, e2e.Often, "HOOKLINE_HOLD_MAX=100ms").Until("active")
		db.OneByOne("before", 1)
		stays.UntilAccepted(1)
		gone.UntilAsked(1)
		untilWaiting(t, db, 1)
		db.Exec(`BEGIN; DROP TABLE webhooks; ` + e2e.WebhooksSQL + `; COMMIT`)
		db.Exec(`INSERT INTO webhooks (id, url, secret) VALUES ($1, $2, $3)`, id, stays.URL(),
			stays.Secret)
		untilWebhooks(t, db, 1)
		untilWaiting(t, db, 0) // it goes with its webhook, though nothing happens in the CRM
		db.AddWebhook(late, "*.*")
		db.OneByOne("between", 1)
		stays.UntilAccepted(2)
		late.UntilAccepted(1)
		asked := len(gone.All())

		db.Exec(`DROP TABLE webhooks`) // and none in its place
		sut.UntilPrinted("a table of webhooks was dropped")
		db.OneByOne("nobody", 1)
		db.Exec(e2e.WebhooksSQL)
		db.AddWebhook(late, "*.*")
		untilWebhooks(t, db, 1)
		e2e.Eventually(t, func() error {
			db.Exec(`INSERT INTO contacts (id) VALUES (gen_random_uuid())`)
			if late.Count() < 2 {
				return fmt.Errorf("%d deliveries", late.Count())
			}
			return nil
		})
		sut.Stop()
		if n := len(gone.All()); n != asked {
			t.Errorf("the webhook that is gone got %d requests, and then %d", asked, n)
		}
		if n := stays.Count(); n != 2 {
			t.Errorf("the webhook that stayed until the table was dropped got %d deliveries, want 2", n)
		}
		for _, r := range append(gone.All(), late.All()...) {
			if entry, err := e2e.Read(r); err != nil || strings.HasPrefix(entry.Record, "nobody") {
				t.Errorf("%s came: %v", entry.Record, err)
			}
		}
	})
}

// untilWaiting waits until so many deliveries wait in the spool.
func untilWaiting(t *testing.T, db *e2e.Database, n int) {
	t.Helper()
	e2e.Eventually(t, func() error {
		if got := len(db.Deliveries("waiting")); got != n {
			return fmt.Errorf("%d deliveries wait, want %d", got, n)
		}
		return nil
	})
}

// untilWebhooks waits until a process that runs has read so many webhooks of today's table.
func untilWebhooks(t *testing.T, db *e2e.Database, n int) {
	t.Helper()
	e2e.Eventually(t, func() error {
		relation := e2e.Value[uint32](db, `SELECT 'webhooks'::regclass::oid`)
		known := e2e.Value[int](db,
			`SELECT count(*) FROM hookline.known_table WHERE relation = $1 AND webhooks`, relation)
		if got := e2e.Value[int](db, `SELECT count(*) FROM webhooks`); known == 0 || got != n {
			return fmt.Errorf("relation %d is not known yet, or has %d webhooks", relation, got)
		}
		return nil
	})
}
