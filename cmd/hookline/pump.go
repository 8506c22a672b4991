package main

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/sender"
)

// pump moves the stream: change → event → deliveries. It returns nil when ctx ends, and an error when the stream cannot go on. An event that
// one webhook has got goes to the others too, as long as late lasts: half announced, it would have to come again.
func pump(ctx, late context.Context, source *cdc.Source, db *database, events *mapper.Mapper, out *sender.Sender,
	metrics prometheus.Registerer,
) error {
	count := newPumpMetrics(metrics)
	for change, err := range source.Changes(ctx) {
		if err != nil {
			return err
		}
		count.changes.Inc()
		if db.webhooks.Observe(change) {
			continue
		}
		if db.catalog.Observe(change) {
			db.stir()
			continue
		}
		draft, err := events.Map(ctx, change)
		if err != nil {
			return stopped(ctx, err)
		}
		if draft == nil {
			continue
		}
		count.events[draft.Action].Inc()
		subscribers := db.webhooks.Match(draft.Subject)
		if len(subscribers) == 0 {
			continue
		}
		event, until := draft.Event(), ctx
		for _, to := range subscribers {
			delivery := sender.Delivery{Event: event, To: to, Settled: change.Tx.Hold()}
			if err := out.Send(until, delivery); err != nil {
				return stopped(ctx, err)
			}
			until = late
		}
	}
	return nil
}

type pumpMetrics struct {
	changes prometheus.Counter
	events  map[mapper.Action]prometheus.Counter
}

func newPumpMetrics(registerer prometheus.Registerer) pumpMetrics {
	changes := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "hookline_changes_total", Help: "Row changes taken from the stream.",
	})
	events := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "hookline_events_total", Help: "Events made of changes, whether a webhook matches or not.",
	}, []string{"action"})
	registerer.MustRegister(changes, events)
	m := pumpMetrics{changes: changes, events: map[mapper.Action]prometheus.Counter{}}
	for _, action := range []mapper.Action{mapper.Created, mapper.Updated, mapper.Deleted, mapper.Restored, mapper.Destroyed} {
		m.events[action] = events.WithLabelValues(action.String())
	}
	return m
}
