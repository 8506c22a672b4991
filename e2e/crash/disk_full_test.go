package crash

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hookline/e2e"
)

// smallDisk mounts a filesystem of 32 MB, for as long as the test runs. Where that is not allowed
// the test is skipped.
func smallDisk(t *testing.T) (dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("",
		"small-disk") //nolint:usetesting // that of the test is closed to the server
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	mount := exec.Command("mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", dir)
	if out, err := mount.CombinedOutput(); err != nil {
		t.Skipf("a small filesystem cannot be mounted: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir
}

// spoolOn makes a server whose database "spool" is on the disk.
func spoolOn(t *testing.T, disk string) *e2e.Database {
	t.Helper()
	server, db := e2e.NewServer(t, nil)
	owner, err := os.Stat(filepath.Join(server.Dir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	files := filepath.Join(disk, "tables")
	if err := os.Mkdir(files, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(disk, 0o755); err != nil { //nolint:gosec // the server reads it
		t.Fatal(err)
	}
	if who, ok := owner.Sys().(*syscall.Stat_t); ok {
		if err := os.Chown(files, int(who.Uid), int(who.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	db.Exec(fmt.Sprintf(`CREATE TABLESPACE small LOCATION '%s'`, files))
	db.Exec(`CREATE DATABASE spool TABLESPACE small`)
	return e2e.Connect(t, server.URL("spool"))
}

// The disk of the spool's database is full for a while: a healthy receiver goes on hearing of
// changes, what has to be spooled waits in memory and in the slot, and once there is room all goes
// on by itself, also when Hookline was killed and started meanwhile.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	spool := spoolOn(t, disk)
	db, healthy, dead := e2e.NewCRM(t), e2e.NewInbox(t), e2e.NewInbox(t)
	db.AddWebhook(healthy, "*.*")
	db.AddWebhook(dead, "*.*")
	dead.Answers(e2e.Always(503))
	settings := []string{
		"HOOKLINE_SPOOL_DATABASE_URL=" + spool.URL, "HOOKLINE_HOLD_MAX=100ms", e2e.Often,
	}
	sut := e2e.Start(t, db, settings...).Until("active")
	db.OneByOne("before", 5)
	healthy.UntilAccepted(5)

	filler := filepath.Join(disk, "filler")
	err := os.WriteFile(filler, make([]byte, 64<<20), 0o600)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk does not get full: %v", err)
	}
	const rows = 300
	db.Exec(`INSERT INTO contacts (id, note)
				SELECT 'meanwhile' || i, 'confidential ' || repeat(md5(i::text), 60)
				FROM generate_series(1, $1::int) i`, rows)
	healthy.UntilAccepted(5 + rows)
	sut.UntilPrinted("No space left on device")
	d, _ := db.Doctor(settings...)
	e2e.WantFinding(t, d, "spool", "problem", "SQLSTATE 53100", "make room on the disk")
	if p := e2e.Run(t, db.Env(settings...), "status"); p.Wait() != 3 ||
		!strings.Contains(p.Out.String(), "SQLSTATE 53100") {
		t.Errorf("status: exit code %d, want 3 and that the disk is full:\n%s", p.Wait(), p.Out.String())
	}
	sut.Kill()
	for _, box := range []*e2e.Inbox{healthy, dead} {
		box.ExpectReplay()
	}
	again := e2e.Start(t, db, settings...)
	again.UntilPrinted("No space left on device")
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	e2e.Eventually(t, func() error {
		if n := e2e.Value[int](spool, `SELECT count(*) FROM hookline.delivery`); n < rows {
			return fmt.Errorf("%d deliveries are parked, want %d", n, rows)
		}
		return nil
	})
	again.Until("active")
	dead.Answers(nil)
	e2e.Finish(t, again, healthy.Gets(db.Diary()...), dead.Gets(db.Diary()...))
}
