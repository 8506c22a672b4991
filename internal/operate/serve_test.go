package operate

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"hookline/admin"
	"hookline/admin/api/apitest"
)

// What operators see is made when somebody asks for it, once for all of them.
func TestSiteIsMadeOnDemand(t *testing.T) {
	var made atomic.Int32
	log := slog.New(slog.DiscardHandler)
	h := onDemand(func() (http.Handler, error) {
		made.Add(1)
		return newSite(admin.Config{}, apitest.New(), admin.NewAccess(""), log)
	}, log)
	if n := made.Load(); n != 0 {
		t.Errorf("made %d times before anybody has asked", n)
	}
	var asking sync.WaitGroup
	for _, path := range []string{"/", "/deliveries", "/api/v1/overview", "/static/console.js"} {
		asking.Go(func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, http.NoBody))
			if w.Code != http.StatusOK {
				t.Errorf("%s: %d\n%s", path, w.Code, w.Body)
			}
		})
	}
	asking.Wait()
	if n := made.Load(); n != 1 {
		t.Errorf("made %d times, want once", n)
	}
}

func TestSiteThatCannotBeMade(t *testing.T) {
	var out strings.Builder
	h := onDemand(func() (http.Handler, error) { return nil, errors.New("it lacks a page") },
		slog.New(slog.NewTextHandler(&out, nil)))
	for range 2 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", http.NoBody))
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "the log") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if text := out.String(); strings.Count(text, "it lacks a page") != 1 {
		t.Errorf("logged %q, want the reason once", text)
	}
}
