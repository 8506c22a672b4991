package gap

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"hookline/e2e"
	"hookline/internal/postgres"
	"hookline/internal/postgres/postgrestest"
	"hookline/internal/receiver"
)

// A standby takes over that had everything, or not all of what receivers have heard of. Whatever
// is committed on it is announced, once, also where transactions that it lacks had the same
// positions; and how much it lacks is said.
func TestFailover(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		major, lost int
		killed      bool // the process dies with the primary
	}{{17, 0, false}, {17, 20, false}, {18, 20, false}, {17, 20, true}} {
		t.Run(fmt.Sprintf("%d/%d lost, killed %t", test.major, test.lost, test.killed),
			func(t *testing.T) {
				t.Parallel()
				testFailover(t, test.major, test.lost, test.killed)
			})
	}
}

func testFailover(t *testing.T, major, lost int, killed bool) {
	primary, db, box := newPrimary(t, major)
	standby, follower := follow(t, primary, db, major)

	both := *db // what the process is told: whichever of the two takes writes
	both.URL = e2e.TakesWrites(t, db.URL, primary.Port(), standby.Port())
	state := "HOOKLINE_STATE_DIR=" + t.TempDir() // or who comes after a kill knows of nothing
	sut := e2e.Start(t, &both, state).Until("active")
	db.OneByOne("before", 3)
	box.UntilAccepted(3)
	untilSettled(box, follower)
	if lost > 0 {
		e2e.CutOff(follower)
		db.OneByOne("lost", lost)
		box.UntilAccepted(3 + lost)
	}
	heard := db.Diary()

	if killed {
		untilSettled(box, db) // the process knows of each answer
		sut.Kill()
		box.ExpectReplay()
	}
	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	follower.Exec(`SELECT pg_promote()`)
	follower.OneByOne("after", 2*lost+5)
	if killed {
		sut = e2e.Start(t, &both, state)
		sut.UntilPrinted(fmt.Sprintf("taken over before it had everything\" deliveries=%d", lost))
	}
	sut.Until("active")
	if lost > 0 && !killed {
		sut.UntilPrinted(fmt.Sprintf("deliveries of changes that it does not have: %d", lost))
	}
	sut.Stop() // nor does a restart mix the timelines up
	sut = e2e.Start(t, &both, state).Until("active")
	follower.OneByOne("later", 3)
	e2e.Finish(t, sut, box.Gets(append(heard, follower.Diary()[3:]...)...))
}

// A standby takes over that has every commit of the CRM, and lacks that a delivery went to the
// spool: what waits there is not what this process remembers. It is delivered all the same.
func TestFailoverBehindTheSpool(t *testing.T) {
	t.Parallel()
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			testFailoverBehindTheSpool(t, major)
		})
	}
}

func testFailoverBehindTheSpool(t *testing.T, major int) {
	primary, db, box := newPrimary(t, major)
	port, err := postgres.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	standby := e2e.CopyServer(t, primary, db, e2e.Copy{
		Dir: filepath.Join(primary.Dir(), "s"), Major: major, Port: port, Standby: true, Slots: true,
	})
	follower := e2e.Connect(t, standby.URL(db.Name))
	e2e.CaughtUp(db, follower)

	both := *db
	both.URL = e2e.TakesWrites(t, db.URL, primary.Port(), port)
	asked, answer := make(chan struct{}, 1), make(chan struct{})
	box.Answers(func(receiver.Request) receiver.Answer {
		asked <- struct{}{}
		return receiver.Answer{Status: http.StatusServiceUnavailable, Until: answer}
	})
	sut := e2e.Start(t, &both, "HOOKLINE_RETRY_SCHEDULE=1h").Until("active")
	db.OneByOne("before", 1)
	<-asked
	e2e.CaughtUp(db, follower)
	e2e.CutOff(follower)
	close(answer)
	e2e.Eventually(t, func() error {
		if !e2e.Value[bool](db, `SELECT EXISTS (
				SELECT FROM hookline.checkpoint c, hookline.delivery d
				WHERE c.settled_lsn > ('0/' || substr(d.event_id, 22, 8))::pg_lsn)`) {
			return errors.New("the checkpoint has not passed what is in the spool")
		}
		return nil
	})
	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	box.Answers(nil)
	follower.Exec(`SELECT pg_promote()`)
	follower.OneByOne("after", 1)
	box.UntilAccepted(2)
	e2e.Finish(t, sut, box.Gets(follower.Diary()...))
}

