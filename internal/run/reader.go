package run

import (
	"context"
	"fmt"
	"time"

	"hookline/cdc"
	"hookline/internal/bus"
	"hookline/sender"
	"hookline/sender/settled"
)

// readerParts are those of a session that puts deliveries into the bus. What is between the slot
// and the stream is as without a bus; who delivers is another process.
func (s *session) readerParts() parts {
	return parts{
		{"database", s.openDatabase, s.closeDatabase},
		{"spool", s.openSpool, s.closeSpool},
		{"stream", s.openStream, s.closeStream},
		{"replication", s.tryReplication, nil},
		{"notices", s.openNotices, s.closeNotices},
		{"bus", s.openBus, s.closeBus},
		{"publication", s.prepare, nil},
		{"slot", s.acquire, nil},
		background("monitor", s.monitor),
		{"webhooks and catalog", s.load, nil},
		{"publisher", s.openPublisher, s.closePublisher},
		background("publisher's end", s.followPublisher),
		background("webhooks told", s.tellWebhooks),
		background("spool watch", s.watchSpool),
		background("transitions", s.followTransitions),
		{"mapper", s.openMapper, nil},
		background("new tables", func(ctx context.Context) { s.tables.follow(ctx) }),
		background("columns", s.followColumns),
		{"what operators see", s.tellOperators, s.tellOperatorsOfEnd},
	}
}

// openBus connects. As a standby, too: one that could not write is not ready to take over.
func (s *session) openBus(ctx context.Context) (err error) {
	s.bus, err = bus.Connect(ctx, s.cfg.Bus, s.log)
	if err == nil {
		s.process.tellBus(nil)
	}
	return err
}

func (s *session) closeBus(context.Context) error {
	s.bus.Close()
	return nil
}

// openPublisher makes this process the writer of the stream, and fences off whoever has delivered
// without a bus.
func (s *session) openPublisher(ctx context.Context) (err error) {
	err = cdc.Retry(ctx, s.log, func() error {
		if err := s.store.Claim(ctx); err != nil {
			return err
		}
		s.before = new(settled.Set)
		err := s.store.Ahead(ctx, s.source.Database(), func(webhook, event string, at time.Time) {
			if d, ok := settled.Of(settled.Webhook(webhook), event, at); ok {
				s.before.Add(d)
			}
		})
		if err != nil {
			return err
		}
		s.before.Sort()
		return s.notices.Load(ctx)
	})
	if err != nil {
		return err
	}
	s.publisher, err = bus.NewPublisher(ctx, s.bus, bus.PublisherConfig{
		Memory: s.store, Large: s.store, MaxBuffer: s.cfg.Sender.MaxBuffer, Lacks: s.source.Lacks,
		Tell: s.process.tellBus,
	}, s.metrics)
	if err != nil {
		return err
	}
	s.changed = make(chan uint32, 1)
	s.changed <- 0 // what has changed while nobody read is read by senders now
	return nil
}

// unsettled is an outlet that passes on what was not settled by a process before this one: what is
// in the spool, or has left it, is not to be published. One that had no bus may have put it there.
type unsettled struct {
	outlet
	before *settled.Set
}

func (u *unsettled) Send(ctx context.Context, d sender.Delivery) error {
	if u.before.Len() > 0 {
		of, ok := settled.Of(settled.Webhook(d.To.Key), d.Event.ID, d.Event.Time)
		switch {
		case !ok:
		case of.Commit > u.before.Last():
			u.before = new(settled.Set) // the stream has passed them all
		case u.before.Has(of):
			d.Settled()
			return nil
		}
	}
	return u.outlet.Send(ctx, d)
}

func (s *session) closePublisher(ctx context.Context) error {
	limit := s.cfg.DrainTimeout
	ctx, cancel := context.WithTimeoutCause(ctx, limit,
		fmt.Errorf("HOOKLINE_DRAIN_TIMEOUT of %s is over", limit))
	defer cancel()
	s.publisher.Close(ctx)
	return nil
}

// followPublisher ends the stream when nothing can be published any more.
func (s *session) followPublisher(ctx context.Context) {
	select {
	case <-s.publisher.Done():
		if ctx.Err() == nil {
			s.source.Halt(s.publisher.Err())
		}
	case <-ctx.Done():
	}
}

// webhooksChanged notes that a transaction has changed webhooks. Senders are told, and messages
// from now on say for whom they are.
func (s *session) webhooksChanged(tx *cdc.Tx) {
	s.publisher.Follow(tx.XID)
	select {
	case <-s.changed: // the later one will do
	default:
	}
	s.changed <- tx.XID
}

// tellWebhooks tells senders that webhooks have changed.
func (s *session) tellWebhooks(ctx context.Context) {
	for {
		select {
		case xid := <-s.changed:
			for ctx.Err() == nil {
				limit, cancel := context.WithTimeout(ctx, restartPause)
				err := s.bus.TellWebhooks(limit, xid)
				cancel()
				if err == nil {
					break
				}
				wait(ctx, restartPause)
			}
		case <-ctx.Done():
			return
		}
	}
}

// busAway tells that the bus is away, and waits a moment.
func (r *runner) busAway(ctx context.Context, err error) {
	r.process.tellBus(&cdc.Problem{What: err.Error(), Hint: bus.Meanwhile})
	r.log.Warn("starting over", "next_in", restartPause, "error", err)
	wait(ctx, restartPause)
}
