package main

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/sender"
	"hookline/webhook"
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
		if !change.Told && change.Kind != cdc.End {
			count.changes.Inc()
			if db.webhooks.Observe(change) {
				if db.webhooks.Stale() {
					db.stir()
				}
				continue
			}
			if db.catalog.Observe(change) {
				db.stir()
				continue
			}
		}
		draft, err := events.Map(ctx, change)
		for ; draft != nil && err == nil; draft, err = events.Next(ctx) {
			count.events[draft.Action].Inc()
			if err := announce(ctx, late, draft, db.webhooks.Match(draft.Subject), change.Tx, out); err != nil {
				return stopped(ctx, err)
			}
		}
		if err != nil {
			return stopped(ctx, err)
		}
	}
	return nil
}

// announce sends an event to those who want to hear of it.
func announce(ctx, late context.Context, draft *mapper.Draft, subscribers []*webhook.Subscription, tx *cdc.Tx, out *sender.Sender) error {
	if len(subscribers) == 0 {
		return nil
	}
	event := draft.Event()
	for _, to := range subscribers {
		if err := out.Send(ctx, sender.Delivery{Event: event, To: to, Settled: tx.Hold()}); err != nil {
			return err
		}
		ctx = late
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
