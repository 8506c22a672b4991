package twenty

import (
	"strings"
	"testing"

	"hookline/e2e"
	"hookline/internal/twentydb"
)

// Notes and files are told by what they belong to, also by a process that starts when it has missed much, and one whose database goes away.
func TestTwentyReaders(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewTwenty(t), e2e.NewInbox(t)
	if err := twentydb.Upgrade(t.Context(), db.Conn, "2.43"); err != nil {
		t.Fatal(err)
	}
	apple := db.Apple()
	db.Exec(`UPDATE core."objectMetadata" SET readability = 'PRIVATE' WHERE "nameSingular" = 'rocket'`)
	apple.AddWebhook(box, "note.*", "attachment.*")
	table := func(name string) string { return apple.Schema + `."` + name + `"` }
	person, rocket, old, open, secret := e2e.UUID(), e2e.UUID(), e2e.UUID(), e2e.UUID(), e2e.UUID()
	db.Exec(`INSERT INTO `+table("person")+` (id) VALUES ($1)`, person)
	db.Exec(`INSERT INTO `+table("_rocket")+` (id) VALUES ($1)`, rocket)
	db.Exec(`INSERT INTO `+table("note")+` (id) VALUES ($1)`, old)
	db.Exec(`INSERT INTO `+table("noteTarget")+` ("noteId", "targetRocketId") VALUES ($1, $2)`, old, rocket)
	sut := e2e.Start(t, db.Database).Until("active")

	edit := func(note string) {
		db.Exec(`UPDATE `+table("note")+` SET title = coalesce(title, '') || 'x' WHERE id = $1`, note)
	}
	edit(old)
	db.Exec(`INSERT INTO `+table("noteTarget")+` ("noteId", "targetPersonId") VALUES ($1, $2)`, old, person)
	edit(old)
	heard := []e2e.Entry{apple.Did("note.updated", old)}
	box.UntilAccepted(len(heard))

	sut.Stop()
	edit(old)
	db.Exec(`INSERT INTO `+table("note")+` (id) VALUES ($1), ($2)`, open, secret) // open for everybody while they have no target
	db.Exec(`INSERT INTO `+table("noteTarget")+` ("noteId", "targetPersonId") VALUES ($1, $2)`, open, person)
	db.Exec(`INSERT INTO `+table("noteTarget")+` ("noteId", "targetRocketId") VALUES ($1, $2)`, secret, rocket)
	edit(open)
	edit(secret)
	db.Exec(`DELETE FROM `+table("noteTarget")+` WHERE "noteId" = $1 AND "targetPersonId" = $2`, old, person)
	edit(old)
	file := e2e.UUID()
	db.Exec(`INSERT INTO `+table("attachment")+` (id, "targetRocketId") VALUES (gen_random_uuid(), $1)`, rocket)
	db.Exec(`INSERT INTO `+table("attachment")+` (id, "targetNoteId") VALUES ($1, $2)`, file, open)
	db.Exec(`INSERT INTO `+table("attachment")+` (id, "targetNoteId") VALUES (gen_random_uuid(), $1)`, secret)
	heard = append(heard, apple.Did("note.updated", old), apple.Did("note.created", open), apple.Did("note.created", secret),
		apple.Did("note.updated", open), apple.Did("attachment.created", file))
	sut = e2e.Start(t, db.Database).Until("active")
	box.UntilAccepted(len(heard))

	status := e2e.Run(t, db.Env(), "status")
	for _, line := range []string{"private     ", "by record   attachment, calendarEventTarget, messageThreadTarget, note, noteTarget, task, taskTarget: announced if"} {
		if status.Wait() != 0 || !strings.Contains(status.Out.String(), line) {
			t.Errorf("status: exit code %d, want 0 and %q:\n%s", status.Wait(), line, status.Out.String())
		}
	}
	doctor := e2e.Run(t, db.Env(), "doctor")
	doctor.Wait()
	for _, line := range []string{
		"not announced, unless HOOKLINE_PRIVATE_OBJECTS names it: agentChatThread (PRIVATE), " +
			"agentChatThreadTarget (what it belongs to is not announced)",
		"What cannot be decided any more is not announced (HOOKLINE_UNDECIDED)",
	} {
		if !strings.Contains(strings.Join(strings.Fields(doctor.Out.String()), " "), line) {
			t.Errorf("doctor: want %q:\n%s", line, doctor.Out.String())
		}
	}
	e2e.Finish(t, sut, box.Gets(heard...))
}
