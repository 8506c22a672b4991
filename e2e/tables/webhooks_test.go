package tables

import (
	"errors"
	"strings"
	"testing"

	"hookline/e2e"
)

// try runs a statement of the CRM, which may fail.
func try(db *e2e.Database, sql string) error {
	session := db.Session()
	defer func() { _ = session.Close(db.T.Context()) }()
	_, err := session.Exec(db.T.Context(), sql)
	return err
}

// A table of webhooks that loses its key leaves the publication within one look: the CRM can write
// to it again. With a new key it is followed again, and what was changed in between counts.
func TestWebhooksLoseTheirKey(t *testing.T) {
	onEachMajor(t, func(t *testing.T, db *e2e.Database, _ int) {
		before, after := e2e.NewInbox(t), e2e.NewInbox(t)
		db.AddWebhook(before, "*.*")
		sut := e2e.Start(t, db).Until("active")
		db.Exec(`INSERT INTO contacts (id) VALUES ('one')`)
		before.UntilAccepted(1)
		one := db.Diary()

		db.Exec(`ALTER TABLE webhooks DROP CONSTRAINT webhooks_pkey`)
		e2e.Eventually(t, func() error { return try(db, `UPDATE webhooks SET secret = secret`) })
		if err := try(db, `UPDATE webhooks SET url = '`+after.URL()+`', secret = '`+after.Secret+
			`'`); err != nil {
			t.Fatal(err)
		}
		db.Exec(`ALTER TABLE webhooks ADD PRIMARY KEY (id)`)
		e2e.Eventually(t, func() error {
			if log := sut.Log.String(); !strings.Contains(log, "starting over") {
				return errors.New("the webhooks have not been read anew")
			}
			return nil
		})
		sut.Until("active")
		db.Exec(`INSERT INTO contacts (id) VALUES ('two')`)
		after.UntilAccepted(1)
		e2e.Finish(t, sut, before.Gets(one...), after.Gets(db.Diary()[len(one):]...))
	})
}

// A table of webhooks that cannot be followed ends the start, and not before the CRM can write to
// it.
func TestStartRelieves(t *testing.T) {
	onEachMajor(t, func(t *testing.T, db *e2e.Database, _ int) {
		db.AddWebhook(e2e.NewInbox(t), "*.*")
		db.SetUp()
		db.Exec(`ALTER TABLE webhooks REPLICA IDENTITY NOTHING`)
		if try(db, `UPDATE webhooks SET secret = secret`) == nil {
			t.Fatal("the update does not fail")
		}
		if run := e2e.Run(t, db.Env(), "run"); run.Wait() != 1 ||
			!strings.Contains(run.Log.String(), `ALTER TABLE "public"."webhooks" REPLICA IDENTITY DEFAULT`) {
			t.Errorf("exit code %d, want 1 and the SQL that mends it:\n%s", run.Wait(), run.Log.String())
		}
		if err := try(db, `UPDATE webhooks SET secret = secret`); err != nil {
			t.Error(err)
		}
	})
}
