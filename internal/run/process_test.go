package run

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
)

// TestProcessState walks through the life of a process: what it says of itself, and when it raises
// its voice.
func TestProcessState(t *testing.T) {
	var logged strings.Builder
	registry := prometheus.NewRegistry()
	p := newProcess(slog.New(slog.NewTextHandler(&logged, nil)), registry)
	gap := func(reason cdc.Reason) error {
		return fmt.Errorf("wrapped: %w", &cdc.Gap{Reason: reason, Problem: cdc.Problem{What: "it is " +
			string(reason), Hint: "accept it"}})
	}
	blocked := fmt.Errorf("wrapped: %w", &cdc.Blocked{Problem: cdc.Problem{
		What: "commits would wait",
		Hint: "name the standbys",
	}})
	for _, step := range []struct {
		name  string
		state cdc.State
		err   error
		want  cdc.State
		gap   cdc.Reason
		logs  string // "" for nothing
	}{
		{"connects", cdc.Connecting, nil, cdc.Connecting, "", ""},
		{"waits", cdc.Standby, nil, cdc.Standby, "", ""},
		{"takes over", cdc.Starting, nil, cdc.Starting, "", ""},
		{"works", cdc.Active, nil, cdc.Active, "", ""},
		{"is taken over", cdc.Stopped, cdc.ErrTakenOver, cdc.Connecting, "", ""},
		{"finds a gap", cdc.InGap, gap(cdc.SlotLost), cdc.InGap, cdc.SlotLost, "level=ERROR"},
		{"tries", cdc.Connecting, nil, cdc.InGap, cdc.SlotLost, ""},
		{"finds it again", cdc.InGap, gap(cdc.SlotLost), cdc.InGap, cdc.SlotLost, ""},
		{"finds another", cdc.InGap, gap(cdc.SlotMoved), cdc.InGap, cdc.SlotMoved, "slot_moved"},
		{"cannot connect", cdc.Stopped, errors.New("connection refused"), cdc.InGap, cdc.SlotMoved, ""},
		{"gets the slot", cdc.Starting, nil, cdc.InGap, cdc.SlotMoved, ""},
		{"goes on", cdc.Active, nil, cdc.Active, "", "level=INFO"},
		{"finds the first again", cdc.InGap, gap(cdc.SlotLost), cdc.InGap, cdc.SlotLost, "level=ERROR"},
		{"stands by", cdc.Standby, nil, cdc.Standby, "", "level=INFO"},
		{"is blocked", cdc.StateBlocked, blocked, cdc.StateBlocked, "", "name the standbys"},
		{"is blocked again", cdc.StateBlocked, blocked, cdc.StateBlocked, "", ""},
		{"gets the slot again", cdc.Starting, nil, cdc.StateBlocked, "", ""},
		{"goes on again", cdc.Active, nil, cdc.Active, "", "level=INFO"},
		{"is over, and another session follows", cdc.Stopped, nil, cdc.Connecting, "", ""},
	} {
		logged.Reset()
		p.enter(step.state, step.err)
		if got := p.State(); got != step.want {
			t.Errorf("%s: it is %s, want %s", step.name, got, step.want)
		}
		if got := p.Gap(); (got == nil) != (step.gap == "") || got != nil && got.Reason != step.gap {
			t.Errorf("%s: the gap is %v, want %q", step.name, got, step.gap)
		}
		if (logged.Len() == 0) != (step.logs == "") || !strings.Contains(logged.String(), step.logs) {
			t.Errorf("%s: it logs %q, want %q", step.name, logged.String(), step.logs)
		}
		for label, value := range gauges(t, registry) {
			want := 0.0
			if label == step.want.String() || label == string(step.gap) {
				want = 1
			}
			if value != want {
				t.Errorf("%s: the gauge of %s is %v, want %v", step.name, label, value, want)
			}
		}
	}
	p.end()
	if p.enter(cdc.Stopped, nil); p.State() != cdc.Stopped {
		t.Errorf("the last session is over, and it is %s", p.State())
	}
}

// gauges returns the value of each gauge that has a label, by the value of that.
func gauges(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if len(m.GetLabel()) == 0 {
				continue
			}
			values[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
		}
	}
	if want := len(cdc.States) + len(cdc.Reasons); len(values) != want {
		t.Errorf("%d gauges, want %d: %v", len(values), want, values)
	}
	return values
}
