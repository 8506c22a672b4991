package command

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"hookline/e2e"
)

// A webhook is deleted that has said 410 to a delivery, and for which others wait: status says so,
// its dead letter is found by the beginning of its ID, and nobody promises to send it again.
func TestDeletedWebhook(t *testing.T) {
	t.Parallel()
	db, gone, stays := e2e.NewCRM(t), e2e.NewInbox(t), e2e.NewInbox(t)
	id, other := db.AddWebhook(gone, "*.*"), db.AddWebhook(stays, "*.*")
	key := "public.webhooks/" + id
	gone.Answers(e2e.Always(http.StatusGone))
	sut := e2e.Start(t, db).Until("active")
	db.OneByOne("contact", 1)
	dead := db.UntilDead(1)[0]
	db.OneByOne("later", 2)
	stays.UntilAccepted(3)
	e2e.Eventually(t, func() error {
		if got := len(db.Deliveries("waiting")); got != 2 {
			return fmt.Errorf("%d deliveries wait, want 2", got)
		}
		return nil
	})
	sut.Stop()
	db.Exec("DELETE FROM webhooks WHERE id = '" + id + "'")

	says := func(want int, text string, args ...string) {
		t.Helper()
		p := e2e.Run(t, db.Env(), args...)
		code := p.Wait()
		if got := p.Out.String() + p.Log.String(); code != want || !strings.Contains(got, text) {
			t.Errorf("%q: exit code %d, want %d and %q:\n%s", args, code, want, text, got)
		}
	}
	deleted := "webhook " + key + " was deleted, and 2 deliveries wait for it"
	says(3, deleted, "status")
	says(3, deleted, "doctor")
	refused := "webhook " + key + ": deleted, so that its dead deliveries cannot be sent again"
	for _, which := range []string{
		"--webhook=" + id[:13], "--webhook=" + id, "--webhook=" + key,
		"--all", dead.ID, "--event=contact.*",
	} {
		says(1, refused, "deliveries", "replay", which)
	}
	says(0, dead.ID, "deliveries", "list", "--webhook", id[:13])
	says(0, "410", "deliveries", "show", dead.ID, "--webhook", id[:13])
	says(0, "1 dead delivery would be removed", "deliveries", "discard", "--dry-run", "--webhook", id)
	says(0, "None is dead", "deliveries", "list", "--webhook", other)
	says(1, `there is no webhook "nobody"`, "deliveries", "list", "--webhook", "nobody")

	sut = e2e.Start(t, db, "HOOKLINE_ADMIN_ADDR=127.0.0.1:0").Until("active")
	base := "http://" + regexp.MustCompile(`API and profiles.* addr=(\S+)`).
		FindStringSubmatch(sut.Log.String())[1]
	form, body := "application/x-www-form-urlencoded", "application/json"
	for _, asked := range []struct{ method, path, kind, text string }{
		{"POST", "/api/v1/replay", body, `{"webhook":"` + key + `"}`},
		{"GET", "/api/v1/replay?webhook=" + url.QueryEscape(key), "", ""},
		{"GET", "/replay?state=dead", "", ""},
		{"POST", "/replay", form, url.Values{"webhook": {key}}.Encode()},
	} {
		r, err := http.NewRequestWithContext(t.Context(), asked.method, base+asked.path,
			strings.NewReader(asked.text))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", asked.kind)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusNotFound ||
			!strings.Contains(string(text), refused) {
			t.Errorf("%s %s: %d, want 404 and %q:\n%s", asked.method, asked.path, resp.StatusCode, refused,
				text)
		}
	}
	e2e.Finish(t, sut, stays.Gets(db.Diary()...))
}
