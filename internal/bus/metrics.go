package bus

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// publisherMetrics are those of a Publisher.
type publisherMetrics struct {
	published, duplicates, skipped, large prometheus.Counter
	messages                              *prometheus.GaugeVec
}

func newPublisherMetrics(registerer prometheus.Registerer, p *Publisher) *publisherMetrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &publisherMetrics{
		published: counter("hookline_bus_published_total",
			"Deliveries that the reader has put into the bus."),
		duplicates: counter("hookline_bus_duplicates_total",
			"Deliveries that the bus had already, and told apart by their ids."),
		skipped: counter("hookline_bus_skipped_total",
			"Deliveries that the reader before had put into the bus, and that Postgres brought again."),
		large: counter("hookline_bus_large_total",
			"Deliveries too large for a message, of which the data went by the database."),
		messages: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "hookline_bus_messages",
			Help: "Messages that the stream holds, of up to 16 deliveries each: they wait, or are in hand.",
		}, []string{"partition"}),
	}
	for n := range p.partitions {
		m.messages.WithLabelValues(strconv.Itoa(n))
	}
	registerer.MustRegister(m.published, m.duplicates, m.skipped, m.large, m.messages,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "hookline_bus_unpublished",
			Help: "Deliveries that wait for the bus to take them. The slot waits for them.",
		}, func() float64 { return float64(p.waiting.Load()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "hookline_bus_refuses",
			Help: "1 while the bus is away or full and takes nothing from the reader.",
		}, func() float64 {
			if p.Problem() != nil {
				return 1
			}
			return 0
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "hookline_bus_partitions", Help: "Partitions that the stream has.",
		}, func() float64 { return float64(p.partitions) }))
	return m
}

// IntakeMetrics are those of all Intakes of a process.
type IntakeMetrics struct {
	waiting, inHand  *prometheus.GaugeVec
	settled, refused *prometheus.CounterVec
}

// NewIntakeMetrics registers them.
func NewIntakeMetrics(registerer prometheus.Registerer) *IntakeMetrics {
	label := []string{"partition"}
	m := &IntakeMetrics{
		waiting: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "hookline_bus_waiting",
			Help: "Messages, of up to 16 deliveries each, behind the last one taken from the bus.",
		}, label),
		inHand: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "hookline_bus_in_hand",
			Help: "Deliveries that this process has taken from the bus and not settled.",
		}, label),
		settled: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hookline_bus_settled_total",
			Help: "Deliveries from the bus that were settled: accepted, in the spool, or given up.",
		}, label),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hookline_bus_refused_total",
			Help: "Deliveries that the bus brought again and that were not made again.",
		}, label),
	}
	registerer.MustRegister(m.waiting, m.inHand, m.settled, m.refused)
	return m
}

type intakeMetrics struct {
	waiting, inHand  prometheus.Gauge
	settled, refused prometheus.Counter
}

func (m *IntakeMetrics) of(partition int) *intakeMetrics {
	label := strconv.Itoa(partition)
	c := &intakeMetrics{
		m.waiting.WithLabelValues(label), m.inHand.WithLabelValues(label),
		m.settled.WithLabelValues(label), m.refused.WithLabelValues(label),
	}
	c.reset()
	return c
}

// reset forgets what was of an earlier tenure.
func (c *intakeMetrics) reset() {
	c.waiting.Set(0)
	c.inHand.Set(0)
}
