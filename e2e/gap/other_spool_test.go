package gap

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"hookline/e2e"
)

// onBoth runs a test on the default version and on the newest one, with a server of its own.
func onBoth(t *testing.T, test func(t *testing.T, db *e2e.Database)) {
	t.Helper()
	t.Parallel()
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			_, db := e2e.NewServerMajor(t, major, nil)
			test(t, db.WithContacts())
		})
	}
}

// spoolIn makes a database for a spool on the CRM's server, and returns the setting that says so.
func spoolIn(db *e2e.Database, name string) (setting string, spool *e2e.Database) {
	db.T.Helper()
	db.Exec(`CREATE DATABASE ` + name)
	spool = sibling(db, name)
	return "HOOKLINE_SPOOL_DATABASE_URL=" + spool.URL, spool
}

// park has a delivery of each of three new contacts wait in the spool of a process that is stopped then.
func park(db *e2e.Database, box *e2e.Inbox, contact string, settings ...string) {
	db.T.Helper()
	box.Answers(e2e.Always(http.StatusServiceUnavailable))
	sut := e2e.Start(db.T, db, append(settings, "HOOKLINE_HOLD_MAX=100ms")...).Until("active")
	before := db.Position()
	db.OneByOne(contact, 3)
	db.UntilAcknowledged(before)
	sut.Stop()
	box.Answers(nil)
}

// wantOtherSpool checks that everybody who is asked tells that the spool is another one.
func wantOtherSpool(sut *e2e.Process, db *e2e.Database, says, setting string) {
	sut.T.Helper()
	untilInGap(sut, "other_spool")
	checkGapLog(sut, "other_spool")
	d, _ := db.Doctor(setting)
	e2e.WantFinding(sut.T, d, "gap", "problem", "other_spool", says, "HOOKLINE_SPOOL_DATABASE_URL",
		"--spool=keep", "--spool=discard")
	if p := e2e.Run(sut.T, db.Env(setting), "status"); p.Wait() != 3 ||
		!strings.Contains(p.Out.String(), "gap (other_spool)") {
		sut.T.Errorf("status: exit code %d, want 3 and the gap:\n%s", p.Wait(), p.Out.String())
	}
}

// acceptSpool goes on with another spool and the slot of before. The log says what is given up: what
// waited in the spool, and nothing of the stream.
func acceptSpool(db *e2e.Database, setting string) {
	db.T.Helper()
	at := e2e.Value[string](db, `SELECT confirmed_flush_lsn::text FROM pg_replication_slots
		WHERE slot_name = $1`, db.Name)
	p := e2e.Run(db.T, db.Env(setting), "setup", "--accept-gap", "--spool=keep")
	if p.Wait() != 0 {
		db.T.Fatalf("setup --accept-gap: exit code %d:\n%s", p.Wait(), p.Log.String())
	}
	for _, want := range []string{
		"gap accepted: what waited in the spool of before is not delivered", "from=" + at,
	} {
		if !strings.Contains(p.Log.String(), want) {
			db.T.Errorf("setup --accept-gap does not print %q:\n%s", want, p.Log.String())
		}
	}
	if strings.Contains(p.Log.String(), "is not announced") {
		db.T.Errorf("setup --accept-gap tells of changes that are lost:\n%s", p.Log.String())
	}
}

