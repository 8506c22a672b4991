package command

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// A delivery that has failed for good is a dead letter: an operator finds it, and has it sent
// again, marked, by the process that runs.
func TestDeadLetter(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	key := "public.webhooks/" + db.AddWebhook(box, "*.*")
	box.Answers(func(r receiver.Request) receiver.Answer {
		if strings.Contains(string(r.Body), `"bad1"`) {
			return receiver.Answer{Status: http.StatusUnprocessableEntity}
		}
		return receiver.Answer{}
	})
	sut := e2e.Start(t, db, "HOOKLINE_RETRY_SCHEDULE=20ms,20ms", "HOOKLINE_ADMIN_ADDR=127.0.0.1:0",
		"HOOKLINE_ADMIN_SHOW_DATA=on").Until("active")
	db.OneByOne("bad", 1)
	db.OneByOne("good", 10)
	box.UntilAccepted(10)
	dead := db.UntilDead(1)[0]
	if dead.Event != "contact.created" || dead.Webhook != key || dead.State != "dead" ||
		dead.Attempts != 3 || dead.Status != 422 {
		t.Errorf("dead letter %+v, want contact.created to %s after 3 attempts that got 422", dead, key)
	}
	show := e2e.Run(t, db.Env(), "deliveries", "show", dead.ID)
	if show.Wait() != 0 || !strings.Contains(show.Out.String(), `"id": "bad1"`) {
		t.Errorf("deliveries show: exit code %d:\n%s", show.Wait(), show.Out.String())
	}
	console := "http://" + profilesAddr.FindStringSubmatch(sut.Log.String())[1]
	page := html.UnescapeString(get(t, console+"/delivery?id="+dead.ID))
	if !strings.Contains(page, "\n  \"id\": \"bad1\"") {
		t.Errorf("the console does not show the record, as HOOKLINE_ADMIN_SHOW_DATA has it:\n%s", page)
	}

	box.Answers(nil)
	count := e2e.Run(t, db.Env(), "deliveries", "replay", "--event", "contact.*", "--dry-run")
	if count.Wait() != 0 || !strings.Contains(count.Out.String(), "1") {
		t.Errorf("deliveries replay --dry-run: exit code %d:\n%s", count.Wait(), count.Out.String())
	}
	if got := box.Count(); got != 10 {
		t.Errorf("%d accepted after a dry run, want 10", got)
	}
	replay := e2e.Run(t, db.Env(), "deliveries", "replay", dead.ID)
	if code := replay.Wait(); code != 0 {
		t.Fatalf("deliveries replay: exit code %d", code)
	}
	asked := time.Now()
	box.UntilAccepted(11)
	if took := time.Since(asked); took > 5*time.Second { // 500 ms by itself
		t.Errorf("the replay took %s", took)
	}
	last := box.All()[len(box.All())-1]
	if last.ID != dead.ID || last.Header.Get("X-Hookline-Replay") != "true" || last.Attempt != 1 {
		t.Errorf("replayed %s with headers %v, want %s marked as a replay", last.ID, last.Header, dead.ID)
	}
	db.UntilDead(0)
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
}

// A receiver that says 410 hears nothing more, over a restart too, until its row changes or
// somebody wants a dead letter sent again. That is told by status.
func TestGoneReceiver(t *testing.T) {
	t.Parallel()
	db, box, other := e2e.NewCRM(t), e2e.NewInbox(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	db.AddWebhook(other, "*.*")
	box.Answers(e2e.Always(http.StatusGone))
	sut := e2e.Start(t, db).Until("active")
	db.OneByOne("contact", 1)
	first := db.UntilDead(1)[0]
	db.OneByOne("later", 20)
	other.UntilAccepted(21)
	sut.Stop()
	sut = e2e.Start(t, db).Until("active")
	db.OneByOne("last", 1)
	other.UntilAccepted(22)
	if got := len(box.All()); got != 1 {
		t.Errorf("%d requests to a receiver that has said 410, want 1", got)
	}
	status := e2e.Run(t, db.Env(), "status")
	if status.Wait() != 3 || !strings.Contains(status.Out.String(),
		"is paused: the receiver answered 410 Gone") {
		t.Errorf("status: exit code %d, want 3 and the pause:\n%s", status.Wait(), status.Out.String())
	}
	e2e.Eventually(t, func() error {
		if got := len(db.Deliveries("waiting")); got != 21 {
			return fmt.Errorf("%d deliveries wait, want 21", got)
		}
		return nil
	})

	box.Answers(nil)
	if p := e2e.Run(t, db.Env(), "deliveries", "replay", first.ID); p.Wait() != 0 {
		t.Fatalf("deliveries replay: exit code %d", p.Wait())
	}
	e2e.Eventually(t, func() error {
		if status := e2e.Run(t, db.Env(), "status"); status.Wait() != 0 {
			return errors.New("status is not 0 yet")
		}
		return nil
	})
	e2e.Finish(t, sut, box.Gets(db.Diary()...), other.Gets(db.Diary()...))
}

// get returns the body of an answer, whose status has to be 200.
func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s, %v", url, resp.Status, body, err)
	}
	return string(body)
}
