package e2e

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hookline/internal/postgres"
)

// A copy of the cluster's files is the same system to Postgres, but logical slots are not copied: the copy does not announce what is
// written to it as if it were the original, which goes on undisturbed.
func TestGapOfABaseBackup(t *testing.T) {
	t.Parallel()
	server, db := newCRMServer(t)
	box := newInbox(t)
	db.addWebhook(box, "*.*")
	original := start(t, db).until("active")
	db.oneByOne("before", 3)
	box.untilAccepted(3)
	copied := len(db.diary())

	dir := filepath.Join(server.Dir(), "copy") // which the user that Postgres runs as can reach
	tool(t, "pg_basebackup", "--dbname="+db.url, "--pgdata="+filepath.Join(dir, "data"), "--checkpoint=fast")
	giveTo(t, dir, server.Dir())
	backup, err := postgres.Start(t.Context(), postgres.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := backup.Stop(); err != nil {
			t.Error(err)
		}
	})
	clone := connect(t, backup.URL(db.name))
	const identifier = `SELECT system_identifier::text FROM pg_control_system()`
	if a, b := value[string](db, identifier), value[string](clone, identifier); a != b {
		t.Errorf("the systems are %s and %s, want them the same", a, b)
	}

	sut := start(t, clone).untilGap(clone, "slot_missing")
	lost := clone.lose()
	clone.acceptGap()
	sut.until("active")
	clone.oneByOne("copied", 3)
	announced := clone.diary()[lost:]
	db.oneByOne("original", 3)
	announced = append(announced, db.diary()...)
	if len(announced) != copied+6 {
		t.Fatalf("%d events are to be announced, want %d", len(announced), copied+6)
	}
	finish(t, sut, box.gets(announced...))
	original.stop()
}

// A dump that was restored into another cluster has the original's checkpoint in it, and so knows that it is a copy.
func TestGapOfARestoredDump(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	sut := start(t, db).until("active")
	db.oneByOne("before", 3)
	box.untilAccepted(3)
	sut.stop()
	heard := db.diary()

	_, other := newServer(t, nil)
	other.exec(`CREATE DATABASE ` + db.name)
	restored := other.sibling(db.name)
	dump := filepath.Join(t.TempDir(), "dump.sql")
	tool(t, "pg_dump", "--dbname="+db.url, "--file="+dump)
	tool(t, "psql", "--dbname="+restored.url, "--file="+dump, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1")

	sut = start(t, restored).untilGap(restored, "other_system")
	lost := restored.lose()
	restored.acceptGap()
	sut.until("active")
	finish(t, sut, box.gets(append(heard, restored.after(lost)...)...))
}

// A copy within the cluster finds the original's slot under its name. That one is left alone, whatever is accepted.
func TestGapOfATemplate(t *testing.T) {
	t.Parallel()
	_, cluster := newServer(t, nil)
	cluster.exec(`CREATE DATABASE crm`)
	db := cluster.sibling("crm").withContacts()
	box := newInbox(t)
	db.addWebhook(box, "*.*")
	sut := start(t, db).until("active")
	heard := db.announce(box)
	box.answers(always(http.StatusServiceUnavailable))
	db.oneByOne("parked", 3)
	box.untilAsked(6)
	sut.stop()
	box.answers(nil)
	if got := len(db.deliveries("waiting")); got != 3 {
		t.Errorf("%d deliveries wait, want 3", got)
	}

	_ = db.conn.Close(t.Context())
	cluster.exec(`CREATE DATABASE copy TEMPLATE crm`)
	db.conn = db.session()
	clone := cluster.sibling("copy")
	clone.name = db.name // of the slot
	sut = start(t, clone).untilGap(clone, "other_system")
	lost := clone.lose()
	refused := run(t, clone.env(), "setup", "--accept-gap")
	if refused.wait() != 1 || !strings.Contains(refused.log.String(), `belongs to database "crm"`) || !strings.Contains(refused.log.String(), "HOOKLINE_SLOT") {
		t.Errorf("the original's slot: exit code %d, want 1 and a hint at HOOKLINE_SLOT:\n%s", refused.wait(), refused.log.String())
	}
	db.dropSlot()
	clone.acceptGap()
	sut.until("active")
	finish(t, sut, box.gets(append(heard, clone.after(lost)...)...))
}

// While Hookline runs, another database takes the place of the one that it announces, and later the right one is back: nothing of the other
// is announced, and nobody has to accept anything.
func TestGapMendedOtherwise(t *testing.T) {
	t.Parallel()
	_, cluster := newServer(t, nil)
	cluster.exec(`CREATE DATABASE crm`)
	db := cluster.sibling("crm").withContacts()
	box := newInbox(t)
	db.addWebhook(box, "*.*")
	sut := start(t, db).until("active")
	db.oneByOne("before", 3)
	box.untilAccepted(3)
	cluster.exec(`CREATE DATABASE other`)
	other := cluster.sibling("other").withContacts()
	other.addWebhook(box, "*.*")

	rename := func(from, to string) {
		t.Helper()
		cluster.exec(`ALTER DATABASE ` + from + ` ALLOW_CONNECTIONS false`)
		eventually(t, func() error {
			cluster.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, from)
			_, err := cluster.conn.Exec(t.Context(), `ALTER DATABASE `+from+` RENAME TO `+to)
			return err
		})
		cluster.exec(`ALTER DATABASE ` + to + ` ALLOW_CONNECTIONS true`)
	}
	box.beginLife() // what was delivered shortly before may not be in the checkpoint yet when the database is away
	rename("crm", "aside")
	rename("other", "crm")
	other.conn, db.conn = db.session(), nil
	sut.untilInGap("other_system")
	sut.untilPrinted("it cannot be told whether the gap is still there") // the slot is another database's now
	other.oneByOne("foreign", 3)
	rename("crm", "other")
	rename("aside", "crm")
	db.conn = db.session()
	db.oneByOne("after", 3)
	finish(t, sut.until("active"), box.gets(db.diary()...))
}

// sibling returns another database of the same server.
func (db *database) sibling(name string) *database {
	db.t.Helper()
	u, err := url.Parse(db.url)
	if err != nil {
		db.t.Fatal(err)
	}
	u.Path = "/" + name
	return connect(db.t, u.String())
}

// tool runs one of the programs that come with Postgres.
func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	bindir, err := postgres.Find()
	if err != nil {
		t.Fatal(err)
	}
	server, err := filepath.EvalSymlinks(filepath.Join(bindir, "postgres")) // which may be all that is linked to
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(server), name), args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// giveTo makes whoever owns the directory like the owner of dir and of all that is in it.
func giveTo(t *testing.T, dir, like string) {
	t.Helper()
	info, err := os.Stat(like)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	err = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(owner.Uid), int(owner.Gid))
	})
	if err != nil {
		t.Fatal(err)
	}
}
