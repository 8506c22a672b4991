package scale

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"hookline/e2e"
	"hookline/internal/natstest"
)

var ofBus = regexp.MustCompile(`\bhookline_bus_[a-z_]+`)

// What readers and senders tell of the bus is what docs/scale.md says, and follows Prometheus'
// conventions.
func TestMetrics(t *testing.T) {
	t.Parallel()
	nats := natstest.Start(t, natstest.Options(t.TempDir()))
	g := newGround(t, nats.ClientURL(), 1)
	reader, sender := g.start("reader").Until("active"), g.start("sender").Until("active")
	var told []string
	e2e.Eventually(t, func() error {
		if n := sender.Metric(held); n != 8 {
			return fmt.Errorf("%v partitions are held", n)
		}
		told = nil
		for _, p := range []*e2e.Process{reader, sender} {
			_, text, _ := strings.Cut(p.Get("/metrics"), " ")
			told = append(told, ofBus.FindAllString(text, -1)...)
			problems, err := promlint.New(strings.NewReader(text + "\n")).Lint()
			if len(problems) > 0 {
				return fmt.Errorf("%v", problems)
			}
			if err != nil {
				return err
			}
		}
		if !slices.Contains(told, "hookline_bus_waiting") {
			return fmt.Errorf("no partition is worked at yet")
		}
		return nil
	})
	page, err := os.ReadFile("../../docs/scale.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "\n## Metrics\n")
	table, _, _ = strings.Cut(table, "\nAlert on")
	listed := ofBus.FindAllString(table, -1)
	for _, list := range []*[]string{&told, &listed} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	if !slices.Equal(told, listed) {
		t.Errorf("/metrics has %v\ndocs/scale.md has %v", told, listed)
	}
	g.arrived(reader, sender)
}