// Where the spool was, there is an empty one: that is no first start. Nothing is delivered. With
// the spool of before all goes on; without it, what an operator accepts is the loss of what waited
// in it, and of nothing else.
func TestEmptySpool(t *testing.T) {
	onBoth(t, func(t *testing.T, db *e2e.Database) {
		box := e2e.NewInbox(t)
		db.AddWebhook(box, "*.*")
		right, _ := spoolIn(db, "spool")
		park(db, box, "first", right)

		wrong, _ := spoolIn(db, "empty")
		db.OneByOne("meanwhile", 3)
		asked := len(box.All())
		sut := e2e.Start(t, db, wrong)
		wantOtherSpool(sut, db, "has no checkpoint of slot", wrong)
		sut.Stop()
		if n := len(box.All()) - asked; n != 0 {
			t.Errorf("%d requests were made in the gap", n)
		}
		sut = e2e.Start(t, db, right, e2e.Often).Until("active")
		e2e.Eventually(t, box.Gets(db.Diary()...).Missing)
		sut.Stop()
		heard := db.Diary()

		park(db, box, "second", right)
		lost := len(db.Diary())
		db.OneByOne("kept", 3)
		sut = e2e.Start(t, db, wrong)
		untilInGap(sut, "other_spool")
		asks := e2e.Run(t, db.Env(wrong), "setup", "--accept-gap")
		for _, want := range []string{"--spool=keep", "--spool=discard", "has to be said"} {
			if asks.Wait() != 1 || !strings.Contains(asks.Log.String(), want) {
				t.Errorf("setup --accept-gap: exit code %d, want 1 and %q:\n%s", asks.Wait(), want,
					asks.Log.String())
			}
		}
		operator := e2e.NewInbox(t)
		db.AddOwnWebhook(operator, "event", "hookline.gap")
		acceptSpool(db, wrong)
		sut.Until("active").UntilPrinted("the gap is over")
		operator.UntilAccepted(1)
		if told := string(operator.All()[0].Body); !strings.Contains(told,
			"What waited in the spool of before is not delivered") {
			t.Errorf("operators hear %s", told)
		}
		e2e.Finish(t, sut, box.Gets(append(heard, after(db, lost)...)...))
	})
}

// A spool that served another time, or another database, is another one, too. Where the CRM's
// database is a copy, it is accepted with a new slot: the original sends what the slot has.
func TestForeignSpool(t *testing.T) {
	onBoth(t, func(t *testing.T, db *e2e.Database) {
		box := e2e.NewInbox(t)
		db.AddWebhook(box, "*.*")
		setting, spool := spoolIn(db, "spool")
		heard := func() []e2e.Entry {
			sut := e2e.Start(t, db, setting).Until("active")
			defer sut.Stop()
			return announce(db, box)
		}()
		spool.Exec(`UPDATE hookline.checkpoint SET id = gen_random_uuid()`)
		db.OneByOne("original", 3)
		sut := e2e.Start(t, db, setting)
		wantOtherSpool(sut, db, "has another checkpoint of slot", setting)
		lost := lose(db)
		db.AcceptGapWith("discard", setting)
		sut.Until("active")
		e2e.Finish(t, sut, box.Gets(append(heard, after(db, lost)...)...))
	})
}

// An older backup of the spool has the same checkpoint, further back: the slot is ahead of it. What
// was put into the spool since is lost, and nothing else.
func TestOldSpool(t *testing.T) {
	onBoth(t, func(t *testing.T, db *e2e.Database) {
		box := e2e.NewInbox(t)
		db.AddWebhook(box, "*.*")
		setting, spool := spoolIn(db, "spool")
		park(db, box, "first", setting)
		_ = spool.Conn.Close(t.Context())
		db.Exec(`CREATE DATABASE backup TEMPLATE spool`)
		park(db, box, "second", setting)
		db.Exec(`DROP DATABASE spool WITH (FORCE)`)
		db.Exec(`ALTER DATABASE backup RENAME TO spool`)
		parked := db.Diary()
		first := parked[:len(parked)-3] // the others waited in what is lost
		db.OneByOne("meanwhile", 3)
		sut := e2e.Start(t, db, setting)
		untilInGap(sut, "slot_moved")
		db.AcceptGapWith("keep", setting)
		sut.Until("active")
		e2e.Finish(t, sut, box.Gets(append(first, after(db, len(parked))...)...))
	})
}

