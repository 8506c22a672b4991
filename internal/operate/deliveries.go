package operate

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"hookline/admin/api"
	"hookline/admin/recent"
	"hookline/internal/crm"
	"hookline/mapper/profile"
	"hookline/sender"
	"hookline/spool"
)

// States of api.Delivery.
const (
	stateDelivered = "delivered"
	stateRetrying  = "retrying"
	stateWaiting   = "waiting"
	stateDead      = "dead"
	stateRequested = "requested"
)

// which is what an operator's filter asks for.
type which struct {
	api.Filter
	event   EventPattern
	records []uint64 // what a Record may be
}

func newWhich(f api.Filter) (which, error) {
	w := which{Filter: f}
	if f.Event != "" {
		if err := w.event.UnmarshalText([]byte(f.Event)); err != nil {
			return w, api.Wrong{Why: err.Error()}
		}
	}
	return w, nil
}

// spool returns it as one of the spool's, of deliveries in a state.
func (w which) spool(state spool.DeliveryState) spool.Filter {
	f := spool.Filter{
		Webhook: w.Webhook,
		Since:   w.Since,
		Until:   w.Until,
		Records: w.records,
		Status:  w.Status,
		State:   state,
	}
	w.event.Narrow(&f)
	return f
}

// findRecord finds out which records have the ID that the filter names.
func (w *which) findRecord(ctx context.Context, db *crm.Database) error {
	if w.Record == "" {
		return nil
	}
	records, err := profile.RecordsOf(ctx, db.Pool, db.Catalog.Profile(), db.Config.CDC.Publication,
		w.Record)
	w.records = append([]uint64{}, records...) // none is not all
	return err
}

// of reports whether the filter picks the delivery of an attempt, whatever has become of it.
func (w which) of(a *sender.Attempt) bool {
	object, action, _ := strings.Cut(a.Name, ".")
	return (w.Webhook == "" || a.Webhook == w.Webhook) &&
		(w.event.ID == "" || a.Event == w.event.ID) &&
		(w.event.Object == "" || object == w.event.Object) &&
		(w.event.Action == "" || action == w.event.Action) &&
		(w.Since.IsZero() || !a.Committed.Before(w.Since)) &&
		(w.Until.IsZero() || a.Committed.Before(w.Until)) &&
		(w.Record == "" || hasKey(a.Key.String(), w.Record)) &&
		(w.Status == 0 || a.Status == w.Status || w.Status < 0 && a.Status == 0)
}

// hasKey reports whether a key in JSON is of one column, and has that value.
func hasKey(key, value string) bool {
	quoted, _ := json.Marshal(value) // of a string never fails
	return strings.HasSuffix(key, ":"+string(quoted)+"}") || strings.HasSuffix(key, ":"+value+"}")
}

// Deliveries returns what is in the spool, and of what is not there what is remembered. The spool
// is asked for no more than is shown.
func (d *Backend) Deliveries(ctx context.Context, f api.Filter) (page api.Page, err error) {
	w, err := newWhich(f)
	if err != nil {
		return page, err
	}
	list := []api.Delivery{}
	at := map[spool.DeliveryID]int{}
	add := func(one api.Delivery) {
		way := spool.DeliveryID{Event: one.ID, Webhook: one.Webhook}
		if i, known := at[way]; !known {
			at[way] = len(list)
			list = append(list, one)
		} else if one.State == stateDelivered { // a moment ago
			list[i] = one
		}
	}
	remembered := d.remembered(w)
	err = d.view.use(ctx, func(ctx context.Context, db *crm.Database, store *spool.Spool) error {
		if err := w.findRecord(ctx, db); err != nil {
			return err
		}
		for _, state := range []spool.DeliveryState{spool.Dead, spool.Waiting} {
			if f.State != "" && f.State != string(state) {
				continue
			}
			found, more, err := store.Page(ctx, w.spool(state), spool.Place(f.Place()), f.Limit+1)
			if err != nil {
				return err
			}
			for _, s := range found {
				add(ofSpool(s))
			}
			page.More = first(page.More, api.Place(more))
		}
		return d.addRemembered(ctx, store, remembered, add)
	})
	if err := unlessNew(err); err != nil {
		return page, err
	}
	page.List = slices.DeleteFunc(list, func(one api.Delivery) bool {
		return f.State != "" && one.State != f.State &&
			(f.State != stateDead || one.State != stateRequested) ||
			page.More != (api.Place{}) && page.More.Compare(one.Place()) < 0 // others come before it
	})
	slices.SortFunc(page.List, func(a, b api.Delivery) int { return a.Place().Compare(b.Place()) })
	if len(page.List) > f.Limit {
		page.List = page.List[:f.Limit]
		page.More = page.List[f.Limit-1].Place()
	}
	return page, nil
}

