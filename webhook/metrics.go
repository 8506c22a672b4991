package webhook

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	webhooks map[RowState]prometheus.Gauge
}

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "hookline_webhooks",
		Help: "Webhooks by state: active ones are served, skipped ones have a mistake in their row, " +
			"disabled ones are switched off.",
	}, []string{"state"})
	m := &metrics{webhooks: map[RowState]prometheus.Gauge{}}
	for _, state := range []RowState{Active, Skipped, Disabled} {
		m.webhooks[state] = vec.WithLabelValues(string(state))
	}
	return m, registerer.Register(vec)
}
