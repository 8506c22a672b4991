package trace

import (
	"bytes"
	"encoding/hex"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden file anew")

func environment(entries ...string) func(string) (string, bool) {
	env := map[string]string{}
	for _, e := range entries {
		name, value, _ := strings.Cut(e, "=")
		env[name] = value
	}
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

func TestFromEnv(t *testing.T) {
	usual := func(change func(*Config)) Config {
		c := Config{
			On: true, Endpoint: "http://localhost:4318/v1/traces", Timeout: 10 * time.Second,
			Service: "hookline", Ratio: 1,
			Delay: 5 * time.Second, Queue: 2048, Batch: 512,
		}
		change(&c)
		return c
	}
	const on = "OTEL_TRACES_EXPORTER=otlp"
	for name, test := range map[string]struct {
		env  []string
		want Config
	}{
		"nothing": {nil, Config{}},
		"of others": {[]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317",
			"OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
		}, Config{}},
		"none":     {[]string{"OTEL_TRACES_EXPORTER=none"}, Config{}},
		"disabled": {[]string{on, "OTEL_SDK_DISABLED=true"}, Config{}},
		"on": {[]string{
			on, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
			"OTEL_TRACES_SAMPLER=parentbased_always_on",
		}, usual(func(*Config) {})},
		"an endpoint": {
			[]string{on, "OTEL_EXPORTER_OTLP_ENDPOINT=https://c:1/a/"},
			usual(func(c *Config) { c.Endpoint = "https://c:1/a/v1/traces" }),
		},
		"its own": {
			[]string{
				on, "OTEL_EXPORTER_OTLP_ENDPOINT=https://c",
				"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://d/x",
			},
			usual(func(c *Config) { c.Endpoint = "https://d/x" }),
		},
		"all": {
			[]string{
				on, "OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20abc, x = y",
				"OTEL_EXPORTER_OTLP_TIMEOUT=2000", "OTEL_SERVICE_NAME=crm",
				"OTEL_RESOURCE_ATTRIBUTES=service.name=other,a=b%2Cc", "OTEL_TRACES_SAMPLER=traceidratio",
				"OTEL_TRACES_SAMPLER_ARG=0.25",
				"OTEL_BSP_SCHEDULE_DELAY=10", "OTEL_BSP_MAX_QUEUE_SIZE=7", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=3",
			},
			usual(func(c *Config) {
				c.Headers, c.Timeout = map[string]string{"Authorization": "Bearer abc", "x": "y"}, 2*time.Second
				c.Service, c.Resource, c.Ratio = "crm", map[string]string{"a": "b,c"}, .25
				c.Delay, c.Queue, c.Batch = 10*time.Millisecond, 7, 3
			}),
		},
	} {
		got, err := FromEnv(environment(test.env...))
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %#v, %v", name, got, err)
		}
	}
	for _, wrong := range []string{
		"OTEL_TRACES_EXPORTER=zipkin", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
		"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318",
		"OTEL_EXPORTER_OTLP_HEADERS=hunter2", "OTEL_TRACES_SAMPLER=jaeger_remote",
		"OTEL_BSP_MAX_QUEUE_SIZE=0",
		"OTEL_EXPORTER_OTLP_TIMEOUT=10s", "OTEL_EXPORTER_OTLP_ENDPOINT=ftp://user:hunter2@host",
		"OTEL_RESOURCE_ATTRIBUTES=a=%zz",
	} {
		name, _, _ := strings.Cut(wrong, "=")
		_, err := FromEnv(environment(on, wrong))
		if err == nil || !strings.Contains(err.Error(), name) ||
			!strings.Contains(err.Error(), "takes") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v", wrong, err)
		}
	}
	if _, err := FromEnv(environment(on, "OTEL_TRACES_SAMPLER=traceidratio",
		"OTEL_TRACES_SAMPLER_ARG=2")); err == nil {
		t.Error("a ratio of 2 is taken")
	}
}

// collector is one that keeps what it gets.
func collector(t *testing.T, status int) (cfg Config, got <-chan *http.Request,
	bodies <-chan []byte,
) {
	requests, all := make(chan *http.Request, 100), make(chan []byte, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- r
		all <- body
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	cfg, err := FromEnv(environment("OTEL_TRACES_EXPORTER=otlp",
		"OTEL_EXPORTER_OTLP_ENDPOINT="+server.URL,
		"OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20hunter2",
		"OTEL_RESOURCE_ATTRIBUTES=deployment=test"))
	if err != nil {
		t.Fatal(err)
	}
	return cfg, requests, all
}

var began = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)