// first returns the one of two places that comes first; a zero one is none.
func first(a, b api.Place) api.Place {
	if a == (api.Place{}) || b != (api.Place{}) && b.Compare(a) < 0 {
		return b
	}
	return a
}

// remembered returns the last attempt at each delivery that the filter picks, newest first. That is
// not the order of the deliveries, so that all of them are needed.
func (d *Backend) remembered(w which) (list []recent.Numbered) {
	seen, after := map[spool.DeliveryID]bool{}, w.Place()
	return d.Recent.Find(math.MaxInt, func(a *sender.Attempt) bool {
		way := spool.DeliveryID{Event: a.Event, Webhook: a.Webhook}
		if !w.of(a) || seen[way] {
			return false
		}
		seen[way] = true
		place := api.Place{Committed: a.Committed, Event: a.Event, Webhook: a.Webhook}
		return (w.State == "" || w.State == stateOf(a)) &&
			(after == (api.Place{}) || after.Compare(place) < 0)
	})
}

// stateOf returns the state in which an attempt has left a delivery.
func stateOf(a *sender.Attempt) string {
	switch {
	case a.Outcome == sender.Delivered:
		return stateDelivered
	case a.Dead:
		return stateDead
	}
	return stateRetrying
}

// addRemembered adds those that were delivered, and those that have failed and are in memory still:
// what has failed otherwise is in the spool, or was discarded, or its webhook is gone.
func (d *Backend) addRemembered(
	ctx context.Context,
	store *spool.Spool,
	list []recent.Numbered,
	add func(api.Delivery),
) error {
	var failed []spool.DeliveryID
	for _, a := range list {
		switch stateOf(&a.Attempt) {
		case stateDelivered:
			add(ofAttempt(&a.Attempt))
		case stateRetrying:
			failed = append(failed, spool.DeliveryID{Event: a.Event, Webhook: a.Webhook})
		}
	}
	if len(failed) == 0 {
		return nil
	}
	stored, err := store.Holds(ctx, failed)
	if err != nil {
		return err
	}
	for _, a := range list {
		way := spool.DeliveryID{Event: a.Event, Webhook: a.Webhook}
		if stateOf(&a.Attempt) == stateRetrying && !stored[way] &&
			time.Since(a.Next) < d.cfg.Sender.HoldMax+time.Minute {
			add(ofAttempt(&a.Attempt))
		}
	}
	return nil
}

func ofAttempt(a *sender.Attempt) api.Delivery {
	return api.Delivery{
		ID:          a.Event,
		Event:       a.Name,
		Webhook:     a.Webhook,
		State:       stateOf(a),
		Attempts:    a.Number,
		Status:      a.Status,
		Reason:      a.Reason,
		Committed:   a.Committed.UTC(),
		LastAttempt: a.Began.UTC(),
		Next:        utc(a.Next),
		Replay:      a.Replay,
	}
}

