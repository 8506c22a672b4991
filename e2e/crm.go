package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/internal/postgres"
)

// WebhooksSQL is a table of webhooks as a CRM might have it.
const WebhooksSQL = `CREATE TABLE webhooks (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(), url text, secret text, operations text[], enabled boolean NOT NULL DEFAULT true)`

// contactsSQL is a table of contacts whose every change is noted in a diary, by a trigger: a change
// that is rolled back leaves no note, and notes of one record are in the order of the commits,
// since whoever changes it holds its lock until then.
const contactsSQL = `
	CREATE TABLE contacts (id text PRIMARY KEY, note text NOT NULL DEFAULT 'confidential',
	  version int NOT NULL DEFAULT 1);

	CREATE SCHEMA diary;
	CREATE TABLE diary.entries (number bigserial PRIMARY KEY, event text, record text, version int,
	  former text, was int, tx xid8 DEFAULT pg_current_xact_id());
	CREATE FUNCTION diary.write() RETURNS trigger LANGUAGE plpgsql AS $$
	DECLARE object text := coalesce(TG_ARGV[0], 'contact');
	BEGIN
		IF TG_OP = 'INSERT' THEN
			INSERT INTO diary.entries (event, record, version) VALUES (object || '.created', NEW.id,
			  NEW.version);
		ELSIF TG_OP = 'UPDATE' THEN
			INSERT INTO diary.entries (event, record, version, former, was)
			VALUES (object || '.updated', NEW.id, NEW.version, OLD.id, OLD.version);
		ELSE
			INSERT INTO diary.entries (event, record, version) VALUES (object || '.deleted', OLD.id,
			  OLD.version);
		END IF;
		RETURN NULL;
	END $$;
	CREATE TRIGGER diary AFTER INSERT OR UPDATE OR DELETE ON contacts FOR EACH ROW EXECUTE FUNCTION diary.write()`

// NewCRM returns the database of a small CRM that nobody has heard of: contacts, and a table of
// webhooks.
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

// Diary returns what is to be announced of the transactions that were committed, those of one
// record in their order: of each record one event, with what it was made in the end; of one that
// was deleted, what it was before. A record that is made again is updated. One is not deleted whose
// key another one has taken.
func (db *Database) Diary() (entries []Entry) {
	db.T.Helper()
	rows, err := db.Conn.Query(db.T.Context(), `
		SELECT number, event, record, version, coalesce(former, record), coalesce(was, version), tx::text
		FROM diary.entries ORDER BY number`)
	if err != nil {
		db.T.Fatal(err)
	}
	acts, order := map[string]*act{}, []*act{}
	var n note
	var tx string
	_, err = pgx.ForEachRow(rows, []any{
		&n.number, &n.event, &n.record, &n.version, &n.former, &n.was,
		&tx,
	}, func() error {
		if acts[tx] == nil {
			acts[tx] = &act{now: map[string]*life{}}
			order = append(order, acts[tx])
		}
		acts[tx].take(n)
		return nil
	})
	if err != nil {
		db.T.Fatal(err)
	}
	var told []announcement
	for _, a := range order {
		told = append(told, a.outcome()...)
	}
	slices.SortFunc(told, func(a, b announcement) int { return a.number - b.number })
	for _, a := range told {
		entries = append(entries, a.Entry)
	}
	return entries
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
	db.Exec(`INSERT INTO contacts (id) SELECT $1 || i FROM generate_series(1, $2::int) i`, prefix,
		contacts)
}
