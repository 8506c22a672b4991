// Package admin lets people and machines watch a running Hookline: Health has probes and metrics
// for everybody, Server has profiles for operators.
//
// A profile holds names of functions, addresses in memory and counts; no rows and no secrets. The
// heap profile tells where memory was allocated, not what is in it. Stacks (goroutine?debug=2) show
// arguments as bare machine words.
package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hookline/cdc"
)

// Stream is what the probes look at.
type Stream interface {
	State() cdc.State
	LastContact() time.Time
	Gap() *cdc.Gap         // nil unless there is one
	Blocked() *cdc.Blocked // nil unless something is in the way of the stream though nothing is lost
	Held() *cdc.Held       // nil unless the server sends nothing though the slot is read
	Bus() *cdc.Problem     // what keeps the bus from taking, or bringing, deliveries; nil for nothing
}

// silence is how long the server may not have been heard of while the stream counts as up. A stream
// in order hears at least every 10 s.
const silence = time.Minute

// Health serves
//
//	/livez    200 while the process can do its work or get back to it; restarting it would not help then
//	/readyz   200 while the stream is active or this process stands by for another one; the body says which, or what is in the way
//	/metrics  Prometheus metrics
//
// Nothing in it is secret.
type Health struct {
	listener net.Listener
	server   *http.Server
	log      *slog.Logger
	metrics  atomic.Pointer[http.Handler]
}

// Listen opens addr and serves until Close.
func Listen(
	addr string, stream Stream, metrics prometheus.Gatherer, log *slog.Logger,
) (*Health, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, cannotListen(addr, err)
	}
	mux := http.NewServeMux()
	h := &Health{listener: listener, server: &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
	}, log: log}
	h.ServeMetrics(metrics)
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, live(stream))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, ready(stream))
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		(*h.metrics.Load()).ServeHTTP(w, r)
	})
	go func() {
		if err := h.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("probes and metrics are no longer served", "error", err)
		}
	}()
	log.Info("serving /livez, /readyz and /metrics", "addr", listener.Addr().String())
	return h, nil
}

// cannotListen says why probes and metrics are not served, and what would be right.
func cannotListen(addr string, err error) error {
	err = fmt.Errorf("serve probes and metrics at HOOKLINE_HEALTH_ADDR=%q: %w", addr, err)
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("%w: each hookline run on this machine needs an address of its own, "+
			"a reader and a sender, too", err)
	}
	return err
}

// ServeMetrics changes what /metrics serves. Safe for concurrent use.
func (h *Health) ServeMetrics(metrics prometheus.Gatherer) {
	handler := promhttp.HandlerFor(metrics, promhttp.HandlerOpts{EnableOpenMetrics: true})
	h.metrics.Store(&handler)
}

// Addr is where it listens.
func (h *Health) Addr() string { return h.listener.Addr().String() }

// Close stops serving; ctx bounds the wait for requests in hand.
func (h *Health) Close(ctx context.Context) error { return h.server.Shutdown(ctx) }

// probe is the answer to one: what to say, and whether it is good.
type probe struct {
	text string
	good bool
}

func live(s Stream) probe {
	if state := s.State(); state == cdc.Stopped {
		return probe{"the replication stream has " + state.String(), false}
	}
	return probe{"live", true}
}

func ready(s Stream) probe {
	if gap := s.Gap(); gap != nil {
		return probe{fmt.Sprintf("%s (%s): %v", cdc.InGap, gap.Reason, gap), false}
	}
	if blocked := s.Blocked(); blocked != nil {
		return probe{fmt.Sprintf("%s: %v", cdc.StateBlocked, blocked), false}
	}
	if held := s.Held(); held != nil {
		return probe{fmt.Sprintf("held: %v", held), false}
	}
	if problem := s.Bus(); problem != nil {
		return probe{fmt.Sprintf("bus: %v", problem), false}
	}
	switch state := s.State(); state {
	case cdc.Standby:
		return probe{state.String(), true}
	case cdc.Active:
		if quiet := time.Since(s.LastContact()); quiet > silence {
			return probe{fmt.Sprintf("active, but the server has not been heard of for %s",
				quiet.Round(time.Second)), false}
		}
		return probe{state.String(), true}
	default:
		return probe{state.String(), false}
	}
}

func answer(w http.ResponseWriter, p probe) {
	if !p.good {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	fmt.Fprintln(w, p.text)
}
