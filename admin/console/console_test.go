package console

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"hookline/admin"
	"hookline/admin/api"
	"hookline/admin/api/apitest"
	"hookline/webhook"
)

// The files of others are those of their packages, unchanged.
func TestVendoredFiles(t *testing.T) {
	for name, want := range map[string]string{
		"htmx.min.js":   "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717",
		"uPlot.min.js":  "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
		"uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
	} {
		text, err := files.ReadFile("static/vendor/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s has changed: %x", name, sum)
		}
	}
}

var inline = regexp.MustCompile(
	"(?i)<style|<script>| style=| on[a-z]+=|hx-on|javascript:|https?://")

// Browsers would run nothing that stands in a page, and load nothing from elsewhere.
func TestPagesHaveNothingInline(t *testing.T) {
	names, err := fs.Glob(files, "pages/*.html")
	if err != nil || len(names) < 10 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if found := inline.Find(text); err != nil || found != nil {
			t.Errorf("%s: %q, %v", name, found, err)
		}
	}
}

// After the login one goes on to a page of this site, wherever the address asks to.
func TestLocal(t *testing.T) {
	for next, want := range map[string]string{
		"": "/", "/": "/", "/deliveries?state=dead": "/deliveries?state=dead",
		"https://example.com/": "/",
		"//example.com/":       "/", "/\\example.com": "/", "example.com": "/", "/\n/example.com": "/",
	} {
		if got := local(next); got != want {
			t.Errorf("%q leads to %q, want %q", next, got, want)
		}
	}
}

// Who changes one thing of a webhook changes nothing else: neither what the form cannot show, nor
// what stands in it because nothing is said.
func TestFormSavesWhatWasChanged(t *testing.T) {
	backend := apitest.New()
	hook := &backend.Hooks[0]
	hook.Format, hook.Per, hook.Workspace, hook.Description = "slack", "commit", "w1", "of sales"
	hook.Filter, hook.Previous = `data.city == "Bonn" && has(data.x)`, "changed"
	hook.Fields, hook.Mask = []string{"id", "city"}, []string{"email"}
	hook.Timeout, hook.Rate = "30s", 20
	c, err := New(backend, admin.NewAccess(""), false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	path := "/webhook/edit?" + url.Values{"key": {hook.Key}}.Encode()
	c.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
	page := w.Body.String()
	for _, selected := range []string{"slack", "commit", "changed"} {
		if !regexp.MustCompile(`value="` + selected + `"\s+selected`).MatchString(page) {
			t.Errorf("%s is not selected:\n%s", selected, page)
		}
	}
	shown := url.Values{}
	for _, field := range regexp.MustCompile(
		`<input [^>]*name="([^"]+)"[^>]* value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		shown.Set(field[1], html.UnescapeString(field[2]))
	}
	shown.Set("format", "slack")
	shown.Set("per", "commit")
	shown.Set("previous", "changed")
	shown.Set("key", hook.Key)
	for _, test := range []struct{ field, value, want string }{
		{"description", "of sales", `{}`},
		{"description", "", `{"description":""}`},
		{"format", "", `{"format":""}`},
		{"per", "change", `{"per":"change"}`},
		{"rekey", "split", `{"rekey":"split"}`},
		{"timeout", "", `{"timeout":""}`},
		{"timeout", "1m", `{"timeout":"1m"}`},
		{"rate", "", `{"rate":0}`},
		{"rate", "2.5", `{"rate":2.5}`},
		{"thin", "true", `{"thin":true}`},
		{"batch", "50", `{"batch":50}`},
		{"batch_wait", "1s", `{"batchWait":"1s"}`},
		{"filter", hook.Filter, `{}`},
		{"filter", "", `{"filter":""}`},
		{"filter", " true ", `{"filter":"true"}`},
		{"previous", "all", `{"previous":"all"}`},
		{"fields", "", `{"fields":[]}`},
		{"fields", "id, city", `{}`},
		{"mask", "email phone", `{"mask":["email","phone"]}`},
		{"settle", "5s", `{"settle":"5s"}`},
		{"settle_max", "1m", `{"settleMax":"1m"}`},
		{"catch_up", "latest", `{"catchUp":"latest"}`},
		{"no-headers", "yes", `{"headers":{}}`},
		{"ca", " a\r\nb\r\n", `{"ca":"a\nb\n"}`},
		{"no-ca", "yes", `{"ca":""}`},
		{"client_certificate", "c", `{"clientCertificate":"c\n"}`},
		{"client_key", "k", `{"clientKey":"k\n"}`},
		{"no-client", "yes", `{"clientCertificate":"","clientKey":""}`},
		{"ignore", "actor:API\r\n\r\norigin:a, b ", `{"ignore":["actor:API","origin:a, b"]}`},
		{"headers", "X-Team: crm\r\n\r\nX-Key:  a:b ", `{"headers":{"X-Key":"a:b","X-Team":"crm"}}`},
		{"workspace", "", `{"workspace":""}`},
		{"operations", "person.*, note.created", `{"operations":["person.*","note.created"]}`},
		{"url", "https://example.com", `{"url":"https://example.com"}`},
	} {
		form := maps.Clone(shown)
		form.Set(test.field, test.value)
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/webhook/save",
			strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		done := backend.Done()
		if want := "edit " + hook.Key + " " + test.want; w.Code != 303 || len(done) == 0 ||
			done[len(done)-1] != want {
			t.Errorf("%s=%q: %d, %q, want %q", test.field, test.value, w.Code, done, want)
		}
	}
}

// What makes no sense is refused without a word of what was given, and nothing is saved.
func TestFormRefusesWrongCertificates(t *testing.T) {
	backend := apitest.New()
	c, err := New(backend, admin.NewAccess(""), false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	key := strings.Repeat("hunter2", webhook.MostPEM/7+1)
	for want, form := range map[string]url.Values{
		"ca: is given, and there is to be none":         {"ca": {"hunter2"}, "no-ca": {"yes"}},
		"client_key: is given, and there is to be none": {"client_key": {"hunter2"}, "no-client": {"yes"}},
		"client_key: has 262":                           {"client_key": {key}},
	} {
		form.Set("key", backend.Hooks[0].Key)
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/webhook/save",
			strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		if page := html.UnescapeString(w.Body.String()); w.Code != 400 ||
			!strings.Contains(page, want) || strings.Contains(page, "hunter2") {
			t.Errorf("%d, want 400 and %q:\n%.2000s", w.Code, want, page)
		}
	}
	if done := backend.Done(); len(done) != 0 {
		t.Errorf("saved: %q", done)
	}
}

// A number that is none is refused, and nothing is saved.
func TestFormRefusesWrongNumbers(t *testing.T) {
	backend := apitest.New()
	c, err := New(backend, admin.NewAccess(""), false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{
		"batch": `batch: "2.9": want a whole number`, "rate": `rate: "2.9x": want a number`,
	} {
		value := strings.Split(want, `"`)[1]
		form := url.Values{"key": {backend.Hooks[0].Key}, field: {value}}
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/webhook/save",
			strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		if page := html.UnescapeString(w.Body.String()); !strings.Contains(page, want) {
			t.Errorf("%s=%s: %d, and no %s:\n%s", field, value, w.Code, want, page)
		}
	}
	if done := backend.Done(); len(done) != 0 {
		t.Errorf("saved: %q", done)
	}
}

// follow opens a page and all that come after it, and returns what a pattern finds on them.
func follow(t *testing.T, c *Console, path, link string, row *regexp.Regexp) (found []string) {
	t.Helper()
	next := regexp.MustCompile(`href="([^"]+)">` + link + `<`)
	for pages := 0; path != ""; pages++ {
		w := httptest.NewRecorder()
		c.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		page := w.Body.String()
		if w.Code != 200 || len(page) > 256<<10 || pages > 9 {
			t.Fatalf("page %d, %s: %d, %d bytes", pages, path, w.Code, len(page))
		}
		for _, one := range row.FindAllStringSubmatch(page, -1) {
			found = append(found, one[1])
		}
		path = ""
		if more := next.FindStringSubmatch(page); more != nil {
			path = html.UnescapeString(more[1])
		}
	}
	return found
}

// live is a backend at which somebody listens until he has heard once.
type live struct {
	*apitest.Backend
	end func()
}

func (b live) Live(ctx context.Context, f api.Filter, after uint64) (api.News, bool) {
	if after > 0 {
		b.end()
	}
	return b.Backend.Live(ctx, f, after)
}

// What comes live is what a person can read, and says how much it leaves out.
func TestLiveLeavesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		backend := live{apitest.New(), end}
		one := backend.List[0]
		backend.List = nil
		for n := range 2 * liveRows {
			one.ID = fmt.Sprintf("evt_%03d", n)
			backend.List = append(backend.List, one)
		}
		c, err := New(backend, admin.NewAccess(""), false, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		c.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/deliveries/live", http.NoBody))
		text := w.Body.String()
		if rows := strings.Count(text, "data-way="); rows != liveRows ||
			strings.Count(text, `<tr data-more="1234">`) != 1 {
			t.Errorf("%d rows, want %d, and how many are left out:\n%s", rows, liveRows, text)
		}
	})
}

