package command

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"hookline/e2e"
	"hookline/sender"
)

const secret = e2e.Confidential + " secret"

var listensAt = regexp.MustCompile(`Listening at (\S+)\.`)

// listen starts `hookline listen` and returns it with its URL.
func listen(t *testing.T, flags ...string) (p *e2e.Process, url string) {
	t.Helper()
	p = e2e.Command(t, []string{"WEBHOOK_SECRET=" + secret},
		append([]string{"listen", "127.0.0.1:0"}, flags...)...).Launch()
	p.UntilPrinted("Listening at")
	return p, listensAt.FindStringSubmatch(p.Out.String())[1]
}

// What listen receives it shows, with the verdict on the signature.
func TestListen(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	listener, url := listen(t)
	db.Exec(`INSERT INTO webhooks (url, secret, operations)
		VALUES ($1, $2, '{contact.created}'), ($1, 'another confidential one', '{contact.updated}')`, url, secret)
	sut := e2e.Start(t, db).Until("active")
	db.Exec(`INSERT INTO contacts (id) VALUES ('one')`)
	listener.UntilPrinted("contact.created")
	db.Exec(`UPDATE contacts SET version = 2`)
	listener.UntilPrinted("contact.updated")
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
	listener.Interrupt(syscall.SIGINT)

	id := box.All()[0].ID
	for _, want := range []string{
		fmt.Sprintf(`contact\.created +%s +attempt 1 +answered 200 +signature ok\n`, id),
		`"id": "one",\n +"note": "confidential",\n +"version": 1\n`,
		`contact\.updated .* attempt 1 +answered 401 +BAD SIGNATURE`,
	} {
		if !regexp.MustCompile(want).MatchString(listener.Out.String()) {
			t.Errorf("no match of %s in:\n%s", want, listener.Out.String())
		}
	}
}

// A listener that fails on purpose shows the retries.
func TestListenFails(t *testing.T) {
	t.Parallel()
	db := e2e.NewCRM(t)
	listener, url := listen(t, "--fail", "100%", "--compact")
	db.Exec(`INSERT INTO webhooks (url, secret, operations) VALUES ($1, $2, '{*.*}')`, url, secret)
	sut := e2e.Start(t, db, "HOOKLINE_RETRY_SCHEDULE=20ms,20ms").Until("active")
	db.Exec(`INSERT INTO contacts (id) VALUES ('one')`)
	for attempt := range 3 {
		listener.UntilPrinted(fmt.Sprintf("attempt %d  answered 503  signature ok", attempt+1))
	}
	sut.Stop()
	listener.Interrupt(syscall.SIGINT)
}

// Verify takes a delivery as it came, by either signature, and nothing else.
func TestVerify(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db).Until("active")
	db.OneByOne("contact", 1)
	e2e.Finish(t, sut, box.Gets(db.Diary()...))

	got := box.All()[0]
	header := func(names ...string) (flags []string) {
		for _, name := range names {
			flags = append(flags, "-H", name+": "+got.Header.Get(name))
		}
		return flags
	}
	twenty := header("X-Twenty-Webhook-Timestamp", "X-Twenty-Webhook-Signature")
	standard := header("webhook-id", "webhook-timestamp", "webhook-signature")
	const decoded = "whsec_c2VjcmV0MQ"
	signed := func(secret string) []string {
		return []string{
			"-H", "Webhook-Id: evt_1", "-H", "Webhook-Timestamp: 1", "-H",
			"Webhook-Signature: " + sender.SignStandard(secret, "evt_1", 1, []byte("{}")),
		}
	}
	for name, test := range map[string]struct {
		secret string
		body   []byte
		flags  []string
		code   int
		says   string
	}{
		"both": {
			box.Secret, got.Body, append(twenty, standard...), 0,
			"The signature is right.",
		},
		"Twenty's key": {
			box.Secret, got.Body, twenty, 0,
			fmt.Sprintf("its key is the secret's own text, %d bytes", len(box.Secret)),
		},
		"standard's key": {
			box.Secret, got.Body, standard, 0,
			"its key is the secret's own text; a library of Standard Webhooks would want whsec_",
		},
		"decoded key": {
			decoded, []byte("{}"), signed(decoded), 0,
			"its key is what follows whsec_, decoded from base64, 7 bytes",
		},
		"no such key": {"v1," + decoded, []byte("{}"), signed(decoded), 1, "take v1, away"},
		"Twenty's":    {box.Secret, got.Body, twenty, 0, "The signature is right."},
		"standard":    {box.Secret, got.Body, standard, 0, "The signature is right."},
		"fresh": {
			box.Secret, got.Body, append(twenty, "--tolerance", "5m"), 0,
			"The signature is right.",
		},
		"old":            {box.Secret, got.Body, append(twenty, "--tolerance", "1ns"), 1, "too old"},
		"another secret": {secret, got.Body, twenty, 1, "does not match"},
		"another body":   {box.Secret, bytes.ToUpper(got.Body), twenty, 1, "does not match"},
		"no signature":   {box.Secret, got.Body, nil, 1, "no signature"},
		"no secret":      {"", got.Body, twenty, 2, "secret"},
	} {
		t.Run(name, func(t *testing.T) {
			var env []string
			if test.secret != "" {
				env = []string{"WEBHOOK_SECRET=" + test.secret}
			}
			p := e2e.Command(t, env, append([]string{"verify"}, test.flags...)...)
			p.Cmd.Stdin = bytes.NewReader(test.body)
			code := p.Launch().Wait()
			if said := p.Out.String() + p.Log.String(); code != test.code ||
				!strings.Contains(said, test.says) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, test.code, test.says, said)
			}
		})
	}
}
