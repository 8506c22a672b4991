package e2e

import (
	"strings"
	"testing"
)

// The demo's database can be had in a Postgres of one's own, for trials.
func TestDemoLoad(t *testing.T) {
	t.Parallel()
	db, box := newDatabase(t), newInbox(t)
	load := run(t, nil, "demo", "--load", db.url)
	if load.wait() != 0 {
		t.Fatalf("demo --load: exit code %d", load.wait())
	}
	apple := twenty{db}.apple()
	for _, told := range []string{apple.id, apple.schema} {
		if !strings.Contains(load.out.String(), told) {
			t.Errorf("demo --load does not tell of %s: %s", told, load.out.String())
		}
	}
	again := run(t, nil, "demo", "--load", db.url)
	if again.wait() != 1 || !strings.Contains(again.log.String(), "has a schema core already, want an empty database") {
		t.Errorf("demo --load into a database that is not empty: exit code %d: %s", again.wait(), again.log.String())
	}
	apple.addWebhook(box, "person.*")
	sut := start(t, db).until("active")
	finish(t, sut, box.gets(apple.addPerson()))
}
