package sender

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	outcomes               [len(outcomeNames)]prometheus.Counter // of attempts
	cancelled, interrupted prometheus.Counter
	resent, settledBefore  prometheus.Counter
	merged                 prometheus.Counter
	full, resumed          prometheus.Counter // handshakes

	duration prometheus.Histogram
	lag      *latency
	retrying prometheus.Gauge

	spooled, dead, spoolFailures, overflows      prometheus.Counter
	waiting, deadLetters, spoolBytes, fullQueues prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer, s *Sender) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	of := func(name, help string, value func() int64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
			return float64(value())
		})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	attempts := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "hookline_attempts_total",
		Help: "Attempts at deliveries by outcome; cancelled counts deliveries given up because their " +
			"webhook is gone, interrupted those cut short by the end.",
	}, []string{"outcome"})
	handshakes := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "hookline_tls_handshakes_total",
		Help: "TLS handshakes with receivers; resumed ones take up an earlier session.",
	}, []string{"kind"})
	m := &metrics{
		full:    handshakes.WithLabelValues("full"),
		resumed: handshakes.WithLabelValues("resumed"),
		resent: counter(
			"hookline_resent_requests_total",
			"Requests sent again within an attempt since their connection had ended: the receiver may "+
				"have taken both.",
		),
		merged: counter("hookline_merged_deliveries_total",
			"Deliveries that were not made by themselves: another one of their record told of them."),
		settledBefore: counter("hookline_settled_before_total",
			"Deliveries that the stream has brought again and that were not made: "+
				"a process before this one had settled them."),
		cancelled:   attempts.WithLabelValues("cancelled"),
		interrupted: attempts.WithLabelValues("interrupted"),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "hookline_attempt_duration_seconds",
			Help:    "Time from the start of an attempt to the header of the answer, or to the error.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}),
		lag: newLatency(),
		retrying: gauge("hookline_retrying_records",
			"Records whose delivery failed and waits for its next attempt."),

		spooled: counter("hookline_parked_deliveries_total", "Deliveries put into the spool."),
		dead: counter("hookline_dead_letters_total",
			"Deliveries given up after the last attempt that was due; they stay in the spool."),
		overflows: counter("hookline_gap_deliveries_total",
			"Deliveries that were lost because the queue of their webhook was full."),
		spoolFailures: counter("hookline_spool_failures_total",
			"Calls of the spool that failed. They are made again."),
		waiting: gauge("hookline_spool_waiting_deliveries",
			"Deliveries in the spool that wait for an attempt."),
		deadLetters: gauge("hookline_spool_dead_letters", "Dead letters in the spool."),
		spoolBytes:  gauge("hookline_spool_bytes", "Size of all deliveries in the spool."),
		fullQueues: gauge("hookline_spool_full_webhooks",
			"Webhooks whose queue is full: what would go there is given up."),
	}
	for outcome, name := range outcomeNames {
		m.outcomes[outcome] = attempts.WithLabelValues(name)
	}
	var errs []error
	for _, c := range []prometheus.Collector{
		attempts, m.duration, m.lag, m.retrying,
		m.spooled, m.dead, m.overflows, m.spoolFailures,
		m.waiting, m.deadLetters, m.spoolBytes, m.fullQueues,
		m.resent, m.settledBefore, m.merged, handshakes,
		of("hookline_in_flight_attempts", "Attempts under way.", s.underWay.Load),
		of("hookline_buffered_bytes", "Memory that deliveries taken and not yet settled count for.",
			s.buffer.taken),
		of("hookline_buffered_deliveries", "Deliveries taken and not yet settled.", s.taken.Load),
		of("hookline_paused_webhooks", "Webhooks that get nothing: their receiver answered 410.",
			func() int64 {
				return s.count(func(w *webhookQueue) bool { return w.paused })
			}),
		of("hookline_spooling_webhooks", "Webhooks whose deliveries go through the spool, as the "+
			"receiver fails or is slow.", func() int64 {
			return s.count(func(w *webhookQueue) bool { return w.queue.ThroughSpool() })
		}),
		of("hookline_failing_webhooks", "Webhooks whose receiver accepts nothing: one delivery at a "+
			"time is tried.", func() int64 {
			return s.count(func(w *webhookQueue) bool { return w.queue.Failing() })
		}),
	} {
		errs = append(errs, registry.Register(c))
	}
	return m, errors.Join(errs...)
}

// handshake counts a TLS handshake with a receiver.
func (s *Sender) handshake(resumed bool) {
	if resumed {
		s.metrics.resumed.Inc()
	} else {
		s.metrics.full.Inc()
	}
}

// count returns of how many queues something is true.
func (s *Sender) count(is func(*webhookQueue) bool) (n int64) {
	for _, w := range s.queues.Range {
		w := w.(*webhookQueue)
		w.mu.Lock()
		if is(w) {
			n++
		}
		w.mu.Unlock()
	}
	return n
}
