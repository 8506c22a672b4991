package run

import (
	"context"
	"log/slog"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/internal/crm"
	"hookline/mapper"
	"hookline/sender"
	"hookline/webhook"
)

// pump moves the stream: change → event → deliveries.
type pump struct {
	source *cdc.Source
	db     *crm.Database
	tables *newTables
	events *mapper.Mapper
	out    outlet

	// followed is called with each transaction that has changed webhooks, before what comes behind
	// it is sent; nil for nobody.
	followed func(*cdc.Tx)

	count     pumpMetrics
	undecided undecided
	choose    chooser
	control   *cdc.Tx // the last one that changed webhooks; nil before the first
}

// outlet takes deliveries, in order: a *sender.Sender, or a *bus.Publisher.
type outlet interface {
	Send(ctx context.Context, d sender.Delivery) error
}

// observe has the pump count what it does. It must be called before run, once.
func (p *pump) observe(metrics prometheus.Registerer) {
	p.count = newPumpMetrics(metrics, p.events)
	p.choose.log, p.choose.count = p.db.Log, newChoiceMetrics(metrics)
	p.undecided = undecided{
		log: p.db.Log, announced: p.db.Config.Mapper.TellUndecided, count: p.count.undecided,
	}
}

// run returns nil when ctx ends, and an error when the stream cannot go on. What a change has
// brought about goes out whole, to all webhooks, as long as late lasts: half announced, it would
// have to come again.
func (p *pump) run(ctx, late context.Context) error {
	for change, err := range p.source.Changes(ctx) {
		if err != nil {
			return err
		}
		if change.Kind == cdc.Woken {
			err = p.db.RenewWebhooks(ctx, p.control)
		} else {
			err = p.handle(ctx, late, change)
		}
		if err != nil {
			return UnlessEnded(ctx, err)
		}
	}
	return nil
}

// handle takes a change to whom it is for: registry, catalog or mapper.
func (p *pump) handle(ctx, late context.Context, change cdc.Change) error {
	if !change.Repeated && change.Kind != cdc.End {
		p.count.changes.Inc()
		if p.db.Webhooks.Observe(change) {
			return p.followWebhooks(ctx, change.Tx)
		}
		if p.db.Catalog.Observe(change) {
			p.tables.checkSoon()
			return nil
		}
	}
	p.events.Serve(p.db.Webhooks.Audience())
	draft, err := p.events.Map(ctx, change)
	for on := ctx; draft != nil && err == nil; draft, err = p.events.Next(late) {
		// Else it was counted as what it is to others.
		if draft.Telling&(mapper.ToSplit|mapper.ToCommits) == 0 {
			p.count.events[draft.Action].Inc()
		}
		if err := p.announce(on, late, draft, change.Tx); err != nil {
			return err
		}
		on = late
	}
	return err
}

// followWebhooks goes on behind a change of webhooks, which the registry has observed.
func (p *pump) followWebhooks(ctx context.Context, tx *cdc.Tx) error {
	p.control = tx
	if p.followed != nil {
		p.followed(tx)
	}
	if p.db.Webhooks.Stale() {
		p.tables.checkSoon()
	}
	if p.db.Webhooks.Behind() {
		return p.db.RenewWebhooks(ctx, tx)
	}
	return nil
}

// announce sends an event to those who want to hear of it, if they may.
func (p *pump) announce(ctx, late context.Context, draft *mapper.Draft, tx *cdc.Tx) error {
	subscribers := p.db.Webhooks.Match(draft.Subject)
	hears := func(to *webhook.Subscription) bool { return !draft.Ignored(to.Ignore) }
	if !slices.ContainsFunc(subscribers, hears) {
		return nil
	}
	verdict, err := draft.Verdict(ctx)
	if err != nil {
		return err
	}
	if verdict == mapper.Hidden ||
		verdict == mapper.Undecided && !p.undecided.isAnnounced(draft.Object) {
		return nil
	}
	p.choose.begin()
	for _, to := range subscribers {
		if !hears(to) || to.Filter != nil && !p.choose.passes(to, draft) {
			continue
		}
		event := draft.EventFor(to.View)
		if event == nil {
			continue
		}
		d := sender.Delivery{Event: event, To: to, Settled: tx.Hold()}
		if err := p.out.Send(ctx, d); err != nil {
			return err
		}
		ctx = late
	}
	return nil
}

// undecided are the events of which nobody can say any more whether they may be told.
type undecided struct {
	log       *slog.Logger
	announced bool // see mapper.Config.TellUndecided
	count     *prometheus.CounterVec
	warned    bool
}

// isAnnounced counts an event of an object and reports whether it is announced.
func (u *undecided) isAnnounced(object string) bool {
	u.count.WithLabelValues(object).Inc()
	if !u.warned {
		u.warned = true
		u.log.Warn("an event cannot be decided on: who could read its record is not known any more; "+
			"later ones are only counted", "object", object, "done", crm.Undecided(u.announced),
			"setting", "HOOKLINE_UNDECIDED", "metric", undecidedMetric)
	}
	return u.announced
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
		Name: "hookline_events_total",
		Help: "Events made of changes, whether a webhook matches or not.",
	}, []string{"action"})
	rewritten := prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "hookline_upgrade_rows_total",
		Help: "Row changes that were not announced because an upgrade of Twenty wrote them.",
	}, func() float64 { return float64(mapped.Rewritten()) })
	undecided := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: undecidedMetric,
		Help: "Events that a webhook matches and of which it is not known any more " +
			"whether everybody may read their record.",
	}, []string{"object"})
	unread := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "hookline_undeciding_tables",
		Help: "Tables that decide which records may be told, and that the role may not read.",
	}, func() float64 { return float64(mapped.UnreadTables()) })
	registerer.MustRegister(changes, events, rewritten, undecided, unread)
	m := pumpMetrics{
		changes: changes, events: map[mapper.Action]prometheus.Counter{}, undecided: undecided,
	}
	for _, action := range mapper.Actions() {
		m.events[action] = events.WithLabelValues(action.String())
	}
	return m
}
