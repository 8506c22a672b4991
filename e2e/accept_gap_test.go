package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// setup --accept-gap is killed at each of its steps, while a Hookline waits in the gap and another one starts. There is a gap as before, from
// the same position on, nobody goes on by itself, and the same command ends it.
func TestAcceptGapIsKilled(t *testing.T) {
	t.Parallel()
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			_, db := newServerMajor(t, major, nil)
			db.withContacts()
			box := newInbox(t)
			db.addWebhook(box, "*.*")
			sut := start(t, db).until("active")
			heard := db.announce(box)
			db.dropPublication()
			lost := db.lose()
			sut.untilInGap("publication_missing")
			from := value[string](db, `SELECT settled_lsn::text FROM hookline.checkpoint`)

			blocker := db.session()
			block := func(sql ...string) {
				for _, sql := range append([]string{`BEGIN`}, sql...) {
					if _, err := blocker.Exec(t.Context(), sql); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, step := range []struct {
				name, reason string
				block        []string
			}{
				{"before anything", "publication_missing", []string{`LOCK TABLE hookline.checkpoint IN ACCESS EXCLUSIVE MODE`}},
				{"before the slot is made", "slot_missing", []string{`CREATE TABLE others (id int)`}},
				{"before the checkpoint is forgotten", "slot_moved", []string{`LOCK TABLE hookline.checkpoint IN SHARE MODE`}},
			} {
				block(step.block...)
				killed := command(t, db.env(), "setup", "--accept-gap").launch()
				db.untilItWaits(blocker)
				killed.kill()
				if step.reason != "slot_missing" { // the server notices in the end; when it makes a slot, it has to notice before it has one
					db.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))`,
						int32(blocker.PgConn().PID()))
				}
				db.untilGone()
				if _, err := blocker.Exec(t.Context(), `ROLLBACK`); err != nil {
					t.Fatal(err)
				}
				second := start(t, db)
				second.untilInGap(step.reason)
				second.stop()
				if got := sut.get("/readyz"); !strings.HasPrefix(got, "503 gap (") {
					t.Errorf("killed %s, Hookline goes on by itself: %s", step.name, got)
				}
			}
			accept := run(t, db.env(), "setup", "--accept-gap")
			if accept.wait() != 0 || !strings.Contains(accept.log.String(), "from="+from) {
				t.Errorf("exit code %d, want 0 and the gap from %s:\n%s", accept.wait(), from, accept.log.String())
			}
			sut.until("active")
			finish(t, sut, box.gets(append(heard, db.after(lost)...)...))
		})
	}
}

// untilItWaits waits until some session waits for what another one has.
func (db *database) untilItWaits(blocker *pgx.Conn) {
	db.t.Helper()
	eventually(db.t, func() error {
		if !value[bool](db, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid)))`, int32(blocker.PgConn().PID())) {
			return errors.New("nobody waits yet")
		}
		return nil
	})
}

// untilGone waits until the server has noticed that a process which prepared the database is gone.
func (db *database) untilGone() {
	db.t.Helper()
	eventually(db.t, func() error {
		if value[bool](db, `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')`) {
			return errors.New("it still has its turn")
		}
		return nil
	})
}

// A slot that somebody made before Hookline came (Patroni does, when it is told to keep one) is no gap, and needs no question.
func TestSlotBeforeThePublication(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	db.exec(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, db.name)
	db.oneByOne("early", 3)
	for _, command := range []string{"doctor", "status"} {
		if p := run(t, db.env(), command); strings.Contains(p.out.String(), "gap (") || strings.Contains(p.out.String(), "problem  gap") {
			t.Errorf("%s calls it a gap:\n%s", command, p.out.String())
		}
	}
	early := len(db.diary())
	sut := start(t, db).until("active")
	db.oneByOne("heard", 3)
	finish(t, sut, box.gets(db.diary()[early:]...))
}

// The table of webhooks is being rewritten when Hookline starts: it waits, says for whom, and knows the webhooks then.
func TestStartDuringARewrite(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	db.setUp()
	migration := db.session()
	for _, sql := range []string{`BEGIN`, `ALTER TABLE webhooks ALTER url TYPE varchar(1000)`, `LOCK TABLE webhooks`, `CREATE TABLE rewritten AS SELECT 1`} {
		if _, err := migration.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	sut := start(t, db)
	who := fmt.Sprintf("session %d of role postgres", migration.PgConn().PID())
	sut.untilPrinted(who)
	if status := run(t, db.env(), "status"); status.wait() != 1 || !strings.Contains(status.log.String(), who) {
		t.Errorf("status: exit code %d, want 1 and %s:\n%s", status.wait(), who, status.log.String())
	}
	if doctor := run(t, db.env(), "doctor"); doctor.wait() != 3 || !strings.Contains(doctor.out.String(), who) {
		t.Errorf("doctor: exit code %d, want 3 and %s:\n%s", doctor.wait(), who, doctor.out.String())
	}
	if _, err := migration.Exec(t.Context(), `COMMIT`); err != nil {
		t.Fatal(err)
	}
	sut.until("active")
	db.oneByOne("heard", 3)
	finish(t, sut, box.gets(db.diary()...))
}
