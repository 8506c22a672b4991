package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hookline/admin"
	"hookline/admin/api"
	"hookline/admin/api/apitest"
	"hookline/admin/console"
	"hookline/e2e"
)

// serve serves the console of a backend, and returns its address.
func serve(t *testing.T, b api.Backend, token admin.Token, readOnly bool) string {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	access := admin.NewAccess(token)
	pages, err := console.New(b, access, readOnly, log)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.Handle("/api/", api.Handler(b, readOnly, log))
	s, err := admin.Serve(admin.Config{Addr: "127.0.0.1:0", Token: token}, access,
		admin.Site{Handler: mux, Open: console.Open}, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.WithoutCancel(t.Context())) })
	return "http://" + s.Addr()
}

// pages are all that only look, by the names of their screenshots.
func pages(b *apitest.Backend) map[string]string {
	of := func(path, name, value string) string {
		return path + "?" + url.Values{name: {value}}.Encode()
	}
	hook := b.Hooks[1].Key
	return map[string]string{
		"overview":      "/",
		"webhooks":      "/webhooks",
		"webhook":       of("/webhook", "key", hook),
		"webhook-add":   "/webhook/add",
		"webhook-edit":  of("/webhook/edit", "key", hook),
		"webhook-pause": of("/webhook/confirm", "key", hook) + "&do=pause",
		"deliveries":    "/deliveries",
		"delivery":      of("/delivery", "id", b.Details[0].ID),
		"replay":        "/replay?state=dead",
		"objects":       "/objects",
		"gaps":          "/gaps",
		"doctor":        "/doctor",
		"settings":      "/settings",
		"missing":       "/nothing",
	}
}

// TestPages looks at the pages of a console with nothing behind it.
func TestPages(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, "")
	defer b.end()
	for name, test := range map[string]func(*testing.T, *browser){
		"are readable": pagesAreReadable, "run nothing": pagesRunNothing, "log in": logIn,
		"live": liveIsNewestFirst, "other sites": otherSites, "read-only": readOnly,
		"examine": examineNow, "live, of one commit": liveOfOneCommit, "away": sayAway,
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			test(t, b)
		})
	}
}

// settle opens a page and waits until it is whole.
func (b *browser) settle(name, path string) {
	b.t.Helper()
	b.open(path)
	switch name {
	case "overview":
		b.run(chromedp.WaitVisible(chromedp.CSS(".figures")),
			chromedp.WaitVisible(chromedp.CSS(".uplot")))
	case "doctor":
		b.until("2 warnings")
	case "deliveries":
		b.until("more are not shown") // what is live has come
	}
}

// shown are the screenshots that the docs have: page, width, dark.
var shown = map[string]bool{
	"overview 1200 false":   true,
	"overview 1200 true":    true,
	"overview 390 false":    true,
	"deliveries 1200 false": true,
	"delivery 1200 true":    true,
	"webhooks 1200 false":   true,
	"deliveries 390 true":   true,
}

// Every page reads on a phone and on a desk, in light and dark, and by who needs contrast and
// labels.
func pagesAreReadable(_ *testing.T, b *browser) {
	backend := apitest.New()
	b.base = serve(b.top, backend, "", false)
	for name, path := range pages(backend) {
		for _, width := range []int64{1200, 390} {
			b.size(width, 800)
			b.settle(name, path)
			for _, dark := range []bool{false, true} {
				what := fmt.Sprintf("%s %d %t", name, width, dark)
				b.dark(dark)
				b.readable(what)
				if *screenshots && (shown[what] || *all) {
					b.shoot(
						strings.NewReplacer(" 1200", "", " 390", "-phone", " false", "", " true", "-dark").
							Replace(what),
					)
				}
			}
		}
	}
	b.forgive("404 (Not Found)")
}

