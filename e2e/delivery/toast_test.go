package delivery

import (
	"slices"
	"strings"
	"testing"

	"hookline/e2e"
)

// A large value is stored beside its row, and an update that leaves it alone does not bring it: it
// arrives whole all the same.
//
// https://www.postgresql.org/docs/current/storage-toast.html
func TestLargeValues(t *testing.T) {
	for _, test := range []struct {
		identity string // setting
		catalog  string // relreplident of the table
		updated  []string
		deleted  string // the data of a deletion
	}{
		{
			"full", "f",
			[]string{"title", "version"},
			`{"id":"d1","title":"second","body":"BODY","version":2}`,
		},
		{"keep", "d", nil, `{"id":"d1"}`},
	} {
		t.Run(test.identity, func(t *testing.T) {
			t.Parallel()
			db, box := e2e.NewDatabase(t), e2e.NewInbox(t)
			db.Exec(e2e.WebhooksSQL)
			db.Exec(`CREATE TABLE documents (id text PRIMARY KEY, title text, body text, version int)`)
			db.Exec(`ALTER TABLE documents ALTER body SET STORAGE EXTERNAL`)
			db.AddWebhook(box, "*.*")
			sut := e2e.Start(t, db, "HOOKLINE_REPLICA_IDENTITY="+test.identity,
				"HOOKLINE_MAX_BUFFER=64KiB").Until("active")

			body := strings.Repeat("0123456789", 20_000) // more than the buffer holds
			db.Exec(`INSERT INTO documents VALUES ('d1', 'first', $1, 1)`, body)
			db.Exec(`UPDATE documents SET title = 'second', version = 2`)
			box.UntilAccepted(2) // while the row is there to be read back
			db.Exec(`DELETE FROM documents`)
			if got := e2e.Value[string](db,
				`SELECT relreplident::text FROM pg_class WHERE oid = 'documents'::regclass`); got != test.catalog {
				t.Errorf("replica identity of documents is %s, want %s", got, test.catalog)
			}
			last := e2e.Entry{Event: "document.deleted", Record: "d1", Version: 2}
			if test.identity == "keep" {
				last.Version = 0
			}
			e2e.Finish(t, sut, box.Gets(
				e2e.Entry{Event: "document.created", Record: "d1", Version: 1},
				e2e.Entry{Event: "document.updated", Record: "d1", Version: 2},
				last))

			for i, want := range []struct {
				data    string
				updated []string
			}{
				{`{"id":"d1","title":"first","body":"BODY","version":1}`, nil},
				{`{"id":"d1","title":"second","body":"BODY","version":2}`, test.updated},
				{test.deleted, nil},
			} {
				data, updated := e2e.DataOf(t, box.All()[i])
				if data = strings.ReplaceAll(data, body, "BODY"); data != want.data {
					t.Errorf("data of event %d is %.200s, want %s", i, data, want.data)
				}
				if !slices.Equal(updated, want.updated) {
					t.Errorf("updatedFields of event %d are %q, want %q", i, updated, want.updated)
				}
			}
		})
	}
}

// Keys may be of a type that an extension has brought, whose operators are in no schema that is
// searched.
func TestKeysOfExtensions(t *testing.T) {
	for _, kind := range []string{"citext", "ltree"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db, box := e2e.NewDatabase(t), e2e.NewInbox(t)
			db.Exec(e2e.WebhooksSQL)
			db.Exec(`CREATE EXTENSION ` + kind)
			db.Exec(`CREATE DOMAIN key AS ` + kind)
			db.Exec(`CREATE TABLE documents (id key PRIMARY KEY, body text, version int)`)
			db.Exec(`ALTER TABLE documents ALTER body SET STORAGE EXTERNAL`)
			db.AddWebhook(box, "*.*")
			sut := e2e.Start(t, db, "HOOKLINE_REPLICA_IDENTITY=keep").Until("active")

			body := strings.Repeat("0123456789", 20_000)
			db.Exec(`INSERT INTO documents VALUES ('d1', $1, 1)`, body)
			db.Exec(`UPDATE documents SET version = 2`)
			box.UntilAccepted(2)
			if data, _ := e2e.DataOf(t, box.All()[1]); !strings.Contains(data, body) {
				t.Errorf("the value that was read back is not there: %.100s", data)
			}
			db.Exec(`BEGIN; CREATE TABLE documents_new (LIKE documents INCLUDING ALL);
				INSERT INTO documents_new SELECT id, body, 3 FROM documents;
				ALTER TABLE documents RENAME TO documents_old; ALTER TABLE documents_new RENAME TO documents; COMMIT`)
			e2e.Finish(t, sut, box.Gets(
				e2e.Entry{Event: "document.created", Record: "d1", Version: 1},
				e2e.Entry{Event: "document.updated", Record: "d1", Version: 2},
				e2e.Entry{Event: "document.updated", Record: "d1", Version: 3}))
		})
	}
}
