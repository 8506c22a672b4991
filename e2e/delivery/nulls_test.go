package delivery

import (
	"testing"

	"hookline/e2e"
)

// A schema calls no field never null that is: NOT NULL of a domain holds for no empty subquery, and
// NOT NULL that is NOT VALID, as Postgres 18 has it, for no row that was there before.
func TestNullsBehindNotNull(t *testing.T) {
	for name, test := range map[string]struct {
		major int
		sql   string
	}{
		"domain": {0, `CREATE DOMAIN word AS text NOT NULL;
			CREATE TABLE notes (id text PRIMARY KEY, body word);
			INSERT INTO notes VALUES ('1', (SELECT body FROM notes))`},
		"not valid": {18, `CREATE TABLE notes (id text PRIMARY KEY, body text);
			INSERT INTO notes VALUES ('1');
			ALTER TABLE notes ADD NOT NULL body NOT VALID`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, box := e2e.NewDatabaseMajor(t, test.major), e2e.NewInboxWith(t, "")
			db.Exec(test.sql)
			settings := []string{"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook"}
			db.SetUp(settings...)
			id := e2e.Value[string](db, `INSERT INTO hookline.webhook (url, secret) VALUES ($1, '')
				RETURNING id::text`, box.URL())
			box.Validates(db, "hookline.webhook/"+id, settings...)
			sut := e2e.Start(t, db, settings...).Until("active")
			db.Exec("DELETE FROM notes")
			box.UntilAccepted(1)
			e2e.Finish(t, sut)
		})
	}
}
