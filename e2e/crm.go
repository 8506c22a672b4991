package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/internal/postgres"
)

// WebhooksSQL is a table of webhooks as a CRM might have it.
const WebhooksSQL = `CREATE TABLE webhooks (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(), url text, secret text, operations text[], enabled boolean NOT NULL DEFAULT true)`

// contactsSQL is a table of contacts whose every change is noted in a diary, by a trigger: a change that is rolled back leaves no
// note, and notes of one record are in the order of the commits, since whoever changes it holds its lock until then.
const contactsSQL = `
	CREATE TABLE contacts (id text PRIMARY KEY, note text NOT NULL DEFAULT 'confidential', version int NOT NULL DEFAULT 1);

	CREATE SCHEMA diary;
	CREATE TABLE diary.entries (number bigserial PRIMARY KEY, event text, record text, version int, tx xid8 DEFAULT pg_current_xact_id());
	CREATE FUNCTION diary.write() RETURNS trigger LANGUAGE plpgsql AS $$
	DECLARE object text := coalesce(TG_ARGV[0], 'contact');
	BEGIN
		IF TG_OP = 'INSERT' THEN
			INSERT INTO diary.entries (event, record, version) VALUES (object || '.created', NEW.id, NEW.version);
		ELSIF TG_OP = 'UPDATE' THEN
			INSERT INTO diary.entries (event, record, version) VALUES (object || '.updated', NEW.id, NEW.version);
		ELSE
			INSERT INTO diary.entries (event, record, version) VALUES (object || '.deleted', OLD.id, OLD.version);
		END IF;
		RETURN NULL;
	END $$;
	CREATE TRIGGER diary AFTER INSERT OR UPDATE OR DELETE ON contacts FOR EACH ROW EXECUTE FUNCTION diary.write()`

// NewCRM returns the database of a small CRM that nobody has heard of: contacts, and a table of webhooks.
func NewCRM(t *testing.T) *Database {
	t.Helper()
	return NewDatabase(t).WithContacts()
}

// NewCRMServer is NewCRM on a server of its own.
func NewCRMServer(t *testing.T) (*postgres.Server, *Database) {
	t.Helper()
	server, db := NewServer(t, nil)
	return server, db.WithContacts()
}

// WithContacts makes the tables of NewCRM.
func (db *Database) WithContacts() *Database {
	db.T.Helper()
	db.Exec(WebhooksSQL)
	db.Exec(contactsSQL)
	return db
}

// Diary returns what is to be announced of the changes that were committed: a record that one transaction deletes and makes
// again is updated, and so is one that takes the key of a deleted one.
// Where that is so, the version must be another one, or nothing would be announced.
func (db *Database) Diary() (entries []Entry) {
	db.T.Helper()
	rows, err := db.Conn.Query(db.T.Context(), `SELECT event, record, version, tx::text FROM diary.entries ORDER BY number`)
	if err != nil {
		db.T.Fatal(err)
	}
	type change struct{ record, tx string }
	deleted := map[change]int{} // places of deletions, by what follows them
	var e Entry
	var tx string
	_, err = pgx.ForEachRow(rows, []any{&e.Event, &e.Record, &e.Version, &tx}, func() error {
		object, action, _ := strings.Cut(e.Event, ".")
		c, next := change{e.Key(), tx}, e
		if place, was := deleted[c]; was && action != "deleted" { // made again, or another took its key
			entries[place].Event = ""
			next.Event = object + ".updated"
		}
		delete(deleted, c)
		if action == "deleted" {
			deleted[c] = len(entries)
		}
		entries = append(entries, next)
		return nil
	})
	if err != nil {
		db.T.Fatal(err)
	}
	return slices.DeleteFunc(entries, func(e Entry) bool { return e.Event == "" })
}

// OneByOne adds contacts, each in a transaction of its own.
func (db *Database) OneByOne(prefix string, contacts int) {
	db.T.Helper()
	const sql = `DO $$ BEGIN FOR i IN 1..%d LOOP INSERT INTO contacts (id) VALUES ('%s' || i); COMMIT; END LOOP; END $$`
	db.Exec(fmt.Sprintf(sql, contacts, prefix))
}

// AtOnce adds contacts, all of them in one transaction.
func (db *Database) AtOnce(prefix string, contacts int) {
	db.T.Helper()
	db.Exec(`INSERT INTO contacts (id) SELECT $1 || i FROM generate_series(1, $2::int) i`, prefix, contacts)
}