// Killed after its first checkpoint and before the note of it, Hookline goes on with the spool that
// has it. With an empty one it is a first start: nothing was taken from the slot yet, and nothing
// is lost.
func TestKilledBeforeTheSpoolIsNoted(t *testing.T) {
	onBoth(t, func(t *testing.T, db *e2e.Database) {
		box := e2e.NewInbox(t)
		db.AddWebhook(box, "*.*")
		first, spool := spoolIn(db, "spool")
		db.SetUp(first)
		db.OneByOne("early", 3)
		killed := func() {
			blocker := db.Session()
			for _, sql := range []string{`BEGIN`, `LOCK TABLE hookline.spool IN SHARE MODE`} {
				if _, err := blocker.Exec(t.Context(), sql); err != nil {
					t.Fatal(err)
				}
			}
			sut := e2e.Start(t, db, first)
			untilItWaits(db, blocker)
			if n := e2e.Value[int](spool, `SELECT count(*) FROM hookline.checkpoint`); n != 1 {
				t.Errorf("%d checkpoints were saved, want 1", n)
			}
			sut.Kill()
			_ = blocker.Close(t.Context())
			untilGone(db)
		}
		killed()
		if n := len(box.All()); n != 0 {
			t.Errorf("%d requests were made before the spool was noted", n)
		}
		empty, _ := spoolIn(db, "empty")
		if p := e2e.Run(t, db.Env(empty), "doctor"); strings.Contains(p.Out.String(), "other_spool") {
			t.Errorf("doctor tells of another spool, and none was noted:\n%s", p.Out.String())
		}
		killed()
		sut := e2e.Start(t, db, first).Until("active")
		db.OneByOne("late", 3)
		e2e.Finish(t, sut, box.Gets(db.Diary()...))
		noted, kept := e2e.Value[string](db, `SELECT checkpoint FROM hookline.spool`),
			e2e.Value[string](spool, `SELECT id::text FROM hookline.checkpoint`)
		if noted != kept {
			t.Errorf("checkpoint %s was noted, and %s is there", noted, kept)
		}
	})
}