// tell tells of one delivery: an attempt that failed, and one that did not.
func tell(tracer *Tracer) (traceparent string) {
	facts := Facts{
		Event: "evt_0badcafe_1_0", Name: "person.created", Webhook: "public.webhooks/1",
		Host: "example.com",
	}
	for n := 1; n <= 2; n++ {
		at := began.Add(time.Duration(n) * time.Second)
		a := tracer.Begin(facts.Event, facts.Webhook, n, at)
		facts.Attempt, facts.Outcome, facts.Status, facts.Error = n, "failed", 503, "Service Unavailable"
		if n == 2 {
			facts.Outcome, facts.Status, facts.Error = "delivered", 200, ""
		}
		tracer.EndAttempt(a, at, at.Add(time.Millisecond), facts)
		traceparent = a.Traceparent()
	}
	facts.Status = 0
	tracer.EndDelivery(began, began.Add(3*time.Second), facts)
	return traceparent
}

// What is sent is what internal/tools/monitoring reads with OpenTelemetry's own types.
func TestExport(t *testing.T) {
	cfg, requests, bodies := collector(t, http.StatusOK)
	tracer := New(cfg, "1.2.3", slog.New(slog.DiscardHandler))
	traceparent := tell(tracer)
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, body := <-requests, <-bodies
	if r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" ||
		r.Header.Get("Authorization") != "Bearer hunter2" {
		t.Errorf("request to %s with %v", r.URL, r.Header)
	}
	const golden = "testdata/spans.binpb"
	if *update {
		if err := os.WriteFile(golden, body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(body, want) {
		t.Errorf("sent %q, want %q, %v", body, want, err)
	}
	parts := strings.Split(traceparent, "-")
	if len(parts) != 4 || parts[0] != "00" || parts[3] != "01" {
		t.Fatalf("traceparent %q", traceparent)
	}
	for _, id := range parts[1:3] {
		if raw, err := hex.DecodeString(id); err != nil || !bytes.Contains(body, raw) {
			t.Errorf("no span has %s of the traceparent", id)
		}
	}
	if tracer.Dropped() != 0 {
		t.Errorf("%d spans dropped", tracer.Dropped())
	}
}

// What the collector does not take, or there is no room for, is counted, and nobody waits for it;
// no secret is told.
func TestDropped(t *testing.T) {
	cfg, requests, _ := collector(t, http.StatusServiceUnavailable)
	var log bytes.Buffer
	tracer := New(cfg, "1.2.3", slog.New(slog.NewTextHandler(&log, nil)))
	tell(tracer)
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-requests
	if tracer.Dropped() != 3 || !strings.Contains(log.String(), "503") ||
		strings.Contains(log.String(), "hunter2") {
		t.Errorf("%d spans dropped, want 3:\n%s", tracer.Dropped(), log.String())
	}
	full := &Tracer{cfg: cfg, queue: make(chan span, 1)}
	tell(full)
	if full.Dropped() != 2 {
		t.Errorf("%d spans dropped of a full queue, want 2", full.Dropped())
	}
}

// A part of the deliveries is traced, always the same, and with all its attempts; the receiver is
// told of the others, too.
func TestRatio(t *testing.T) {
	tracer := &Tracer{cfg: Config{Ratio: .25}, queue: make(chan span, 10_000)}
	sampled := 0
	for i := range 1000 {
		event := "evt_" + time.Duration(i).String()
		d := tracer.Delivery(event, "w")
		a := tracer.Begin(event, "w", 1, began)
		if d.sampled != a.sampled || d != tracer.Delivery(event, "w") ||
			strings.HasSuffix(a.Traceparent(), "-01") != d.sampled {
			t.Fatalf("%+v and %+v", d, a)
		}
		tracer.EndAttempt(a, began, began, Facts{})
		if d.sampled {
			sampled++
		}
	}
	if sampled < 200 || sampled > 300 || len(tracer.queue) != sampled {
		t.Errorf("%d of 1000 traced, want 250 or so; %d spans", sampled, len(tracer.queue))
	}
}

// A nil Tracer is one of traces that are off.
func TestOff(t *testing.T) {
	tracer := New(Config{}, "", nil)
	if tracer != nil || tracer.Dropped() != 0 || tracer.Close(t.Context()) != nil {
		t.Error("it is not off")
	}
}
