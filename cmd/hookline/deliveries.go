package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"hookline/config"
	"hookline/mapper"
	"hookline/spool"
)

type deliveriesCommand struct {
	List    deliveriesList    `cmd:"" help:"List deliveries, newest first."`
	Show    deliveriesShow    `cmd:"" help:"Show all that is kept of an event's deliveries, the data of the record included."`
	Replay  deliveriesReplay  `cmd:"" help:"Have dead deliveries sent again."`
	Discard deliveriesDiscard `cmd:"" help:"Remove dead deliveries for good. They count toward HOOKLINE_SPOOL_MAX_BYTES."`
}

// withSpool calls f with the spool. It needs neither a running Hookline nor that none runs.
func withSpool(ctx context.Context, f func(store *spool.Spool) error) error {
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	store, err := openSpool(ctx, cfg)
	if err != nil {
		return err
	}
	defer store.Close()
	err = f(store)
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return fmt.Errorf("HOOKLINE_SPOOL_DATABASE_URL, or else HOOKLINE_DATABASE_URL: %w", err)
	}
	return err
}

// deliveryFilter is how deliveries are picked on the command line.
type deliveryFilter struct {
	Webhook string       `placeholder:"KEY" help:"Those to this webhook; hookline status shows the keys."`
	Event   eventPattern `placeholder:"PATTERN" help:"Those of person.created, person.*, *.created, *.*, or the event of an ID."`
	Since   moment       `placeholder:"TIME" help:"Those of changes that were committed since: 2025-02-10T15:30:00Z, or 2h for two hours ago."`
	Until   moment       `placeholder:"TIME" help:"Those of changes that were committed before."`
}

func (f deliveryFilter) filter() spool.Filter {
	filter := spool.Filter{
		Webhook: f.Webhook, Object: f.Event.object, Action: f.Event.action, Since: time.Time(f.Since), Until: time.Time(f.Until),
	}
	if f.Event.id != "" {
		filter.Events = []string{f.Event.id}
	}
	return filter
}

// eventPattern is the name of events, or the ID of one. "" stands for any. The zero value was not said.
type eventPattern struct {
	id, object, action string
	said               bool
}

func (p *eventPattern) UnmarshalText(text []byte) error {
	if s := string(text); strings.HasPrefix(s, "evt_") {
		*p = eventPattern{id: s, said: true}
		return nil
	}
	object, action, _ := strings.Cut(string(text), ".")
	_, known := mapper.ParseAction(action)
	if object == "" || action != "*" && !known {
		return fmt.Errorf("event %q: want person.created, person.*, *.created, *.*, or an ID such as evt_0badcafe_0000000001a2b3c4_0", text)
	}
	*p = eventPattern{object: strings.TrimPrefix(object, "*"), action: strings.TrimPrefix(action, "*"), said: true}
	return nil
}

// moment is a point in time, told as such or by how long ago it was.
type moment time.Time

func (m *moment) UnmarshalText(text []byte) error {
	if ago, err := time.ParseDuration(string(text)); err == nil && ago >= 0 {
		*m = moment(time.Now().Add(-ago))
		return nil
	}
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return fmt.Errorf("time %q: want one such as 2025-02-10T15:30:00Z, or 2h for two hours ago", text)
	}
	*m = moment(t)
	return nil
}

// deadFilter is which dead deliveries a command is about.
type deadFilter struct {
	IDs []string `arg:"" optional:"" name:"id" help:"IDs of events."`
	deliveryFilter
	All    bool `help:"All dead deliveries."`
	DryRun bool `help:"Change nothing: tell how many they are."`
}

// Validate wants it said which, so that nobody means one and gets all.
func (d deadFilter) Validate() error {
	if len(d.IDs) == 0 && d.deliveryFilter == (deliveryFilter{}) && !d.All {
		return errors.New("say which: by IDs, --webhook, --event, --since, --until, or --all")
	}
	return nil
}

func (d deadFilter) filter() spool.Filter {
	f := d.deliveryFilter.filter()
	f.Events = append(f.Events, d.IDs...)
	f.State = spool.Dead
	return f
}

// named returns what is kept of the events that IDs name, or an error that tells which are unknown.
func (d deadFilter) named(ctx context.Context, store *spool.Spool) ([]spool.Delivery, error) {
	if len(d.IDs) == 0 {
		return nil, nil
	}
	list, err := store.Find(ctx, spool.Filter{Events: d.IDs, Webhook: d.Webhook}, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, id := range d.IDs {
		if !slices.ContainsFunc(list, func(d spool.Delivery) bool { return d.ID == id }) {
			errs = append(errs, noDelivery(id, d.Webhook))
		}
	}
	return list, errors.Join(errs...)
}

func noDelivery(id, webhook string) error {
	if webhook != "" {
		return fmt.Errorf("no delivery of event %s to webhook %s waits or is dead", id, webhook)
	}
	return fmt.Errorf("no delivery of event %s waits or is dead", id)
}

// whenDue tells when the next attempt at a delivery that waits is made.
func whenDue(d spool.Delivery, now time.Time) string {
	if d.Due.After(now) {
		return "in " + d.Due.Sub(now).Round(time.Second).String()
	}
	return "as soon as it is its turn"
}