// Killed before the note is forgotten, accepting another spool leaves a gap, and the same command
// ends it. After teardown any spool will do.
func TestAcceptSpoolIsKilled(t *testing.T) {
	onBoth(t, func(t *testing.T, db *e2e.Database) {
		box := e2e.NewInbox(t)
		db.AddWebhook(box, "*.*")
		right, _ := spoolIn(db, "spool")
		sut := e2e.Start(t, db, right).Until("active")
		announce(db, box)
		sut.Stop()
		wrong, _ := spoolIn(db, "empty")
		sut = e2e.Start(t, db, wrong)
		untilInGap(sut, "other_spool")
		db.OneByOne("kept", 3)

		blocker := db.Session()
		for _, sql := range []string{`BEGIN`, `LOCK TABLE hookline.spool IN SHARE MODE`} {
			if _, err := blocker.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
		killed := e2e.Command(t, db.Env(wrong), "setup", "--accept-gap", "--spool=keep").Launch()
		untilItWaits(db, blocker)
		killed.Kill()
		db.Exec(
			`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))`,
			int32(blocker.PgConn().PID()))
		untilGone(db)
		_ = blocker.Close(t.Context())
		second := e2e.Start(t, db, wrong)
		untilInGap(second, "other_spool")
		second.Stop()
		acceptSpool(db, wrong)
		sut.Until("active")
		diary := box.Gets(db.Diary()...)
		e2e.Eventually(t, diary.Missing)
		sut.Stop()

		if p := e2e.Run(t, db.Env(wrong), "teardown", "--yes"); p.Wait() != 0 {
			t.Fatalf("teardown: %s", p.Log.String())
		}
		other, _ := spoolIn(db, "other")
		e2e.Finish(t, e2e.Start(t, db, other).Until("active"), diary)
	})
}

// A spool is moved with its schema, as docs/settings.md says: what waits in it comes along, and it
// is the same one. From the CRM's database to one of its own, and on to another.
func TestMovedSpool(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	park(db, box, "first")
	from := db.URL
	for i := range 2 {
		to := e2e.NewDatabase(t)
		dump := filepath.Join(t.TempDir(), "spool.sql")
		tool(t, "pg_dump", "--dbname="+from, "--schema=hookline", "--file="+dump)
		tool(t, "psql", "--dbname="+to.URL, "--file="+dump, "--no-psqlrc", "--quiet",
			"--set=ON_ERROR_STOP=1")
		from = to.URL
		setting := "HOOKLINE_SPOOL_DATABASE_URL=" + to.URL
		if i == 0 {
			park(db, box, "second", setting)
			if n := e2e.Value[int](to, `SELECT count(*) FROM hookline.delivery`); n == 0 {
				t.Error("nothing waits in the spool that was moved")
			}
			continue
		}
		sut := e2e.Start(t, db, setting, e2e.Often).Until("active")
		e2e.Finish(t, sut, box.Gets(db.Diary()...))
	}
}

// A spool of its own in place of the one in the CRM's database, which is left behind, is another
// one as well.
func TestSpoolLeftBehind(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	park(db, box, "first")
	apart := e2e.NewDatabase(t)
	setting := "HOOKLINE_SPOOL_DATABASE_URL=" + apart.URL
	sut := e2e.Start(t, db, setting)
	wantOtherSpool(sut, db, "has no checkpoint of slot", setting)
	sut.Stop()
	e2e.Finish(t, e2e.Start(t, db, e2e.Often).Until("active"), box.Gets(db.Diary()...))
}

// The spool is replaced while Hookline runs, and nothing moves: the process tells what doctor and
// status tell, lets go of the slot, so that the same command ends it, and goes on by itself.
func TestSpoolReplacedAtWork(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason  string
		majors  []int
		replace func(db, spool *e2e.Database)
	}{
		"emptied": {"other_spool", []int{0, 18}, func(_, spool *e2e.Database) {
			spool.Exec(`DROP SCHEMA hookline CASCADE`)
		}},
		"dropped": {"other_spool", []int{0}, func(db, _ *e2e.Database) {
			db.Exec(`DROP DATABASE spool WITH (FORCE)`)
			db.Exec(`CREATE DATABASE spool`)
		}},
		// as many changes were made in it, by as many processes
		"another": {"other_spool", []int{0}, func(_, spool *e2e.Database) {
			spool.Exec(`UPDATE hookline.checkpoint SET id = gen_random_uuid()`)
			spool.Exec(`TRUNCATE hookline.queue CASCADE`)
		}},
		"set back": {"slot_moved", []int{0, 18}, func(db, _ *e2e.Database) {
			db.Exec(`DROP DATABASE spool WITH (FORCE)`)
			db.Exec(`ALTER DATABASE backup RENAME TO spool`)
		}},
	} {
		for _, major := range test.majors {
			t.Run(fmt.Sprint(name, " ", major), func(t *testing.T) {
				t.Parallel()
				_, db := e2e.NewServerMajor(t, major, nil)
				db.WithContacts()
				box := e2e.NewInbox(t)
				db.AddWebhook(box, "*.*")
				setting, spool := spoolIn(db, "spool")
				sut := e2e.Start(t, db, setting).Until("active")
				announce(db, box)
				sut.Stop()
				_ = spool.Conn.Close(t.Context())
				db.Exec(`CREATE DATABASE backup TEMPLATE spool`)
				spool.Conn = spool.Session()

				sut = e2e.Start(t, db, setting, "HOOKLINE_HOLD_MAX=100ms").Until("active")
				operator := e2e.NewInbox(t)
				db.AddOwnWebhook(operator, "event", "hookline.gap")
				db.OneByOne("more", 3)
				box.UntilAccepted(6)
				heard := db.Diary()
				box.Answers(e2e.Always(http.StatusServiceUnavailable))
				before := db.Position()
				db.OneByOne("lost", 3) // in the spool, and so with it
				db.UntilAcknowledged(before)
				lost := len(db.Diary())

				test.replace(db, spool)
				untilInGap(sut, test.reason)
				says := sut.Get("/readyz")
				d, _ := db.Doctor(setting)
				finding := d.Finding("gap")
				for _, line := range append(strings.Split(finding.Mend, "\n"),
					strings.TrimPrefix(finding.Found, test.reason+": ")) {
					if !strings.Contains(says, line) {
						t.Errorf("doctor says %q, and /readyz\n%s", line, says)
					}
				}
				checkGapLog(sut, test.reason)
				box.Answers(nil)
				db.OneByOne("kept", 3)
				e2e.Eventually(t, func() error { // what was in hand is given up first
					p := e2e.Run(t, db.Env(setting), "setup", "--accept-gap", "--spool=keep")
					if p.Wait() != 0 {
						return fmt.Errorf("setup --accept-gap: exit code %d:\n%s", p.Wait(), p.Log.String())
					}
					return nil
				})
				sut.Until("active").UntilPrinted("the gap is over")
				e2e.Finish(t, sut, box.Gets(append(heard, after(db, lost)...)...))
			})
		}
	}
}

