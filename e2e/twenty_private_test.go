package e2e

import (
	"strings"
	"testing"
)

// An object that is private is silent from the commit that makes it so, until one that opens it, or until it is asked for by name.
func TestTwentyPrivateObjects(t *testing.T) {
	t.Parallel()
	db, box := newTwenty(t), newInbox(t)
	apple := db.apple()
	db.exec(`ALTER TABLE core."objectMetadata" ADD readability varchar NOT NULL DEFAULT 'OPEN'`)
	apple.addWebhook(box, "*.*")
	set := func(object, readability string) {
		db.exec(`UPDATE core."objectMetadata" SET readability = $2 WHERE "nameSingular" = $1`, object, readability)
	}
	add := func(object, table string) entry {
		id := uuid()
		db.exec(`INSERT INTO `+apple.schema+`.`+table+` (id) VALUES ($1)`, id)
		return apple.did(object+".created", id)
	}
	set("rocket", "PRIVATE")
	sut := start(t, db.database).until("active")
	sut.untilPrinted(`"private objects are not announced" objects=rocket`)

	add("rocket", "_rocket")
	heard := []entry{add("note", "note")}
	set("note", "PRIVATE")
	add("note", "note")
	set("note", "OPEN")
	heard = append(heard, add("note", "note"))
	set("rocket", "OPEN")
	heard = append(heard, add("rocket", "_rocket"), apple.addPerson())
	sut.untilPrinted("all private objects are announced")
	set("note", "SYSTEM")
	set("rocket", "PRIVATE")
	add("note", "note")
	heard = append(heard, apple.addPerson())
	box.untilAccepted(len(heard))
	sut.untilPrinted("objects=note,rocket")
	status := run(t, db.env(), "status")
	if line := "private     note, rocket: not announced"; status.wait() != 0 || !strings.Contains(status.out.String(), line) {
		t.Errorf("status: exit code %d, want 0 and %q:\n%s", status.wait(), line, status.out.String())
	}
	sut.stop()

	sut = start(t, db.database, "HOOKLINE_PRIVATE_OBJECTS=rocket").until("active")
	add("note", "note")
	heard = append(heard, add("rocket", "_rocket"))
	finish(t, sut, box.gets(heard...))
}

// What Twenty writes of every change is not announced, nor what a running workflow writes all the time, whatever the settings.
func TestTwentyNoise(t *testing.T) {
	t.Parallel()
	db, box, literal := newTwenty(t), newInbox(t), newInbox(t)
	apple := db.apple()
	apple.addWebhook(box, "*.*", "workflowRun.*", "*.updated", "hookline:workflowRun.*", "hookline:*.updated", "timelineActivity.created")
	apple.addWebhook(literal, "workflowRun.updated")
	db.exec(`UPDATE core."objectMetadata" SET "nameSingular" = 'workflowRun', "namePlural" = 'workflowRuns' WHERE "nameSingular" = 'rocket'`)
	db.exec(`ALTER TABLE ` + apple.schema + `._rocket RENAME TO "_workflowRun"`)
	sut := start(t, db.database, "HOOKLINE_EXCLUDE=note").until("active")

	run, task := uuid(), uuid()
	db.exec(`INSERT INTO `+apple.schema+`."_workflowRun" (id) VALUES ($1)`, run)
	for range 3 {
		db.exec(`UPDATE ` + apple.schema + `."_workflowRun" SET name = name || 'x', position = position + 1`)
	}
	db.exec(`INSERT INTO ` + apple.schema + `."timelineActivity" (id, name) VALUES (gen_random_uuid(), 'x')`)
	db.exec(`INSERT INTO ` + apple.schema + `.note (id) VALUES (gen_random_uuid())`)
	db.exec(`INSERT INTO `+apple.schema+`.task (id) VALUES ($1)`, task)

	updated := apple.did("workflowRun.updated", run)
	finish(t, sut, box.gets(apple.did("workflowRun.created", run), apple.did("task.created", task)), literal.gets(updated, updated, updated))
}
