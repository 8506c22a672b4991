package twenty

import (
	"strings"
	"testing"

	"hookline/e2e"
)

// An object that is private is silent from the commit that makes it so, until one that opens it, or
// until it is asked for by name.
func TestTwentyPrivateObjects(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewTwenty(t), e2e.NewInbox(t)
	apple := db.Apple()
	db.Exec(`ALTER TABLE core."objectMetadata" ADD readability varchar NOT NULL DEFAULT 'OPEN'`)
	apple.AddWebhook(box, "*.*")
	set := func(object, readability string) {
		db.Exec(`UPDATE core."objectMetadata" SET readability = $2 WHERE "nameSingular" = $1`, object,
			readability)
	}
	add := func(object, table string) e2e.Entry {
		id := e2e.UUID()
		db.Exec(`INSERT INTO `+apple.Schema+`.`+table+` (id) VALUES ($1)`, id)
		return apple.Did(object+".created", id)
	}
	set("rocket", "PRIVATE")
	sut := e2e.Start(t, db.Database).Until("active")
	sut.UntilPrinted(`"private objects are not announced" objects=rocket`)

	add("rocket", "_rocket")
	heard := []e2e.Entry{add("note", "note")}
	set("note", "PRIVATE")
	add("note", "note")
	set("note", "OPEN")
	heard = append(heard, add("note", "note"))
	set("rocket", "OPEN")
	heard = append(heard, add("rocket", "_rocket"), apple.AddPerson())
	sut.UntilPrinted("all private objects are announced")
	set("note", "SYSTEM")
	set("rocket", "PRIVATE")
	add("note", "note")
	heard = append(heard, apple.AddPerson())
	box.UntilAccepted(len(heard))
	sut.UntilPrinted("objects=note,rocket")
	status := e2e.Run(t, db.Env(), "status")
	if line := "private     note, rocket: not announced"; status.Wait() != 0 ||
		!strings.Contains(status.Out.String(), line) {
		t.Errorf("status: exit code %d, want 0 and %q:\n%s", status.Wait(), line, status.Out.String())
	}
	sut.Stop()

	sut = e2e.Start(t, db.Database, "HOOKLINE_PRIVATE_OBJECTS=rocket").Until("active")
	add("note", "note")
	heard = append(heard, add("rocket", "_rocket"))
	e2e.Finish(t, sut, box.Gets(heard...))
}

// What Twenty writes of every change is not announced, nor what a running workflow writes all the
// time, whatever the settings.
func TestTwentyNoise(t *testing.T) {
	t.Parallel()
	db, box, literal := e2e.NewTwenty(t), e2e.NewInbox(t), e2e.NewInbox(t)
	apple := db.Apple()
	apple.AddWebhook(box, "*.*", "workflowRun.*", "*.updated", "hookline:workflowRun.*",
		"hookline:*.updated", "timelineActivity.created")
	apple.AddWebhook(literal, "workflowRun.updated")
	db.Exec(
		`UPDATE core."objectMetadata" SET "nameSingular" = 'workflowRun', "namePlural" = 'workflowRuns' WHERE "nameSingular" = 'rocket'`)
	db.Exec(`ALTER TABLE ` + apple.Schema + `._rocket RENAME TO "_workflowRun"`)
	sut := e2e.Start(t, db.Database, "HOOKLINE_EXCLUDE=note").Until("active")

	run, task := e2e.UUID(), e2e.UUID()
	db.Exec(`INSERT INTO `+apple.Schema+`."_workflowRun" (id) VALUES ($1)`, run)
	for range 3 {
		db.Exec(`UPDATE ` + apple.Schema +
			`."_workflowRun" SET name = name || 'x', position = position + 1`)
	}
	db.Exec(`INSERT INTO ` + apple.Schema +
		`."timelineActivity" (id, name) VALUES (gen_random_uuid(), 'x')`)
	db.Exec(`INSERT INTO ` + apple.Schema + `.note (id) VALUES (gen_random_uuid())`)
	db.Exec(`INSERT INTO `+apple.Schema+`.task (id) VALUES ($1)`, task)

	updated := apple.Did("workflowRun.updated", run)
	e2e.Finish(t, sut, box.Gets(apple.Did("workflowRun.created", run),
		apple.Did("task.created", task)), literal.Gets(updated, updated, updated))
}
