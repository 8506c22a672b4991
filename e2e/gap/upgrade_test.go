package gap

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"hookline/e2e"
	"hookline/internal/postgres"
	"hookline/internal/postgres/postgrestest"
)

// Postgres is upgraded while deliveries wait and are dead, and after changes that nobody has read
// yet. pg_upgrade refuses, until the slot is made ready for it; that may be done in vain, and
// again. Afterwards nothing is delivered until it is said that this is an upgrade, and then nothing
// is lost and nothing comes twice.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	postgrestest.NeedUpgrade(t, 17, 18)
	server, db := e2e.NewServerMajor(t, 17, map[string]string{"autovacuum": "off"})
	db.WithContacts()
	box, failing := e2e.NewInbox(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	db.AddWebhook(failing, "*.*")
	db.Exec(`CREATE TABLE part (id int PRIMARY KEY) PARTITION BY LIST (id);
		CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1)`)
	failing.Answers(e2e.Always(http.StatusServiceUnavailable))
	const soon = "HOOKLINE_HOLD_MAX=100ms"
	sut := e2e.Start(t, db, soon, "HOOKLINE_RETRY_SCHEDULE=10ms").Until("active")
	db.OneByOne("dead", 3)
	db.UntilDead(3)
	if refused := e2e.Run(t, db.Env(), "upgrade", "prepare"); refused.Wait() != 1 ||
		!strings.Contains(refused.Log.String(), `a process reads replication slot "`+db.Name+`"`) {
		t.Errorf("while Hookline runs: exit code %d, want 1 and the reason:\n%s", refused.Wait(),
			refused.Log.String())
	}
	sut.Stop()
	db.OneByOne("unread", 5)

	db.Exec(`BEGIN; PREPARE TRANSACTION 'forgotten'`)
	if refused := e2e.Run(t, db.Env(), "upgrade", "prepare"); refused.Wait() != 3 ||
		!strings.Contains(refused.Out.String(), "ROLLBACK PREPARED 'forgotten'") {
		t.Errorf("with a prepared transaction: exit code %d, want 3 and what ends it:\n%s",
			refused.Wait(), refused.Out.String())
	}
	db.Exec(`ROLLBACK PREPARED 'forgotten'`)
	prepare(db, soon, e2e.Often)
	if n := box.Events(); n != 8 {
		t.Errorf("%d events have arrived, want all 8", n)
	}
	sut = e2e.Start(t, db, soon, e2e.Often).Until("active") // the upgrade is put off
	db.OneByOne("putoff", 2)
	box.UntilAccepted(10)
	sut.Stop()

	upgrade := newUpgrade(t, server, 18)
	if out, err := upgrade.Check(t.Context()); err == nil || !strings.Contains(out,
		"logical replication slots that cannot be upgraded") {
		t.Errorf("pg_upgrade --check: %v, want it to refuse the slot:\n%s", err, out)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	prepare(db, soon, e2e.Often)
	upgraded := pgUpgrade(t, upgrade, server, db, 18)

	sut = e2e.Start(t, upgraded, soon, e2e.Often)
	e2e.Eventually(t, func() error {
		if got := sut.Get("/readyz"); !strings.HasPrefix(got, "503 gap (other_system): ") ||
			!strings.Contains(got, "hookline upgrade finish,") {
			return fmt.Errorf("/readyz answers %q, want an upgrade that is to be finished", got)
		}
		return nil
	})
	accept := e2e.Run(t, upgraded.Env(), "setup", "--accept-gap")
	if accept.Wait() != 1 || !strings.Contains(accept.Log.String(), "7 waiting, 3 dead") {
		t.Errorf("setup --accept-gap: exit code %d, want 1 and what is in the spool:\n%s", accept.Wait(),
			accept.Log.String())
	}
	if n := box.Events(); n != 10 {
		t.Errorf("%d events have arrived, want 10", n)
	}
	// again, and there is nothing to do
	for _, want := range []string{"Finished", "no upgrade to finish"} {
		if finish := e2e.Run(t, upgraded.Env(), "upgrade", "finish"); finish.Wait() != 0 ||
			!strings.Contains(finish.Out.String(), want) {
			t.Errorf("finish: exit code %d, want 0 and %q:\n%s%s", finish.Wait(), want, finish.Out.String(),
				finish.Log.String())
		} else if strings.Contains(finish.Log.String(), "part_1") ||
			strings.Contains(finish.Log.String(), "while its rows are read") {
			t.Errorf("finish: partitions are read that were there before:\n%s", finish.Log.String())
		}
	}
	sut.Until("active").UntilPrinted("the gap is over")
	upgraded.OneByOne("after", 3)
	upgraded.UntilDead(3)
	failing.Answers(nil)
	if replay := e2e.Run(t, upgraded.Env(), "deliveries", "replay", "--all"); replay.Wait() != 0 {
		t.Errorf("deliveries replay: exit code %d:\n%s", replay.Wait(), replay.Log.String())
	}
	diary := upgraded.Diary()
	e2e.Finish(t, sut, box.Gets(diary...), failing.Gets(diary...))
}

// The slot does not come along: it was dropped by hand, or the server is older than 17. As nothing
// was written in between, nothing is lost.
func TestUpgradeWithoutTheSlot(t *testing.T) {
	t.Parallel()
	for _, major := range []int{15, 17} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			postgrestest.NeedUpgrade(t, major, 18)
			server, db := e2e.NewServerMajor(t, major, map[string]string{"autovacuum": "off"})
			db.WithContacts()
			needKnownColumns(db)
			box := e2e.NewInbox(t)
			db.AddWebhook(box, "*.*")
			db.SetUp()
			db.OneByOne("before", 3)
			box.Answers(e2e.Always(http.StatusServiceUnavailable))
			prepare(db, "HOOKLINE_HOLD_MAX=100ms", e2e.Often)
			if major >= 17 {
				db.DropSlot()
			}
			upgraded := pgUpgrade(t, newUpgrade(t, server, 18), server, db, 18)

			sut := e2e.Start(t, upgraded, e2e.Often)
			sut.UntilPrinted("hookline upgrade finish --new-slot")
			if refused := e2e.Run(t, upgraded.Env(), "upgrade", "finish"); refused.Wait() != 1 ||
				!strings.Contains(refused.Log.String(), "hookline upgrade finish --new-slot") {
				t.Errorf("finish: exit code %d, want 1 and the way out:\n%s", refused.Wait(),
					refused.Log.String())
			}
			finish := e2e.Run(t, upgraded.Env(), "upgrade", "finish", "--new-slot")
			if finish.Wait() != 0 || !strings.Contains(finish.Log.String(), "from=") {
				t.Errorf("finish --new-slot: exit code %d, want 0 and what is given up:\n%s", finish.Wait(),
					finish.Log.String())
			}
			sut.Until("active")
			upgraded.OneByOne("after", 3)
			box.Answers(nil)
			e2e.Finish(t, sut, box.Gets(upgraded.Diary()...))
		})
	}
}

