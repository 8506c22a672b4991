package admin

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"testing"
)

// It is on from when the first request comes until the last has ended, however they end.
func TestSamplerIsOnWhileItIsWanted(t *testing.T) {
	var set []int
	s := &sampler{rate: 7, set: func(rate int) { set = append(set, rate) }}
	in, out := make(chan string), make(chan struct{})
	handler := s.during(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		in <- r.URL.Query().Get("seconds")
		<-out
		panic(http.ErrAbortHandler)
	}))
	ended := make(chan struct{})
	request := func(path string) (seconds string) {
		go func() {
			defer func() { _ = recover(); ended <- struct{}{} }()
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, http.NoBody))
		}()
		return <-in
	}
	check := func(when string, want ...int) {
		t.Helper()
		if s.mu.Lock(); !slices.Equal(set, want) {
			t.Errorf("%s: set to %v, want %v", when, set, want)
		}
		s.mu.Unlock()
	}
	if seconds := request("/"); seconds != defaultSeconds {
		t.Errorf("samples for %q s, want %s", seconds, defaultSeconds)
	}
	if seconds := request("/?seconds=3"); seconds != "3" {
		t.Errorf("samples for %q s, want 3", seconds)
	}
	check("two in hand", 7)
	out <- struct{}{}
	<-ended
	check("one in hand", 7)
	out <- struct{}{}
	<-ended
	check("none", 7, 0)
	request("/")
	check("another", 7, 0, 7)
	out <- struct{}{}
	<-ended
	check("none again", 7, 0, 7, 0)
}

func TestMutexesAreSampledOnlyThen(t *testing.T) {
	var during int
	mutexes.during(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		during = runtime.SetMutexProfileFraction(-1)
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	if after := runtime.SetMutexProfileFraction(-1); during != 10 || after != 0 {
		t.Errorf("the rate was %d, and %d afterwards", during, after)
	}
}