// For a while the spool's address leads to a standby that has yet to get the last checkpoint, and
// takes no writes. It is the right spool, and nothing is lost: there is no gap.
func TestSpoolBehindForAWhile(t *testing.T) {
	onBoth(t, func(t *testing.T, db *e2e.Database) {
		box := e2e.NewInbox(t)
		db.AddWebhook(box, "*.*")
		setting, spool := spoolIn(db, "spool")
		sut := e2e.Start(t, db, setting, "HOOKLINE_LOG_LEVEL=debug").Until("active")
		const position = `SELECT settled_lsn::text FROM hookline.checkpoint`
		first := e2e.Value[string](spool, position)
		before := db.Position()
		announce(db, box)
		db.UntilAcknowledged(before)
		saved := e2e.Value[string](spool, position)
		const set = `UPDATE hookline.checkpoint SET settled_lsn = $1::text::pg_lsn, commit_lsn = '0/0',
			change_index = 0`
		const others = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`
		spool.Exec(`ALTER DATABASE spool SET default_transaction_read_only = on`)
		spool.Exec(others) // sessions from now on can only read; this one is from before
		spool.Exec(set, first)
		sut.UntilPrinted("it cannot be told whether the spool is the one of before")
		if got := sut.Get("/readyz"); got != "200 active" {
			t.Errorf("/readyz answers %q", got)
		}
		spool.Exec(set, saved)
		spool.Exec(`ALTER DATABASE spool RESET default_transaction_read_only`)
		spool.Exec(others)
		after(db, 0)
		if log := sut.Log.String(); strings.Contains(log, "gap:") {
			t.Errorf("it has told of a gap:\n%s", log)
		}
		e2e.Finish(t, sut, box.Gets(db.Diary()...))
	})
}

// The checkpoint alone is set back while Hookline runs: that is no loss, as long as the spool has
// all that was put into it. It is saved again, and nobody is asked.
func TestCheckpointSetBackAtWork(t *testing.T) {
	onBoth(t, func(t *testing.T, db *e2e.Database) {
		box := e2e.NewInbox(t)
		db.AddWebhook(box, "*.*")
		setting, spool := spoolIn(db, "spool")
		sut := e2e.Start(t, db, setting).Until("active")
		const position = `SELECT settled_lsn::text FROM hookline.checkpoint`
		first := e2e.Value[string](spool, position)
		before := db.Position()
		announce(db, box)
		db.UntilAcknowledged(before)
		saved := e2e.Value[string](spool, position)
		spool.Exec(`UPDATE hookline.checkpoint SET settled_lsn = $1::text::pg_lsn, commit_lsn = '0/0',
			change_index = 0`, first)
		sut.UntilPrinted("the checkpoint was set back by somebody else, and is saved again")
		if at := e2e.Value[bool](spool, `SELECT settled_lsn >= $1::text::pg_lsn FROM hookline.checkpoint`,
			saved); !at {
			t.Errorf("the checkpoint is before %s", saved)
		}
		if p := e2e.Run(t, db.Env(setting), "status"); p.Wait() != 0 {
			t.Errorf("status: exit code %d:\n%s", p.Wait(), p.Out.String())
		}
		if got := sut.Get("/readyz"); got != "200 active" {
			t.Errorf("/readyz answers %q", got)
		}
		after(db, 0)
		e2e.Finish(t, sut, box.Gets(db.Diary()...))
	})
}