// However many there are, a page is of a size that a browser takes, and page by page each is shown
// once: deliveries also of one commit, and of one event.
func TestPageByPage(t *testing.T) {
	backend := apitest.New()
	hook, delivery := backend.Hooks[0], backend.List[0]
	backend.Hooks, backend.List = nil, nil
	var keys, ids []string
	for n := range 250 {
		hook.Key = fmt.Sprintf("hookline.webhook/%03d", n)
		hook.Host = fmt.Sprintf("host%d.example.com", n%2)
		backend.Hooks, keys = append(backend.Hooks, hook), append(keys, hook.Key)
		delivery.ID, delivery.Webhook = fmt.Sprintf("evt_%03d", (999-n)/2), hook.Key
		way := delivery.ID + " " + delivery.Webhook
		backend.List, ids = append(backend.List, delivery), append(ids, way)
	}
	slices.SortFunc(backend.List, func(a, b api.Delivery) int { return a.Place().Compare(b.Place()) })
	c, err := New(backend, admin.NewAccess(""), false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`<a id="at ([^"]+)"`)
	if got := follow(t, c, "/webhooks", "Next", rows); !slices.Equal(got, keys) {
		t.Errorf("%d webhooks: %q", len(got), got)
	}
	if got := follow(t, c, "/webhooks?search=HOST1+example", "Next", rows); len(got) != 125 {
		t.Errorf("%d webhooks of one host, want 125", len(got))
	}
	if got := follow(t, c, "/webhooks?state=failing", "Next", rows); len(got) != 0 {
		t.Errorf("%d webhooks fail, want none", len(got))
	}
	got := follow(t, c, "/deliveries", "Older", regexp.MustCompile(`data-way="([^"]+)"`))
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("%d deliveries: %q", len(got), got)
	}
}
