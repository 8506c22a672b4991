package twenty

import (
	"strings"
	"testing"

	"hookline/e2e"
)

// The demo's database can be had in a Postgres of one's own, for trials.
func TestDemoLoad(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewDatabase(t), e2e.NewInbox(t)
	load := e2e.Run(t, nil, "demo", "--load", db.URL)
	if load.Wait() != 0 {
		t.Fatalf("demo --load: exit code %d", load.Wait())
	}
	apple := e2e.Twenty{Database: db}.Apple()
	for _, told := range []string{apple.ID, apple.Schema} {
		if !strings.Contains(load.Out.String(), told) {
			t.Errorf("demo --load does not tell of %s: %s", told, load.Out.String())
		}
	}
	again := e2e.Run(t, nil, "demo", "--load", db.URL)
	if again.Wait() != 1 || !strings.Contains(again.Log.String(),
		"has a schema core already, want an empty database") {
		t.Errorf("demo --load into a database that is not empty: exit code %d: %s", again.Wait(),
			again.Log.String())
	}
	apple.AddWebhook(box, "person.*")
	sut := e2e.Start(t, db).Until("active")
	e2e.Finish(t, sut, box.Gets(apple.AddPerson()))
}
