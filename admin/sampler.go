package admin

import (
	"net/http"
	"sync"
)

// sampler is one of the runtime's that is off but for the time of the requests that want it. Safe
// for concurrent use.
type sampler struct {
	rate int            // at which it samples when it is on
	set  func(rate int) // 0 switches it off

	// also guards set: the last to leave must not switch off what the next one has switched on
	mu     sync.Mutex
	wanted int // requests in hand
}

// defaultSeconds is how long is sampled when the request does not say. Without any time there would
// be nothing in the profile.
const defaultSeconds = "10"

// during returns a handler that serves the delta profile of next with the sampler on.
func (s *sampler) during(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if debug := query.Get("debug"); debug != "" && debug != "0" {
			refuse(w, 400,
				"this profile is made during the request, and cannot be had as text: leave debug out")
			return
		}
		if query.Get("seconds") == "" {
			query.Set("seconds", defaultSeconds)
			r = r.Clone(r.Context())
			r.URL.RawQuery = query.Encode()
		}
		s.want(1)
		defer s.want(-1)
		next.ServeHTTP(w, r)
	})
}

// want counts one more request in hand, or one less.
func (s *sampler) want(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.wanted
	s.wanted += n
	switch {
	case before == 0:
		s.set(s.rate)
	case s.wanted == 0:
		s.set(0)
	}
}
