package bus

import "github.com/prometheus/client_golang/prometheus"

func newTestIntakeMetrics() *IntakeMetrics { return NewIntakeMetrics(prometheus.NewRegistry()) }