// What comes live is above all else, the newest at the top, and takes the place of the row that
// the delivery had.
func liveIsNewestFirst(t *testing.T, b *browser) {
	backend := apitest.New()
	b.base = serve(b.top, backend, "", false)
	want := ""
	for _, d := range backend.List {
		want += d.ID + " " + d.Webhook + "\n"
	}
	b.settle("deliveries", "/deliveries")
	got := evaluate[string](b,
		`[...document.querySelectorAll("#rows tr")].map(r => r.dataset.way + "\n").join("")`)
	if got != want {
		t.Errorf("rows, from the top:\n%s\nwant\n%s", got, want)
	}
}

// commit is a backend at which the events of one commit are attempted in two turns, the last ones
// first.
type commit struct {
	*apitest.Backend
	turns [][]api.Delivery
}

func (c commit) Live(ctx context.Context, _ api.Filter, after uint64) (api.News, bool) {
	if after < uint64(len(c.turns)) {
		return api.News{List: c.turns[after], Last: after + 1}, true
	}
	<-ctx.Done()
	return api.News{Last: after}, false
}

// In whichever order the events of one commit are attempted, the page has them by their numbers.
func liveOfOneCommit(t *testing.T, b *browser) {
	backend := commit{Backend: apitest.New()}
	one := backend.List[0]
	var turns [2][]api.Delivery
	want := ""
	for i, number := range []int{11, 9, 10, 1, 2} {
		one.ID = fmt.Sprintf("evt_5cad7dd0_%016x_%d", 0x2000000, number)
		turns[i/3] = append(turns[i/3], one)
	}
	for _, number := range []int{11, 10, 9, 2, 1} {
		want += fmt.Sprintf("evt_5cad7dd0_%016x_%d ", 0x2000000, number)
	}
	backend.turns = turns[:]
	b.base = serve(b.top, backend, "", false)
	b.open("/deliveries")
	b.until("5 attempts since")
	got := evaluate[string](b, `[...document.querySelectorAll("#rows tr")].slice(0, 5)
		.map(r => r.dataset.way.split(" ")[0] + " ").join("")`)
	if got != want {
		t.Errorf("rows, from the top:\n%s\nwant\n%s", got, want)
	}
}

// mended is a backend that knows what is mended once the doctor examines.
type mended struct{ *apitest.Backend }

func (m mended) Diagnosis(ctx context.Context) (api.Diagnosis, error) {
	m.Over.Attention, m.Over.Examined = nil, time.Now()
	return m.Backend.Diagnosis(ctx)
}

// The overview says when the doctor has examined, and has it do so at once for who asks, also where
// nothing can be changed; but not again and again.
func examineNow(t *testing.T, b *browser) {
	b.base = serve(b.top, mended{apitest.New()}, "", true)
	b.settle("overview", "/")
	b.until("3 things need attention")
	b.until("The doctor examined")
	evaluate[bool](b, `(document.getElementById("examine").focus(), true)`)
	b.click("Examine now")
	b.until("All is well")
	b.until("at most every 15 s")
	if !evaluate[bool](b, `document.activeElement.id === "examine" &&
		document.activeElement.ariaDisabled === "true" && document.activeElement.href === ""`) {
		t.Error("who has asked by the keyboard has lost the place, or may ask again at once")
	}
	b.readable("overview, examined")
}

// gone is a console that no longer answers once it is asked to.
type gone struct {
	http.Handler
	away atomic.Bool
}

func (g *gone) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.away.Load() {
		panic(http.ErrAbortHandler)
	}
	g.Handler.ServeHTTP(w, r)
}

