package command

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookline/e2e"
	"hookline/internal/receiver"
	"hookline/sender"
)

// jsonOf runs a command with --json and reads what it prints.
func jsonOf[T any](t *testing.T, env []string, args ...string) (value T) {
	t.Helper()
	p := e2e.Run(t, env, append(args, "--json")...)
	if p.Wait() != 0 {
		t.Fatalf("%v ends with %d:\n%s", args, p.Wait(), p.Log.String())
	}
	if err := json.Unmarshal([]byte(p.Out.String()), &value); err != nil {
		t.Fatalf("%v prints no JSON: %v\n%s", args, err, p.Out.String())
	}
	return value
}

// tray is a receiver that takes requests of any secret, one after the other.
type tray struct {
	t      *testing.T
	URL    string
	got    chan receiver.Request
	answer atomic.Pointer[receiver.Answer]
}

func newTray(t *testing.T) *tray {
	r := &tray{t: t, got: make(chan receiver.Request, 100)}
	r.answer.Store(&receiver.Answer{})
	server := httptest.NewServer(&receiver.Receiver{
		Answer:   func(receiver.Request) receiver.Answer { return *r.answer.Load() },
		Received: func(got receiver.Request) { r.got <- got },
	})
	t.Cleanup(server.Close)
	r.URL = server.URL + "/hook"
	return r
}

// next returns the next request.
func (r *tray) next() (got receiver.Request) {
	r.t.Helper()
	select {
	case got = <-r.got:
	case <-time.After(e2e.Patience):
		r.t.Fatal("nothing comes")
	}
	return got
}

type changed struct {
	Webhook struct{ Key, State, URL string }
	Secret  string
}

// An operator adds a webhook to a Hookline that runs, tests it, gives it another secret, switches
// it off and on, and removes it. Each takes effect with the next commit, without SQL.
func TestWebhooksAreKeptByCommands(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewDatabase(t), newTray(t)
	db.Exec("CREATE TABLE notes (id int PRIMARY KEY, words text)")
	env := db.Env("HOOKLINE_WEBHOOKS_TABLE=hookline.webhook", "TOKEN=Bearer "+e2e.Confidential)
	early := e2e.Run(t, env, "webhooks", "add", box.URL)
	if early.Wait() != 1 || !strings.Contains(early.Log.String(), "hookline setup") {
		t.Errorf("before setup add ends with %d: %s", early.Wait(), early.Log.String())
	}
	sut := e2e.Start(t, db, "HOOKLINE_WEBHOOKS_TABLE=hookline.webhook").Until("active")

	added := jsonOf[changed](t, env, "webhooks", "add", box.URL, "-o", "note.created,note.deleted",
		"--header", "Authorization=env:TOKEN")
	key, first := added.Webhook.Key, added.Secret
	if added.Webhook.State != "active" || len(first) != 64 ||
		!strings.HasPrefix(key, "hookline.webhook/") {
		t.Fatalf("added: %+v", added)
	}
	notes := 0
	note := func() receiver.Request {
		t.Helper()
		notes++
		db.Exec("INSERT INTO notes VALUES ($1, 'x')", notes)
		return box.next()
	}
	signedBy := func(r receiver.Request, twenty string, standard ...string) {
		t.Helper()
		if err := sender.Verify(twenty, r.Header, r.Body, r.At, time.Minute); err != nil {
			t.Errorf("Twenty's signature: %v", err)
		}
		for _, secret := range standard {
			if err := sender.VerifyStandard(secret, r.Header, r.Body, r.At, time.Minute); err != nil {
				t.Errorf("the signature of Standard Webhooks: %v", err)
			}
		}
		if n := len(strings.Fields(r.Header.Get("Webhook-Signature"))); n != len(standard) {
			t.Errorf("%d signatures, want %d", n, len(standard))
		}
	}
	r := note()
	signedBy(r, first, first)
	if got := r.Header.Get("Authorization"); got != "Bearer "+e2e.Confidential {
		t.Errorf("Authorization: %q", got)
	}

	rotated := jsonOf[changed](t, env, "webhooks", "rotate", key, "--grace", "1h")
	signedBy(note(), first, rotated.Secret, first)
	again := e2e.Run(t, env, "webhooks", "rotate", key)
	if again.Wait() != 1 || !strings.Contains(again.Log.String(), "signs, too, until") {
		t.Errorf("rotated twice: %d, %s", again.Wait(), again.Log.String())
	}
	finish := e2e.Run(t, env, "webhooks", "rotate", "--finish", key)
	if finish.Wait() != 0 {
		t.Errorf("rotate --finish ends with %d: %s", finish.Wait(), finish.Log.String())
	}
	signedBy(note(), rotated.Secret, rotated.Secret)
	own := e2e.Command(t, env, "webhooks", "rotate", key, "--grace", "0s", "--secret", "-")
	own.Cmd.Stdin = strings.NewReader(e2e.Confidential + "\n")
	if own.Launch().Wait() != 0 || strings.Contains(own.Out.String(), e2e.Confidential) {
		t.Errorf("rotated to one of ours: %d, %s%s", own.Wait(), own.Out.String(), own.Log.String())
	}
	signedBy(note(), e2e.Confidential, e2e.Confidential)

	type answer struct {
		Delivered bool
		Status    int
		Body      string
	}
	if got := jsonOf[answer](t, env, "webhooks", "test", key); !got.Delivered || got.Status != 200 {
		t.Errorf("tested: %+v", got)
	}
	signedBy(box.next(), e2e.Confidential, e2e.Confidential)
	box.answer.Store(&receiver.Answer{
		Status: http.StatusTeapot, Body: strings.NewReader("\x1b[31mno tea\n"),
	})
	test := e2e.Run(t, env, "webhooks", "test", key)
	if out := test.Out.String(); test.Wait() != 3 || !strings.Contains(out, "418 I'm a teapot") ||
		!strings.Contains(out, "\ufffd[31mno tea") || strings.Contains(out, "\x1b") {
		t.Errorf("tested where there is no tea: %d\n%s%s", test.Wait(), out, test.Log.String())
	}
	box.answer.Store(&receiver.Answer{})
	box.next()

	if e := jsonOf[changed](t, env, "webhooks", "edit", key[len("hookline.webhook/"):][:8],
		"-o", "*.created", "--no-headers"); e.Webhook.State != "active" {
		t.Errorf("edited: %+v", e)
	}
	if r := note(); r.Header.Get("Authorization") != "" {
		t.Error("the header is still sent")
	}
	wrong := e2e.Run(t, env, "webhooks", "edit", key, "-o", "note.sold")
	if wrong.Wait() != 1 ||
		!strings.Contains(wrong.Log.String(), `operations: "note.sold": want an object`) {
		t.Errorf("edited to a mistake: %d, %s", wrong.Wait(), wrong.Log.String())
	}

	witness := newTray(t) // tells when a commit has been read
	jsonOf[changed](t, env, "webhooks", "add", witness.URL, "--unsigned", "--description", "a witness")
	if p := jsonOf[changed](t, env, "webhooks", "pause", key); p.Webhook.State != "disabled" {
		t.Errorf("paused: %+v", p)
	}
	db.Exec("INSERT INTO notes VALUES (1000, 'x')")
	witness.next()
	if p := jsonOf[changed](t, env, "webhooks", "resume", key); p.Webhook.State != "active" {
		t.Errorf("resumed: %+v", p)
	}
	if r := note(); !strings.Contains(string(r.Body), fmt.Sprintf(`"id":%d,`, notes)) {
		t.Errorf("after the pause came %s", r.Body)
	}
	witness.next()

	type listed struct {
		Key, State, URL string
		Own, Signed     bool
		Operations      []string
		Description     string
		Waiting, Dead   *int
	}
	list := jsonOf[[]listed](t, env, "webhooks", "list")
	i := slices.IndexFunc(list, func(l listed) bool { return l.Key == key })
	if len(list) != 2 || i < 0 || !list[i].Own || !list[i].Signed || list[i].URL != box.URL ||
		list[i].Waiting == nil || list[1-i].Signed || list[1-i].Description != "a witness" {
		t.Errorf("listed: %+v", list)
	}
	table := e2e.Run(t, env, "webhooks", "list")
	if out := table.Out.String(); table.Wait() != 0 || strings.Contains(out, "\x1b") ||
		!strings.HasPrefix(out, "WEBHOOK ") || strings.Count(out, "\n") != 3 {
		t.Errorf("the table:\n%s", out)
	}
	for _, p := range []*e2e.Process{table, test, wrong} {
		if strings.Contains(p.Out.String()+p.Log.String(), e2e.Confidential) {
			t.Errorf("%v prints a secret", p.Cmd.Args[1:])
		}
	}
	if p := e2e.Run(t, env, "webhooks", "remove", key); p.Wait() != 0 {
		t.Errorf("remove ends with %d: %s", p.Wait(), p.Log.String())
	}
	gone := e2e.Run(t, env, "webhooks", "remove", key[:len(key)-1]+"z")
	if gone.Wait() != 1 || !strings.Contains(gone.Log.String(), "there is no webhook") {
		t.Errorf("removed twice: %d, %s", gone.Wait(), gone.Log.String())
	}
	db.Exec("INSERT INTO notes VALUES (1001, 'x')")
	witness.next()
	sut.Stop() // which finishes what is in hand
	if n := len(box.got); n != 0 {
		t.Errorf("a webhook that was removed hears of %d events", n)
	}
}