// A slot that was made without failover gets it by the command of docs/failover.md, and nothing is
// lost by that.
func TestSlotGetsFailover(t *testing.T) {
	t.Parallel()
	_, db, box := newPrimary(t, 17)
	config, err := pgconn.ParseConfig(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["replication"] = "database"
	conn, err := pgconn.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	db.OneByOne("before", 3)
	for _, failover := range []bool{false, true} {
		command := fmt.Sprintf("ALTER_REPLICATION_SLOT %s (FAILOVER %t)", db.Name, failover)
		if _, err := conn.Exec(t.Context(), command).ReadAll(); err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		const has = `SELECT failover FROM pg_replication_slots WHERE slot_name = $1`
		if got := e2e.Value[bool](db, has, db.Name); got != failover {
			t.Errorf("%s: failover is %t", command, got)
		}
	}
	e2e.Finish(t, e2e.Start(t, db).Until("active"), box.Gets(db.Diary()...))
}

// A standby takes over without the slot, and somebody makes it there, as Patroni does with what is
// under slots: when it has not come along. It has nothing of what was committed before: that is a
// gap still, also for a process that was in one already, and for one that has just lost the server.
func TestFailoverSlotMadeAfterwards(t *testing.T) {
	t.Parallel()
	for _, major := range []int{0, 18} {
		for _, late := range []bool{false, true} { // it is made when the process has found the gap
			t.Run(fmt.Sprintf("%d/late %t", major, late), func(t *testing.T) {
				t.Parallel()
				primary, db, box := newPrimary(t, major)
				port := e2e.FreePort(t)
				both := *db
				both.URL = e2e.TakesWrites(t, db.URL, primary.Port(), port)
				sut := e2e.Start(t, &both).Until("active")
				heard := announce(db, box)
				untilSettled(box, db)
				standby := e2e.CopyServer(t, primary, db, e2e.Copy{
					Dir: filepath.Join(primary.Dir(), "s"), Major: major, Port: port, Standby: true,
				})
				follower := e2e.Connect(t, standby.URL(db.Name))
				e2e.CaughtUp(db, follower)
				if !late {
					sut.Signal(syscall.SIGSTOP)
				}
				if err := primary.Kill(); err != nil {
					t.Fatal(err)
				}
				follower.Exec(`SELECT pg_promote()`)
				if late {
					untilInGap(sut, "slot_missing")
				}
				lost := lose(follower)
				follower.Exec(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, db.Name)
				sut.Signal(syscall.SIGCONT)
				untilInGap(sut, "slot_moved")
				told := sut.Get("/readyz")
				d, _ := follower.Doctor()
				e2e.WantFinding(t, d, "gap", "problem", "slot_moved", "was made there afterwards",
					"switch back")
				if !strings.Contains(told, "was made there afterwards") {
					t.Errorf("/readyz answers %q", told)
				}
				follower.AcceptGap()
				sut.Until("active").UntilPrinted("the gap is over")
				e2e.Finish(t, sut, box.Gets(append(heard, after(follower, lost)...)...))
			})
		}
	}
}

// newPrimary returns a server with a CRM that is set up, and the receiver of its webhook.
func newPrimary(t *testing.T, major int) (*postgres.Server, *e2e.Database, *e2e.Inbox) {
	t.Helper()
	postgrestest.NeedMajor(t, major)
	primary, db := e2e.NewServerMajor(t, major, map[string]string{"autovacuum": "off"})
	db.WithContacts()
	box := e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	db.SetUp()
	return primary, db, box
}

// follow starts a standby that has the slot, too.
func follow(
	t *testing.T, primary *postgres.Server, db *e2e.Database, major int,
) (*postgres.Server, *e2e.Database) {
	t.Helper()
	server := e2e.CopyServer(t, primary, db, e2e.Copy{
		Dir: filepath.Join(primary.Dir(), "standby"), Major: major, Standby: true,
	})
	follower := e2e.Connect(t, server.URL(db.Name))
	e2e.CaughtUp(db, follower)
	untilSlotMade(db, follower)
	return server, follower
}

// untilSettled waits until a server, which may be a standby, has it that all is settled that has
// come: else that may come again.
func untilSettled(box *e2e.Inbox, server *e2e.Database) {
	box.T.Helper()
	last := ""
	for _, got := range box.All() {
		last = max(last, strings.Split(got.ID, "_")[2])
	}
	settled := fmt.Sprintf(
		`SELECT coalesce(max(settled_lsn), '0/0') > '%s/%s' FROM hookline.checkpoint`, last[:8], last[8:])
	e2e.Eventually(box.T, func() error {
		if !e2e.Value[bool](server, settled) {
			return fmt.Errorf("the checkpoint has not passed %s", last)
		}
		return nil
	})
}

// untilSlotMade makes the slot of the primary on the standby, too, which waits for a word of the
// primary.
func untilSlotMade(db, follower *e2e.Database) {
	db.T.Helper()
	slot := e2e.Value[string](db,
		`SELECT slot_name::text FROM pg_replication_slots WHERE slot_type = 'logical'`)
	ctx, cancel := context.WithTimeout(db.T.Context(), time.Minute)
	defer cancel()
	made := make(chan error, 1)
	go func() {
		_, err := follower.Conn.Exec(ctx, `SELECT pg_create_logical_replication_slot($1, 'pgoutput')`,
			slot)
		made <- err
	}()
	e2e.Eventually(db.T, func() error {
		db.Exec(`SELECT pg_log_standby_snapshot()`)
		select {
		case err := <-made:
			if err != nil {
				db.T.Error(err)
			}
			return nil
		default:
			return errors.New("the slot is being made")
		}
	})
}
