package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hookline/internal/receiver"
)

// A delivery that has failed for good is a dead letter: an operator finds it, and has it sent again, marked, by the process that runs.
func TestDeadLetter(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	key := "public.webhooks/" + db.addWebhook(box, "*.*")
	box.answers(func(r receiver.Request) receiver.Answer {
		if strings.Contains(string(r.Body), `"bad1"`) {
			return receiver.Answer{Status: http.StatusUnprocessableEntity}
		}
		return receiver.Answer{}
	})
	sut := start(t, db, "HOOKLINE_RETRY_SCHEDULE=20ms,20ms").until("active")
	db.oneByOne("bad", 1)
	db.oneByOne("good", 10)
	box.untilAccepted(10)
	dead := db.untilDead(1)[0]
	if dead.Event != "contact.created" || dead.Webhook != key || dead.State != "dead" || dead.Attempts != 3 || dead.Status != 422 {
		t.Errorf("dead letter %+v, want contact.created to %s after 3 attempts that got 422", dead, key)
	}
	show := run(t, db.env(), "deliveries", "show", dead.ID)
	if show.wait() != 0 || !strings.Contains(show.out.String(), `"id": "bad1"`) {
		t.Errorf("deliveries show: exit code %d:\n%s", show.wait(), show.out.String())
	}

	box.answers(nil)
	count := run(t, db.env(), "deliveries", "replay", "--event", "contact.*", "--dry-run")
	if count.wait() != 0 || !strings.Contains(count.out.String(), "1") {
		t.Errorf("deliveries replay --dry-run: exit code %d:\n%s", count.wait(), count.out.String())
	}
	if got := box.count(); got != 10 {
		t.Errorf("%d accepted after a dry run, want 10", got)
	}
	replay := run(t, db.env(), "deliveries", "replay", dead.ID)
	if code := replay.wait(); code != 0 {
		t.Fatalf("deliveries replay: exit code %d", code)
	}
	asked := time.Now()
	box.untilAccepted(11)
	if took := time.Since(asked); took > 5*time.Second { // 500 ms by itself
		t.Errorf("the replay took %s", took)
	}
	last := box.all()[len(box.all())-1]
	if last.ID != dead.ID || last.Header.Get("X-Hookline-Replay") != "true" || last.Attempt != 1 {
		t.Errorf("replayed %s with headers %v, want %s marked as a replay", last.ID, last.Header, dead.ID)
	}
	db.untilDead(0)
	finish(t, sut, box.gets(db.diary()...))
}

// A receiver that says 410 hears nothing more, over a restart too, until its row changes or somebody wants a dead letter sent again. That
// is told by status.
func TestGoneReceiver(t *testing.T) {
	t.Parallel()
	db, box, other := newCRM(t), newInbox(t), newInbox(t)
	db.addWebhook(box, "*.*")
	db.addWebhook(other, "*.*")
	box.answers(always(http.StatusGone))
	sut := start(t, db).until("active")
	db.oneByOne("contact", 1)
	first := db.untilDead(1)[0]
	db.oneByOne("later", 20)
	other.untilAccepted(21)
	sut.stop()
	sut = start(t, db).until("active")
	db.oneByOne("last", 1)
	other.untilAccepted(22)
	if got := len(box.all()); got != 1 {
		t.Errorf("%d requests to a receiver that has said 410, want 1", got)
	}
	status := run(t, db.env(), "status")
	if status.wait() != 3 || !strings.Contains(status.out.String(), "is paused: the receiver answered 410 Gone") {
		t.Errorf("status: exit code %d, want 3 and the pause:\n%s", status.wait(), status.out.String())
	}
	eventually(t, func() error {
		if got := len(db.deliveries("waiting")); got != 21 {
			return fmt.Errorf("%d deliveries wait, want 21", got)
		}
		return nil
	})

	box.answers(nil)
	if p := run(t, db.env(), "deliveries", "replay", first.ID); p.wait() != 0 {
		t.Fatalf("deliveries replay: exit code %d", p.wait())
	}
	eventually(t, func() error {
		if status := run(t, db.env(), "status"); status.wait() != 0 {
			return errors.New("status is not 0 yet")
		}
		return nil
	})
	finish(t, sut, box.gets(db.diary()...), other.gets(db.diary()...))
}
