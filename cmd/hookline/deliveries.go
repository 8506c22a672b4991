package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"hookline/internal/crm"
	"hookline/internal/operate"
	"hookline/spool"
)

type deliveriesCommand struct {
	List    deliveriesList    `cmd:"" help:"List deliveries, newest first."`
	Show    deliveriesShow    `cmd:"" help:"${deliveries_show}"`
	Replay  deliveriesReplay  `cmd:"" help:"Have dead deliveries sent again."`
	Discard deliveriesDiscard `cmd:"" help:"${deliveries_discard}"`
}

// withSpool calls f with the spool. It needs neither a running Hookline nor that none runs.
func withSpool(ctx context.Context, f func(store *spool.Spool) error) error {
	cfg, err := load()
	if err != nil {
		return err
	}
	store, err := crm.OpenSpool(ctx, cfg)
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

// withSpoolOf is withSpool for a command that may name a webhook as a person does: *name becomes
// its key.
func withSpoolOf(ctx context.Context, name *string, f func(store *spool.Spool) error) error {
	return withSpool(ctx, func(store *spool.Spool) error {
		if *name != "" {
			known, err := knownWebhooks(ctx, store)
			if err != nil {
				return err
			}
			if *name, err = known.Key(*name); err != nil {
				return err
			}
		}
		return f(store)
	})
}

// knownWebhooks reads which webhooks there are.
func knownWebhooks(ctx context.Context, store *spool.Spool) (operate.KnownWebhooks, error) {
	cfg, err := load()
	if err != nil {
		return operate.KnownWebhooks{}, err
	}
	return operate.ReadKnownWebhooks(ctx, cfg, store)
}

// deliveryFilter is how deliveries are picked on the command line.
type deliveryFilter struct {
	Webhook string               `placeholder:"WEBHOOK" help:"${of_webhook}"`
	Event   operate.EventPattern `placeholder:"PATTERN" help:"${of_event}"`
	Since   moment               `placeholder:"TIME"    help:"${since}"`
	Until   moment               `placeholder:"TIME"    help:"${until}"`
}

// period returns an error when nothing can be in it.
func (f deliveryFilter) period() error {
	since, until := time.Time(f.Since), time.Time(f.Until)
	if !since.IsZero() && !until.IsZero() && !since.Before(until) {
		return fmt.Errorf("--since %s is not before --until %s: nothing is in between",
			since.UTC().Format(time.RFC3339), until.UTC().Format(time.RFC3339))
	}
	return nil
}

func (f deliveryFilter) filter() spool.Filter {
	filter := spool.Filter{
		Webhook: f.Webhook, Since: time.Time(f.Since), Until: time.Time(f.Until),
	}
	f.Event.Narrow(&filter)
	return filter
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
	jsonFlag
}

// deadChanged is what commands print that change dead deliveries.
type deadChanged struct {
	DryRun   bool          `json:"dryRun"`
	Total    int           `json:"total"` // changed, or would be
	Webhooks []spool.Count `json:"webhooks"`
	Passed   []passedOver  `json:"passedOver"`
	// Deleted are left as they are, since their webhooks were deleted.
	Deleted []spool.Count `json:"deleted,omitempty"`
}

// passedOver is a delivery that was named by its ID, and left as it is.
type passedOver struct {
	ID      string `json:"id"`
	Webhook string `json:"webhook"`
	Why     string `json:"why"`
}

// change counts the deliveries and changes them, and tells what came of it.
func (d deadFilter) change(
	ctx context.Context, store *spool.Spool, out io.Writer, filter spool.Filter,
	passed []passedOver, deleted []spool.Count, what, would string,
	change func(context.Context, spool.Filter, ...func(int)) ([]spool.Count, error),
) (total int, err error) {
	if !d.JSON {
		for _, p := range passed {
			fmt.Fprintf(out, "%s to webhook %s %s.\n", p.ID, p.Webhook, p.Why)
		}
		for _, d := range deleted {
			fmt.Fprintf(out, "%d dead to webhook %s cannot be sent again: it was deleted.\n", d.Events,
				d.Webhook)
		}
	}
	counts, err := store.Count(ctx, filter)
	if err == nil && !d.DryRun {
		p := newProgress("deliveries", totalOf(counts), d.JSON)
		counts, err = change(ctx, filter, p.add)
		p.end()
	}
	if total = totalOf(counts); d.JSON {
		result := deadChanged{d.DryRun, total, append([]spool.Count{}, counts...), passed, deleted}
		return total, errors.Join(err, printJSON(out, result))
	}
	if d.DryRun {
		what = would
	}
	tellCounts(out, counts, what)
	return total, err
}

func totalOf(counts []spool.Count) (total int) {
	for _, c := range counts {
		total += c.Events
	}
	return total
}

// Validate wants it said which, so that nobody means one and gets all.
func (d deadFilter) Validate() error {
	if len(d.IDs) == 0 && d.deliveryFilter == (deliveryFilter{}) && !d.All {
		return errors.New("say which: by IDs, --webhook, --event, --since, --until, or --all")
	}
	if d.All && (len(d.IDs) > 0 || d.deliveryFilter != (deliveryFilter{})) {
		return errors.New("--all is all dead deliveries, and something else says which: one of both")
	}
	return d.period()
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
			errs = append(errs, operate.NoDelivery(id, d.Webhook))
		}
	}
	return list, errors.Join(errs...)
}

// whenDue tells when the next attempt at a delivery that waits is made.
func whenDue(d spool.Delivery, now time.Time) string {
	if d.Due.After(now) {
		return "in " + d.Due.Sub(now).Round(time.Second).String()
	}
	return "as soon as it is its turn"
}
