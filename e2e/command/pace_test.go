package command

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookline/e2e"
	"hookline/internal/receiver"
	"hookline/sender"
)

// A receiver of CloudEvents is asked for its consent before its webhook is added, and what it
// allows is kept. A webhook with a key pair shows the public key, and the private one to nobody.
func TestCloudEventsByConsent(t *testing.T) {
	t.Parallel()
	db := e2e.NewDatabase(t)
	db.Exec("CREATE TABLE notes (id int PRIMARY KEY, words text)")
	env := db.Env("HOOKLINE_WEBHOOKS_TABLE=hookline.webhook")
	var consents atomic.Bool
	got := make(chan receiver.Request, 10)
	events := &receiver.Receiver{Received: func(r receiver.Request) { got <- r }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodOptions:
			events.ServeHTTP(w, r)
		case consents.Load():
			w.Header().Set("WebHook-Allowed-Origin", r.Header.Get("WebHook-Request-Origin"))
			w.Header().Set("WebHook-Allowed-Rate", cmp.Or(r.URL.Query().Get("rate"), "120"))
		default:
			w.WriteHeader(http.StatusMethodNotAllowed)
		}
	}))
	t.Cleanup(server.Close)
	sut := e2e.Start(t, db, "HOOKLINE_WEBHOOKS_TABLE=hookline.webhook").Until("active")
	add := []string{"webhooks", "add", server.URL, "--format", "cloudevents-binary", "--ed25519"}
	refused := e2e.Run(t, env, add...)
	if refused.Wait() != 1 ||
		!strings.Contains(refused.Log.String(), "it answered OPTIONS with 405") {
		t.Errorf("without consent add ends with %d: %s", refused.Wait(), refused.Log.String())
	}
	if n := e2e.Value[int](db, "SELECT count(*)::int FROM hookline.webhook"); n != 0 {
		t.Errorf("%d webhooks are there", n)
	}
	consents.Store(true)
	type row struct {
		Key, PublicKey string
		Rate           float64
	}
	added := jsonOf[struct {
		Webhook row
		Secret  string
	}](t, env, add...)
	if added.Secret != "" || added.Webhook.Rate != 2 {
		t.Errorf("added: %+v", added)
	}
	list := jsonOf[[]row](t, env, "webhooks", "list")
	if len(list) != 1 || list[0] != added.Webhook || !strings.HasPrefix(list[0].PublicKey, "whpk_") {
		t.Fatalf("listed: %+v", list)
	}
	db.Exec("INSERT INTO notes VALUES (1, 'one')")
	select {
	case r := <-got:
		err := sender.VerifyStandard(list[0].PublicKey, r.Header, r.Body, r.At, e2e.Patience)
		if err != nil || r.Header.Get("Ce-Type") != "note.created" {
			t.Errorf("%v: %v %s", err, r.Header, r.Body)
		}
	case <-time.After(e2e.Patience):
		t.Fatal("nothing comes")
	}
	fast := e2e.Run(t, env, "webhooks", "edit", list[0].Key, "--url", server.URL+"/?rate=4000000000",
		"--rate", "0")
	if fast.Wait() != 0 ||
		!strings.Contains(fast.Out.String(), "in 100000 requests a second at most") {
		t.Errorf("more is allowed than a rate can be: %s %s", fast.Out.String(), fast.Log.String())
	}
	rotated := e2e.Run(t, env, "webhooks", "rotate", list[0].Key)
	if rotated.Wait() != 0 ||
		!strings.Contains(rotated.Out.String(), "X-Twenty-Webhook-Signature is never that of a key pair") {
		t.Errorf("rotated: %s %s", rotated.Out.String(), rotated.Log.String())
	}
	consents.Store(false)
	moved := e2e.Run(t, env, "webhooks", "edit", list[0].Key, "--url", server.URL+"/elsewhere")
	if moved.Wait() != 1 {
		t.Errorf("another URL is taken without consent: %s", moved.Out.String())
	}
	private := e2e.Value[string](db, "SELECT secret FROM hookline.webhook")
	for _, p := range []*e2e.Process{refused, moved, sut} {
		if text := p.Out.String() + p.Log.String(); strings.Contains(text, private[:20]) {
			t.Errorf("the private key is told: %s", text)
		}
	}
}
