package admin_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"hookline/admin"
)

const token = "hunter2-hunter2-hunter2"

// serve serves on a free port until the end of the test.
func serve(t *testing.T, token admin.Token) *admin.Server {
	t.Helper()
	s, err := admin.Serve(admin.Config{Addr: "127.0.0.1:0", Token: token},
		admin.NewAccess(token), admin.Site{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

type answer struct {
	status    int
	challenge string // of a 401
	body      string
}

// ask sends a GET, changed by each of change.
func ask(t *testing.T, s *admin.Server, path string, change ...func(*http.Request)) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr()+path,
		http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(r)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header.Get("WWW-Authenticate"), string(body)}
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func host(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }

func basic(user, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(user, password) }
}

func TestWhoMayAsk(t *testing.T) {
	open, guarded := serve(t, ""), serve(t, token)
	bearer := header("Authorization", "Bearer "+token)
	same := func(r *http.Request) { r.Header.Set("Origin", "http://"+r.Host) }
	for _, test := range []struct {
		name   string
		server *admin.Server
		change []func(*http.Request)
		want   int
	}{
		{"token: none", guarded, nil, 401},
		{
			"token: wrong", guarded,
			[]func(*http.Request){header("Authorization", "Bearer "+token[1:])},
			401,
		},
		{"token: empty", guarded, []func(*http.Request){header("Authorization", "Bearer ")}, 401},
		{
			"token: another scheme", guarded,
			[]func(*http.Request){header("Authorization", "Token "+token)},
			401,
		},
		{"token: bearer", guarded, []func(*http.Request){bearer}, 200},
		{
			"token: bearer, written otherwise", guarded,
			[]func(*http.Request){header("Authorization", "bearer  "+token)},
			200,
		},
		{"token: basic", guarded, []func(*http.Request){basic("hookline", token)}, 200},
		{"token: basic, any name", guarded, []func(*http.Request){basic("", token)}, 200},
		{"token: basic, wrong", guarded, []func(*http.Request){basic("hookline", "wrong")}, 401},
		{"token: basic, as the name", guarded, []func(*http.Request){basic(token, "")}, 401},
		{
			"token: by any host", guarded,
			[]func(*http.Request){bearer, host("hookline.example.com:8686")},
			200,
		},
		{
			"token: from another site", guarded,
			[]func(*http.Request){bearer, header("Sec-Fetch-Site", "cross-site")},
			403,
		},
		{"none needed", open, nil, 200},
		{"none needed: one comes all the same", open, []func(*http.Request){bearer}, 200},
		{"none needed: localhost", open, []func(*http.Request){host("localhost:8686")}, 200},
		{"none needed: IPv6", open, []func(*http.Request){host("[::1]:8686")}, 200},
		{"none needed: without a port", open, []func(*http.Request){host("[::1]")}, 200},
		{"none needed: rebound name", open, []func(*http.Request){host("evil.example.com:8686")}, 403},
		{
			"none needed: rebound name, looks alike", open,
			[]func(*http.Request){host("127.0.0.1.example.com")},
			403,
		},
		{"none needed: other address", open, []func(*http.Request){host("10.0.0.1:8686")}, 403},
		{"typed into a browser", open, []func(*http.Request){header("Sec-Fetch-Site", "none")}, 200},
		{
			"from its own page", open,
			[]func(*http.Request){header("Sec-Fetch-Site", "same-origin"), same},
			200,
		},
		{"from its own page, older browser", open, []func(*http.Request){same}, 200},
		{"from another site", open, []func(*http.Request){header("Sec-Fetch-Site", "cross-site")}, 403},
		{"from another port", open, []func(*http.Request){header("Sec-Fetch-Site", "same-site")}, 403},
		{
			"from another site, older browser", open,
			[]func(*http.Request){header("Origin", "https://evil.example.com")},
			403,
		},
		{"from a sandbox", open, []func(*http.Request){header("Origin", "null")}, 403},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, path := range []string{"/", "/debug/pprof/", "/debug/pprof/goroutine"} {
				got := ask(t, test.server, path, test.change...)
				if got.status != test.want || (got.challenge != "") != (test.want == 401) {
					t.Errorf("%s: %+v, want %d", path, got, test.want)
				}
				if test.want == 401 && (!strings.Contains(got.body, "Authorization: Bearer") ||
					strings.Count(got.body, "\n") != 1) {
					t.Errorf("%s does not tell in a line what to send: %q", path, got.body)
				}
				if strings.Contains(got.body, token) {
					t.Errorf("%s shows the token: %q", path, got.body)
				}
			}
		})
	}
}

