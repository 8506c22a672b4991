package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hookline/internal/postgres/postgrestest"
)

// forms are values of synchronous_standby_names that match Hookline's stream.
var forms = []string{`*`, `FIRST 1 (*)`, `ANY 1 (hookline, s1)`, `s1, HOOKLINE`, `FIRST 1 (s1, *)`}

// However the setting comes to match the stream, at run time or before the start: no commit of the CRM waits for Hookline, everybody who asks
// hears why nothing is delivered, what mends it is told, and when it is mended all that was committed is delivered.
func TestSynchronousStandby(t *testing.T) {
	t.Parallel()
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			server, db := newServerMajor(t, major, nil)
			db.withContacts()
			box := newInbox(t)
			db.addWebhook(box, "*.*")
			sut := start(t, db).until("active") // before the standby, or that would come first in the server's eyes
			postgrestest.Standby(t, server.URL("postgres"), "s1")
			db.announce(box)
			for i, form := range forms {
				db.setStandbyNames(form)
				db.oneByOne(fmt.Sprint("atwork", i), 1) // returns
				sut.untilBlocked(db)
				db.mendBlocked()
				sut.until("active").untilPrinted("nothing is in the way of the stream any more")
			}
			heard := db.diary()
			box.gets(heard...)
			sut.stop()

			db.setStandbyNames(`*`)
			sut = start(t, db)
			sut.untilBlocked(db)
			db.oneByOne("atstart", 1)
			db.mendBlocked()
			sut.until("active")
			finish(t, sut, box.gets(db.diary()...))
		})
	}
}

// A commit that waits for a receiver which does not answer is let go, though nobody else writes.
func TestSynchronousStandbyOfADeadReceiver(t *testing.T) {
	t.Parallel()
	server, db := newServer(t, nil)
	db.withContacts()
	box := newInbox(t)
	db.addWebhook(box, "*.*")
	box.answers(always(http.StatusServiceUnavailable))
	sut := start(t, db, often, "HOOKLINE_HOLD_MAX=1h").until("active")
	postgrestest.Standby(t, server.URL("postgres"), "s1")
	db.oneByOne("before", 1)
	box.untilAsked(1)
	db.setStandbyNames(`*`)
	db.oneByOne("after", 1) // returns
	sut.untilBlocked(db)
	box.answers(nil)
	db.mendBlocked()
	sut.until("active")
	finish(t, sut, box.gets(db.diary()...))
}

// setStandbyNames changes the setting of a running server.
func (db *database) setStandbyNames(names string) {
	db.t.Helper()
	db.exec(fmt.Sprintf(`ALTER SYSTEM SET synchronous_standby_names = '%s'`, names))
	db.reload(names)
}

func (db *database) reload(names string) {
	db.t.Helper()
	db.exec(`SELECT pg_reload_conf()`)
	eventually(db.t, func() error {
		conn := db.session()
		defer conn.Close(db.t.Context())
		var now string
		if err := conn.QueryRow(db.t.Context(), `SHOW synchronous_standby_names`).Scan(&now); err != nil || now != names {
			return fmt.Errorf("synchronous_standby_names is %q, error %v, want %q", now, err, names)
		}
		return nil
	})
}

// untilBlocked waits until the process says that it does not read the slot, and checks that whoever asks hears of it.
func (p *process) untilBlocked(db *database) {
	p.t.Helper()
	eventually(p.t, func() error {
		got := p.get("/readyz")
		for _, want := range []string{"503 blocked: synchronous_standby_names is ", "ALTER SYSTEM SET synchronous_standby_names = ", `"s1"`} {
			if !strings.Contains(got, want) {
				return fmt.Errorf("/readyz answers %q, want %q in it", got, want)
			}
		}
		return nil
	})
	if got := p.get("/metrics"); !strings.Contains(got, "hookline_state{state=\"blocked\"} 1\n") {
		p.t.Error("/metrics does not say that it is blocked")
	}
	if !strings.Contains(p.log.String(), "blocked: the slot is not read until an operator has seen to it") {
		p.t.Error("the log does not say that it is blocked")
	}
	eventually(p.t, func() error { // the server notices a little later
		if db.slotActive() {
			return errors.New("the slot is still read")
		}
		return nil
	})
	status := run(p.t, db.env(), "status")
	if status.wait() != 3 || !strings.Contains(status.out.String(), "PROBLEM     blocked: synchronous_standby_names") {
		p.t.Errorf("status: exit code %d, want 3 and why:\n%s", status.wait(), status.out.String())
	}
}

// mendBlocked does what the doctor says.
func (db *database) mendBlocked() {
	db.t.Helper()
	doctor := run(db.t, db.env(), "doctor")
	mend := ""
	for line := range strings.Lines(doctor.out.String()) {
		if sql := strings.TrimSpace(line); strings.HasPrefix(sql, "ALTER SYSTEM SET synchronous_standby_names = ") {
			mend = sql
		}
	}
	if doctor.wait() != 3 || mend == "" {
		db.t.Fatalf("doctor: exit code %d, want 3 and what mends it:\n%s", doctor.wait(), doctor.out.String())
	}
	db.exec(mend)
	_, names, _ := strings.Cut(strings.TrimSuffix(mend, "';"), "'")
	db.reload(names)
}