func ofSpool(s spool.Delivery) api.Delivery {
	one := api.Delivery{
		ID:          s.ID,
		Event:       s.Event,
		Webhook:     s.Webhook,
		State:       string(s.State),
		Attempts:    s.Attempts,
		Status:      s.Status,
		Reason:      s.Reason,
		Committed:   s.Committed,
		LastAttempt: utc(s.LastAttempt),
		Replay:      s.Replay,
	}
	switch {
	case s.Wanted:
		one.State = stateRequested
	case s.State == spool.Waiting:
		one.Next = utc(s.Due)
	}
	return one
}

// Delivery is that of api.Backend.
func (d *Backend) Delivery(ctx context.Context, event, hook string) (list []api.Detail, err error) {
	attempts := d.Recent.Find(1<<20, func(a *sender.Attempt) bool {
		return a.Event == event && (hook == "" || a.Webhook == hook)
	})
	at := map[string]int{}
	err = d.view.use(ctx, func(ctx context.Context, _ *crm.Database, store *spool.Spool) error {
		found, err := store.Get(ctx, event, hook)
		for _, s := range found {
			one := api.Detail{
				Delivery: ofSpool(s),
				Updated:  s.Updated,
				Bytes:    s.Bytes,
				Tries:    []api.Attempt{},
			}
			if d.cfg.Admin.ShowData {
				one.Data = s.Data
			}
			at[s.Webhook] = len(list)
			list = append(list, one)
		}
		return err
	})
	if err := unlessNew(err); err != nil {
		return nil, err
	}
	for _, a := range attempts {
		i, known := at[a.Webhook]
		if !known {
			i = len(list)
			at[a.Webhook] = i
			list = append(list, api.Detail{Delivery: ofAttempt(&a.Attempt), Tries: []api.Attempt{}})
		} else if a.Outcome == sender.Delivered && len(list[i].Tries) == 0 {
			list[i].Delivery = ofAttempt(&a.Attempt)
		}
		list[i].Tries = append(list[i].Tries, d.attempt(&a.Attempt))
	}
	if len(list) == 0 {
		return nil, api.NotFound{What: NoDelivery(event, hook).Error() + ", and none is remembered"}
	}
	return list, nil
}

func (d *Backend) attempt(a *sender.Attempt) api.Attempt {
	one := api.Attempt{
		Number:      a.Number,
		Began:       a.Began.UTC(),
		TookSeconds: a.Took.Seconds(),
		Outcome:     a.Outcome.String(),
		Status:      a.Status,
		Reason:      a.Reason,
		Answer:      a.Answer,
	}
	for _, line := range a.Header("hookline/" + d.cfg.Sender.Version) {
		one.Header = append(one.Header, api.Line(line))
	}
	return one
}

// liveMost is how many deliveries are told at once to one who listens, and has not said how many.
const liveMost = 50

// Live is that of api.Backend.
func (d *Backend) Live(
	ctx context.Context,
	f api.Filter,
	after uint64,
) (news api.News, ok bool) {
	w, err := newWhich(f)
	if err != nil {
		return news, false
	}
	if after == 0 {
		after = d.Recent.Last()
	}
	if !d.Recent.Wait(ctx, after) {
		return news, false
	}
	limit := liveMost
	if f.Limit > 0 {
		limit = min(f.Limit, liveMost)
	}
	attempts, more, last := d.Recent.Since(after, limit, func(a *sender.Attempt) bool {
		return w.of(a) && (f.State == "" || f.State == stateOf(a))
	})
	news.More, news.Last = more, last
	for i := range attempts {
		news.List = append(news.List, ofAttempt(&attempts[i].Attempt))
	}
	return news, true
}

// CountDead reads no delivery where the queues know the number.
func (d *Backend) CountDead(ctx context.Context, f api.Filter) (api.Count, error) {
	return d.dead(
		ctx,
		f,
		func(ctx context.Context, store *spool.Spool, f spool.Filter) ([]spool.Count, error) {
			plain := spool.Filter{State: spool.Dead, Webhook: f.Webhook, NotTo: f.NotTo}
			if reflect.DeepEqual(f, plain) {
				return unwanted(ctx, store, f.Webhook, f.NotTo)
			}
			f.Unwanted = true
			return store.Count(ctx, f)
		},
	)
}

