package e2e

import (
	"crypto/rand"
	"fmt"
	"testing"

	"hookline/internal/twentydb"
)

// twenty is the database of a Twenty instance.
type twenty struct{ *database }

func newTwenty(t *testing.T) twenty {
	t.Helper()
	db := twenty{newDatabase(t)}
	if err := twentydb.Load(t.Context(), db.conn); err != nil {
		t.Fatal(err)
	}
	return db
}

// workspace is a tenant of the instance.
type workspace struct {
	twenty
	id, schema string
}

// apple is the workspace that every instance has.
func (db twenty) apple() workspace { return workspace{db, twentydb.Workspace, twentydb.Schema} }

func (db twenty) newWorkspace(name string) workspace {
	db.t.Helper()
	w := workspace{twenty: db, id: uuid()}
	var err error
	if w.schema, err = twentydb.AddWorkspace(db.t.Context(), db.conn, w.id, name); err != nil {
		db.t.Fatal(err)
	}
	return w
}

func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// addWebhook adds a row to core.webhook and returns its id.
func (w workspace) addWebhook(to *inbox, operations ...string) (id string) {
	w.t.Helper()
	id, err := twentydb.AddWebhook(w.t.Context(), w.conn,
		twentydb.Webhook{Workspace: w.id, URL: to.url(), Secret: to.secret, Operations: operations})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// addPerson adds a person, within the transaction in progress if there is one, and returns the entry that announces it.
func (w workspace) addPerson() entry {
	w.t.Helper()
	person := uuid()
	w.exec(`INSERT INTO `+w.schema+`.person (id, "nameFirstName") VALUES ($1, $2)`, person, confidential)
	return w.did("person.created", person)
}

func (w workspace) did(event, record string) entry {
	return entry{Event: event, Record: record, Workspace: w.id}
}
