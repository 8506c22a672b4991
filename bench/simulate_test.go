package main

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

// What limits a fleet, and by how much.
func TestModel(t *testing.T) {
	t.Parallel()
	list := even(32, 8)
	m := fleetModel{partitions: 8, senders: 4, requests: 90, perWebhook: 1000, latency: 0.1}
	for name, test := range map[string]struct {
		change func(m *fleetModel)
		want   float64
		limit  string
	}{
		// 8 webhooks at each sender: 80 of 90 places
		"requests":     {func(*fleetModel) {}, 4 * 80 / 0.1, byRequests},
		"one sender":   {func(m *fleetModel) { m.senders = 1 }, 90. * 32 / 33 / 0.1, byRequests},
		"webhook":      {func(m *fleetModel) { m.perWebhook = 5 }, 32 * 5 / 0.1, byWebhook},
		"cpu":          {func(m *fleetModel) { m.cpu, m.cores = 0.002, 1 }, 4 / 0.002, byCPU},
		"twice as far": {func(m *fleetModel) { m.latency = 0.2 }, 4 * 80 / 0.2, byRequests},
	} {
		changed := m
		test.change(&changed)
		got, limit := changed.throughput(list)
		if math.Abs(got-test.want) > test.want/1e6 || limit != test.limit {
			t.Errorf("%s: %v by %s, want %v by %s", name, got, limit, test.want, test.limit)
		}
	}
	one := []modelWebhook{{key: "w", share: 1}} // it has half of all places
	if got, _ := m.throughput(one); math.Abs(got-450) > 1e-6 {
		t.Errorf("one webhook at four senders: %v, want 450", got)
	}
}

// docs/scale.md says what the model says.
func TestModelInDocs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/scale.md")
	if err != nil {
		t.Fatal(err)
	}
	list := pareto(simulatedWebhooks, simulatedExponent)
	for _, perWebhook := range simulatedInFlight {
		row := fmt.Sprintf("| %d |", perWebhook)
		for _, senders := range []int{1, 4, 16, 64} {
			perSecond, _ := simulated(128, senders, perWebhook).throughput(list)
			row += " " + whole(perSecond) + " |"
		}
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/scale.md has no %s", row)
		}
	}
	for _, senders := range []int{1, 2, 4} {
		if text := whole(modelled(senders)); !strings.Contains(string(page), text) {
			t.Errorf("docs/scale.md does not tell of %s by %d senders", text, senders)
		}
	}
}
