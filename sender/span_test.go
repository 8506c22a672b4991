package sender

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookline/trace"
)

// tracer returns one whose collector keeps what it gets.
func tracer(t *testing.T) (*trace.Tracer, <-chan []byte) {
	t.Helper()
	got := make(chan []byte, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- body
	}))
	t.Cleanup(collector.Close)
	cfg := trace.Config{
		On: true, Endpoint: collector.URL, Timeout: patience, Ratio: 1,
		Delay: time.Hour, Queue: 100, Batch: 100,
	}
	return trace.New(cfg, "1", slog.New(slog.DiscardHandler)), got
}

// A receiver is told the trace, another span of it with each attempt; the collector hears of
// attempts and deliveries, and of no record.
func TestTraced(t *testing.T) {
	var refuse atomic.Bool
	refuse.Store(true)
	hits := make(chan hit, 10)
	server := receiver(t, hits, func(w http.ResponseWriter, _ *http.Request) {
		if refuse.Swap(false) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	traces, got := tracer(t)
	s := newSender(t, Config{Tracer: traces, RetrySchedule: []time.Duration{time.Millisecond}})
	e := newEvent(4711, 1)
	to := subscription("w", server.URL+"/hook")
	to.Headers = http.Header{"Traceparent": {"mine"}}
	await(t, s.send(to, e), "the delivery")
	first, second := <-hits, <-hits
	header := regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-01$`)
	a := header.FindStringSubmatch(first.header.Get("Traceparent"))
	b := header.FindStringSubmatch(second.header.Get("Traceparent"))
	if a == nil || b == nil || a[1] != b[1] || a[2] == b[2] ||
		len(second.header["Traceparent"]) != 1 {
		t.Errorf("attempts with %v and %v, want one trace and two spans", first.header["Traceparent"],
			second.header["Traceparent"])
	}
	if err := s.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if err := traces.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	spans := await(t, got, "the spans")
	for text, want := range map[string]int{
		"deliver person.updated": 1, "POST": 4, e.ID: 3,
		"Service Unavailable": 1, to.Host: 3, "delivered": 2,
	} {
		if n := bytes.Count(spans, []byte(text)); n != want {
			t.Errorf("%q is there %d times, want %d", text, n, want)
		}
	}
	for _, secret := range []string{"record\"", "4711,", "/hook", string(to.Secret)} {
		if bytes.Contains(spans, []byte(secret)) {
			t.Errorf("spans tell of %q: %q", secret, spans)
		}
	}
}

// What is given up is told of as well.
func TestTracedToTheEnd(t *testing.T) {
	server := receiver(t, nil, func(w http.ResponseWriter,
		_ *http.Request,
	) {
		w.WriteHeader(http.StatusGone)
	})
	traces, got := tracer(t)
	s := newSender(t, Config{Tracer: traces})
	await(t, s.send(subscription("w", server.URL), newEvent(1, 1)),
		"the dead letter to be in the spool")
	if err := s.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if err := traces.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if spans := string(await(t, got, "the spans")); strings.Count(spans, "dead") != 1 ||
		!strings.Contains(spans, "deliver person.updated") {
		t.Errorf("spans %q, want one of the delivery, dead", spans)
	}
}

// Without a tracer no request names a trace.
func TestNotTraced(t *testing.T) {
	hits := make(chan hit, 1)
	s := newSender(t, Config{})
	await(t, s.send(subscription("w", receiver(t, hits, nil).URL), newEvent(1, 1)), "the delivery")
	if h := <-hits; h.header.Get("Traceparent") != "" {
		t.Errorf("header %v", h.header)
	}
}
