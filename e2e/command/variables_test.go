package command

import (
	"testing"

	"hookline/e2e"
)

// What Kubernetes sets for a Service called hookline is no mistake, though the names begin alike.
//
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
func TestKubernetesServiceVariables(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db, "HOOKLINE_SERVICE_HOST=10.0.0.1", "HOOKLINE_SERVICE_PORT=8687",
		"HOOKLINE_SERVICE_PORT_HEALTH=8687", "HOOKLINE_PORT=tcp://10.0.0.1:8687",
		"HOOKLINE_PORT_8687_TCP=tcp://10.0.0.1:8687", "HOOKLINE_PORT_8687_TCP_PROTO=tcp",
		"HOOKLINE_PORT_8687_TCP_PORT=8687", "HOOKLINE_PORT_8687_TCP_ADDR=10.0.0.1").Until("active")
	db.OneByOne("contact", 1)
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
}

// An empty value counts as not set, and the database's URL may come under the names that CRMs use.
func TestDatabaseURLByOtherNames(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db, "HOOKLINE_DATABASE_URL=", "PG_DATABASE_URL="+db.URL).Until("active")
	db.OneByOne("contact", 1)
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
}
