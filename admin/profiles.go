package admin

import (
	"fmt"
	"net/http"
	"net/http/pprof" // registers itself on http.DefaultServeMux too, which nothing here serves
	"runtime"
)

// profile is one of Go's.
type profile struct {
	name, about string
	handler     http.Handler
}

// profiles are all that are served. cmdline is left out, since a command line may hold a password.
// symbol is not needed: the profiles name their functions.
func profiles() []profile {
	return []profile{
		{"profile", "where CPU time goes, over ?seconds=30", http.HandlerFunc(pprof.Profile)},
		{
			"heap", "where the memory in use was allocated; ?gc=1 collects garbage first",
			pprof.Handler("heap"),
		},
		{"allocs", "where all memory since the start was allocated", pprof.Handler("allocs")},
		{"goroutine", "where every goroutine is; ?debug=2 as text", pprof.Handler("goroutine")},
		{
			"mutex", "who keeps others waiting for a lock, over ?seconds=10",
			mutexes.during(pprof.Handler("mutex")),
		},
		{"block", "where goroutines wait, over ?seconds=10", blocks.during(pprof.Handler("block"))},
		{"threadcreate", "what has led to new threads", pprof.Handler("threadcreate")},
		{
			"trace", "everything that happens, over ?seconds=1, for go tool trace",
			http.HandlerFunc(pprof.Trace),
		},
	}
}

func handleProfiles(mux *http.ServeMux) {
	all := profiles()
	for _, p := range all {
		mux.Handle("GET /debug/pprof/"+p.name, p.handler)
	}
	mux.HandleFunc("GET /debug/pprof/{$}", func(w http.ResponseWriter, _ *http.Request) {
		for _, p := range all {
			fmt.Fprintf(w, "/debug/pprof/%-12s  %s\n", p.name, p.about)
		}
	})
}

// Both of them cost something with every wait, so they are off until somebody asks. The runtime has
// one of each, whatever the number of Servers.
var (
	// mutexes notes every tenth wait for a lock.
	mutexes = &sampler{rate: 10, set: func(fraction int) { runtime.SetMutexProfileFraction(fraction) }}
	// blocks notes every wait of 100 µs or more, and of the shorter ones about one in 100 µs of
	// waiting.
	blocks = &sampler{rate: 100_000, set: runtime.SetBlockProfileRate}
)
