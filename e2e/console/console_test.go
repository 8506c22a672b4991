package console

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hookline/e2e"
	"hookline/internal/receiver"
	"hookline/sender"
)

const token = e2e.Confidential + "-token-of-operators"

// canary runs if it gets into a page as anything but text.
const canary = `"><img src=x onerror=alert(1)><svg onload=alert(2)>{{.}}'`

// A delivery fails, is found, opened, sent again, and seen to succeed. Whatever a user of the CRM
// or a receiver can write is shown as text.
func TestDeliveryIsSentAgain(t *testing.T) {
	t.Parallel()
	db, box, dull := e2e.NewCRM(t), e2e.NewInbox(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*", canary+".created")
	db.AddWebhook(dull, "contact.*")
	db.Exec(`CREATE TABLE "` + strings.ReplaceAll(canary, `"`, `""`) + `s" (id text PRIMARY KEY, "` +
		strings.ReplaceAll(canary, `"`, `""`) + `" text)`)
	box.Answers(func(r receiver.Request) receiver.Answer {
		if strings.Contains(string(r.Body), `"bad1"`) {
			return receiver.Answer{
				Status: http.StatusUnprocessableEntity,
				Body:   strings.NewReader(canary + box.Secret),
			}
		}
		return receiver.Answer{}
	})
	sut := e2e.Start(t, db, "HOOKLINE_RETRY_SCHEDULE=20ms", "HOOKLINE_ADMIN_ADDR=127.0.0.1:0").
		Until("active")
	b := newBrowser(t, consoleOf(t, sut))
	b.open("/deliveries")
	b.until("There are none")
	b.until("listening")
	db.OneByOne("good", 8)
	db.OneByOne("bad", 1)
	db.UntilDead(1)
	b.until("422 Unprocessable Entity") // live, without another look

	for query, found := range map[string]bool{
		"record=bad1": true, "record=bad2": false, "record=bad1&status=500": false, "record=good3": true,
	} {
		b.open("/deliveries?" + query)
		if b.until("Deliveries"); strings.Contains(b.text(), "There are none") == found {
			t.Errorf("%s: found is not %t:\n%s", query, found, b.text())
		}
	}
	b.open("/")
	b.until("attention")
	b.click("1") // dead
	b.until("contact.created")
	b.click("contact.created")
	for _, text := range []string{
		"/delivery", "422 Unprocessable Entity", canary + "[secret]",
		sender.HeaderSignature + ": [secret]",
	} {
		b.until(text)
	}
	if got := b.text(); strings.Contains(got, e2e.Confidential) {
		t.Errorf("the delivery's page shows a secret, or data of a record:\n%s", got)
	}
	box.Answers(nil)
	b.click("Send it again")
	b.until("Send 1 dead delivery again?")
	b.click("Send 1 again")
	b.until("1 dead delivery will be sent again")
	b.until("Nothing is left to be made")
	b.click("See what becomes of it")
	b.until("delivered")
	db.UntilDead(0)

	for _, path := range []string{
		"/", "/webhooks", "/deliveries", "/objects", "/gaps", "/doctor",
		"/settings",
	} {
		b.open(path)
		if path == "/" {
			b.run(chromedp.WaitVisible(chromedp.CSS(".figures")),
				chromedp.WaitVisible(chromedp.CSS(".uplot")))
		}
		b.readable(path)
		if got := b.text(); strings.Contains(got, e2e.Confidential) {
			t.Errorf("%s shows a secret, or data of a record:\n%s", path, got)
		}
	}
	manageWebhook(b)
	b.end()
	e2e.Finish(t, sut, box.Gets(db.Diary()...), dull.Gets(db.Diary()...))
}

// manageWebhook has a webhook added, tested, changed, given another secret, paused and resumed.
func manageWebhook(b *browser) {
	b.t.Helper()
	tests := make(chan http.Header, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tests <- r.Header
		_, _ = io.WriteString(w, canary)
	}))
	defer server.Close()
	b.open("/webhooks")
	b.click("Add a webhook")
	b.until("Hears of")
	b.fill("url", "ftp://example.com")
	b.click("Add")
	b.until("That did not work")
	b.forgive("400 (Bad Request)")
	b.open("/webhook/add")
	b.fill("url", server.URL+"/path?key=hunter2")
	b.fill("operations", "nothing.created, nothing.updated")
	b.fill("description", canary)
	b.click("Add")
	b.until("This is the secret")
	secret := evaluate[string](b, `document.querySelector(".secret").textContent`)
	b.click("On to the webhook")
	b.until("nothing.created, nothing.updated")
	b.click("Send a test")
	b.until("The test was accepted: 200 OK")
	if got := <-tests; got.Get(sender.HeaderStandardSignature) == "" {
		b.t.Errorf("the test has no signature: %v", got)
	}
	if got := b.text(); strings.Contains(got, "hunter2") || strings.Contains(got, secret) ||
		!strings.Contains(got, canary) {
		b.t.Errorf("the webhook's page shows a secret, or not what the receiver says:\n%s", got)
	}
	b.click("Edit")
	b.until("Change a webhook")
	b.fill("operations", "nothing.deleted")
	b.fill("headers", "X-Team: hunter2\nX-Desk: hunter2")
	b.click("Save")
	b.until("nothing.deleted")
	b.until("X-Desk, X-Team")
	b.click("Send a test")
	if got := <-tests; got.Get("X-Team") != "hunter2" {
		b.t.Errorf("the test has not the header of the form: %v", got)
	}
	b.click("Rotate the secret")
	b.until("Give")
	b.click("Rotate the secret")
	b.until("This is the secret")
	b.click("On to the webhook")
	b.until("the secret of before signs, too")
	b.click("Finish the rotation")
	b.until("sign alone?")
	b.click("Finish it")
	b.until("Rotate the secret")
	b.click("Pause")
	b.until("is not sent later")
	b.click("Pause it")
	b.until("disabled")
	b.click("Resume")
	b.until("active")
	b.click("Remove")
	b.until("for good?")
	b.click("Remove it")
	b.until("/webhooks\n")
	if got := b.text(); strings.Contains(got, "hunter2") || strings.Contains(got, "nothing.deleted") {
		b.t.Errorf("the webhook is there still, or a secret is shown:\n%s", got)
	}
}
