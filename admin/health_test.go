package admin_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/admin"
	"hookline/cdc"
)

type stream struct {
	state   cdc.State
	contact time.Time
	gap     *cdc.Gap
	blocked *cdc.Blocked
	held    *cdc.Held
	bus     *cdc.Problem
}

func (s stream) State() cdc.State       { return s.state }
func (s stream) LastContact() time.Time { return s.contact }
func (s stream) Gap() *cdc.Gap          { return s.gap }
func (s stream) Blocked() *cdc.Blocked  { return s.blocked }
func (s stream) Held() *cdc.Held        { return s.held }
func (s stream) Bus() *cdc.Problem      { return s.bus }

func TestProbes(t *testing.T) {
	now := time.Now()
	blocked := &cdc.Blocked{Problem: cdc.Problem{
		What: "commits would wait",
		Hint: "name the standbys",
	}}
	held := &cdc.Held{Problem: cdc.Problem{What: "nothing is sent", Hint: "start the standby"}}
	lost := &cdc.Gap{Reason: cdc.SlotLost, Problem: cdc.Problem{What: "it is lost", Hint: "accept it"}}
	for _, test := range []struct {
		name        string
		stream      stream
		live, ready int
		says        string
	}{
		{"connecting", stream{cdc.Connecting, time.Time{}, nil, nil, nil, nil}, 200, 503, "connecting"},
		{"standby", stream{cdc.Standby, time.Time{}, nil, nil, nil, nil}, 200, 200, "standby"},
		{"active", stream{cdc.Active, now, nil, nil, nil, nil}, 200, 200, "active"},
		{
			"active but silent",
			stream{cdc.Active, now.Add(-5 * time.Minute), nil, nil, nil, nil},
			200, 503,
			"has not been heard of for 5m0s",
		},
		{
			"gap",
			stream{cdc.InGap, time.Time{}, lost, nil, nil, nil},
			200, 503,
			"gap (slot_lost): it is lost\n  to mend it: accept it",
		},
		{
			"blocked",
			stream{cdc.StateBlocked, time.Time{}, nil, blocked, nil, nil},
			200, 503,
			"blocked: commits would wait\n  to mend it: name the standbys",
		},
		{
			"held",
			stream{cdc.Active, now, nil, nil, held, nil},
			200, 503,
			"held: nothing is sent\n  to mend it: start the standby",
		},
		{
			"bus away",
			stream{cdc.Active, now, nil, nil, nil, &cdc.Problem{What: "it is away", Hint: "wait"}},
			200, 503,
			"bus: it is away\n  to mend it: wait",
		},
		{"stopped", stream{cdc.Stopped, now, nil, nil, nil, nil}, 503, 503, "stopped"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, err := admin.Listen("127.0.0.1:0", test.stream, prometheus.NewRegistry(),
				slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = h.Close(context.Background()) }()
			if status, _ := get(t, h, "/livez"); status != test.live {
				t.Errorf("/livez answered %d, want %d", status, test.live)
			}
			status, body := get(t, h, "/readyz")
			if status != test.ready || !strings.Contains(body, test.says) {
				t.Errorf("/readyz answered %d %q, want %d and %q", status, body, test.ready, test.says)
			}
		})
	}
}

// docs/operations.md has a line for each answer of /readyz: those of all states, of what halts the
// stream, and of a server that is silent.
func TestAnswersOfReadyzAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	streams := []stream{
		{state: cdc.Active, contact: time.Now().Add(-time.Hour)},
		{state: cdc.Active, contact: time.Now(), held: &cdc.Held{}},
		{state: cdc.Active, contact: time.Now(), bus: &cdc.Problem{}},
	}
	for _, state := range cdc.States {
		s := stream{state: state, contact: time.Now()}
		switch state {
		case cdc.InGap:
			s.gap = &cdc.Gap{}
		case cdc.StateBlocked:
			s.blocked = &cdc.Blocked{}
		}
		streams = append(streams, s)
	}
	for _, s := range streams {
		h, err := admin.Listen("127.0.0.1:0", s, prometheus.NewRegistry(),
			slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		status, body := get(t, h, "/readyz")
		_ = h.Close(context.Background())
		// up to what differs from one time to the next
		answer, _, _ := strings.Cut(strings.TrimSpace(body), ":")
		answer, _, _ = strings.Cut(answer, " (")
		answer, _, _ = strings.Cut(answer, " for 1h")
		if line := fmt.Sprintf("\n| `%d %s", status, answer); !strings.Contains(string(text), line) {
			t.Errorf("docs/operations.md has no line that begins with %q", line[1:])
		}
	}
}

func TestMetricsAndTakenAddress(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "hookline_test"},
		func() float64 {
			return 7
		}))
	h, err := admin.Listen("127.0.0.1:0", stream{}, registry, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close(context.Background()) }()
	if status, body := get(t, h, "/metrics"); status != 200 ||
		!strings.Contains(body, "hookline_test 7") {
		t.Errorf("/metrics answered %d %q", status, body)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+h.Addr()+"/metrics",
		nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, err := io.ReadAll(resp.Body); err != nil || !strings.HasSuffix(string(body), "# EOF\n") {
		t.Errorf("asked for OpenMetrics, which has exemplars, /metrics answered %q, %v", body, err)
	}
	other := prometheus.NewRegistry()
	other.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "hookline_other"},
		func() float64 {
			return 8
		}))
	h.ServeMetrics(prometheus.Gatherers{registry, other})
	if _, body := get(t, h, "/metrics"); !strings.Contains(body, "hookline_test 7") ||
		!strings.Contains(body, "hookline_other 8") {
		t.Errorf("/metrics answered %q, want both registries", body)
	}
	_, err = admin.Listen(h.Addr(), stream{}, registry, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "HOOKLINE_HEALTH_ADDR") ||
		!strings.Contains(err.Error(), "an address of its own") {
		t.Errorf("error %v does not name the variable, or what is right", err)
	}
}

func get(t *testing.T, h *admin.Health, path string) (int, string) {
	t.Helper()
	resp, err := http.Get("http://" + h.Addr() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
