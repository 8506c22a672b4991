package main

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What Hookline tells of itself.
const (
	metricChanges  = "hookline_changes_total"
	metricAttempts = "hookline_attempts_total"
	metricSpooled  = "hookline_parked_deliveries_total"
	metricWaiting  = "hookline_spool_waiting_deliveries"
)

// metric returns the value of one of Hookline's metrics: the sum over all of its labels.
func (p *process) metric(name string) (float64, error) {
	resp, err := p.get("/metrics")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	found, sum := false, 0.0
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		sample, value, _ := strings.Cut(lines.Text(), " ")
		if bare, _, _ := strings.Cut(sample, "{"); bare != name {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, fmt.Errorf("metric %s: %w", name, err)
		}
		found, sum = true, sum+v
	}
	if !found {
		return 0, fmt.Errorf("no metric %s", name)
	}
	return sum, nil
}

// metricEvery is the time between two looks at a metric, as a rule.
const metricEvery = 20 * time.Millisecond

// until looks at a metric so often, and returns its value when it is as it should be, or has stood
// still for too long: then it is for the caller to see.
func (p *process) until(
	name string, every time.Duration, right func(v float64) bool,
) (value float64, err error) {
	last, since := -1.0, time.Now()
	err = until(p.alive, every, func() (bool, error) {
		if value, err = p.metric(name); err != nil {
			return false, err
		}
		if value != last {
			last, since = value, time.Now()
		}
		return right(value) || time.Since(since) > patience, nil
	})
	return value, err
}
