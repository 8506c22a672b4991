package e2e

import (
	"slices"
	"strings"
	"testing"
)

// A large value is stored beside its row, and an update that leaves it alone does not bring it: it arrives whole all the same.
//
// https://www.postgresql.org/docs/current/storage-toast.html
func TestLargeValues(t *testing.T) {
	for _, test := range []struct {
		identity string // setting
		catalog  string // relreplident of the table
		updated  []string
		deleted  string // the data of a deletion
	}{
		{"full", "f", []string{"title", "version"}, `{"id":"d1","title":"second","body":"BODY","version":2}`},
		{"keep", "d", nil, `{"id":"d1"}`},
	} {
		t.Run(test.identity, func(t *testing.T) {
			t.Parallel()
			db, box := newDatabase(t), newInbox(t)
			db.exec(webhooksSQL)
			db.exec(`CREATE TABLE documents (id text PRIMARY KEY, title text, body text, version int)`)
			db.exec(`ALTER TABLE documents ALTER body SET STORAGE EXTERNAL`)
			db.addWebhook(box, "*.*")
			sut := start(t, db, "HOOKLINE_REPLICA_IDENTITY="+test.identity, "HOOKLINE_MAX_BUFFER=64KiB").until("active")

			body := strings.Repeat("0123456789", 20_000) // more than the buffer holds
			db.exec(`INSERT INTO documents VALUES ('d1', 'first', $1, 1)`, body)
			db.exec(`UPDATE documents SET title = 'second', version = 2`)
			box.untilAccepted(2) // while the row is there to be read back
			db.exec(`DELETE FROM documents`)
			if got := value[string](db, `SELECT relreplident::text FROM pg_class WHERE oid = 'documents'::regclass`); got != test.catalog {
				t.Errorf("replica identity of documents is %s, want %s", got, test.catalog)
			}
			last := entry{Event: "document.deleted", Record: "d1", Version: 2}
			if test.identity == "keep" {
				last.Version = 0
			}
			finish(t, sut, box.gets(
				entry{Event: "document.created", Record: "d1", Version: 1},
				entry{Event: "document.updated", Record: "d1", Version: 2},
				last))

			for i, want := range []struct {
				data    string
				updated []string
			}{
				{`{"id":"d1","title":"first","body":"BODY","version":1}`, nil},
				{`{"id":"d1","title":"second","body":"BODY","version":2}`, test.updated},
				{test.deleted, nil},
			} {
				data, updated := dataOf(t, box.all()[i])
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
