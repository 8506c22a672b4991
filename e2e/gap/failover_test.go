package gap

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hookline/e2e"
	"hookline/internal/postgres"
	"hookline/internal/postgres/postgrestest"
)

// A standby takes over that had everything, or not all of what receivers have heard of. Whatever is committed on it is announced, once, also
// where transactions that it lacks had the same positions; and how much it lacks is said.
func TestFailover(t *testing.T) {
	t.Parallel()
	for _, major := range []int{17, 18} {
		for _, lost := range []int{0, 20} {
			t.Run(fmt.Sprintf("%d/%d lost", major, lost), func(t *testing.T) {
				t.Parallel()
				testFailover(t, major, lost)
			})
		}
	}
}

func testFailover(t *testing.T, major, lost int) {
	postgrestest.NeedMajor(t, major)
	primary, db := e2e.NewServerMajor(t, major, map[string]string{"autovacuum": "off"})
	db.WithContacts()
	box := e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	db.SetUp()
	standby, follower := follow(t, primary, db, major)

	both := *db // what the process is told: whichever of the two takes writes
	both.URL = takesWrites(t, db.URL, primary, standby)
	sut := e2e.Start(t, &both).Until("active")
	db.OneByOne("before", 3)
	box.UntilAccepted(3)
	untilSettled(box, follower)
	if lost > 0 {
		follower.Exec(`ALTER SYSTEM SET primary_conninfo = ''`)
		follower.Exec(`SELECT pg_reload_conf()`)
		e2e.Eventually(t, func() error {
			if n := e2e.Value[int](follower, `SELECT count(*)::int FROM pg_stat_wal_receiver`); n > 0 {
				return errors.New("the standby still follows")
			}
			return nil
		})
		db.OneByOne("lost", lost)
		box.UntilAccepted(3 + lost)
	}
	heard := db.Diary()

	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	follower.Exec(`SELECT pg_promote()`)
	follower.OneByOne("after", 2*lost+5)
	sut.Until("active")
	if lost > 0 {
		sut.UntilPrinted(fmt.Sprintf("deliveries of changes that it does not have: %d", lost))
	}
	sut.Stop() // nor does a restart mix the timelines up
	sut = e2e.Start(t, &both).Until("active")
	follower.OneByOne("later", 3)
	e2e.Finish(t, sut, box.Gets(append(heard, follower.Diary()[3:]...)...))
}

// takesWrites returns the URL of a database on whichever of two servers takes writes.
func takesWrites(t *testing.T, address string, one, other *postgres.Server) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = fmt.Sprintf("127.0.0.1:%d,127.0.0.1:%d", one.Port(), other.Port())
	query := u.Query()
	query.Set("target_session_attrs", "read-write")
	u.RawQuery = query.Encode()
	return u.String()
}

// follow starts a standby that has the slot, too.
func follow(t *testing.T, primary *postgres.Server, db *e2e.Database, major int) (*postgres.Server, *e2e.Database) {
	t.Helper()
	dir := filepath.Join(primary.Dir(), "standby")
	data := filepath.Join(dir, "data")
	db.Exec(`SELECT pg_backup_start('standby', true)`)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	// Files come and go meanwhile, which cp complains of, and WAL makes good.
	_ = exec.CommandContext(t.Context(), "cp", "-a", filepath.Join(primary.Dir(), "data"), data).Run()
	label := e2e.Value[string](db, `SELECT labelfile FROM pg_backup_stop(false)`)
	for name, text := range map[string]string{"backup_label": label, "standby.signal": ""} {
		if err := os.WriteFile(filepath.Join(data, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Remove(filepath.Join(data, "postmaster.pid")), os.RemoveAll(filepath.Join(data, "pg_replslot"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(data, "pg_replslot"), 0o700); err != nil {
		t.Fatal(err)
	}
	giveTo(t, dir, primary.Dir())
	server := startCopy(t, postgres.Options{Dir: dir, Major: major, Settings: map[string]string{
		"primary_conninfo": fmt.Sprintf("host=127.0.0.1 port=%d user=postgres", primary.Port()), "autovacuum": "off",
	}})
	follower := e2e.Connect(t, server.URL(db.Name))
	caughtUp(db, follower)
	untilSlotMade(db, follower)
	return server, follower
}

// caughtUp waits until a standby has all that its primary has written.
func caughtUp(db, follower *e2e.Database) {
	db.T.Helper()
	end := e2e.Value[string](db, `SELECT pg_current_wal_flush_lsn()::text`)
	e2e.Eventually(db.T, func() error {
		if !e2e.Value[bool](follower, `SELECT pg_last_wal_replay_lsn() >= '`+end+`'::pg_lsn`) {
			return fmt.Errorf("the standby has not come to %s", end)
		}
		return nil
	})
}

// untilSettled waits until a standby, too, has it that all is settled that has come: else that may come again.
func untilSettled(box *e2e.Inbox, follower *e2e.Database) {
	box.T.Helper()
	last := ""
	for _, got := range box.All() {
		last = max(last, strings.Split(got.ID, "_")[2])
	}
	settled := fmt.Sprintf(`SELECT coalesce(max(settled_lsn), '0/0') > '%s/%s' FROM hookline.checkpoint`, last[:8], last[8:])
	e2e.Eventually(box.T, func() error {
		if !e2e.Value[bool](follower, settled) {
			return fmt.Errorf("the checkpoint has not passed %s", last)
		}
		return nil
	})
}

// untilSlotMade makes the slot of the primary on the standby, too, which waits for a word of the primary.
func untilSlotMade(db, follower *e2e.Database) {
	db.T.Helper()
	slot := e2e.Value[string](db, `SELECT slot_name::text FROM pg_replication_slots WHERE slot_type = 'logical'`)
	ctx, cancel := context.WithTimeout(db.T.Context(), time.Minute)
	defer cancel()
	made := make(chan error, 1)
	go func() {
		_, err := follower.Conn.Exec(ctx, `SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, slot)
		made <- err
	}()
	e2e.Eventually(db.T, func() error {
		db.Exec(`SELECT pg_log_standby_snapshot()`)
		select {
		case err := <-made:
			if err != nil {
				db.T.Error(err)
			}
			return nil
		default:
			return errors.New("the slot is being made")
		}
	})
}
