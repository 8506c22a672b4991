package e2e

import (
	"testing"
)

// What Kubernetes sets for a Service called hookline is no mistake, though the names begin alike.
//
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
func TestKubernetesServiceVariables(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	sut := start(t, db,
		"HOOKLINE_SERVICE_HOST=10.0.0.1",
		"HOOKLINE_SERVICE_PORT=8687",
		"HOOKLINE_SERVICE_PORT_HEALTH=8687",
		"HOOKLINE_PORT=tcp://10.0.0.1:8687",
		"HOOKLINE_PORT_8687_TCP=tcp://10.0.0.1:8687",
		"HOOKLINE_PORT_8687_TCP_PROTO=tcp",
		"HOOKLINE_PORT_8687_TCP_PORT=8687",
		"HOOKLINE_PORT_8687_TCP_ADDR=10.0.0.1",
	).until("active")
	db.oneByOne("contact", 1)
	finish(t, sut, box.gets(db.diary()...))
}

// An empty value counts as not set, and the database's URL may come under the names that CRMs use.
func TestDatabaseURLByOtherNames(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	sut := start(t, db, "HOOKLINE_DATABASE_URL=", "PG_DATABASE_URL="+db.url).until("active")
	db.oneByOne("contact", 1)
	finish(t, sut, box.gets(db.diary()...))
}
