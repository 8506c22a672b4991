package gap

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/e2e"
	"hookline/internal/postgres/postgrestest"
)

// While the server waits for a standby that is not there, it sends nothing. Everybody who asks
// hears of it, with what mends it, and then all that was committed is delivered.
func TestStandbySlots(t *testing.T) {
	t.Parallel()
	for _, major := range []int{17, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			postgrestest.NeedMajor(t, major)
			_, db := e2e.NewServerMajor(t, major, map[string]string{"synchronized_standby_slots": "gone"})
			db.WithContacts()
			box := e2e.NewInbox(t)
			db.AddWebhook(box, "*.*")
			db.SetUp()
			db.OneByOne("atstart", 1)
			sut := e2e.Start(t, db)
			untilHeld(sut, db, `it names "gone", which does not exist`)
			mendBy(db, "synchronized_standby_slots")
			sut.Until("active").UntilPrinted("the server sends again what is committed")
			box.UntilAccepted(1)

			db.Exec(`SELECT pg_create_physical_replication_slot('idle')`)
			setStandbySlots(db, "idle")
			db.OneByOne("atwork", 1)
			untilHeld(sut, db, `it names "idle", which is not used by any standby`)
			mendBy(db, "synchronized_standby_slots")
			box.UntilAccepted(2)
			sut.Until("active")

			followInVain(db, "idle")
			setStandbySlots(db, "idle")
			db.OneByOne("behind", 1)
			const behind = `the server waits for the standbys of "idle", which are behind`
			untilHeld(sut, db, behind)
			if doctor := e2e.Run(t, db.Env(), "doctor"); doctor.Wait() != 3 ||
				!strings.Contains(doctor.Out.String(), behind) {
				t.Errorf("doctor: exit code %d, want 3 and %q:\n%s", doctor.Wait(), behind,
					doctor.Out.String())
			}
			setStandbySlots(db, "")
			box.UntilAccepted(3)
			sut.Until("active")
			e2e.Finish(t, sut, box.Gets(db.Diary()...))
		})
	}
}

// followInVain has a standby that is connected, and never confirms what it is sent.
func followInVain(db *e2e.Database, slot string) {
	db.T.Helper()
	conn, err := pgconn.Connect(db.T.Context(), db.URL+"&replication=true")
	if err != nil {
		db.T.Fatal(err)
	}
	db.T.Cleanup(func() { _ = conn.Close(context.WithoutCancel(db.T.Context())) })
	from := pglogrepl.LSN(0)
	if err := from.Scan(e2e.Value[string](db, `SELECT pg_current_wal_flush_lsn()::text`)); err != nil {
		db.T.Fatal(err)
	}
	err = pglogrepl.StartReplication(db.T.Context(), conn, slot, from,
		pglogrepl.StartReplicationOptions{Mode: pglogrepl.PhysicalReplication})
	if err != nil {
		db.T.Fatal(err)
	}
}

func setStandbySlots(db *e2e.Database, names string) {
	db.T.Helper()
	db.Exec(fmt.Sprintf(`ALTER SYSTEM SET synchronized_standby_slots = '%s'`, names))
	db.Exec(`SELECT pg_reload_conf()`)
}

// untilHeld waits until a process says that it is held, and why, and checks that everything else
// says so too.
func untilHeld(p *e2e.Process, db *e2e.Database, why string) {
	p.T.Helper()
	want := "held: synchronized_standby_slots: " + why
	e2e.Eventually(p.T, func() error {
		if got := p.Get("/readyz"); !strings.HasPrefix(got, "503 "+want) {
			return fmt.Errorf("/readyz answers %q, want %q", got, "503 "+want)
		}
		if lag := p.Metric("hookline_lag_seconds"); !(lag > 3) { // NaN, too
			return fmt.Errorf("hookline_lag_seconds is %g, want it to grow", lag)
		}
		return nil
	})
	if got := p.Metric("hookline_held"); got != 1 {
		p.T.Errorf("hookline_held is %g, want 1", got)
	}
	if !strings.Contains(p.Log.String(),
		"held: the server sends nothing until an operator has seen to it") {
		p.T.Error("the log does not say that it is held")
	}
	status := e2e.Run(p.T, db.Env(), "status")
	if status.Wait() != 3 || !strings.Contains(status.Out.String(), "PROBLEM     "+want) {
		p.T.Errorf("status: exit code %d, want 3 and %q:\n%s", status.Wait(), want, status.Out.String())
	}
}
