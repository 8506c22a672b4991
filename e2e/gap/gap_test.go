package gap

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"hookline/e2e"
)

// gaps are what may happen to slot or publication.
var gaps = map[string]struct {
	crm     func(*testing.T) *e2e.Database
	happens func(*e2e.Database)
	reason  string
	kept    bool // the slot is, with what is committed in the gap
}{
	"slot dropped":        {e2e.NewCRM, (*e2e.Database).DropSlot, "slot_missing", false},
	"slot moved":          {e2e.NewCRM, moveSlot, "slot_moved", true},
	"slot lost":           {newTightCRM, loseSlot, "slot_lost", false},
	"publication dropped": {e2e.NewCRM, dropPublication, "publication_missing", false},
}

// Whatever happens to slot or publication while Hookline does not run, it finds out at its start:
// it stays, delivers nothing, says why, and goes on by itself once an operator has accepted that
// some changes will not be announced.
func TestGapAtStart(t *testing.T) {
	t.Parallel()
	for name, test := range gaps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, box := test.crm(t), e2e.NewInbox(t)
			db.AddWebhook(box, "*.*")
			sut := e2e.Start(t, db).Until("active")
			heard := announce(db, box)
			sut.Stop()

			db.OneByOne("missed", 3)
			test.happens(db)
			sut = untilGap(e2e.Start(t, db), db, test.reason)
			lost := len(db.Diary())
			if end := lose(db); !test.kept {
				lost = end
			}
			sut.Stop() // in a gap, too, that is a success
			if setup := e2e.Run(t, db.Env(), "setup"); setup.Wait() != 1 ||
				!strings.Contains(setup.Log.String(), "hookline setup --accept-gap") {
				t.Errorf("setup in a gap: exit code %d, want 1 and the way out:\n%s", setup.Wait(),
					setup.Log.String())
			}

			sut = untilGap(e2e.Start(t, db), db, test.reason)
			db.AcceptGap()
			sut.Until("active").UntilPrinted("the gap is over")
			e2e.Finish(t, sut, box.Gets(append(heard, after(db, lost)...)...))
		})
	}
}

// Happens it while Hookline runs, the same process does the same.
func TestGapAtWork(t *testing.T) {
	t.Parallel()
	for name, test := range gaps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, box := test.crm(t), e2e.NewInbox(t)
			db.AddWebhook(box, "*.*")
			sut := e2e.Start(t, db).Until("active")
			heard := announce(db, box)
			test.happens(db)
			lost := len(db.Diary())
			if end := lose(db); !test.kept {
				lost = end
			}
			untilGap(sut, db, test.reason)
			db.AcceptGap()
			sut.Until("active").UntilPrinted("the gap is over")
			e2e.Finish(t, sut, box.Gets(append(heard, after(db, lost)...)...))
		})
	}
}

// The server may go away while Hookline is in a gap, and a process that stands by falls into the
// gap with the active one. Afterwards one of them is active again, and the other stands by.
func TestGapOfTwo(t *testing.T) {
	t.Parallel()
	server, db := e2e.NewCRMServer(t)
	box := e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	active := e2e.Start(t, db).Until("active")
	standby := e2e.Start(t, db).Until("standby")
	heard := announce(db, box)

	db.DropSlot()
	lost := lose(db)
	untilGap(active, db, "slot_missing")
	untilGap(standby, db, "slot_missing")
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	db.Conn = db.Session()
	untilGap(active, db, "slot_missing")
	untilGap(standby, db, "slot_missing")
	db.AcceptGap()
	active, standby = e2e.Roles(t, active, standby)
	diary := box.Gets(append(heard, after(db, lost)...)...)
	e2e.Eventually(t, diary.Missing)
	active.Stop()
	e2e.Finish(t, standby.Until("active"), diary)
}