// Postgres is upgraded without hookline upgrade prepare, in the way of the least loss that
// docs/failover.md tells. What waits in the spool and what is dead is kept. While the CRM is stopped
// nothing is lost; else what it commits between the end of Hookline and the new slot is, and no
// more.
func TestUpgradeNotPrepared(t *testing.T) {
	t.Parallel()
	for _, stopped := range []bool{true, false} {
		t.Run(fmt.Sprint("CRM stopped ", stopped), func(t *testing.T) {
			t.Parallel()
			postgrestest.NeedUpgrade(t, 17, 18)
			server, db := e2e.NewServerMajor(t, 17, map[string]string{"autovacuum": "off"})
			db.WithContacts()
			box, failing := e2e.NewInbox(t), e2e.NewInbox(t)
			db.AddWebhook(box, "*.*")
			db.AddWebhook(failing, "*.*")
			failing.Answers(e2e.Always(http.StatusServiceUnavailable))
			const soon = "HOOKLINE_HOLD_MAX=100ms"
			sut := e2e.Start(t, db, soon, "HOOKLINE_RETRY_SCHEDULE=10ms").Until("active")
			db.OneByOne("dead", 3)
			db.UntilDead(3)
			sut.Stop()
			db.OneByOne("waiting", 3)
			if unread(db) == 0 {
				t.Error("the page's query tells nothing of what is left")
			}
			for unread(db) > 0 {
				sut = e2e.Start(t, db, soon).Until("active")
				untilCaughtUp(db)
				sut.Stop()
			}
			heard := db.Diary()
			lost := func(on *e2e.Database, contact string) {
				if !stopped {
					on.OneByOne(contact, 3)
				}
			}
			lost(db, "old")

			upgrade := newUpgrade(t, server, 18)
			if out, err := upgrade.Check(t.Context()); err == nil || !strings.Contains(out,
				"logical replication slots that cannot be upgraded") {
				t.Errorf("pg_upgrade --check: %v, want it to refuse the slot:\n%s", err, out)
			}
			if err := server.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			db.Conn = db.Session()
			db.DropSlot()
			upgraded := pgUpgrade(t, upgrade, server, db, 18)
			lost(upgraded, "new")
			accept := e2e.Run(t, upgraded.Env(), "setup", "--accept-gap", "--spool=keep")
			if accept.Wait() != 0 || !strings.Contains(accept.Log.String(), "from=") {
				t.Fatalf("setup --accept-gap: exit code %d, want 0 and what is given up:\n%s", accept.Wait(),
					accept.Log.String())
			}

			end := len(upgraded.Diary())
			if n := end - len(heard); n != map[bool]int{true: 0, false: 6}[stopped] {
				t.Fatalf("%d changes are given up", n)
			}
			upgraded.OneByOne("after", 3)
			failing.Answers(nil)
			sut = e2e.Start(t, upgraded, soon, e2e.Often).Until("active")
			upgraded.UntilDead(3)
			if replay := e2e.Run(t, upgraded.Env(), "deliveries", "replay", "--all"); replay.Wait() != 0 {
				t.Errorf("deliveries replay: exit code %d:\n%s", replay.Wait(), replay.Log.String())
			}
			told := append(heard, upgraded.Diary()[end:]...)
			e2e.Finish(t, sut, box.Gets(told...), failing.Gets(told...))
		})
	}
}

