package e2e

import (
	"net/http"
	"strings"
	"testing"

	"hookline/internal/receiver"
)

// A row that cannot be served is skipped and told of once, its neighbours are served, and it is taken up when it is mended.
func TestBadWebhooks(t *testing.T) {
	t.Parallel()
	db, good := newCRM(t), newInbox(t)
	db.addWebhook(good, "*.*")
	bad := []struct {
		reason    string
		url       string
		secret    any
		operation string
		box       *inbox // the URL is the box's when it is ""
		id        string
	}{
		{reason: "url: is not a URL", url: "http://[::1/" + confidential, secret: confidential, operation: "*.*"},
		{
			reason: "url: does not start with http:// or https://",
			url:    "ftp://u:" + confidential + "@127.0.0.1", secret: confidential, operation: "*.*",
		},
		{reason: "url: is empty", url: " ", secret: confidential, operation: "*.*"},
		{reason: "secret: is null", secret: nil, operation: "*.*"},
		{reason: `operation \"contact.exploded\"`, secret: confidential, operation: "contact.exploded"},
	}
	for i := range bad {
		b := &bad[i]
		b.box = newInbox(t)
		address := b.url
		if address == "" {
			address = b.box.url()
		}
		b.id = value[string](db, `INSERT INTO webhooks (url, secret, operations) VALUES ($1, $2, ARRAY[$3]) RETURNING id::text`,
			address, b.secret, b.operation)
	}
	sut := start(t, db).until("active")
	db.oneByOne("before", 3)
	good.untilAccepted(3)

	for _, b := range bad {
		db.exec(`UPDATE webhooks SET url = $2, secret = $3, operations = '{*.*}' WHERE id = $1`, b.id, b.box.url(), b.box.secret)
	}
	unheard := len(db.diary())
	db.oneByOne("after", 3)
	diary := db.diary()
	want := []delivery{good.gets(diary...)}
	for _, b := range bad {
		want = append(want, b.box.gets(diary[unheard:]...))
	}
	finish(t, sut, want...)

	for _, b := range bad {
		var told []string
		for line := range strings.Lines(sut.log.String()) {
			if strings.Contains(line, b.id) && strings.Contains(line, "WARN") {
				told = append(told, line)
			}
		}
		if len(told) != 1 || !strings.Contains(told[0], b.reason) {
			t.Errorf("warnings about the webhook with %q: %q, want one", b.reason, told)
		}
	}
}

// An address that must not be dialled is refused: the request never leaves.
func TestPrivateAddressRefused(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	box.answers(func(receiver.Request) receiver.Answer {
		t.Error("a private address was dialled")
		return receiver.Answer{Status: http.StatusInternalServerError}
	})
	sut := start(t, db, "HOOKLINE_ALLOW_ADDRESSES=").until("active")
	db.oneByOne("contact", 1)
	sut.untilPrinted("verdict=blocked")
	sut.stop()
}
