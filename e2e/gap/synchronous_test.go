package gap

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hookline/e2e"
	"hookline/internal/postgres/postgrestest"
)

// forms are values of synchronous_standby_names that match Hookline's stream: as anybody, and by
// name. Which others do is held against the server by the tests of cdc.
var forms = []string{`*`, `s1, HOOKLINE`}

// However the setting comes to match the stream, at run time or before the start: no commit of the
// CRM waits for Hookline, everybody who asks hears why nothing is delivered, what mends it is told,
// and when it is mended all that was committed is delivered.
func TestSynchronousStandby(t *testing.T) {
	t.Parallel()
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			server, db := e2e.NewServerMajor(t, major, nil)
			db.WithContacts()
			box := e2e.NewInbox(t)
			db.AddWebhook(box, "*.*")
			// before the standby, or that would come first in the server's eyes
			sut := e2e.Start(t, db).Until("active")
			postgrestest.Standby(t, server.URL("postgres"), "s1")
			announce(db, box)
			for i, form := range forms {
				setStandbyNames(db, form)
				db.OneByOne(fmt.Sprint("atwork", i), 1) // returns
				untilBlocked(sut, db)
				mendBlocked(db)
				sut.Until("active").UntilPrinted("nothing is in the way of the stream any more")
			}
			heard := db.Diary()
			box.Gets(heard...)
			sut.Stop()

			setStandbyNames(db, `*`)
			sut = e2e.Start(t, db)
			untilBlocked(sut, db)
			db.OneByOne("atstart", 1)
			mendBlocked(db)
			sut.Until("active")
			e2e.Finish(t, sut, box.Gets(db.Diary()...))
		})
	}
}

// A commit that waits for a receiver which does not answer is let go, though nobody else writes.
func TestSynchronousStandbyOfADeadReceiver(t *testing.T) {
	t.Parallel()
	server, db := e2e.NewServer(t, nil)
	db.WithContacts()
	box := e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	box.Answers(e2e.Always(http.StatusServiceUnavailable))
	sut := e2e.Start(t, db, e2e.Often, "HOOKLINE_HOLD_MAX=1h").Until("active")
	postgrestest.Standby(t, server.URL("postgres"), "s1")
	db.OneByOne("before", 1)
	box.UntilAsked(1)
	setStandbyNames(db, `*`)
	db.OneByOne("after", 1) // returns
	untilBlocked(sut, db)
	box.Answers(nil)
	mendBlocked(db)
	sut.Until("active")
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
}

// setStandbyNames changes the setting of a running server.
func setStandbyNames(db *e2e.Database, names string) {
	db.T.Helper()
	db.Exec(fmt.Sprintf(`ALTER SYSTEM SET synchronous_standby_names = '%s'`, names))
	reload(db, names)
}

func reload(db *e2e.Database, names string) {
	db.T.Helper()
	db.Exec(`SELECT pg_reload_conf()`)
	e2e.Eventually(db.T, func() error {
		conn := db.Session()
		defer conn.Close(db.T.Context())
		var now string
		if err := conn.QueryRow(db.T.Context(), `SHOW synchronous_standby_names`).Scan(
			&now); err != nil || now != names {
			return fmt.Errorf("synchronous_standby_names is %q, error %w, want %q", now, err, names)
		}
		return nil
	})
}

// untilBlocked waits until the process says that it does not read the slot, and checks that whoever
// asks hears of it.
func untilBlocked(p *e2e.Process, db *e2e.Database) {
	p.T.Helper()
	e2e.Eventually(p.T, func() error {
		got := p.Get("/readyz")
		for _, want := range []string{
			"503 blocked: synchronous_standby_names is ",
			"ALTER SYSTEM SET synchronous_standby_names = ", `"s1"`,
		} {
			if !strings.Contains(got, want) {
				return fmt.Errorf("/readyz answers %q, want %q in it", got, want)
			}
		}
		return nil
	})
	if got := p.Get("/metrics"); !strings.Contains(got, "hookline_state{state=\"blocked\"} 1\n") {
		p.T.Error("/metrics does not say that it is blocked")
	}
	if !strings.Contains(p.Log.String(),
		"blocked: the slot is not read until an operator has seen to it") {
		p.T.Error("the log does not say that it is blocked")
	}
	e2e.Eventually(p.T, func() error { // the server notices a little later
		if db.SlotActive() {
			return errors.New("the slot is still read")
		}
		return nil
	})
	status := e2e.Run(p.T, db.Env(), "status")
	if status.Wait() != 3 || !strings.Contains(status.Out.String(),
		"PROBLEM     blocked: synchronous_standby_names") {
		p.T.Errorf("status: exit code %d, want 3 and why:\n%s", status.Wait(), status.Out.String())
	}
}

// mendBlocked does what the doctor says.
func mendBlocked(db *e2e.Database) {
	db.T.Helper()
	reload(db, mendBy(db, "synchronous_standby_names"))
}

// mendBy runs the statements by which doctor changes a setting, and returns what it is then.
func mendBy(db *e2e.Database, setting string) (value string) {
	db.T.Helper()
	doctor := e2e.Run(db.T, db.Env(), "doctor")
	code := doctor.Wait()
	var mend []string
	for line := range strings.Lines(doctor.Out.String()) {
		sql := strings.TrimSuffix(strings.TrimSpace(line), ";")
		if strings.HasPrefix(sql, "ALTER SYSTEM SET "+setting+" = ") || len(mend) == 1 &&
			sql == "SELECT pg_reload_conf()" {
			mend = append(mend, sql)
		}
	}
	if code != 3 || len(mend) != 2 {
		db.T.Fatalf("doctor: exit code %d, want 3 and what mends %s:\n%s", code, setting,
			doctor.Out.String())
	}
	for _, sql := range mend {
		db.Exec(sql)
	}
	_, value, _ = strings.Cut(strings.TrimSuffix(mend[0], "'"), "'")
	return value
}
