package gap

import (
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hookline/e2e"
	"hookline/internal/postgres"
	"hookline/internal/postgres/postgrestest"
)

// A copy of the cluster's files is the same system to Postgres, but logical slots are not copied:
// the copy does not announce what is written to it as if it were the original, which goes on
// undisturbed.
func TestGapOfABaseBackup(t *testing.T) {
	t.Parallel()
	server, db := e2e.NewCRMServer(t)
	box := e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	original := e2e.Start(t, db).Until("active")
	db.OneByOne("before", 3)
	box.UntilAccepted(3)
	copied := len(db.Diary())

	dir := filepath.Join(server.Dir(), "copy") // which the user that Postgres runs as can reach
	tool(t, "pg_basebackup", "--dbname="+db.URL, "--pgdata="+filepath.Join(dir, "data"),
		"--checkpoint=fast")
	e2e.GiveTo(t, dir, server.Dir())
	backup := e2e.StartCopy(t, postgres.Options{Dir: dir})
	clone := e2e.Connect(t, backup.URL(db.Name))
	if a, b := systemIdentifier(db), systemIdentifier(clone); a != b {
		t.Errorf("the systems are %s and %s, want them the same", a, b)
	}

	sut := untilGap(e2e.Start(t, clone), clone, "slot_missing")
	lost := lose(clone)
	clone.AcceptGap()
	sut.Until("active")
	clone.OneByOne("copied", 3)
	announced := clone.Diary()[lost:]
	db.OneByOne("original", 3)
	announced = append(announced, db.Diary()...)
	if len(announced) != copied+6 {
		t.Fatalf("%d events are to be announced, want %d", len(announced), copied+6)
	}
	e2e.Finish(t, sut, box.Gets(announced...))
	original.Stop()
}

// A dump that was restored into another cluster has the original's checkpoint in it, and so knows
// that it is a copy.
func TestGapOfARestoredDump(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db).Until("active")
	db.OneByOne("before", 3)
	box.UntilAccepted(3)
	sut.Stop()
	heard := db.Diary()

	server := postgrestest.NewServer(t, postgres.Options{OwnIdentifier: true})
	other := e2e.Connect(t, server.URL("postgres"))
	other.Exec(`CREATE DATABASE ` + db.Name)
	restored := sibling(other, db.Name)
	if systemIdentifier(db) == systemIdentifier(restored) {
		t.Fatal("both servers are one system to Postgres")
	}
	dump := filepath.Join(t.TempDir(), "dump.sql")
	tool(t, "pg_dump", "--dbname="+db.URL, "--file="+dump)
	tool(t, "psql", "--dbname="+restored.URL, "--file="+dump, "--no-psqlrc", "--quiet",
		"--set=ON_ERROR_STOP=1")

	sut = untilGap(e2e.Start(t, restored), restored, "other_system")
	lost := lose(restored)
	restored.AcceptGap()
	sut.Until("active")
	e2e.Finish(t, sut, box.Gets(append(heard, after(restored, lost)...)...))
}

// A copy within the cluster finds the original's slot under its name. That one is left alone,
// whatever is accepted.
func TestGapOfATemplate(t *testing.T) {
	t.Parallel()
	_, cluster := e2e.NewServer(t, nil)
	cluster.Exec(`CREATE DATABASE crm`)
	db := sibling(cluster, "crm").WithContacts()
	box := e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db).Until("active")
	heard := announce(db, box)
	box.Answers(e2e.Always(http.StatusServiceUnavailable))
	db.OneByOne("parked", 3)
	box.UntilAsked(6)
	sut.Stop()
	box.Answers(nil)
	if got := len(db.Deliveries("waiting")); got != 3 {
		t.Errorf("%d deliveries wait, want 3", got)
	}

	_ = db.Conn.Close(t.Context())
	cluster.Exec(`CREATE DATABASE copy TEMPLATE crm`)
	db.Conn = db.Session()
	clone := sibling(cluster, "copy")
	clone.Name = db.Name // of the slot
	sut = untilGap(e2e.Start(t, clone), clone, "other_system")
	lost := lose(clone)
	refused := e2e.Run(t, clone.Env(), "setup", "--accept-gap")
	if refused.Wait() != 1 || !strings.Contains(refused.Log.String(), `belongs to database "crm"`) ||
		!strings.Contains(refused.Log.String(), "HOOKLINE_SLOT") {
		t.Errorf("the original's slot: exit code %d, want 1 and a hint at HOOKLINE_SLOT:\n%s",
			refused.Wait(), refused.Log.String())
	}
	db.DropSlot()
	clone.AcceptGapWith("discard")
	sut.Until("active")
	e2e.Finish(t, sut, box.Gets(append(heard, after(clone, lost)...)...))
}

// While Hookline runs, another database takes the place of the one that it announces, and later the
// right one is back: nothing of the other is announced, and nobody has to accept anything.
func TestGapMendedOtherwise(t *testing.T) {
	t.Parallel()
	_, cluster := e2e.NewServer(t, nil)
	cluster.Exec(`CREATE DATABASE crm`)
	db := sibling(cluster, "crm").WithContacts()
	box := e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db).Until("active")
	db.OneByOne("before", 3)
	box.UntilAccepted(3)
	cluster.Exec(`CREATE DATABASE other`)
	other := sibling(cluster, "other").WithContacts()
	other.AddWebhook(box, "*.*")

	rename := func(from, to string) {
		t.Helper()
		cluster.Exec(`ALTER DATABASE ` + from + ` ALLOW_CONNECTIONS false`)
		e2e.Eventually(t, func() error {
			cluster.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, from)
			_, err := cluster.Conn.Exec(t.Context(), `ALTER DATABASE `+from+` RENAME TO `+to)
			return err
		})
		cluster.Exec(`ALTER DATABASE ` + to + ` ALLOW_CONNECTIONS true`)
	}
	// what was delivered shortly before may not be in the checkpoint yet when the database is away
	box.BeginLife()
	rename("crm", "aside")
	rename("other", "crm")
	other.Conn, db.Conn = db.Session(), nil
	untilInGap(sut, "other_system")
	// the slot is another database's now
	sut.UntilPrinted("it cannot be told whether the gap is still there")
	other.OneByOne("foreign", 3)
	rename("crm", "other")
	rename("aside", "crm")
	db.Conn = db.Session()
	db.OneByOne("after", 3)
	e2e.Finish(t, sut.Until("active"), box.Gets(db.Diary()...))
}

func systemIdentifier(db *e2e.Database) string {
	return e2e.Value[string](db, `SELECT system_identifier::text FROM pg_control_system()`)
}

// sibling returns another database of the same server.
func sibling(db *e2e.Database, name string) *e2e.Database {
	db.T.Helper()
	u, err := url.Parse(db.URL)
	if err != nil {
		db.T.Fatal(err)
	}
	u.Path = "/" + name
	return e2e.Connect(db.T, u.String())
}

// tool runs one of the programs that come with Postgres.
func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	bindir, err := postgres.Find()
	if err != nil {
		t.Fatal(err)
	}
	// which may be all that is linked to
	server, err := filepath.EvalSymlinks(filepath.Join(bindir, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(server), name),
		args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}
