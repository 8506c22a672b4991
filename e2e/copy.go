package e2e

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"hookline/internal/postgres"
)

// Copy says what becomes of a copy of a server's files.
type Copy struct {
	Dir      string // that is made for it
	Major    int    // version of the server; 0 is the default one
	Port     int    // 0 stands for a free one
	Settings map[string]string

	Standby bool // it follows the server, from which else it knows nothing
	Slots   bool // the files of logical slots come along, as Patroni has them
}

// CopyServer starts a server on a copy of the files of one that runs, to which db leads.
func CopyServer(t *testing.T, of *postgres.Server, db *Database, c Copy) *postgres.Server {
	t.Helper()
	source, data := filepath.Join(of.Dir(), "data"), filepath.Join(c.Dir, "data")
	if err := os.Mkdir(c.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if c.Standby && c.Slots {
		defer keepCatalog(db)()
	}
	db.Exec(`SELECT pg_backup_start('copy', true)`)
	// Files come and go meanwhile, which cp complains of, and WAL makes good.
	_ = exec.CommandContext(t.Context(), "cp", "-a", source, data).Run()
	files := map[string]string{
		"backup_label": Value[string](db, `SELECT labelfile FROM pg_backup_stop(false)`),
	}
	_ = exec.CommandContext(t.Context(), "cp", "-a", filepath.Join(source, "pg_wal"), data).Run()
	settings := map[string]string{"autovacuum": "off"}
	if c.Standby {
		files["standby.signal"] = ""
		settings["primary_conninfo"] = fmt.Sprintf("host=127.0.0.1 port=%d user=postgres", of.Port())
		settings["hot_standby_feedback"] = "on"
		if c.Slots {
			settings["primary_slot_name"] = "standby"
		}
	}
	for name, value := range c.Settings {
		settings[name] = value
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(data, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	away := []string{
		"postmaster.pid", "postgresql.auto.conf", "pg_replslot/kept", "pg_replslot/standby",
	}
	if !c.Slots {
		away = append(away, "pg_replslot")
	}
	for _, name := range away {
		if err := os.RemoveAll(filepath.Join(data, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(data, "pg_replslot"), 0o700); !c.Slots && err != nil {
		t.Fatal(err)
	}
	GiveTo(t, c.Dir, of.Dir())
	return StartCopy(t, postgres.Options{
		Dir: c.Dir, Major: c.Major, Port: c.Port, Settings: settings,
	})
}

// keepCatalog gives a standby a slot of its own, by which the server keeps the rows of its catalog
// that the slots need which come along: as Patroni does. Else they could be lost. Until the standby
// has told what it needs, which release waits for, another slot keeps them.
func keepCatalog(db *Database) (release func()) {
	db.T.Helper()
	db.Exec(`SELECT pg_copy_logical_replication_slot(slot_name, 'kept', true)
		FROM pg_replication_slots WHERE slot_type = 'logical'`)
	db.Exec(`SELECT pg_create_physical_replication_slot('standby', true)`)
	return func() {
		db.T.Helper()
		Eventually(db.T, func() error {
			if !Value[bool](db, `SELECT catalog_xmin IS NOT NULL
					FROM pg_replication_slots WHERE slot_name = 'standby'`) {
				return errors.New("the standby has not told what it needs")
			}
			return nil
		})
		db.Exec(`CHECKPOINT`) // what a standby needs is not written down before, and lost in a crash
		db.Exec(`SELECT pg_drop_replication_slot('kept')`)
	}
}

// StartCopy starts a server on a copy of another one's files. It ends with the test.
func StartCopy(t *testing.T, o postgres.Options) *postgres.Server {
	t.Helper()
	server, err := postgres.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// GiveTo makes whoever owns the directory like the owner of dir and of all that is in it.
func GiveTo(t *testing.T, dir, like string) {
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

// CaughtUp waits until a standby has all that its primary has written.
func CaughtUp(db, follower *Database) {
	db.T.Helper()
	end := Value[string](db, `SELECT pg_current_wal_flush_lsn()::text`)
	Eventually(db.T, func() error {
		if !Value[bool](follower, `SELECT pg_last_wal_replay_lsn() >= '`+end+`'::pg_lsn`) {
			return fmt.Errorf("the standby has not come to %s", end)
		}
		return nil
	})
}

// CutOff has a standby follow nobody any more. Its primary goes on without it.
func CutOff(follower *Database) {
	follower.T.Helper()
	follower.Exec(`ALTER SYSTEM SET primary_conninfo = ''`)
	follower.Exec(`SELECT pg_reload_conf()`)
	Eventually(follower.T, func() error {
		if n := Value[int](follower, `SELECT count(*)::int FROM pg_stat_wal_receiver`); n > 0 {
			return errors.New("the standby still follows")
		}
		return nil
	})
}

// TakesWrites returns the URL of a database on whichever of two servers takes writes.
func TakesWrites(t *testing.T, address string, onePort, otherPort int) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = fmt.Sprintf("127.0.0.1:%d,127.0.0.1:%d", onePort, otherPort)
	query := u.Query()
	query.Set("target_session_attrs", "read-write")
	u.RawQuery = query.Encode()
	return u.String()
}