// What was put into the spool before the gap is no part of it: it is delivered when the gap is
// over, and not before.
func TestGapSparesTheSpool(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	box.Answers(e2e.Always(http.StatusServiceUnavailable))
	sut := e2e.Start(t, db, e2e.Often, "HOOKLINE_HOLD_MAX=1s").Until("active")
	before := db.Position()
	db.OneByOne("before", 20)
	parked := db.Diary()
	db.UntilAcknowledged(before)
	db.DropSlot()
	lost := lose(db)
	untilGap(sut, db, "slot_missing")
	box.Answers(nil)
	sut.Stop()
	sut = untilGap(e2e.Start(t, db, e2e.Often), db, "slot_missing")
	if n := box.Count(); n > 0 {
		t.Errorf("%d deliveries were made in the gap", n)
	}
	before = e2e.Value[string](db, `SELECT settled_lsn::text FROM hookline.checkpoint`)
	for _, args := range [][]string{{"setup", "--spool=keep"}, {
		"setup", "--accept-gap",
		"--spool=some",
	}} {
		if p := e2e.Run(t, db.Env(), args...); p.Wait() != 2 {
			t.Errorf("%v: exit code %d, want 2", args, p.Wait())
		}
	}
	asks := e2e.Run(t, db.Env(), "setup", "--accept-gap")
	for _, want := range []string{"20 waiting, 0 dead", "--spool=keep", "--spool=discard"} {
		if asks.Wait() != 1 || !strings.Contains(asks.Log.String(), want) {
			t.Errorf("setup --accept-gap: exit code %d, want 1 and %q:\n%s", asks.Wait(), want,
				asks.Log.String())
		}
	}
	if at := e2e.Value[string](db, `SELECT settled_lsn::text FROM hookline.checkpoint`); at != before {
		t.Errorf("the gap begins at %s, before at %s", at, before)
	}
	db.AcceptGapWith("keep")
	sut.Until("active")
	e2e.Finish(t, sut, box.Gets(append(parked, after(db, lost)...)...))
}

// A receiver is dead, the spool's database as well, memory is full, and the slot is lost. When
// somebody has seen to it, the same process goes on.
func TestGapBehindADeadReceiver(t *testing.T) {
	t.Parallel()
	spool, there := e2e.NewServer(t, nil)
	setting := "HOOKLINE_SPOOL_DATABASE_URL=" + there.URL
	db, box, dead := newTightCRM(t), e2e.NewInbox(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	db.AddWebhook(dead, "*.*")
	dead.Answers(e2e.Always(http.StatusServiceUnavailable))
	sut := e2e.Start(t, db, setting, "HOOKLINE_MAX_BUFFER=64KiB",
		"HOOKLINE_DRAIN_TIMEOUT=1s").Until("active")
	if err := spool.Kill(); err != nil {
		t.Fatal(err)
	}
	db.AtOnce("many", 3000)
	dead.UntilAsked(1)
	loseSlot(db)
	untilInGap(sut, "slot_lost")
	if n := box.Count(); n >= 3000 {
		t.Errorf("%d deliveries were accepted before memory was full", n)
	}
	if err := spool.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	db.AcceptGapWith("keep", setting)
	sut.Until("active")
	db.OneByOne("after", 1)
	box.UntilHeardOf("after1")
	sut.Stop()
}

// A publication that somebody has dropped and made anew by hand is of no use to a slot that is
// older: it is a gap all the same, and is told once however often Hookline tries.
func TestGapOfAYoungPublication(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db).Until("active")
	heard := announce(db, box)

	dropPublication(db)
	lost := lose(db)
	untilGap(sut, db, "publication_missing")
	db.Exec(`CREATE PUBLICATION hookline FOR TABLE contacts, webhooks`)
	e2e.Eventually(t, func() error {
		if got := sut.Get("/readyz"); !strings.HasPrefix(got, "503 gap (publication_missing)") {
			t.Errorf("/readyz answers %q in the gap", got)
		}
		if tries := strings.Count(sut.Log.String(), "replication stream started"); tries < 3 {
			return fmt.Errorf("%d streams were started, want 3", tries)
		}
		return nil
	})
	checkGapLog(sut, "publication_missing")
	e2e.Eventually(t, func() error { // it has the slot for an instant at each try
		if p := e2e.Run(t, db.Env(), "setup", "--accept-gap"); p.Wait() != 0 {
			return fmt.Errorf("setup --accept-gap: %s", p.Log.String())
		}
		return nil
	})
	sut.Until("active")
	e2e.Finish(t, sut, box.Gets(append(heard, after(db, lost)...)...))
}

// While a process reads the slot there is no gap to accept, and a slip of the hand costs nothing.
func TestAcceptGapIsRefused(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db).Until("active")
	db.OneByOne("before", 3)
	refused := e2e.Run(t, db.Env(), "setup", "--accept-gap")
	if refused.Wait() != 1 {
		t.Errorf("exit code %d, want 1", refused.Wait())
	}
	for _, want := range []string{
		`a process reads replication slot "` + db.Name + `"`,
		"stop that process first, and drop the slot", "pg_stat_replication",
	} {
		if !strings.Contains(refused.Log.String(), want) {
			t.Errorf("the message does not hold %q:\n%s", want, refused.Log.String())
		}
	}
	db.OneByOne("after", 3)
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
}

