package gap

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hookline/e2e"
	"hookline/internal/postgres"
)

// Staging is made of a copy of production's disk: slot, checkpoint and spool come along, and to
// Postgres it is the same system. Whoever is told another name for it than production's, or none,
// sends nothing of what waits and nothing of what is written to it, until it is said that this is a
// copy. Production goes on undisturbed.
func TestCopyOfADisk(t *testing.T) {
	t.Parallel()
	const production, staging, soon = "HOOKLINE_ENVIRONMENT=production",
		"HOOKLINE_ENVIRONMENT=staging", "HOOKLINE_HOLD_MAX=100ms"
	server, db := e2e.NewCRMServer(t)
	box := e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	box.Answers(e2e.Always(http.StatusServiceUnavailable))
	original := e2e.Start(t, db, production, soon, e2e.Often).Until("active")
	position := db.Position()
	db.OneByOne("before", 3)
	db.UntilAcknowledged(position)
	original.Stop()
	db.OneByOne("unread", 3)

	if err := server.ShutDown(t.Context()); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(server.Dir(), "copy")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", filepath.Join(server.Dir(), "data"),
		dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	e2e.GiveTo(t, dir, server.Dir())
	clone := e2e.Connect(t, e2e.StartCopy(t, postgres.Options{Dir: dir}).URL(db.Name))
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	db.Conn = db.Session()

	box.Answers(nil)
	other := e2e.NewInboxWith(t, box.Secret) // so that it is known who sends what
	clone.Exec(`UPDATE webhooks SET url = $1`, other.URL())
	const told = `environment production, or a copy of it, and HOOKLINE_ENVIRONMENT `
	e2e.Start(t, clone, e2e.Often).UntilPrinted(told + "is not set")
	sut := e2e.Start(t, clone, staging, e2e.Often)
	untilInGap(sut, "other_environment")
	for _, command := range []string{"status", "doctor"} {
		if p := e2e.Run(t, clone.Env(staging), command); p.Wait() != 3 ||
			!strings.Contains(p.Out.String(), told+"is staging") {
			t.Errorf("%s: exit code %d, want 3 and %q:\n%s", command, p.Wait(), told, p.Out.String())
		}
	}
	lost := lose(clone)
	if asks := e2e.Run(t, clone.Env(staging), "setup", "--accept-gap"); asks.Wait() != 1 ||
		!strings.Contains(asks.Log.String(), "3 waiting, 0 dead") {
		t.Errorf("setup --accept-gap: exit code %d, want 1 and what is in the spool:\n%s", asks.Wait(),
			asks.Log.String())
	}
	clone.AcceptGapWith("discard", staging)
	e2e.Finish(t, sut.Until("active"), other.Gets(after(clone, lost)...))
	other.Gets(clone.Diary()[lost:]...).Check()

	original = e2e.Start(t, db, production, e2e.Often).Until("active")
	db.OneByOne("original", 3)
	e2e.Finish(t, original, box.Gets(db.Diary()...))
	e2e.Start(t, clone, production).UntilPrinted("environment staging, or a copy of it, and " +
		"HOOKLINE_ENVIRONMENT is production")
}

// A process that stands by gives the database no name: it may never get the slot, and who has it
// was told none, as before a rolling update.
func TestStandbyGivesNoName(t *testing.T) {
	t.Parallel()
	db := e2e.NewDatabase(t)
	db.WithContacts()
	box := e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db).Until("active")
	names := func() (n int) {
		t.Helper()
		if err := db.Conn.QueryRow(t.Context(), `SELECT count(*) FROM hookline.environment`).
			Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	named := e2e.Start(t, db, "HOOKLINE_ENVIRONMENT=production").Until("standby")
	if n := names(); n != 0 {
		t.Errorf("%d names are noted, want none by a standby", n)
	}
	db.OneByOne("before", 1)
	box.UntilAccepted(1)
	sut.Stop()
	named.Until("active")
	if n := names(); n != 1 {
		t.Errorf("%d names are noted, want that of who has the slot", n)
	}
	db.OneByOne("after", 1)
	e2e.Finish(t, named, box.Gets(db.Diary()...))
}
