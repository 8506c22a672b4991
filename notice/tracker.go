// Package notice tells operators what has become of Hookline itself: a webhook fails, is well again
// or is paused, deliveries are given up, the stream lags, the slot is about to be lost. Each notice
// is a row of a table, which is the queue: it is settled once every webhook that asks for operator
// events has it, or it is in the spool. It does not go through the stream, which may be what stands
// still.
package notice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/mapper"
	"hookline/sender"
	"hookline/webhook"
)

// Row is a notice as it is kept.
type Row struct {
	ID      int64         // rises; given by the Store
	At      time.Time     // when it was written down; given by the Store
	What    mapper.Action // of operator events
	Webhook string        // key of the webhook that it is about; "" when it is about none
	Data    []byte        // what the event says, a JSON object in ASCII
	Summed  bool          // another row tells of it, together with others: it is settled at once
}

// Store keeps notices. Its errors are of the moment.
type Store interface {
	// Note writes rows down, in order, and returns them with IDs and times. It is durable on return,
	// all or nothing.
	Note(ctx context.Context, rows []Row) ([]Row, error)
	// Unsettled returns the notices that are not settled, in order.
	Unsettled(ctx context.Context) ([]Row, error)
	// Latest returns the last notice about each webhook and each thing that begins.
	Latest(ctx context.Context) ([]Row, error)
	// Settle notes that notices need not be delivered any more.
	Settle(ctx context.Context, ids []int64) error
}

// Audience knows who hears of what. Safe for concurrent use.
type Audience interface {
	Operators(event mapper.Action) []*webhook.Subscription
	Known(key string) *webhook.Subscription
}

// Config of a Tracker. A zero value takes the field's default.
type Config struct {
	// Calm is how long something has to be over before that is told. What begins again before is not
	// told anew. Default 1 min.
	Calm time.Duration

	// LagMax is the lag, as hookline_lag_seconds has it, from which on it is told. Default 5 min.
	LagMax time.Duration

	// Others is how often Run looks for notices that other processes have written down: see Record.
	// 0 for never.
	Others time.Duration
}

const (
	// without a further dead letter, after which the next one of a webhook is told again
	quiet      = time.Hour
	firstPause = time.Second // after a call of the store that failed; doubled each time
	lastPause  = time.Minute
)

// Tracker writes down what it is told and sees to it that operators hear of it. Safe for concurrent
// use.
type Tracker struct {
	cfg   Config
	store Store
	log   *slog.Logger
	count map[mapper.Action]prometheus.Counter
	wake  chan struct{}

	mu         sync.Mutex
	conditions map[subject]*condition
	windows    map[mapper.Action]told
	gone       []int64 // settled, and not noted as such yet
	written    []Row   // by others than the Tracker, and not delivered yet
}

// subject is something that can be so or not.
type subject struct {
	what    mapper.Action // that tells of its beginning
	webhook string
}

// condition is how a subject stands. There is one from its beginning until its end is told.
type condition struct {
	holds bool
	told  bool // that it began
	since time.Time
	facts eventFacts
}

// New returns a Tracker that counts in registry.
func New(cfg Config, store Store, log *slog.Logger, registry prometheus.Registerer) *Tracker {
	if cfg.Calm == 0 {
		cfg.Calm = time.Minute
	}
	if cfg.LagMax == 0 {
		cfg.LagMax = 5 * time.Minute
	}
	t := &Tracker{
		cfg: cfg, store: store, log: log, count: map[mapper.Action]prometheus.Counter{},
		wake: make(chan struct{}, 1), conditions: map[subject]*condition{},
		windows: map[mapper.Action]told{},
	}
	events := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "hookline_operator_events_total",
		Help: "Operator events, whether a webhook hears of them or not.",
	}, []string{"event"})
	registry.MustRegister(events)
	for _, a := range mapper.OperatorActions() {
		t.count[a] = events.WithLabelValues(a.String())
	}
	return t
}