// Where there is no gap nothing can be given up by accepting one, whatever is said of the spool:
// neither before the first start, nor while changes wait in the slot and deliveries in the spool.
func TestAcceptNoGap(t *testing.T) {
	onBoth(t, func(t *testing.T, db *e2e.Database) {
		box := e2e.NewInbox(t)
		db.AddWebhook(box, "*.*")
		refused := func(says ...string) {
			t.Helper()
			before := db.Prepared()
			for _, args := range [][]string{
				{"setup", "--accept-gap"},
				{"setup", "--accept-gap", "--spool=keep"},
				{"setup", "--accept-gap", "--spool=discard"},
			} {
				p := e2e.Run(t, db.Env(), args...)
				for _, want := range append(says, "there is no gap: ") {
					if p.Wait() != 1 || !strings.Contains(p.Log.String(), want) {
						t.Errorf("%v: exit code %d, want 1 and %q:\n%s", args, p.Wait(), want, p.Log.String())
					}
				}
			}
			if after := db.Prepared(); after != before {
				t.Errorf("the database was\n%s\nand is\n%s", before, after)
			}
		}
		refused("nothing was announced yet from slot", "hookline setup,")

		park(db, box, "parked")
		db.OneByOne("unread", 3)
		stands := func() string {
			return e2e.Value[string](db, `SELECT concat_ws(' ', confirmed_flush_lsn, restart_lsn,
				(SELECT to_jsonb(c) FROM hookline.checkpoint c),
				(SELECT jsonb_agg(q) FROM hookline.queue q),
				(SELECT jsonb_agg(o) FROM hookline.owner o), (SELECT jsonb_agg(s) FROM hookline.spool s),
				(SELECT count(*) FROM hookline.delivery), (SELECT count(*) FROM hookline.notice))
				FROM pg_replication_slots WHERE slot_name = $1`, db.Name)
		}
		before := stands()
		refused("brings all that was committed since", "hookline run goes on from there",
			"pg_drop_replication_slot('"+db.Name+"')")
		if after := stands(); after != before {
			t.Errorf("slot, checkpoint and spool stood at\n%s\nand stand at\n%s", before, after)
		}
		e2e.Finish(t, e2e.Start(t, db, e2e.Often).Until("active"), box.Gets(db.Diary()...))

		// what the message says, of changes that nobody wants to hear of
		heard := db.Diary()
		lost := lose(db)
		db.DropSlot()
		db.AcceptGap()
		sut := e2e.Start(t, db).Until("active")
		e2e.Finish(t, sut, box.Gets(append(heard, after(db, lost)...)...))
	})
}

// A slot of the name that others read by another plugin is left alone.
func TestAcceptGapOfAnothersSlot(t *testing.T) {
	t.Parallel()
	db := e2e.NewCRM(t)
	db.Exec(`SELECT pg_create_logical_replication_slot($1, 'test_decoding')`, db.Name)
	p := e2e.Run(t, db.Env(), "setup", "--accept-gap")
	if p.Wait() != 1 || !strings.Contains(p.Log.String(), `is of plugin "test_decoding"`) {
		t.Errorf("exit code %d, want 1 and the plugin:\n%s", p.Wait(), p.Log.String())
	}
	const there = `SELECT count(*)::int FROM pg_replication_slots WHERE plugin = 'test_decoding'
		AND slot_name = $1`
	if n := e2e.Value[int](db, there, db.Name); n != 1 {
		t.Error("the slot is gone")
	}
}

// announce makes changes that the inbox hears of, and returns the diary up to them.
func announce(db *e2e.Database, box *e2e.Inbox) (heard []e2e.Entry) {
	db.T.Helper()
	db.OneByOne("before", 3)
	box.UntilAccepted(3)
	return db.Diary()
}

// lose makes changes in a gap, and returns where in the diary they end.
func lose(db *e2e.Database) (end int) {
	db.T.Helper()
	db.OneByOne("lost", 3)
	return len(db.Diary())
}

// after makes changes that are to be heard of, and returns the diary behind what was lost.
func after(db *e2e.Database, lost int) []e2e.Entry {
	db.T.Helper()
	db.OneByOne("after", 3)
	return db.Diary()[lost:]
}

// newTightCRM is NewCRM on a server that keeps next to no WAL for a slot. Who does not read from it
// notices soon when it has hung up: at the second report, of which there is one every
// wal_sender_timeout/3.
func newTightCRM(t *testing.T) *e2e.Database {
	t.Helper()
	_, db := e2e.NewServer(t, map[string]string{
		"max_slot_wal_keep_size": "1MB",
		"wal_sender_timeout":     "6s",
	})
	return db.WithContacts()
}

// moveSlot moves the slot beyond changes that were not announced, while nobody can connect.
func moveSlot(db *e2e.Database) {
	db.T.Helper()
	server := sibling(db, "postgres")
	server.Exec(`ALTER DATABASE ` + db.Name + ` ALLOW_CONNECTIONS false`)
	db.SeizeSlot(`INSERT INTO contacts (id) VALUES ('jumped over ' || $1)`)
	db.SeizeSlot(`SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())`)
	server.Exec(`ALTER DATABASE ` + db.Name + ` ALLOW_CONNECTIONS true`)
}