// unwanted returns how many dead deliveries nobody has asked for to be sent again, to one webhook,
// or with "" to each but those of notTo.
func unwanted(
	ctx context.Context, store *spool.Spool, hook string, notTo []string,
) (counts []spool.Count, err error) {
	queues, err := store.Queues(ctx)
	for _, q := range queues {
		if n := q.Dead - q.Wanted; n > 0 && (hook == "" || q.Webhook == hook) &&
			!slices.Contains(notTo, q.Webhook) {
			counts = append(counts, spool.Count{Webhook: q.Webhook, Events: n})
		}
	}
	return counts, err
}

// Replay is that of api.Backend.
func (d *Backend) Replay(ctx context.Context, f api.Filter) (api.Count, error) {
	return d.dead(
		ctx,
		f,
		func(ctx context.Context, store *spool.Spool, f spool.Filter) ([]spool.Count, error) {
			return store.Want(ctx, f)
		},
	)
}

// dead does something to the dead deliveries that a filter picks. It wants it said which, so that
// nobody means one and gets all.
func (d *Backend) dead(ctx context.Context, f api.Filter,
	do func(context.Context, *spool.Spool, spool.Filter) ([]spool.Count, error),
) (c api.Count, err error) {
	f.Limit, f.After = 0, ""
	if f == (api.Filter{}) {
		return c, api.Wrong{
			Why: "say which: by webhook, event, record, status, since, until; or by the state dead alone, " +
				"for all of them",
		}
	}
	if f.State != "" && f.State != stateDead {
		return c, api.Wrong{
			Why: "only dead deliveries can be sent again: state " + strconv.Quote(f.State),
		}
	}
	w, err := newWhich(f)
	if err != nil {
		return c, err
	}
	return c, d.view.use(ctx, func(ctx context.Context, db *crm.Database, store *spool.Spool) error {
		if err := w.findRecord(ctx, db); err != nil {
			return err
		}
		known, err := knownWebhooks(ctx, db, store)
		if err != nil {
			return err
		}
		filter := w.spool(spool.Dead)
		filter.NotTo = known.Deleted()
		unsent := filter
		unsent.Unwanted = true
		deleted, err := known.ToDeleted(ctx, store, unsent)
		if err != nil {
			return err
		}
		counts, err := do(ctx, store, filter)
		c = sum(counts)
		c.Deleted = sum(deleted).Webhooks
		if refused := NoReceiver(deleted); err == nil && c.Deliveries == 0 && refused != nil {
			return api.NotFound{What: refused.Error()}
		}
		return err
	})
}

func sum(counts []spool.Count) api.Count {
	c := api.Count{Webhooks: []api.WebhookCount{}}
	for _, one := range counts {
		c.Deliveries += one.Events
		c.Webhooks = append(c.Webhooks, api.WebhookCount{Webhook: one.Webhook, Deliveries: one.Events})
	}
	return c
}

// Remaining is that of api.Backend.
func (d *Backend) Remaining(ctx context.Context, hook string) (c api.Count, err error) {
	return c, d.view.use(ctx, func(ctx context.Context, _ *crm.Database, store *spool.Spool) error {
		queues, err := store.Queues(ctx)
		if err := unlessNew(err); err != nil {
			return fmt.Errorf("how much is left: %w", err)
		}
		var counts []spool.Count
		for _, q := range queues {
			if left := q.Waiting + q.Wanted; left > 0 && (hook == "" || q.Webhook == hook) {
				counts = append(counts, spool.Count{Webhook: q.Webhook, Events: left})
			}
		}
		c = sum(counts)
		return nil
	})
}

// NoDelivery is the error for a delivery that nobody knows.
func NoDelivery(id, webhook string) error {
	if webhook != "" {
		return fmt.Errorf("no delivery of event %s to webhook %s waits or is dead", id, webhook)
	}
	return fmt.Errorf("no delivery of event %s waits or is dead", id)
}
