package e2e

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

const secret = confidential + " secret"

var listensAt = regexp.MustCompile(`Listening at (\S+)\.`)

// listen starts `hookline listen` and returns it with its URL.
func listen(t *testing.T, flags ...string) (p *process, url string) {
	t.Helper()
	p = command(t, []string{"WEBHOOK_SECRET=" + secret}, append([]string{"listen", "127.0.0.1:0"}, flags...)...).launch()
	p.untilPrinted("Listening at")
	return p, listensAt.FindStringSubmatch(p.out.String())[1]
}

// What listen receives it shows, with the verdict on the signature.
func TestListen(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	listener, url := listen(t)
	db.exec(`INSERT INTO webhooks (url, secret, operations)
		VALUES ($1, $2, '{contact.created}'), ($1, 'another confidential one', '{contact.updated}')`, url, secret)
	sut := start(t, db).until("active")
	db.exec(`INSERT INTO contacts (id) VALUES ('one')`)
	listener.untilPrinted("contact.created")
	db.exec(`UPDATE contacts SET version = 2`)
	listener.untilPrinted("contact.updated")
	finish(t, sut, box.gets(db.diary()...))
	listener.interrupt(syscall.SIGINT)

	id := box.all()[0].ID
	for _, want := range []string{
		fmt.Sprintf(`contact\.created +%s +attempt 1 +answered 200 +signature ok\n`, id),
		`"id": "one",\n +"note": "confidential",\n +"version": 1\n`,
		`contact\.updated .* attempt 1 +answered 401 +BAD SIGNATURE`,
	} {
		if !regexp.MustCompile(want).MatchString(listener.out.String()) {
			t.Errorf("no match of %s in:\n%s", want, listener.out.String())
		}
	}
}

// A listener that fails on purpose shows the retries.
func TestListenFails(t *testing.T) {
	t.Parallel()
	db := newCRM(t)
	listener, url := listen(t, "--fail", "100%", "--compact")
	db.exec(`INSERT INTO webhooks (url, secret, operations) VALUES ($1, $2, '{*.*}')`, url, secret)
	sut := start(t, db, "HOOKLINE_RETRY_SCHEDULE=20ms,20ms").until("active")
	db.exec(`INSERT INTO contacts (id) VALUES ('one')`)
	for attempt := range 3 {
		listener.untilPrinted(fmt.Sprintf("attempt %d  answered 503  signature ok", attempt+1))
	}
	sut.stop()
	listener.interrupt(syscall.SIGINT)
}

// Verify takes a delivery as it came, by either signature, and nothing else.
func TestVerify(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	sut := start(t, db).until("active")
	db.oneByOne("contact", 1)
	finish(t, sut, box.gets(db.diary()...))

	got := box.all()[0]
	header := func(names ...string) (flags []string) {
		for _, name := range names {
			flags = append(flags, "-H", name+": "+got.Header.Get(name))
		}
		return flags
	}
	twenty := header("X-Twenty-Webhook-Timestamp", "X-Twenty-Webhook-Signature")
	standard := header("webhook-id", "webhook-timestamp", "webhook-signature")
	for name, test := range map[string]struct {
		secret string
		body   []byte
		flags  []string
		code   int
		says   string
	}{
		"both":           {box.secret, got.Body, append(twenty, standard...), 0, "The signature is right."},
		"Twenty's":       {box.secret, got.Body, twenty, 0, "The signature is right."},
		"standard":       {box.secret, got.Body, standard, 0, "The signature is right."},
		"fresh":          {box.secret, got.Body, append(twenty, "--tolerance", "5m"), 0, "The signature is right."},
		"old":            {box.secret, got.Body, append(twenty, "--tolerance", "1ns"), 1, "too old"},
		"another secret": {secret, got.Body, twenty, 1, "does not match"},
		"another body":   {box.secret, bytes.ToUpper(got.Body), twenty, 1, "does not match"},
		"no signature":   {box.secret, got.Body, nil, 1, "no signature"},
		"no secret":      {"", got.Body, twenty, 2, "secret"},
	} {
		t.Run(name, func(t *testing.T) {
			var env []string
			if test.secret != "" {
				env = []string{"WEBHOOK_SECRET=" + test.secret}
			}
			p := command(t, env, append([]string{"verify"}, test.flags...)...)
			p.cmd.Stdin = bytes.NewReader(test.body)
			code := p.launch().wait()
			if said := p.out.String() + p.log.String(); code != test.code || !strings.Contains(said, test.says) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, test.code, test.says, said)
			}
		})
	}
}
