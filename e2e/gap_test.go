package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// gaps are what may happen to slot or publication.
var gaps = map[string]struct {
	crm     func(*testing.T) *database
	happens func(*database)
	reason  string
}{
	"slot dropped":        {newCRM, (*database).dropSlot, "slot_missing"},
	"slot moved":          {newCRM, (*database).moveSlot, "slot_moved"},
	"slot lost":           {newTightCRM, (*database).loseSlot, "slot_lost"},
	"publication dropped": {newCRM, (*database).dropPublication, "publication_missing"},
}

// Whatever happens to slot or publication while Hookline does not run, it finds out at its start: it stays, delivers nothing, says why, and
// goes on by itself once an operator has accepted that some changes will not be announced.
func TestGapAtStart(t *testing.T) {
	t.Parallel()
	for name, test := range gaps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, box := test.crm(t), newInbox(t)
			db.addWebhook(box, "*.*")
			sut := start(t, db).until("active")
			heard := db.announce(box)
			sut.stop()

			db.oneByOne("missed", 3)
			test.happens(db)
			sut = start(t, db).untilGap(db, test.reason)
			lost := db.lose()
			sut.stop() // in a gap, too, that is a success
			if setup := run(t, db.env(), "setup"); setup.wait() != 1 || !strings.Contains(setup.log.String(), "hookline setup --accept-gap") {
				t.Errorf("setup in a gap: exit code %d, want 1 and the way out:\n%s", setup.wait(), setup.log.String())
			}

			sut = start(t, db).untilGap(db, test.reason)
			db.acceptGap()
			sut.until("active").untilPrinted("the gap is over")
			finish(t, sut, box.gets(append(heard, db.after(lost)...)...))
		})
	}
}

// Happens it while Hookline runs, the same process does the same.
func TestGapAtWork(t *testing.T) {
	t.Parallel()
	for name, test := range gaps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, box := test.crm(t), newInbox(t)
			db.addWebhook(box, "*.*")
			sut := start(t, db).until("active")
			heard := db.announce(box)
			test.happens(db)
			lost := db.lose()
			sut.untilGap(db, test.reason)
			db.acceptGap()
			sut.until("active").untilPrinted("the gap is over")
			finish(t, sut, box.gets(append(heard, db.after(lost)...)...))
		})
	}
}

// The server may go away while Hookline is in a gap, and a process that stands by falls into the gap with the active one. Afterwards one of
// them is active again, and the other stands by.
func TestGapOfTwo(t *testing.T) {
	t.Parallel()
	server, db := newCRMServer(t)
	box := newInbox(t)
	db.addWebhook(box, "*.*")
	active := start(t, db).until("active")
	standby := start(t, db).until("standby")
	heard := db.announce(box)

	db.dropSlot()
	lost := db.lose()
	active.untilGap(db, "slot_missing")
	standby.untilGap(db, "slot_missing")
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	db.conn = db.session()
	active.untilGap(db, "slot_missing")
	standby.untilGap(db, "slot_missing")
	db.acceptGap()
	active, standby = roles(t, active, standby)
	diary := box.gets(append(heard, db.after(lost)...)...)
	eventually(t, diary.missing)
	active.stop()
	finish(t, standby.until("active"), diary)
}

// What was put into the spool before the gap is no part of it: it is delivered when the gap is over, and not before.
func TestGapSparesTheSpool(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	box.answers(always(http.StatusServiceUnavailable))
	sut := start(t, db, often, "HOOKLINE_HOLD_MAX=1s").until("active")
	before := db.position()
	db.oneByOne("before", 20)
	parked := db.diary()
	db.untilAcknowledged(before)
	db.dropSlot()
	lost := db.lose()
	sut.untilGap(db, "slot_missing")
	box.answers(nil)
	sut.stop()
	sut = start(t, db, often).untilGap(db, "slot_missing")
	if n := box.count(); n > 0 {
		t.Errorf("%d deliveries were made in the gap", n)
	}
	db.acceptGap()
	sut.until("active")
	finish(t, sut, box.gets(append(parked, db.after(lost)...)...))
}

