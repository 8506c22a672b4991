package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestMetricSumsItsLabels(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `# HELP hookline_attempts_total Attempts.
# TYPE hookline_attempts_total counter
hookline_attempts_total{outcome="delivered"} 1.2e+06
hookline_attempts_total{outcome="retry"} 34
hookline_attempts_total_other 5
hookline_spool_waiting_deliveries 7
`)
	}))
	t.Cleanup(server.Close)
	p := &process{addr: server.Listener.Addr().String(), alive: t.Context()}
	for name, want := range map[string]float64{metricAttempts: 1_200_034, metricWaiting: 7} {
		if got, err := p.metric(name); got != want || err != nil {
			t.Errorf("%s is %g, error %v, want %g", name, got, err, want)
		}
	}
	if got, err := p.metric("hookline_attempts"); err == nil {
		t.Errorf("a metric that is not there is %g, want an error", got)
	}
}
