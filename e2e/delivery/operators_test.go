package delivery

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// messages is a receiver of bodies that are no events.
func messages(t *testing.T) (url string, got <-chan receiver.Request) {
	all := make(chan receiver.Request, 100)
	server := httptest.NewServer(&receiver.Receiver{Received: func(r receiver.Request) { all <- r }})
	t.Cleanup(server.Close)
	return server.URL, all
}

// Operators hear of what becomes of a webhook: once each time, in order, also of what a killed
// process had told the beginning of, and nobody else hears of it.
func TestOperatorEvents(t *testing.T) {
	t.Parallel()
	db, bad, bystander, operator := e2e.NewCRM(t), e2e.NewInbox(t), e2e.NewInbox(t), e2e.NewInbox(t)
	row := db.AddWebhook(bad, "*.*")
	about := "public.webhooks/" + row
	db.SetUp()
	db.AddOwnWebhook(bystander, "event", "*.*")
	key := db.AddOwnWebhook(operator, "event", "hookline.*")
	slack, texts := messages(t)
	plain, lines := messages(t)
	db.Exec(`INSERT INTO hookline.webhook (url, secret, format, operations)
		VALUES ($1, '', 'slack', '{hookline.*}'),
		($2, '', 'plain', '{hookline.failing}')`, slack, plain)

	settings := []string{"HOOKLINE_RETRY_SCHEDULE=1h", "HOOKLINE_NOTICE_CALM=1ms"}
	bad.Answers(e2e.Always(http.StatusServiceUnavailable))
	first := e2e.Start(t, db, settings...).Until("active")
	db.OneByOne("contact", 6)
	told := func(n int) {
		t.Helper()
		e2e.Eventually(t, func() error {
			if got := operator.Events(); got < n {
				return fmt.Errorf("operators heard of %d events, want %d", got, n)
			}
			return nil
		})
	}
	told(1)
	e2e.Eventually(t, func() error {
		if n := e2e.Value[int](db, `SELECT count(*) FROM hookline.notice WHERE NOT settled`); n > 0 {
			return fmt.Errorf("%d operator events are not settled", n)
		}
		return nil
	})
	first.Kill()
	bad.Answers(nil)
	sut := e2e.Start(t, db, settings...).Until("active")
	told(2)
	bad.UntilAccepted(6)
	bad.Answers(e2e.Always(http.StatusGone))
	db.OneByOne("unwanted", 1)
	told(4)
	bad.Answers(nil)
	db.Exec(`UPDATE webhooks SET operations = '{contact.*}' WHERE id = $1`, row)
	told(5)

	var names []string
	for _, r := range operator.Accepted {
		var event struct {
			ID   string
			Data struct{ Webhook, Host, Message, Since string }
		}
		if err := json.Unmarshal([]byte(r.Body), &event); err != nil {
			t.Fatal(err)
		}
		data := event.Data
		if data.Webhook != about || !strings.Contains(bad.URL(), data.Host) || data.Host == "" ||
			data.Since == "" ||
			!strings.Contains(data.Message, about) || event.ID != r.ID || strings.Contains(r.Body, "/hook") {
			t.Errorf("%s: %s; want it to be about %s", r.Event, r.Body, about)
		}
		names = append(names, r.Event)
	}
	want := []string{
		"hookline.failing", "hookline.recovered", "hookline.deadLetters",
		"hookline.paused", "hookline.resumed",
	}
	if !reflect.DeepEqual(names, want) {
		t.Errorf("operators hear of %v, want %v", names, want)
	}
	var slackTold []string
	for range want {
		r := <-texts
		var body map[string]string
		if err := json.Unmarshal(r.Body, &body); err != nil || len(body) != 1 ||
			!strings.Contains(body["text"], about) {
			t.Errorf("Slack gets %s, %v", r.Body, err)
		}
		slackTold = append(slackTold, body["text"])
	}
	if !slices.ContainsFunc(slackTold, func(s string) bool {
		return strings.Contains(s,
			"503 Service Unavailable")
	}) {
		t.Errorf("Slack is told %q, want the receiver's answer to be in it", slackTold)
	}
	line := <-lines
	if text := string(line.Body); text != slackTold[0]+"\n" ||
		!strings.HasPrefix(line.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("as plain text it is %q of type %s; want %q", text, line.Header.Get("Content-Type"),
			slackTold[0])
	}
	list := e2e.Run(t, db.Env(), "deliveries", "list")
	if list.Wait() != 0 || strings.Contains(list.Out.String(), key) {
		t.Errorf("deliveries list: exit code %d:\n%s", list.Wait(), list.Out.String())
	}
	sut.Stop()
	sut.Wait()
	for _, r := range bystander.All() {
		if strings.HasPrefix(r.Event, "hookline.") {
			t.Errorf("a webhook that asks for *.* hears of %s", r.Event)
		}
	}
	if n := e2e.Value[int](db, `SELECT count(*) FROM hookline.notice WHERE NOT settled`); n > 0 {
		t.Errorf("%d operator events are not settled after a clean stop", n)
	}
}
