package twenty

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"hookline/e2e"
	"hookline/internal/twentydb"
)

// Notes and files are told by what they belong to, also by a process that starts when it has missed
// much. The slot is made while a transaction goes on in another database, which holds its
// catalog_xmin back to before its publication.
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
	db.Exec(`INSERT INTO `+table("noteTarget")+` ("noteId", "targetRocketId") VALUES ($1, $2)`, old,
		rocket)
	release := holdTransaction(t)
	sut := e2e.Start(t, db.Database)
	e2e.Eventually(t, func() error {
		if !e2e.Value[bool](db.Database,
			`SELECT count(*) = 1 FROM pg_replication_slots WHERE slot_name = $1`, db.Name) {
			return errors.New("there is no slot yet")
		}
		return nil
	})
	release()
	sut.Until("active")

	edit := func(note string) {
		db.Exec(`UPDATE `+table("note")+` SET title = coalesce(title, '') || 'x' WHERE id = $1`, note)
	}
	edit(old)
	db.Exec(`INSERT INTO `+table("noteTarget")+` ("noteId", "targetPersonId") VALUES ($1, $2)`, old,
		person)
	edit(old)
	heard := []e2e.Entry{apple.Did("note.updated", old)}
	box.UntilAccepted(len(heard))

	sut.Stop()
	edit(old)
	// open for everybody while they have no target
	db.Exec(`INSERT INTO `+table("note")+` (id) VALUES ($1), ($2)`, open, secret)
	db.Exec(`INSERT INTO `+table("noteTarget")+` ("noteId", "targetPersonId") VALUES ($1, $2)`, open,
		person)
	db.Exec(`INSERT INTO `+table("noteTarget")+` ("noteId", "targetRocketId") VALUES ($1, $2)`, secret,
		rocket)
	edit(open)
	edit(secret)
	db.Exec(`DELETE FROM `+table("noteTarget")+` WHERE "noteId" = $1 AND "targetPersonId" = $2`, old,
		person)
	edit(old)
	file := e2e.UUID()
	db.Exec(`INSERT INTO `+table("attachment")+
		` (id, "targetRocketId") VALUES (gen_random_uuid(), $1)`, rocket)
	db.Exec(`INSERT INTO `+table("attachment")+` (id, "targetNoteId") VALUES ($1, $2)`, file, open)
	db.Exec(`INSERT INTO `+table("attachment")+` (id, "targetNoteId") VALUES (gen_random_uuid(), $1)`,
		secret)
	heard = append(heard, apple.Did("note.updated", old), apple.Did("note.created", open),
		apple.Did("note.created", secret),
		apple.Did("note.updated", open), apple.Did("attachment.created", file))
	sut = e2e.Start(t, db.Database).Until("active")
	box.UntilAccepted(len(heard))

	status := e2e.Run(t, db.Env(), "status")
	for _, line := range []string{
		"private     ",
		"by record   attachment, calendarEventTarget, messageThreadTarget, note, noteTarget, task, " +
			"taskTarget: announced if",
		"what cannot be decided is not told (HOOKLINE_UNDECIDED)",
	} {
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
	role, address := db.NewRole("REPLICATION")
	db.Exec(`GRANT USAGE ON SCHEMA core, hookline, ` + apple.Schema + ` TO ` + role)
	db.Exec(`GRANT SELECT ON ALL TABLES IN SCHEMA core, hookline, ` + apple.Schema + ` TO ` + role)
	db.Exec(`REVOKE SELECT ON ` + table("noteTarget") + ` FROM ` + role)
	status = e2e.Run(t, db.Env("HOOKLINE_DATABASE_URL="+address), "status")
	grant := `GRANT SELECT ON ` + apple.Schema + `."noteTarget" TO ` + role
	if status.Wait() != 3 || !strings.Contains(status.Out.String(), grant) {
		t.Errorf("status of a role that may not read what decides: exit code %d, want 3 and %q:\n%s%s",
			status.Wait(), grant, status.Out.String(), status.Log.String())
	}
	db.Exec(`DROP OWNED BY ` + role)
	db.Exec(`DROP ROLE ` + role)
	e2e.Finish(t, sut, box.Gets(heard...))
}

// holdTransaction begins a transaction in another database, and returns what ends it.
func holdTransaction(t *testing.T) (release func()) {
	t.Helper()
	other := e2e.NewDatabase(t)
	other.Exec("BEGIN")
	other.Exec("SELECT pg_current_xact_id()")
	return func() { other.Exec("ROLLBACK") }
}

// The tables of a new workspace are published, and the process is killed before it has read
// anything of them, or seen that they are. What is written until the next one starts is decided all
// the same, beside a transaction that does not end.
func TestTwentyReadersOfNewWorkspaceAfterKill(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewTwenty(t), e2e.NewInbox(t)
	if err := twentydb.Upgrade(t.Context(), db.Conn, "2.43"); err != nil {
		t.Fatal(err)
	}
	sut := e2e.Start(t, db.Database).Until("active")
	holdTransaction(t)
	second := db.NewWorkspace("Second")
	if err := twentydb.Upgrade(t.Context(), db.Conn, "2.43"); err != nil {
		t.Fatal(err)
	}
	e2e.Eventually(t, func() error {
		if n := e2e.Value[int](db.Database, `SELECT count(*)::int FROM pg_publication_tables
			WHERE schemaname = $1 AND tablename IN ('note', 'noteTarget')`, second.Schema); n < 2 {
			return fmt.Errorf("%d of two tables are published", n)
		}
		return nil
	})
	sut.Kill()

	second.AddWebhook(box, "note.*")
	db.Exec(`UPDATE core."objectMetadata" SET readability = 'PRIVATE' WHERE "nameSingular" = 'rocket'`)
	table := func(name string) string { return second.Schema + `."` + name + `"` }
	person, rocket, open, secret := e2e.UUID(), e2e.UUID(), e2e.UUID(), e2e.UUID()
	db.Exec(`INSERT INTO `+table("person")+` (id) VALUES ($1)`, person)
	db.Exec(`INSERT INTO `+table("_rocket")+` (id) VALUES ($1)`, rocket)
	db.Exec(`INSERT INTO `+table("note")+` (id) VALUES ($1), ($2)`, open, secret)
	db.Exec(`INSERT INTO `+table("noteTarget")+` ("noteId", "targetPersonId") VALUES ($1, $2)`, open,
		person)
	db.Exec(`INSERT INTO `+table("noteTarget")+` ("noteId", "targetRocketId") VALUES ($1, $2)`, secret,
		rocket)
	db.Exec(`UPDATE ` + table("note") + ` SET title = 'x'`)
	heard := []e2e.Entry{
		second.Did("note.created", open), second.Did("note.created", secret),
		second.Did("note.updated", open),
	}
	sut = e2e.Start(t, db.Database).Until("active")
	box.UntilAccepted(len(heard))
	e2e.Finish(t, sut, box.Gets(heard...))
}