// Webhooks of the CRM's own table are listed and tested, and changed by nobody but the CRM.
func TestWebhooksOfTheCRM(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	key := "public.webhooks/" + db.AddWebhook(box, "*.*")
	db.SetUp()
	list := jsonOf[[]struct {
		Key string
		Own bool
	}](t, db.Env(), "webhooks", "list")
	if len(list) != 1 || list[0].Key != key || list[0].Own {
		t.Errorf("listed: %+v", list)
	}
	// A table that an earlier version made gets the columns of a rotation.
	db.Exec("ALTER TABLE hookline.webhook DROP previous_secret, DROP previous_secret_until")
	db.SetUp()
	if n := e2e.Value[int](db, `SELECT count(*) FROM pg_attribute
		WHERE attrelid = 'hookline.webhook'::regclass AND attname ~ '^previous_secret'`); n != 2 {
		t.Errorf("after setup %d columns of a rotation are there, want 2", n)
	}
	test := e2e.Run(t, db.Env(), "webhooks", "test", key)
	if test.Wait() != 0 || !strings.Contains(test.Out.String(), "200 OK") ||
		box.All()[0].Signature != nil {
		t.Errorf("tested: %d\n%s%s", test.Wait(), test.Out.String(), test.Log.String())
	}
	pause := e2e.Run(t, db.Env(), "webhooks", "pause", key)
	if pause.Wait() != 1 ||
		!strings.Contains(pause.Log.String(), "belongs to the CRM, and is changed there") {
		t.Errorf("paused: %d, %s", pause.Wait(), pause.Log.String())
	}
	blocked := e2e.Run(t, db.Env("HOOKLINE_ALLOW_ADDRESSES="), "webhooks", "test", key)
	if blocked.Wait() != 3 || !strings.Contains(blocked.Out.String(), "loopback") {
		t.Errorf("tested where it may not be dialled: %d\n%s", blocked.Wait(), blocked.Out.String())
	}
}
