package tables

import (
	"testing"

	"hookline/e2e"
)

// A table whose rows lie in children, in a schema of their own, as TimescaleDB has it: they are
// announced under its name. A child without a key cannot be, and doctor says so.
func TestRowsInChunks(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewDatabase(t), e2e.NewInbox(t)
	db.Exec(e2e.WebhooksSQL)
	db.Exec(`CREATE TABLE readings (id text PRIMARY KEY, version int DEFAULT 1); CREATE SCHEMA _chunks;
		CREATE TABLE _chunks.c1 (PRIMARY KEY (id)) INHERITS (readings); INSERT INTO _chunks.c1 VALUES ('old')`)
	db.AddWebhook(box, "*.*")
	var want []e2e.Entry
	did := func(event, record string, version int) {
		want = append(want, e2e.Entry{Event: "reading." + event, Record: record, Version: version})
	}
	sut := e2e.Start(t, db).Until("active")
	db.Exec(`UPDATE _chunks.c1 SET version = 2`)
	did("updated", "old", 2)
	db.Exec(
		`CREATE TABLE _chunks.c2 (PRIMARY KEY (id)) INHERITS (readings); INSERT INTO _chunks.c2 VALUES ('new')`)
	did("created", "new", 1)
	box.UntilAccepted(len(want))
	sut.Kill()
	box.ExpectReplay()
	db.Exec(`UPDATE _chunks.c2 SET version = 2; DELETE FROM _chunks.c1; DROP TABLE _chunks.c1`)
	did("updated", "new", 2)
	did("deleted", "old", 2)
	db.Exec(
		`CREATE TABLE _chunks.c3 () INHERITS (readings); INSERT INTO _chunks.c3 VALUES ('keyless')`)
	sut = e2e.Start(t, db).Until("active")
	sut.UntilPrinted(`_chunks\".\"c3`)
	diagnosis, _ := db.Doctor()
	e2e.WantFinding(t, diagnosis, "table left out", "warning", `"_chunks"."c3"`, "no primary key")
	e2e.Finish(t, sut, box.Gets(want...))
}
