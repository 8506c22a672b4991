package admin

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const secret = "hunter2-hunter2-hunter2"

// enter logs in from an address, and returns the cookie.
func enter(t *testing.T, a *Access, from, token string) (*http.Cookie, error) {
	t.Helper()
	r, w := httptest.NewRequestWithContext(t.Context(), "POST", "/login", http.NoBody),
		httptest.NewRecorder()
	r.RemoteAddr = from
	err := a.Enter(w, r, token)
	for _, c := range w.Result().Cookies() {
		return c, err
	}
	return nil, err
}

func admits(t *testing.T, a *Access, c *http.Cookie) bool {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/", http.NoBody)
	if c != nil {
		r.AddCookie(c)
	}
	_, err := a.admit(r)
	return err == nil
}

func TestSessions(t *testing.T) {
	a := NewAccess(secret)
	now := time.Now()
	a.now = func() time.Time { return now }
	c, err := enter(t, a, "10.0.0.1:1", secret)
	if err != nil || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" ||
		c.Domain != "" {
		t.Fatalf("cookie %v, %v", c, err)
	}
	if !admits(t, a, c) || admits(t, a, nil) ||
		admits(t, a, &http.Cookie{Name: sessionCookie, Value: secret}) {
		t.Error("a session lets in who has it, and nobody else")
	}
	other, _ := enter(t, a, "10.0.0.1:1", secret)
	r, w := httptest.NewRequestWithContext(t.Context(), "POST", "/logout", http.NoBody),
		httptest.NewRecorder()
	r.AddCookie(other)
	a.Leave(w, r)
	if admits(t, a, other) || !admits(t, a, c) {
		t.Error("who leaves ends that one session")
	}
	now = now.Add(sessionLasts)
	if admits(t, a, c) {
		t.Error("a session does not end")
	}
	for range 2 * sessionsMost {
		if _, err := enter(t, a, "10.0.0.1:1", secret); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(a.sessions); n > sessionsMost {
		t.Errorf("%d sessions", n)
	}
}

// Who guesses is slowed down, others are not, and the right token does not help while that lasts.
func TestGuessing(t *testing.T) {
	a := NewAccess(secret)
	now := time.Now()
	a.now = func() time.Time { return now }
	for i := range triesAtOnce {
		if _, err := enter(t, a, "10.0.0.1:1", "guess"); !errors.Is(err, errWrongToken) {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	if c, err := enter(t, a, "10.0.0.1:9", secret); !errors.Is(err, ErrTooManyTries) || c != nil {
		t.Errorf("after too many guesses: %v, %v", c, err)
	}
	if _, err := enter(t, a, "10.0.0.2:1", secret); err != nil {
		t.Errorf("from another address: %v", err)
	}
	now = now.Add(triesAgain)
	if _, err := enter(t, a, "10.0.0.1:1", secret); err != nil {
		t.Errorf("after a while: %v", err)
	}
	for i := range triesAtOnce {
		if _, err := enter(t, a, "[2001:db8::"+string(rune('1'+i))+"]:1", "guess"); !errors.Is(err,
			errWrongToken) {
			t.Fatalf("guess %d of a network: %v", i, err)
		}
	}
	if _, err := enter(t, a, "[2001:db8::9]:1", "guess"); !errors.Is(err, ErrTooManyTries) {
		t.Errorf("a network of IPv6 guesses on: %v", err)
	}
	for i := range 2 * triersMost {
		_, _ = enter(t, a, "10.1."+string(rune('0'+i%10))+".1:1", "guess")
	}
	if n := len(a.tries); n > triersMost {
		t.Errorf("%d addresses are remembered", n)
	}
}

// What is asked within a session, such as what is new, ends with it: by logging out, or in time.
func TestRequestsEndWithTheirSession(t *testing.T) {
	for name, end := range map[string]func(*Access, *http.Request){
		"logged out": func(a *Access, r *http.Request) { a.Leave(httptest.NewRecorder(), r) },
		"in time":    func(*Access, *http.Request) { time.Sleep(sessionLasts) },
	} {
		synctest.Test(t, func(t *testing.T) {
			a := NewAccess(secret)
			cookie, err := enter(t, a, "10.0.0.1:1", secret)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/live", http.NoBody)
			r.AddCookie(cookie)
			var over atomic.Bool
			go guard(a, nil, slog.New(slog.DiscardHandler), http.HandlerFunc(
				func(_ http.ResponseWriter, r *http.Request) {
					<-r.Context().Done()
					over.Store(true)
				})).ServeHTTP(httptest.NewRecorder(), r)
			synctest.Wait()
			if over.Load() {
				t.Errorf("%s: it has ended before", name)
			}
			end(a, r)
			synctest.Wait()
			if !over.Load() {
				t.Errorf("%s: it goes on", name)
			}
			for id := range a.sessions {
				a.remove(id)
			}
		})
	}
}

// Who guesses with requests is slowed down and told of, and locks nobody out: neither who has a
// session, nor who comes by the form, nor, a second later, who has the token.
func TestGuessingWithRequests(t *testing.T) {
	a := NewAccess(secret)
	now := time.Now()
	a.now = func() time.Time { return now }
	cookie, err := enter(t, a, "10.0.0.1:1", secret)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	h := guard(a, nil, slog.New(slog.NewTextHandler(&out, nil)), http.NotFoundHandler())
	ask := func(token string) int {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/overview", http.NoBody)
		r.RemoteAddr = "10.0.0.1:9"
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") == "" {
			t.Error("it is not said when to come again")
		}
		return w.Code
	}
	for i := range requestsAtOnce {
		if got := ask("guess"); got != http.StatusUnauthorized {
			t.Fatalf("guess %d: %d", i, got)
		}
	}
	if got := ask("guess"); got != http.StatusTooManyRequests {
		t.Errorf("after too many guesses: %d", got)
	}
	if n := strings.Count(out.String(), "from=10.0.0.1:9"); n != requestsAtOnce+1 {
		t.Errorf("%d guesses are logged:\n%s", n, out.String())
	}
	if strings.Contains(out.String(), "guess") {
		t.Errorf("the log has what was guessed:\n%s", out.String())
	}
	if !admits(t, a, cookie) {
		t.Error("who has a session is locked out")
	}
	if _, err := enter(t, a, "10.0.0.1:1", secret); err != nil {
		t.Errorf("by the form: %v", err)
	}
	now = now.Add(requestsAgain)
	if got := ask(secret); got != http.StatusNotFound {
		t.Errorf("with the token: %d", got)
	}
}
