package delivery

import (
	"net/http"
	"strings"
	"testing"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// A row that cannot be served is skipped and told of once, its neighbours are served, and it is
// taken up when it is mended.
func TestBadWebhooks(t *testing.T) {
	t.Parallel()
	db, good := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(good, "*.*")
	bad := []struct {
		reason    string
		url       string
		secret    any
		operation string
		box       *e2e.Inbox // the URL is the box's when it is ""
		id        string
	}{
		{
			reason: "url: is not a URL", url: "http://[::1/" + e2e.Confidential, secret: e2e.Confidential,
			operation: "*.*",
		},
		{
			reason: "url: does not start with http:// or https://",
			url:    "ftp://u:" + e2e.Confidential + "@127.0.0.1", secret: e2e.Confidential, operation: "*.*",
		},
		{reason: "url: is empty", url: " ", secret: e2e.Confidential, operation: "*.*"},
		{reason: "secret: is null", secret: nil, operation: "*.*"},
		{
			reason: `operations: \"contact.exploded\"`, secret: e2e.Confidential,
			operation: "contact.exploded",
		},
	}
	for i := range bad {
		b := &bad[i]
		b.box = e2e.NewInbox(t)
		address := b.url
		if address == "" {
			address = b.box.URL()
		}
		b.id = e2e.Value[string](db,
			`INSERT INTO webhooks (url, secret, operations) VALUES ($1, $2, ARRAY[$3]) RETURNING id::text`,
			address, b.secret, b.operation)
	}
	sut := e2e.Start(t, db).Until("active")
	db.OneByOne("before", 3)
	good.UntilAccepted(3)

	for _, b := range bad {
		db.Exec(`UPDATE webhooks SET url = $2, secret = $3, operations = '{*.*}' WHERE id = $1`, b.id,
			b.box.URL(), b.box.Secret)
	}
	unheard := len(db.Diary())
	db.OneByOne("after", 3)
	diary := db.Diary()
	want := []e2e.Delivery{good.Gets(diary...)}
	for _, b := range bad {
		want = append(want, b.box.Gets(diary[unheard:]...))
	}
	e2e.Finish(t, sut, want...)

	for _, b := range bad {
		var told []string
		for line := range strings.Lines(sut.Log.String()) {
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
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	box.Answers(func(receiver.Request) receiver.Answer {
		t.Error("a private address was dialled")
		return receiver.Answer{Status: http.StatusInternalServerError}
	})
	sut := e2e.Start(t, db, "HOOKLINE_ALLOW_ADDRESSES=").Until("active")
	db.OneByOne("contact", 1)
	sut.UntilPrinted("verdict=blocked")
	sut.Stop()
}