// unread runs the query of docs/failover.md that tells whether the slot has something to announce
// yet.
func unread(db *e2e.Database) int {
	db.T.Helper()
	return e2e.Value[int](db, `SELECT count(*)::int FROM pg_logical_slot_peek_binary_changes($1, NULL,
		NULL, 'proto_version', '1', 'publication_names', 'hookline')`, db.Name)
}

// untilCaughtUp waits until status says that Hookline is some hundred bytes behind at most.
func untilCaughtUp(db *e2e.Database) {
	db.T.Helper()
	e2e.Eventually(db.T, func() error {
		var status struct{ Slot struct{ LagBytes int64 } }
		p := e2e.Run(db.T, db.Env(), "status", "--json")
		if err := json.Unmarshal([]byte(p.Out.String()), &status); err != nil {
			return err
		}
		if behind := status.Slot.LagBytes; behind > 999 {
			return fmt.Errorf("%d B behind", behind)
		}
		return nil
	})
}

// prepare makes the slot ready for pg_upgrade.
func prepare(db *e2e.Database, settings ...string) {
	db.T.Helper()
	if p := e2e.Run(db.T, db.Env(settings...), "upgrade", "prepare"); p.Wait() != 0 ||
		!strings.Contains(p.Out.String(), "Ready: ") {
		db.T.Fatalf("upgrade prepare: exit code %d:\n%s%s", p.Wait(), p.Out.String(), p.Log.String())
	}
}

// newUpgrade shuts the server down, and returns its upgrade to a major version.
func newUpgrade(t *testing.T, server *postgres.Server, major int) *postgres.Upgrade {
	t.Helper()
	err := server.ShutDown(t.Context())
	upgrade, failed := postgres.NewUpgrade(t.Context(), server, major, filepath.Join(server.Dir(),
		"upgraded"))
	if err = errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	return upgrade
}

// pgUpgrade upgrades the server as an operator does, and returns the database on the new one.
func pgUpgrade(t *testing.T, upgrade *postgres.Upgrade, server *postgres.Server, db *e2e.Database,
	major int,
) *e2e.Database {
	t.Helper()
	if err := server.ShutDown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, run := range []func() (string, error){
		func() (string, error) { return upgrade.Check(t.Context()) },
		func() (string, error) { return upgrade.Run(t.Context()) },
	} {
		if out, err := run(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	dir := filepath.Join(server.Dir(), "upgraded")
	upgraded := e2e.Connect(t, e2e.StartCopy(t, postgres.Options{Dir: dir, Major: major}).URL(db.Name))
	if major := e2e.Value[string](upgraded, `SHOW server_version`); !strings.HasPrefix(major, "18") {
		t.Fatalf("the server is Postgres %s", major)
	}
	return upgraded
}

// needKnownColumns skips a test on a server whose minor release is newer than that of the pg_upgrade
// at hand: 15.20 notes a version with each column, as an option that Postgres 18.0 refuses.
func needKnownColumns(db *e2e.Database) {
	db.T.Helper()
	const options = `SELECT count(*)::int FROM pg_attribute WHERE array_to_string(attoptions, ',')
		LIKE '%pg_attver%'`
	if e2e.Value[int](db, options) > 0 {
		db.T.Skip("this minor release keeps what the new server does not know: " +
			"pg_upgrade needs a newer one of the new version")
	}
}
