package gap

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/e2e"
)

// setup --accept-gap is killed at each of its steps, while a Hookline waits in the gap and another
// one starts. There is a gap as before, from the same position on, nobody goes on by itself, and
// the same command ends it.
func TestAcceptGapIsKilled(t *testing.T) {
	t.Parallel()
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			_, db := e2e.NewServerMajor(t, major, nil)
			db.WithContacts()
			box := e2e.NewInbox(t)
			db.AddWebhook(box, "*.*")
			sut := e2e.Start(t, db).Until("active")
			operator := e2e.NewInbox(t)
			db.AddOwnWebhook(operator, "event", "hookline.gap")
			heard := announce(db, box)
			dropPublication(db)
			lost := lose(db)
			untilInGap(sut, "publication_missing")
			position := func() string {
				return e2e.Value[string](db, `SELECT settled_lsn::text FROM hookline.checkpoint`)
			}
			// which position the gap begins at; the process that was at work may save its last one until the
			// first kill
			from := ""

			blocker := db.Session()
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
				{
					"before anything", "publication_missing",
					[]string{`LOCK TABLE hookline.checkpoint IN ACCESS EXCLUSIVE MODE`},
				},
				{"before the slot is made", "slot_missing", []string{`CREATE TABLE others (id int)`}},
				{
					"before the checkpoint is forgotten", "slot_moved",
					[]string{`LOCK TABLE hookline.checkpoint IN SHARE MODE`},
				},
			} {
				block(step.block...)
				killed := e2e.Command(t, db.Env(), "setup", "--accept-gap").Launch()
				untilItWaits(db, blocker)
				killed.Kill()
				// the server notices in the end; when it makes a slot, it has to notice before it has one
				if step.reason != "slot_missing" {
					db.Exec(
						`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))`,
						int32(blocker.PgConn().PID()))
				}
				untilGone(db)
				if _, err := blocker.Exec(t.Context(), `ROLLBACK`); err != nil {
					t.Fatal(err)
				}
				second := e2e.Start(t, db)
				untilInGap(second, step.reason)
				second.Stop()
				if at := position(); from != "" && at != from {
					t.Errorf("killed %s, the gap begins at %s, before at %s", step.name, at, from)
				}
				from = position()
				if got := sut.Get("/readyz"); !strings.HasPrefix(got, "503 gap (") {
					t.Errorf("killed %s, Hookline goes on by itself: %s", step.name, got)
				}
			}
			accept := e2e.Run(t, db.Env(), "setup", "--accept-gap")
			if accept.Wait() != 0 || !strings.Contains(accept.Log.String(), "from="+from) {
				t.Errorf("exit code %d, want 0 and the gap from %s:\n%s", accept.Wait(), from,
					accept.Log.String())
			}
			sut.Until("active")
			operator.UntilAccepted(1) // once there is somebody again who can tell
			if told := operator.All()[0]; told.Event != "hookline.gap" ||
				!strings.Contains(string(told.Body), `"from":"`+from+`"`) {
				t.Errorf("operators hear %s: %s; want hookline.gap from %s", told.Event, told.Body, from)
			}
			e2e.Finish(t, sut, box.Gets(append(heard, after(db, lost)...)...))
		})
	}
}

// untilItWaits waits until some session waits for what another one has.
func untilItWaits(db *e2e.Database, blocker *pgx.Conn) {
	db.T.Helper()
	e2e.Eventually(db.T, func() error {
		if !e2e.Value[bool](db,
			`SELECT EXISTS (SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid)))`,
			int32(blocker.PgConn().PID())) {
			return errors.New("nobody waits yet")
		}
		return nil
	})
}

// untilGone waits until the server has noticed that a process which prepared the database is gone.
func untilGone(db *e2e.Database) {
	db.T.Helper()
	e2e.Eventually(db.T, func() error {
		if e2e.Value[bool](db, `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')`) {
			return errors.New("it still has its turn")
		}
		return nil
	})
}

// A slot that somebody made before Hookline came (Patroni does, when it is told to keep one) is no
// gap, and needs no question.
func TestSlotBeforeThePublication(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	db.Exec(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, db.Name)
	db.OneByOne("early", 3)
	for _, command := range []string{"doctor", "status"} {
		if p := e2e.Run(t, db.Env(), command); strings.Contains(p.Out.String(), "gap (") ||
			strings.Contains(p.Out.String(), "problem  gap") {
			t.Errorf("%s calls it a gap:\n%s", command, p.Out.String())
		}
	}
	early := len(db.Diary())
	sut := e2e.Start(t, db).Until("active")
	db.OneByOne("heard", 3)
	e2e.Finish(t, sut, box.Gets(db.Diary()[early:]...))
}

// The table of webhooks is being rewritten when Hookline starts: it waits, says for whom, and knows
// the webhooks then.
func TestStartDuringARewrite(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	db.SetUp()
	migration := db.Session()
	for _, sql := range []string{
		`BEGIN`, `ALTER TABLE webhooks ALTER url TYPE varchar(1000)`,
		`LOCK TABLE webhooks`, `CREATE TABLE rewritten AS SELECT 1`,
	} {
		if _, err := migration.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	sut := e2e.Start(t, db)
	who := fmt.Sprintf("session %d of role postgres", migration.PgConn().PID())
	sut.UntilPrinted(who)
	if status := e2e.Run(t, db.Env(), "status"); status.Wait() != 1 ||
		!strings.Contains(status.Log.String(), who) {
		t.Errorf("status: exit code %d, want 1 and %s:\n%s", status.Wait(), who, status.Log.String())
	}
	if doctor := e2e.Run(t, db.Env(), "doctor"); doctor.Wait() != 3 ||
		!strings.Contains(doctor.Out.String(), who) {
		t.Errorf("doctor: exit code %d, want 3 and %s:\n%s", doctor.Wait(), who, doctor.Out.String())
	}
	if _, err := migration.Exec(t.Context(), `COMMIT`); err != nil {
		t.Fatal(err)
	}
	sut.Until("active")
	db.OneByOne("heard", 3)
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
}
