package crash

import (
	"strings"
	"testing"

	"hookline/e2e"
)

// A server that takes no writes for a while holds up nothing but what has to be written: a healthy
// receiver goes on hearing of changes, what has to be spooled waits, and a process that starts
// meanwhile waits as well. Afterwards all goes on by itself.
func TestReadOnly(t *testing.T) {
	onEachMajor(t, func(t *testing.T, db *e2e.Database) {
		healthy, dead := e2e.NewInbox(t), e2e.NewInbox(t)
		db.AddWebhook(healthy, "*.*")
		db.AddWebhook(dead, "*.*")
		dead.Answers(e2e.Always(503))
		settings := []string{"HOOKLINE_HOLD_MAX=100ms", e2e.Often}
		sut := e2e.Start(t, db, settings...).Until("active")
		db.OneByOne("before", 10)
		healthy.UntilAccepted(10)

		closeToWrites(db, true)
		db.OneByOne("meanwhile", 50)
		healthy.UntilAccepted(60)
		sut.UntilPrinted("the spool cannot be written")
		d, _ := db.Doctor()
		e2e.WantFinding(t, d, "spool", "problem", "SQLSTATE 25006", "default_transaction_read_only")
		if p := e2e.Run(t, db.Env(), "status"); p.Wait() != 3 ||
			!strings.Contains(p.Out.String(), "spool: the spool cannot be written to") {
			t.Errorf("status: exit code %d, want 3 and why:\n%s", p.Wait(), p.Out.String())
		}
		sut.Kill()
		for _, box := range []*e2e.Inbox{healthy, dead} {
			box.ExpectReplay()
		}
		again := e2e.Start(t, db, settings...)
		again.UntilPrinted("starting over")
		if live, ready := again.Get("/livez"), again.Get("/readyz"); live != "200 live" ||
			ready != "503 connecting" {
			t.Errorf("it waits for the server to take writes, /livez answers %q, and /readyz %q", live, ready)
		}

		closeToWrites(db, false)
		again.Until("active")
		dead.Answers(nil)
		db.OneByOne("after", 10)
		e2e.Finish(t, again, healthy.Gets(db.Diary()...), dead.Gets(db.Diary()...))
	})
}

// closeToWrites has the database take no writes, but of the test, and ends the sessions that may.
func closeToWrites(db *e2e.Database, closed bool) {
	db.T.Helper()
	db.Exec(`SET default_transaction_read_only = off`)
	setting := "RESET default_transaction_read_only"
	if closed {
		setting = "SET default_transaction_read_only = on"
	}
	db.Exec("ALTER DATABASE " + db.Name + " " + setting)
	db.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`)
}