// loseSlot writes more WAL than the server keeps. Somebody's long transaction holds the slot where
// it is, also under a Hookline that has nothing left to do.
func loseSlot(db *e2e.Database) {
	db.T.Helper()
	long := db.Session()
	for _, sql := range []string{`BEGIN`, `CREATE TABLE never (id int)`} {
		if _, err := long.Exec(db.T.Context(), sql); err != nil {
			db.T.Fatal(err)
		}
	}
	db.Exec(`CREATE TABLE filler (id int)`)
	e2e.Eventually(db.T, func() error {
		db.Exec(`INSERT INTO filler VALUES (1)`)
		db.Exec(`SELECT pg_switch_wal()`)
		db.Exec(`CHECKPOINT`)
		if status := e2e.Value[string](db,
			`SELECT wal_status FROM pg_replication_slots WHERE slot_name = $1`, db.Name); status != "lost" {
			return fmt.Errorf("the slot is %s, want it lost", status)
		}
		return nil
	})
	if _, err := long.Exec(db.T.Context(), `ROLLBACK`); err != nil {
		db.T.Fatal(err)
	}
}

func dropPublication(db *e2e.Database) {
	db.T.Helper()
	db.Exec(`DROP PUBLICATION hookline`)
}

// untilInGap waits until the process is in a gap.
func untilInGap(p *e2e.Process, reason string) {
	p.T.Helper()
	e2e.Eventually(p.T, func() error {
		got := p.Get("/readyz")
		if !strings.HasPrefix(got, "503 gap ("+reason+"): ") ||
			!strings.Contains(got, "hookline setup --accept-gap") {
			return fmt.Errorf("/readyz answers %q, want a gap, %s, and the way out", got, reason)
		}
		return nil
	})
}

// untilGap waits until the process is in a gap, and checks that whoever asks hears of it: probes,
// metrics, log, and status.
func untilGap(p *e2e.Process, db *e2e.Database, reason string) *e2e.Process {
	p.T.Helper()
	untilInGap(p, reason)
	if got := p.Get("/livez"); got != "200 live" {
		p.T.Errorf("/livez answers %q: a restart would not help", got)
	}
	metrics := strings.Split(p.Get("/metrics"), "\n")
	for _, other := range []string{
		"slot_missing", "slot_lost", "slot_moved", "publication_missing",
		"other_system",
	} {
		want := fmt.Sprintf("hookline_gap{reason=%q} 0", other)
		if other == reason {
			want = strings.TrimSuffix(want, "0") + "1"
		}
		if !slices.Contains(metrics, want) {
			p.T.Errorf("/metrics does not hold %s", want)
		}
	}
	if want := `hookline_state{state="gap"} 1`; !slices.Contains(metrics, want) {
		p.T.Errorf("/metrics does not hold %s", want)
	}
	checkGapLog(p, reason)

	var found struct {
		Healthy bool
		Gap     struct{ Reason, What, Mend string }
	}
	status := e2e.Run(p.T, db.Env(), "status", "--json")
	if err := json.Unmarshal([]byte(status.Out.String()), &found); err != nil {
		p.T.Errorf("status --json: %v:\n%s", err, status.Out.String())
	}
	if status.Wait() != 3 || found.Healthy || found.Gap.Reason != reason ||
		!strings.Contains(found.Gap.Mend, "hookline setup --accept-gap") {
		p.T.Errorf("status --json: exit code %d, want 3 and a gap, %s, and the way out:\n%s",
			status.Wait(), reason, status.Out.String())
	}
	status = e2e.Run(p.T, db.Env(), "status")
	if status.Wait() != 3 || !strings.Contains(status.Out.String(), "PROBLEM     gap ("+reason+")") {
		p.T.Errorf("status: exit code %d, want 3 and a gap, %s:\n%s", status.Wait(), reason,
			status.Out.String())
	}
	return p
}

// checkGapLog checks that the gap is told once, with its reason and the way out.
func checkGapLog(p *e2e.Process, reason string) {
	p.T.Helper()
	errors := 0
	for line := range strings.Lines(p.Log.String()) {
		if strings.Contains(line, "level=ERROR") {
			errors++
			if !strings.Contains(line, " reason="+reason+" ") ||
				!strings.Contains(line, "hookline setup --accept-gap") {
				p.T.Errorf("the log does not tell of the gap, %s, and of the way out: %s", reason, line)
			}
		}
	}
	if errors != 1 {
		p.T.Errorf("%d errors are logged, want one", errors)
	}
}
