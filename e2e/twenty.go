package e2e

import (
	"crypto/rand"
	"fmt"
	"testing"

	"hookline/internal/twentydb"
)

// Twenty is the database of a Twenty instance.
type Twenty struct{ *Database }

// NewTwenty returns the database of a new instance.
func NewTwenty(t *testing.T) Twenty {
	t.Helper()
	db := Twenty{NewDatabase(t)}
	if err := twentydb.Load(t.Context(), db.Conn); err != nil {
		t.Fatal(err)
	}
	return db
}

// Workspace is a tenant of the instance.
type Workspace struct {
	Twenty
	ID, Schema string
}

// Apple is the workspace that every instance has.
func (db Twenty) Apple() Workspace { return Workspace{db, twentydb.Workspace, twentydb.Schema} }

// NewWorkspace makes a workspace with the standard objects.
func (db Twenty) NewWorkspace(name string) Workspace {
	db.T.Helper()
	w := Workspace{Twenty: db, ID: UUID()}
	var err error
	if w.Schema, err = twentydb.AddWorkspace(db.T.Context(), db.Conn, w.ID, name); err != nil {
		db.T.Fatal(err)
	}
	return w
}

// UUID returns a random id.
func UUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// AddWebhook adds a row to core.webhook and returns its id.
func (w Workspace) AddWebhook(to *Inbox, operations ...string) (id string) {
	w.T.Helper()
	id, err := twentydb.AddWebhook(w.T.Context(), w.Conn,
		twentydb.Webhook{Workspace: w.ID, URL: to.URL(), Secret: to.Secret, Operations: operations})
	if err != nil {
		w.T.Fatal(err)
	}
	return id
}

// AddPerson adds a person, within the transaction in progress if there is one, and returns the
// entry that announces it.
func (w Workspace) AddPerson() Entry {
	w.T.Helper()
	person := UUID()
	w.Exec(`INSERT INTO `+w.Schema+`.person (id, "nameFirstName") VALUES ($1, $2)`, person,
		Confidential)
	return w.Did("person.created", person)
}

// Did returns the entry that announces what was done to a record of the workspace.
func (w Workspace) Did(event, record string) Entry {
	return Entry{Event: event, Record: record, Workspace: w.ID}
}
