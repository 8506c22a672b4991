package main

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/sender"
	"hookline/webhook"
)

// pump moves the stream: change → event → deliveries. It returns nil when ctx ends, and an error when the stream cannot go on. What a change
// has brought about goes out whole, to all webhooks, as long as late lasts: half announced, it would have to come again.
func pump(ctx, late context.Context, source *cdc.Source, db *database, events *mapper.Mapper, out *sender.Sender,
	metrics prometheus.Registerer,
) error {
	count := newPumpMetrics(metrics, events)
	doubt := doubts{log: db.log, tell: db.cfg.Mapper.TellUndecided, count: count.undecided}
	var control *cdc.Tx // the last one that changed webhooks
	for change, err := range source.Changes(ctx) {
		if err != nil {
			return err
		}
		if change.Kind == cdc.Woken {
			if err := db.renewWebhooks(ctx, control); err != nil {
				return stopped(ctx, err)
			}
			continue
		}
		if !change.Told && change.Kind != cdc.End {
			count.changes.Inc()
			if db.webhooks.Observe(change) {
				control = change.Tx
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
		for on := ctx; draft != nil && err == nil; draft, err = events.Next(late) {
			if draft.Telling != mapper.ToSplit {
				count.events[draft.Action].Inc()
			}
			if err := announce(on, late, draft, db.webhooks.Match(draft.Subject), change.Tx, out, &doubt); err != nil {
				return stopped(ctx, err)
			}
			on = late
		}
		if err != nil {
			return stopped(ctx, err)
		}
	}
	return nil
}

// announce sends an event to those who want to hear of it, if they may.
func announce(ctx, late context.Context, draft *mapper.Draft, subscribers []*webhook.Subscription, tx *cdc.Tx, out *sender.Sender,
	doubt *doubts,
) error {
	if len(subscribers) == 0 {
		return nil
	}
	verdict, err := draft.Verdict(ctx)
	if err != nil {
		return err
	}
	if verdict == mapper.Hidden || verdict == mapper.Undecided && !doubt.tells(draft.Object) {
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

// doubts are the events of which nobody can say any more whether they may be told.
type doubts struct {
	log    *slog.Logger
	tell   bool // see mapper.Config.TellUndecided
	count  *prometheus.CounterVec
	warned bool
}

// tells counts an event of an object and reports whether it is told.
func (d *doubts) tells(object string) bool {
	d.count.WithLabelValues(object).Inc()
	if !d.warned {
		d.warned = true
		d.log.Warn("an event cannot be decided on: who could read its record is not known any more; later ones are only counted",
			"object", object, "done", undecidedAre(d.tell), "setting", "HOOKLINE_UNDECIDED", "metric", undecidedMetric)
	}
	return d.tell
}

// undecidedAre says what becomes of what cannot be decided on.
func undecidedAre(told bool) string {
	if told {
		return "told"
	}
	return "not told"
}

const undecidedMetric = "hookline_events_undecided_total"

type pumpMetrics struct {
	changes   prometheus.Counter
	events    map[mapper.Action]prometheus.Counter
	undecided *prometheus.CounterVec
}

func newPumpMetrics(registerer prometheus.Registerer, mapped *mapper.Mapper) pumpMetrics {
	changes := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "hookline_changes_total", Help: "Row changes taken from the stream.",
	})
	events := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "hookline_events_total", Help: "Events made of changes, whether a webhook matches or not.",
	}, []string{"action"})
	rewritten := prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "hookline_upgrade_rows_total", Help: "Row changes that were not announced because an upgrade of Twenty wrote them.",
	}, func() float64 { return float64(mapped.Rewritten()) })
	undecided := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: undecidedMetric, Help: "Events that a webhook matches and of which it is not known any more whether everybody may read their record.",
	}, []string{"object"})
	unread := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "hookline_undeciding_tables", Help: "Tables that decide which records may be told, and that the role may not read.",
	}, func() float64 { return float64(mapped.UnreadTables()) })
	registerer.MustRegister(changes, events, rewritten, undecided, unread)
	m := pumpMetrics{changes: changes, events: map[mapper.Action]prometheus.Counter{}, undecided: undecided}
	for _, action := range mapper.Actions() {
		m.events[action] = events.WithLabelValues(action.String())
	}
	return m
}
