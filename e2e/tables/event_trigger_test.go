package tables

import (
	"testing"

	"hookline/e2e"
)

// The database has an event trigger that notes every statement which defines something, in a table
// that it finds by the search_path of its database. What Hookline defines is noted, too.
func TestEventTrigger(t *testing.T) {
	onEachMajor(t, func(t *testing.T, db *e2e.Database, _ int) {
		box := e2e.NewInbox(t)
		db.AddWebhook(box, "*.*")
		db.Exec(`CREATE SCHEMA audit; CREATE TABLE audit.noted (tag text);
			ALTER DATABASE ` + db.Name + ` SET search_path = public, audit;
			CREATE FUNCTION audit.note() RETURNS event_trigger LANGUAGE plpgsql AS
				$$ BEGIN INSERT INTO noted VALUES (tg_tag); END $$;
			CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION audit.note()`)
		sut := e2e.Start(t, db).Until("active")

		writer := db.Session() // with the search_path
		if _, err := writer.Exec(t.Context(), `
			CREATE TABLE leads (id text PRIMARY KEY, version int NOT NULL DEFAULT 1);
			INSERT INTO leads VALUES ('a')`); err != nil {
			t.Fatal(err)
		}
		e2e.Finish(t, sut, box.Gets(e2e.Entry{Event: "lead.created", Record: "a", Version: 1}))
		for _, tag := range []string{"CREATE PUBLICATION", "ALTER PUBLICATION", "CREATE TABLE"} {
			if e2e.Value[int](db, `SELECT count(*) FROM audit.noted WHERE tag = $1`, tag) == 0 {
				t.Errorf("no %s was noted", tag)
			}
		}
	})
}
