package crash

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"hookline/e2e"
)

// A webhook that is deleted takes along what waits for it, also when the process ends after it has
// heard of that and before the spool has given it up; and whatever else was settled meanwhile.
func TestEndBeforeADeletedWebhookIsGivenUp(t *testing.T) {
	const row, all = "DELETE FROM webhooks", "TRUNCATE webhooks"
	for name, test := range map[string]struct {
		gone, told string
		end        func(*e2e.Process)
	}{
		"killed":                {row, "webhook removed", (*e2e.Process).Kill},
		"stopped":               {row, "webhook removed", (*e2e.Process).Stop},
		"killed, table emptied": {all, "table of webhooks truncated", (*e2e.Process).Kill},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endBeforeADeletedWebhookIsGivenUp(t, test.gone, test.told, test.end)
		})
	}
}

func endBeforeADeletedWebhookIsGivenUp(t *testing.T, gone, told string, end func(*e2e.Process)) {
	db := e2e.NewCRM(t)
	settings := []string{e2e.Often, "HOOKLINE_HOLD_MAX=100ms", "HOOKLINE_DRAIN_TIMEOUT=1s"}
	deleted, stays := e2e.NewInbox(t), e2e.NewInbox(t)
	db.AddWebhook(deleted, "*.*")
	db.SetUp(settings...)
	db.Exec("INSERT INTO hookline.webhook (url, secret) VALUES ($1, $2)", stays.URL(), stays.Secret)
	deleted.Answers(e2e.Always(http.StatusServiceUnavailable))
	sut := e2e.Start(t, db, settings...).Until("active")
	db.OneByOne("waits", 3)
	stays.UntilAccepted(3)
	waiting := func(want bool) {
		t.Helper()
		e2e.Eventually(t, func() error {
			if got := len(db.Deliveries("waiting")) > 0; got != want {
				return errors.New("what waits in the spool is not as it should be")
			}
			return nil
		})
	}
	waiting(true)

	blocker := db.Session()
	for _, sql := range []string{`BEGIN`, `LOCK TABLE hookline.delivery IN SHARE MODE`} {
		if _, err := blocker.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	db.Exec(gone)
	sut.UntilPrinted(told)
	db.OneByOne("later", 3)
	stays.UntilAccepted(6)
	end(sut)
	// what the process has asked for would be done once the lock is gone
	e2e.Eventually(t, func() error {
		if n := e2e.Value[int](db, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`); n > 0 {
			return fmt.Errorf("%d sessions wait for a lock", n)
		}
		return nil
	})
	if err := blocker.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	waiting(true)

	stays.ExpectReplay()
	sut = e2e.Start(t, db, settings...).Until("active")
	waiting(false)
	sut.Stop()
}
