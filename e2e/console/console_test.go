package console

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hookline/e2e"
	"hookline/internal/receiver"
	"hookline/internal/tlstest"
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
	manageCertificates(b)
	b.end()
	e2e.Finish(t, sut, box.Gets(db.Diary()...), dull.Gets(db.Diary()...))
}

// manageCertificates adds a webhook whose receiver is of an authority of its own and wants to know
// who calls, tests it, and takes the certificates away again. No page shows its key.
func manageCertificates(b *browser) {
	b.t.Helper()
	authority, clients := tlstest.NewAuthority(b.t, "receivers"), tlstest.NewAuthority(b.t, "clients")
	certificate, key := clients.Issue(b.t, "crm", time.Now().Add(time.Hour))
	_, foreign := clients.Issue(b.t, "another", time.Now().Add(time.Hour))
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.String())
	}))
	server.TLS = authority.Server(b.t, clients)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	add := func(key string) {
		b.open("/webhook/add")
		b.fill("url", server.URL+"/path")
		b.fill("operations", "nothing.created")
		b.fill("ca", authority.PEM)
		b.fill("client_certificate", certificate)
		b.fill("client_key", key)
		b.click("Add")
	}
	add(foreign)
	b.until("is not the key of client_certificate")
	b.forgive("400 (Bad Request)")
	add(key)
	b.until("This is the secret")
	b.click("On to the webhook")
	b.until("CN=receivers")
	b.until("CN=crm, until")
	b.click("Send a test")
	b.until("The test was accepted: 200 OK")
	b.click("Edit")
	b.until("Change a webhook")
	shown := evaluate[string](b, "document.documentElement.outerHTML")
	for _, secret := range []string{key, strings.Split(key, "\n")[1], certificate} {
		if strings.Contains(shown, secret) {
			b.t.Errorf("the form shows a certificate, or its key:\n%s", shown)
		}
	}
	b.fill("description", "of receivers")
	b.click("Save")
	b.until("of receivers")
	b.until("CN=crm, until")
	b.click("Send a test")
	b.until("The test was accepted: 200 OK") // with the key that the form has left as it was
	b.click("Edit")
	b.until("Change a webhook")
	b.run(chromedp.Click(chromedp.CSS("#no-client")), chromedp.Click(chromedp.CSS("#no-ca")))
	b.click("Save")
	b.until("of receivers")
	if got := b.text(); strings.Contains(got, "CN=") {
		b.t.Errorf("certificates that were taken away:\n%s", got)
	}
	b.click("Send a test")
	b.until("The test was not accepted")
	b.click("Remove")
	b.until("for good?")
	b.click("Remove it")
	b.until("/webhooks\n")
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
