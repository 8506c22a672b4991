package run

import (
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/mapper"
	"hookline/webhook"
	"hookline/webhook/filter"
)

// chooser decides which of the events that a webhook hears of it gets.
type chooser struct {
	log    *slog.Logger
	reader filter.Reader
	read   *mapper.Draft // that reader has turned to; nil until a filter is asked
	count  choiceMetrics
	warned map[string]string // by webhook: the filter, and what has been said of it
	latest *filter.Decisions // where operators look; nil where they do not
}

// begin turns to an event.
func (c *chooser) begin() { c.read = nil }

// passes reports whether the filter of a webhook lets an event through. One of which it cannot be
// told goes to the webhook: it can be passed over there, and not be had again from here.
func (c *chooser) passes(to *webhook.Subscription, d *mapper.Draft) bool {
	if c.read == nil {
		c.reader.Read(d)
		c.read = d
	}
	verdict, reason := to.Filter.Decide(&c.reader, c.latest != nil)
	switch verdict {
	case filter.Failed:
		c.count.failed.Inc()
		c.warn(to, d, reason)
	case filter.Passed:
		c.count.passed.Inc()
	case filter.Withheld:
		c.count.withheld.Inc()
	}
	if c.latest != nil {
		c.latest.Add(filter.Decision{
			Time: d.Time(), Webhook: to.Key, Event: d.Name, ID: d.ID(),
			Verdict: verdict, Reason: reason, Filter: to.Filter,
		})
	}
	return verdict != filter.Withheld
}

// warn says once of a filter why it cannot be evaluated.
func (c *chooser) warn(to *webhook.Subscription, d *mapper.Draft, reason string) {
	const most = 4096
	said := to.Filter.String() + "\x00" + reason
	if c.warned[to.Key] == said {
		return
	}
	if c.warned == nil || len(c.warned) >= most {
		c.warned = map[string]string{}
	}
	c.warned[to.Key] = said
	c.log.Warn("a filter cannot be evaluated, so the event is sent; later ones are only counted",
		"webhook", to.Key, "host", to.Host, "event", d.ID(), "name", d.Name, "reason", reason,
		"metric", choiceMetric)
}

const choiceMetric = "hookline_filter_events_total"

type choiceMetrics struct{ passed, withheld, failed prometheus.Counter }

func newChoiceMetrics(registerer prometheus.Registerer) choiceMetrics {
	events := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: choiceMetric,
		Help: "Events that the filters of webhooks have decided on, for each webhook: passed, " +
			"withheld, or failed, which are sent, too.",
	}, []string{"decision"})
	registerer.MustRegister(events)
	return choiceMetrics{
		passed:   events.WithLabelValues("passed"),
		withheld: events.WithLabelValues("withheld"),
		failed:   events.WithLabelValues("failed"),
	}
}