// A receiver is dead, the spool's database as well, memory is full, and the slot is lost. When somebody has seen to it, the same process goes
// on.
func TestGapBehindADeadReceiver(t *testing.T) {
	t.Parallel()
	spool, there := newServer(t, nil)
	setting := "HOOKLINE_SPOOL_DATABASE_URL=" + there.url
	db, box, dead := newTightCRM(t), newInbox(t), newInbox(t)
	db.addWebhook(box, "*.*")
	db.addWebhook(dead, "*.*")
	dead.answers(always(http.StatusServiceUnavailable))
	sut := start(t, db, setting, "HOOKLINE_MAX_BUFFER=64KiB", "HOOKLINE_DRAIN_TIMEOUT=1s").until("active")
	if err := spool.Kill(); err != nil {
		t.Fatal(err)
	}
	db.atOnce("many", 3000)
	dead.untilAsked(1)
	db.loseSlot()
	sut.untilInGap("slot_lost")
	if n := box.count(); n >= 3000 {
		t.Errorf("%d deliveries were accepted before memory was full", n)
	}
	if err := spool.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	db.acceptGap(setting)
	sut.until("active")
	db.oneByOne("after", 1)
	box.untilHeardOf("after1")
	sut.stop()
}

// A publication that somebody has dropped and made anew by hand is of no use to a slot that is older: it is a gap all the same, and is told
// once however often Hookline tries.
func TestGapOfAYoungPublication(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	sut := start(t, db).until("active")
	heard := db.announce(box)

	db.dropPublication()
	lost := db.lose()
	sut.untilGap(db, "publication_missing")
	db.exec(`CREATE PUBLICATION hookline FOR TABLE contacts, webhooks`)
	eventually(t, func() error {
		if got := sut.get("/readyz"); !strings.HasPrefix(got, "503 gap (publication_missing)") {
			t.Errorf("/readyz answers %q in the gap", got)
		}
		if tries := strings.Count(sut.log.String(), "replication stream started"); tries < 3 {
			return fmt.Errorf("%d streams were started, want 3", tries)
		}
		return nil
	})
	sut.checkGapLog("publication_missing")
	eventually(t, func() error { // it has the slot for an instant at each try
		if p := run(t, db.env(), "setup", "--accept-gap"); p.wait() != 0 {
			return fmt.Errorf("setup --accept-gap: %s", p.log.String())
		}
		return nil
	})
	sut.until("active")
	finish(t, sut, box.gets(append(heard, db.after(lost)...)...))
}

// While a process reads the slot there is no gap to accept, and a slip of the hand costs nothing.
func TestAcceptGapIsRefused(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	sut := start(t, db).until("active")
	db.oneByOne("before", 3)
	refused := run(t, db.env(), "setup", "--accept-gap")
	if refused.wait() != 1 {
		t.Errorf("exit code %d, want 1", refused.wait())
	}
	for _, want := range []string{`a process reads replication slot "` + db.name + `"`, "stop that process first", "pg_stat_replication"} {
		if !strings.Contains(refused.log.String(), want) {
			t.Errorf("the message does not hold %q:\n%s", want, refused.log.String())
		}
	}
	db.oneByOne("after", 3)
	finish(t, sut, box.gets(db.diary()...))
}

// announce makes changes that the inbox hears of, and returns the diary up to them.
func (db *database) announce(box *inbox) (heard []entry) {
	db.t.Helper()
	db.oneByOne("before", 3)
	box.untilAccepted(3)
	return db.diary()
}

// lose makes changes in a gap, and returns where in the diary they end.
func (db *database) lose() (end int) {
	db.t.Helper()
	db.oneByOne("lost", 3)
	return len(db.diary())
}

// after makes changes that are to be heard of, and returns the diary behind what was lost.
func (db *database) after(lost int) []entry {
	db.t.Helper()
	db.oneByOne("after", 3)
	return db.diary()[lost:]
}

// newTightCRM is newCRM on a server that keeps next to no WAL for a slot. Who does not read from it notices soon when it has hung up: at
// the second report, of which there is one every wal_sender_timeout/3.
func newTightCRM(t *testing.T) *database {
	t.Helper()
	_, db := newServer(t, map[string]string{"max_slot_wal_keep_size": "1MB", "wal_sender_timeout": "6s"})
	return db.withContacts()
}

// moveSlot moves the slot beyond changes that were not announced, while nobody can connect.
func (db *database) moveSlot() {
	db.t.Helper()
	server := db.sibling("postgres")
	server.exec(`ALTER DATABASE ` + db.name + ` ALLOW_CONNECTIONS false`)
	db.seizeSlot(`INSERT INTO contacts (id) VALUES ('jumped over ' || $1)`)
	db.seizeSlot(`SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())`)
	server.exec(`ALTER DATABASE ` + db.name + ` ALLOW_CONNECTIONS true`)
}