// A page whose parts are not renewed says so, and no more once they are.
func sayAway(t *testing.T, b *browser) {
	pages, err := console.New(apitest.New(), admin.NewAccess(""), false,
		slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	g := &gone{Handler: pages}
	server := httptest.NewServer(g)
	defer server.Close()
	b.base = server.URL
	b.settle("webhooks", "/webhooks")
	g.away.Store(true)
	b.until("Hookline does not answer: what is shown is as it was at")
	b.readable("away")
	g.away.Store(false)
	e2e.Eventually(t, func() error {
		if strings.Contains(b.text(), "does not answer") {
			return errors.New("it still says that Hookline does not answer")
		}
		return nil
	})
	b.run(chromedp.Navigate("about:blank")) // so that nothing asks any more
	b.forgive("net::ERR_")
	b.forgive("htmx:") // which says so by itself
}

// Whatever a user of the CRM or a receiver can write is shown as the text that it is, in every
// field of every page.
func pagesRunNothing(t *testing.T, b *browser) {
	backend := apitest.New()
	backend.Poison(canary)
	b.base = serve(b.top, backend, "", false)
	for name, path := range pages(backend) {
		b.settle(name, path)
		fields := evaluate[string](b,
			`[...document.querySelectorAll("input")].map((e) => e.value).join()`)
		if name != "settings" && name != "missing" && name != "webhook-add" &&
			!strings.Contains(b.text()+fields, canary) {
			t.Errorf("%s does not show the canary as it is:\n%s", name, b.text())
		}
		if n := evaluate[int](b,
			`document.querySelectorAll("img, main svg, main script, iframe").length`); n > 0 {
			t.Errorf("%s has made %d elements of the canary", name, n)
		}
	}
	b.open("/webhook?" + url.Values{"key": {canary}}.Encode())
	b.click("Send a test")
	b.until("The test was not accepted")
	b.forgive("404 (Not Found)")
}

// Without the token there is nothing but the form that asks for it, for which one has a few tries.
func logIn(t *testing.T, b *browser) {
	backend := apitest.New()
	b.base = serve(b.top, backend, token, false)
	b.open("/deliveries?state=dead")
	b.until("Token")
	if strings.Contains(b.text(), "Deliveries") {
		t.Errorf("without a token:\n%s", b.text())
	}
	b.readable("login")
	b.fill("token", token[1:])
	b.click("Log in")
	b.until("this is not the token")
	b.fill("token", token)
	b.click("Log in")
	b.until("Send the dead of these again") // where one wanted to go
	cookie := evaluate[string](b, "document.cookie")
	if cookie != "" {
		t.Errorf("scripts can read the cookie %q", cookie)
	}
	b.click("Log out")
	b.until("Token")
	b.open("/webhooks")
	b.until("Token")
	b.forgive("401 (Unauthorized)")
}

// A page of another site can neither change anything, nor look.
func otherSites(t *testing.T, b *browser) {
	backend := apitest.New()
	base := serve(b.top, backend, token, false)
	b.base = base
	b.open("/login")
	b.fill("token", token)
	b.click("Log in")
	b.until("Overview")
	form := `<form method=post action="` + base + `/webhook/pause"><input name=key value=x></form>`
	b.run(chromedp.Navigate("about:blank"))
	evaluate[bool](b, fmt.Sprintf(`(document.write(%q), document.forms[0].submit(), true)`, form))
	b.until("refused: the request comes from a page of another site")
	if done := backend.Done(); len(done) > 0 {
		t.Errorf("another site has changed something: %v", done)
	}
	b.forgive("403 (Forbidden)")
}

// In read-only mode nothing offers to change anything.
func readOnly(t *testing.T, b *browser) {
	backend := apitest.New()
	b.base = serve(b.top, backend, "", true)
	for name, path := range pages(backend) {
		if strings.HasPrefix(name, "webhook-") || name == "replay" { // forms that nothing leads to
			continue
		}
		b.settle(name, path)
		if n := evaluate[int](b,
			`document.querySelectorAll("main form[method=post], main a[href^='/replay'], main a[href^='/webhook/']").length`); n > 0 {
			t.Errorf("%s offers %d changes", name, n)
		}
	}
	b.open("/webhook/add")
	b.fill("url", "https://example.com")
	b.click("Add")
	b.until("HOOKLINE_ADMIN_READ_ONLY is on")
	if done := backend.Done(); len(done) > 0 {
		t.Errorf("something was changed: %v", done)
	}
	b.forgive("404 (Not Found)")
	b.forgive("403 (Forbidden)")
}
