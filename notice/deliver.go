package notice

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"

	"hookline/mapper"
	"hookline/sender"
	"hookline/webhook"
)

// delivering is a Tracker with what it delivers by. It belongs to one goroutine.
type delivering struct {
	*Tracker
	out      Sender
	audience Audience
	database string
	begun    map[int64]bool // unsettled notices that were read, or written, and delivered
	looked   time.Time      // for those of other processes
}

// begin delivers what earlier processes have left. The first step is due then.
func (d *delivering) begin(ctx context.Context) (next time.Time, err error) {
	rows, err := d.store.Unsettled(ctx)
	if err != nil {
		return next, err
	}
	for _, row := range rows {
		d.begun[row.ID] = true
		if row.What == mapper.GapAccepted { // told by the command that accepted it
			d.count[row.What].Inc()
		}
	}
	return time.Now(), d.deliver(ctx, rows)
}

// step does what is due, and returns when to look again: zero for when there is news.
func (d *delivering) step(ctx context.Context) (next time.Time, err error) {
	if err := d.settle(ctx); err != nil {
		return next, err
	}
	if err := d.deliver(ctx, d.takeWritten()); err != nil {
		return next, err
	}
	look, err := d.deliverOthers(ctx)
	if err != nil {
		return next, err
	}
	list, rows, next := d.due(time.Now())
	if next.IsZero() || !look.IsZero() && look.Before(next) {
		next = look
	}
	if len(rows) == 0 {
		return next, nil
	}
	rows, err = d.store.Note(ctx, rows)
	if err != nil {
		return next, err
	}
	for _, row := range rows {
		d.begun[row.ID] = true
	}
	d.told(list, rows)
	signal(d.wake) // for what has changed meanwhile
	return next, d.deliver(ctx, rows)
}

// deliverOthers delivers what other processes have written down, when it is time to look, and
// returns when it is again; zero for never.
func (d *delivering) deliverOthers(ctx context.Context) (next time.Time, err error) {
	if d.cfg.Others == 0 {
		return next, nil
	}
	if next = d.looked.Add(d.cfg.Others); time.Now().Before(next) {
		return next, nil
	}
	rows, err := d.store.Unsettled(ctx)
	if err != nil {
		return next, err
	}
	begun, news := map[int64]bool{}, []Row(nil)
	for _, row := range rows {
		if !d.begun[row.ID] {
			news = append(news, row)
		}
		begun[row.ID] = true
	}
	d.looked, d.begun = time.Now(), begun
	return d.looked.Add(d.cfg.Others), d.deliver(ctx, news)
}

// deliver sends notices, in order. What is left when it fails comes again with the next process,
// under the same ID.
func (d *delivering) deliver(ctx context.Context, rows []Row) error {
	for _, row := range rows {
		if row.Summed {
			continue
		}
		event := row.event(d.database)
		var to []*webhook.Subscription
		for _, sub := range d.audience.Operators(row.What) {
			if sub.Key != row.Webhook { // who fails is not told so
				to = append(to, sub)
			}
		}
		var left atomic.Int64
		left.Store(int64(len(to)))
		if len(to) == 0 {
			d.settled(row.ID)
		}
		for _, sub := range to {
			err := d.out.Send(ctx, sender.Delivery{Event: event, To: sub, Settled: func() {
				if left.Add(-1) == 0 {
					d.settled(row.ID)
				}
			}})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// event returns the event of a notice. Its ID is the same each time, and stays its own though the
// table that numbers notices came back from a backup: it has the time, too.
func (r *Row) event(database string) *mapper.Event {
	return mapper.NewEvent(mapper.Parts{
		ID:     fmt.Sprintf("evt_%s_n%x_%d", database, r.At.UnixMilli(), r.ID),
		Object: mapper.Operator, Action: r.What, Record: xxhash.Sum64String("notice " +
			r.Webhook), Time: r.At, Data: r.Data,
	})
}