// Load reads what has begun in an earlier process and was not told to be over. Call it before Tell.
func (t *Tracker) Load(ctx context.Context) error {
	rows, err := t.store.Latest(ctx)
	if err != nil {
		return fmt.Errorf("read the notices: %w", err)
	}
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, row := range rows {
		what, begins := row.What.Begins()
		old := what == mapper.DeadLetters && now.Sub(row.At) > quiet
		sum := row.Webhook == "" && ofWebhooks(what) // each of them has a row of its own
		if begins && !what.Momentary() && !old && !sum {
			t.conditions[subject{what, row.Webhook}] = &condition{holds: true, told: true, since: row.At}
		}
	}
	t.resumeWindows(rows, now)
	return nil
}

// Open returns the webhooks of which it was told that what has begun, and not that it is over.
func (t *Tracker) Open(what mapper.Action) (webhooks []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.conditions {
		if s.what == what {
			webhooks = append(webhooks, s.webhook)
		}
	}
	return webhooks
}

// Notify takes news of a webhook.
func (t *Tracker) Notify(n sender.Notice) {
	t.note(n.What, n.Webhook, eventFacts{
		Webhook: n.Webhook, Host: n.Host, Reason: n.Reason,
		Event: n.Event,
	})
}

// note takes news. What ends without having begun is none.
func (t *Tracker) note(what mapper.Action, webhook string, facts eventFacts) {
	what, begins := what.Begins()
	t.mu.Lock()
	defer t.mu.Unlock()
	s := subject{what, webhook}
	c := t.conditions[s]
	switch now := time.Now(); {
	case begins && c == nil:
		facts.Since = now
		t.conditions[s] = &condition{holds: true, since: now, facts: facts}
	case c == nil || !begins && !c.holds:
		return
	case begins && !c.holds:
		facts.Since = now
		c.holds, c.since, c.facts = true, now, facts
	case what == mapper.DeadLetters:
		c.since = now
	case !begins:
		facts.Since = now
		c.holds, c.since, c.facts = false, now, facts
	}
	signal(t.wake)
}

// due returns what is to be told by now, and when to look again; zero: when there is news. What it
// returns, told has to be called with once it is written down.
func (t *Tracker) due(now time.Time) (list []subject, rows []Row, next time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var facts []eventFacts
	tell := func(s subject, what mapper.Action, f eventFacts) {
		list, facts = append(list, s), append(facts, f)
		rows = append(rows, Row{What: what, Webhook: s.webhook})
	}
	inOrder := slices.SortedFunc(maps.Keys(t.conditions), func(a, b subject) int {
		since := t.conditions[a].since.Compare(t.conditions[b].since)
		return cmp.Or(since, cmp.Compare(a.what, b.what), cmp.Compare(a.webhook, b.webhook))
	})
	for _, s := range inOrder {
		c := t.conditions[s]
		over := c.since.Add(t.cfg.Calm)
		switch {
		case c.holds && !c.told:
			tell(s, s.what, c.facts)
			continue
		case c.holds && s.what == mapper.DeadLetters:
			over = c.since.Add(quiet)
		case c.holds:
			continue
		case !c.told:
			delete(t.conditions, s)
			continue
		}
		switch {
		case now.Before(over):
			if next.IsZero() || over.Before(next) {
				next = over
			}
		case c.holds: // of dead letters no end is told
			delete(t.conditions, s)
		default:
			tell(s, ending(s.what), c.facts)
		}
	}
	list, rows, later := t.bounded(list, rows, facts, now)
	if next.IsZero() || !later.IsZero() && later.Before(next) {
		next = later
	}
	return list, rows, next
}

// told takes note of what is written down: the rows of subjects, and behind them those of sums.
func (t *Tracker) told(list []subject, rows []Row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spend(rows[:len(list)], time.Now())
	for i, s := range list {
		t.count[rows[i].What].Inc()
		if c := t.conditions[s]; rows[i].What == s.what {
			c.told = true
		} else if !c.holds {
			delete(t.conditions, s)
		} else { // it has begun again meanwhile
			c.told = false
		}
	}
}

