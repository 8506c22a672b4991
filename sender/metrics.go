package sender

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// Outcomes beside those of a Verdict.
const (
	cancelled   = "cancelled"   // not attempted: the webhook is gone
	interrupted = "interrupted" // cut short by the end of Drain
)

type metrics struct {
	attempts   *prometheus.CounterVec // by outcome
	duration   prometheus.Histogram
	lag        prometheus.Histogram
	bytes      prometheus.Gauge
	deliveries prometheus.Gauge
	inFlight   prometheus.Gauge
	retrying   prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hookline_attempts_total",
			Help: "Attempts at deliveries by outcome; cancelled counts deliveries given up because their webhook is gone.",
		}, []string{"outcome"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "hookline_attempt_duration_seconds",
			Help:    "Time from the start of an attempt to the header of the answer, or to the error.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}),
		lag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "hookline_commit_to_delivery_seconds",
			Help:    "Time from the commit of a change to the receiver's 2xx, retries included.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 43200, 172800},
		}),
		bytes:      gauge("hookline_buffered_bytes", "Memory that deliveries taken and not yet settled count for."),
		deliveries: gauge("hookline_buffered_deliveries", "Deliveries taken and not yet settled."),
		inFlight:   gauge("hookline_in_flight_attempts", "Attempts under way."),
		retrying:   gauge("hookline_retrying_records", "Records whose delivery failed and waits for its next attempt."),
	}
	for _, outcome := range outcomeNames {
		m.attempts.WithLabelValues(outcome)
	}
	m.attempts.WithLabelValues(cancelled)
	m.attempts.WithLabelValues(interrupted)
	var errs []error
	for _, c := range []prometheus.Collector{m.attempts, m.duration, m.lag, m.bytes, m.deliveries, m.inFlight, m.retrying} {
		errs = append(errs, registry.Register(c))
	}
	return m, errors.Join(errs...)
}
