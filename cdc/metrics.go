package cdc

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	reconnects         prometheus.Counter
	checkpointFailures prometheus.Counter
	registerer         prometheus.Registerer
	source             *Source
}

func newMetrics(registerer prometheus.Registerer, s *Source) *metrics {
	m := &metrics{
		registerer: registerer,
		source:     s,
		reconnects: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "hookline_stream_reconnects_total",
			Help: "Times the replication connection was lost.",
		}),
	}
	m.checkpointFailures = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "hookline_checkpoint_failures_total",
		Help: "Times the checkpoint could not be saved. The slot is not acknowledged meanwhile.",
	})
	registerer.MustRegister(m.reconnects, m.checkpointFailures)
	return m
}

// start registers what can be measured once there is a ledger.
func (m *metrics) start(ledger *ledger) {
	m.registerer.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "hookline_unsettled_deliveries",
			Help: "Deliveries that hold the acknowledged position back.",
		}, func() float64 {
			n, _ := ledger.Unsettled()
			return float64(n)
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "hookline_lag_seconds",
			Help: "Age of the oldest commit that is not settled; while the stream is down, at least the " +
				"time since it was up, " +
				"and while the server does not send what it has, at least the time since it does not.",
		}, func() float64 { return m.source.Lag().Seconds() }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "hookline_settled_lsn",
			Help: "Position up to which everything is settled, in bytes of WAL.",
		}, func() float64 { return float64(ledger.settled().End) }),
	)
}

// Lag is the value of hookline_lag_seconds. It is to be asked for once the slot is acquired. Safe
// for concurrent use.
func (s *Source) Lag() time.Duration {
	var lag time.Duration
	if n, oldest := s.ledger.Unsettled(); n > 0 {
		lag = time.Since(oldest)
	}
	if since := s.pendingSince.Load(); since != 0 {
		lag = max(lag, time.Since(s.began.Add(time.Duration(since))))
	}
	if s.State() != Active {
		lag = max(lag, time.Since(s.LastContact()))
	}
	return max(0, lag)
}
