package scale

import (
	"errors"
	"fmt"
	"net/http"
	"syscall"
	"testing"

	"hookline/e2e"
	"hookline/internal/natstest"
)

// A webhook that is deleted takes along what waits for it, also when its sender is killed after it
// has heard of that, and before the spool has given it up, or when nobody had its partition then.
func TestKilledBeforeADeletedWebhookIsGivenUp(t *testing.T) {
	const row, all = "DELETE FROM webhooks WHERE id = $1", "TRUNCATE webhooks"
	for name, test := range map[string]struct {
		gone  string
		end   func(*e2e.Process)
		first bool // it ends before the webhook is gone
	}{
		"killed":                  {row, (*e2e.Process).Kill, false},
		"killed, table emptied":   {all, (*e2e.Process).Kill, false},
		"killed before":           {row, (*e2e.Process).Kill, true},
		"stopped before, emptied": {all, (*e2e.Process).Stop, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nats := natstest.Start(t, natstest.Options(t.TempDir()))
			g := newGround(t, nats.ClientURL(), 1)
			g.settings = append(g.settings, e2e.Often, "HOOKLINE_HOLD_MAX=100ms",
				"HOOKLINE_DRAIN_TIMEOUT=1s")
			g.boxes[0].Answers(e2e.Always(http.StatusServiceUnavailable))
			reader := g.start("reader").Until("active")
			sender := g.start("sender").Until("active")
			g.db.OneByOne("waits", 3)
			waiting := func(want bool) {
				t.Helper()
				e2e.Eventually(t, func() error {
					const sql = `SELECT count(*) FROM hookline.delivery WHERE NOT dead`
					if n := e2e.Value[int](g.db, sql); n > 0 != want {
						return fmt.Errorf("%d deliveries wait in the spool", n)
					}
					return nil
				})
			}
			waiting(true)
			remove := func() {
				if test.gone == all {
					g.db.Exec(all)
				} else {
					g.db.Exec(row, g.ids[0])
				}
			}
			if test.first {
				test.end(sender)
				remove()
				reader.Until("active")
			} else {
				endAmidDiscard(t, g, sender, remove, test.end)
			}
			waiting(true)

			stays := e2e.NewInbox(t)
			g.db.AddWebhook(stays, "*.*")
			sender = g.start("sender")
			waiting(false)
			g.db.OneByOne("later", 1)
			stays.UntilAccepted(1)
			sender.Stop()
			reader.Stop()
		})
	}
}

// endAmidDiscard ends a sender that knows a webhook to be gone, while it cannot write to the spool.
func endAmidDiscard(
	t *testing.T, g *ground, sender *e2e.Process, remove func(), end func(*e2e.Process),
) {
	t.Helper()
	blocker := g.db.Session()
	for _, sql := range []string{`BEGIN`, `LOCK TABLE hookline.delivery IN SHARE MODE`} {
		if _, err := blocker.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	remove()
	sender.UntilPrinted("active=0")
	const waits = `FROM pg_stat_activity WHERE datname = current_database()
		AND wait_event_type = 'Lock'`
	e2e.Eventually(t, func() error {
		if e2e.Value[int](g.db, `SELECT count(*) `+waits) == 0 {
			return errors.New("nobody waits for the lock")
		}
		return nil
	})
	end(sender)
	// what the process has asked for would be done once the lock is gone
	e2e.Eventually(t, func() error {
		if n := e2e.Value[int](g.db, `SELECT count(pg_terminate_backend(pid)) `+waits); n > 0 {
			return fmt.Errorf("%d sessions wait for a lock", n)
		}
		return nil
	})
	if err := blocker.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// What waits for a webhook that the sender does not know which takes over is kept: it may have come
// while that one was stopped. So webhooks are read before anything is given up.
func TestTakesOverWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	nats := natstest.Start(t, natstest.Options(t.TempDir()))
	g := newGround(t, nats.ClientURL(), 1)
	g.settings = append(g.settings, "HOOKLINE_HOLD_MAX=100ms", e2e.Often)
	reader := g.start("reader").Until("active")
	stopped := g.start("sender")
	holds(t, partitions, stopped)
	stopped.Signal(syscall.SIGSTOP)
	sender := g.start("sender")
	holds(t, partitions, sender)
	late := e2e.NewInbox(t)
	g.db.AddWebhook(late, "*.*")
	g.boxes = append(g.boxes, late)
	late.Answers(e2e.Always(http.StatusServiceUnavailable))
	g.db.OneByOne("waits", 3)
	e2e.Eventually(t, func() error {
		if n := e2e.Value[int](g.db, `SELECT count(*) FROM hookline.delivery`); n != 3 {
			return fmt.Errorf("%d deliveries wait in the spool", n)
		}
		return nil
	})
	sender.Kill()
	late.Answers(nil)
	blocker := g.db.Session()
	for _, sql := range []string{`BEGIN`, `LOCK TABLE webhooks`} {
		if _, err := blocker.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	stopped.Signal(syscall.SIGCONT)
	stopped.UntilPrinted("for a webhook that is not served") // it does not know, and cannot read
	if err := blocker.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.arrived(stopped, reader)
}