// ending returns the action that says that what has begun is over.
func ending(what mapper.Action) mapper.Action {
	for _, a := range mapper.OperatorActions() {
		if beginning, itself := a.Begins(); beginning == what && !itself {
			return a
		}
	}
	return what
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Sender is where deliveries go.
type Sender interface {
	Send(ctx context.Context, d sender.Delivery) error
}

// Run writes down and delivers until ctx ends. It begins with what earlier processes have left.
// database is the identity of the database in event IDs. Of webhooks that are there no more it
// tells that what has begun is over.
func (t *Tracker) Run(ctx context.Context, out Sender, audience Audience, database string) {
	d := delivering{
		Tracker: t, out: out, audience: audience, database: database, begun: map[int64]bool{},
	}
	for _, what := range mapper.OperatorActions() {
		beginning, itself := what.Begins()
		for _, key := range t.Open(beginning) {
			if !itself && key != "" && audience.Known(key) == nil {
				t.note(what, key, eventFacts{Webhook: key, Reason: "the webhook is gone, or switched off"})
			}
		}
	}
	pause := firstPause
	for do := d.begin; ; {
		next, err := do(ctx)
		if err != nil {
			if !t.again(ctx, err, &pause) {
				return
			}
			continue
		}
		do, pause = d.step, firstPause
		var alarm <-chan time.Time
		if !next.IsZero() {
			alarm = time.After(time.Until(next))
		}
		select {
		case <-alarm:
		case <-t.wake:
		case <-ctx.Done():
			return
		}
	}
}

// Record writes down what is due until ctx ends. It delivers nothing: a process that calls Run
// does.
func (t *Tracker) Record(ctx context.Context) {
	pause := firstPause
	for {
		next, err := t.record(ctx)
		if err != nil {
			if !t.again(ctx, err, &pause) {
				return
			}
			continue
		}
		pause = firstPause
		var alarm <-chan time.Time
		if !next.IsZero() {
			alarm = time.After(time.Until(next))
		}
		select {
		case <-alarm:
		case <-t.wake:
		case <-ctx.Done():
			return
		}
	}
}

// record writes down what is due, and returns when to look again.
func (t *Tracker) record(ctx context.Context) (next time.Time, err error) {
	list, rows, next := t.due(time.Now())
	if len(rows) == 0 {
		return next, nil
	}
	if rows, err = t.store.Note(ctx, rows); err != nil {
		return next, err
	}
	t.told(list, rows)
	signal(t.wake) // for what has changed meanwhile
	return next, nil
}

// again waits before something that failed is tried once more, and reports whether it is to be.
func (t *Tracker) again(ctx context.Context, err error, pause *time.Duration) bool {
	if ctx.Err() != nil || errors.Is(err, sender.ErrDraining) || sender.Replaced(err) {
		return false
	}
	t.log.Warn("an operator event cannot be told now", "error", err, "next_in", *pause)
	select {
	case <-time.After(*pause):
	case <-ctx.Done():
		return false
	}
	*pause = min(2**pause, lastPause)
	return true
}

// Close notes what was settled since Run has ended.
func (t *Tracker) Close(ctx context.Context) {
	if err := t.settle(ctx); err != nil {
		t.log.Debug("operator events may come twice: it could not be noted that they were told", "error",
			err)
	}
}

// settle notes what is settled.
func (t *Tracker) settle(ctx context.Context) error {
	t.mu.Lock()
	ids := t.gone
	t.gone = nil
	t.mu.Unlock()
	if len(ids) == 0 {
		return nil
	}
	err := t.store.Settle(ctx, ids)
	if err != nil {
		t.mu.Lock()
		t.gone = append(t.gone, ids...)
		t.mu.Unlock()
	}
	return err
}

// settled takes note that a notice need not be delivered any more.
func (t *Tracker) settled(id int64) {
	t.mu.Lock()
	t.gone = append(t.gone, id)
	t.mu.Unlock()
	signal(t.wake)
}