// loseSlot writes more WAL than the server keeps. Somebody's long transaction holds the slot where it is, also under a Hookline that has
// nothing left to do.
func (db *database) loseSlot() {
	db.t.Helper()
	long := db.session()
	for _, sql := range []string{`BEGIN`, `CREATE TABLE never (id int)`} {
		if _, err := long.Exec(db.t.Context(), sql); err != nil {
			db.t.Fatal(err)
		}
	}
	db.exec(`CREATE TABLE filler (id int)`)
	eventually(db.t, func() error {
		db.exec(`INSERT INTO filler VALUES (1)`)
		db.exec(`SELECT pg_switch_wal()`)
		db.exec(`CHECKPOINT`)
		if status := value[string](db, `SELECT wal_status FROM pg_replication_slots WHERE slot_name = $1`, db.name); status != "lost" {
			return fmt.Errorf("the slot is %s, want it lost", status)
		}
		return nil
	})
	if _, err := long.Exec(db.t.Context(), `ROLLBACK`); err != nil {
		db.t.Fatal(err)
	}
}

func (db *database) dropPublication() {
	db.t.Helper()
	db.exec(`DROP PUBLICATION hookline`)
}

// untilInGap waits until the process is in a gap.
func (p *process) untilInGap(reason string) {
	p.t.Helper()
	eventually(p.t, func() error {
		got := p.get("/readyz")
		if !strings.HasPrefix(got, "503 gap ("+reason+"): ") || !strings.Contains(got, "hookline setup --accept-gap") {
			return fmt.Errorf("/readyz answers %q, want a gap, %s, and the way out", got, reason)
		}
		return nil
	})
}

// untilGap waits until the process is in a gap, and checks that whoever asks hears of it: probes, metrics, log, and status.
func (p *process) untilGap(db *database, reason string) *process {
	p.t.Helper()
	p.untilInGap(reason)
	if got := p.get("/livez"); got != "200 live" {
		p.t.Errorf("/livez answers %q: a restart would not help", got)
	}
	metrics := strings.Split(p.get("/metrics"), "\n")
	for _, other := range []string{"slot_missing", "slot_lost", "slot_moved", "publication_missing", "other_system"} {
		want := fmt.Sprintf("hookline_gap{reason=%q} 0", other)
		if other == reason {
			want = strings.TrimSuffix(want, "0") + "1"
		}
		if !slices.Contains(metrics, want) {
			p.t.Errorf("/metrics does not hold %s", want)
		}
	}
	if want := `hookline_state{state="gap"} 1`; !slices.Contains(metrics, want) {
		p.t.Errorf("/metrics does not hold %s", want)
	}
	p.checkGapLog(reason)

	var found struct {
		Healthy bool
		Gap     struct{ Reason, What, Mend string }
	}
	status := run(p.t, db.env(), "status", "--json")
	if err := json.Unmarshal([]byte(status.out.String()), &found); err != nil {
		p.t.Errorf("status --json: %v:\n%s", err, status.out.String())
	}
	if status.wait() != 3 || found.Healthy || found.Gap.Reason != reason || !strings.Contains(found.Gap.Mend, "hookline setup --accept-gap") {
		p.t.Errorf("status --json: exit code %d, want 3 and a gap, %s, and the way out:\n%s", status.wait(), reason, status.out.String())
	}
	status = run(p.t, db.env(), "status")
	if status.wait() != 3 || !strings.Contains(status.out.String(), "PROBLEM     gap ("+reason+")") {
		p.t.Errorf("status: exit code %d, want 3 and a gap, %s:\n%s", status.wait(), reason, status.out.String())
	}
	return p
}

// checkGapLog checks that the gap is told once, with its reason and the way out.
func (p *process) checkGapLog(reason string) {
	p.t.Helper()
	errors := 0
	for line := range strings.Lines(p.log.String()) {
		if strings.Contains(line, "level=ERROR") {
			errors++
			if !strings.Contains(line, " reason="+reason+" ") || !strings.Contains(line, "hookline setup --accept-gap") {
				p.t.Errorf("the log does not tell of the gap, %s, and of the way out: %s", reason, line)
			}
		}
	}
	if errors != 1 {
		p.t.Errorf("%d errors are logged, want one", errors)
	}
}