func TestProfiles(t *testing.T) {
	s := serve(t, "")
	index := ask(t, s, "/debug/pprof/").body
	for _, name := range []string{
		"profile", "heap", "allocs", "goroutine", "mutex", "block",
		"threadcreate", "trace",
	} {
		if !strings.Contains(index, "/debug/pprof/"+name+" ") {
			t.Errorf("%s is not in the index:\n%s", name, index)
		}
	}
	for _, name := range []string{"heap", "allocs", "goroutine", "threadcreate"} {
		if got := ask(t, s, "/debug/pprof/"+name); got.status != 200 ||
			!strings.HasPrefix(got.body, "\x1f\x8b") {
			t.Errorf("%s answered %d and no profile: %.40q", name, got.status, got.body)
		}
	}
	if dump := ask(t, s, "/debug/pprof/goroutine?debug=2").body; !strings.Contains(dump,
		"admin_test.TestProfiles") {
		t.Errorf("this goroutine is not in the dump:\n%s", dump)
	}
	for path, want := range map[string]int{
		"/debug/pprof/cmdline": 404, "/debug/pprof/symbol": 404, "/debug/pprof/none": 404,
		"/metrics":                   404,
		"/debug/pprof/mutex?debug=1": 400, "/debug/pprof/block?seconds=x": 400,
	} {
		if got := ask(t, s, path); got.status != want {
			t.Errorf("%s: %+v, want %d", path, got, want)
		}
	}
}

// A profile that is being made ends with the Server, and does not hold its end up.
func TestCloseEndsProfiles(t *testing.T) {
	s, err := admin.Serve(admin.Config{Addr: "127.0.0.1:0"}, admin.NewAccess(""), admin.Site{},
		slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	// its head comes before its end
	resp, err := http.Get("http://" + s.Addr() + "/debug/pprof/trace?seconds=3600")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
	if body, err := io.ReadAll(resp.Body); err != nil || !strings.HasPrefix(string(body), "go 1.") {
		t.Errorf("got no trace: %.40q, %v", body, err)
	}
}

func TestAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, nil))

	access := admin.NewAccess(token)
	_, err = admin.Serve(admin.Config{Addr: taken.Addr().String(), Token: token}, access, admin.Site{},
		log)
	if err == nil || !strings.Contains(err.Error(), "HOOKLINE_ADMIN_ADDR=") ||
		!strings.Contains(err.Error(), "in use") {
		t.Errorf("error %v does not tell what is in use", err)
	}
	s, err := admin.Serve(admin.Config{Addr: taken.Addr().String(), Token: token, Optional: true},
		access, admin.Site{}, log)
	if err != nil {
		t.Fatalf("an address that nobody has chosen: %v", err)
	}
	if s.Addr() != "" || s.Close(t.Context()) != nil {
		t.Errorf("it listens at %q", s.Addr())
	}
	if text := out.String(); !strings.Contains(text, "level=WARN") ||
		!strings.Contains(text, "HOOKLINE_ADMIN_ADDR") ||
		!strings.Contains(text, "off") || strings.Contains(text, token) {
		t.Errorf("logged %q", text)
	}
}

func TestOffAndUnguarded(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	if s, err := admin.Serve(admin.Config{}, admin.NewAccess(""), admin.Site{}, log); err != nil ||
		s.Addr() != "" || s.Close(t.Context()) != nil {
		t.Errorf("the zero value serves at %q, error %v", s.Addr(), err)
	}
	if _, err := admin.Serve(admin.Config{Addr: "0.0.0.0:0"}, admin.NewAccess(""), admin.Site{},
		log); err == nil || !strings.Contains(err.Error(), "HOOKLINE_ADMIN_TOKEN") {
		t.Errorf("off loopback without a token: error %v", err)
	}
}
