package run

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"hookline/cdc"
	"hookline/config"
	"hookline/mapper"
	"hookline/notice"
	"hookline/sender"
	"hookline/sender/settled"
	"hookline/spool"
)

// openRecord opens the record of accepted deliveries, nil where there is none. A process that
// cannot have it does without: more comes again after a kill of it.
func openRecord(cfg config.Config, source *cdc.Source, log *slog.Logger) *settled.Record {
	if cfg.StateDir == "" {
		return nil
	}
	of := settled.Origin{Database: source.Database(), Slot: cfg.CDC.Slot}
	record, err := settled.Open(cfg.StateDir, of, log)
	if err != nil {
		log.Warn("accepted deliveries are not recorded: after a kill more of them come again",
			"dir", cfg.StateDir, "error", err)
		return nil
	}
	return record
}

// takeUp claims the spool, and goes on with what is in it, and with what the record tells.
func takeUp(
	ctx context.Context, store *spool.Spool, source *cdc.Source, record *settled.Record,
	out *sender.Sender, notices *notice.Tracker, log *slog.Logger,
) error {
	if err := store.Claim(ctx); err != nil {
		return err
	}
	if err := store.FenceParts(ctx); err != nil {
		return err
	}
	if err := notices.Load(ctx); err != nil {
		return err
	}
	remember(out, notices)
	before, accepted, lacked, err := findSettled(ctx, store, source, record)
	if err != nil {
		return err
	}
	if n := lacked.Len(); n > 0 {
		log.Error("deliveries were made, or wait in the spool, of changes that this server lacks: it "+
			"has taken over before it had everything", "deliveries", n)
	}
	mark := record.Mark()
	for some := range slices.Chunk(accepted, 1000) {
		if err := store.Report(ctx, some); err != nil {
			return err
		}
	}
	record.Noted(mark)
	return out.Resume(ctx, sender.SettledBefore{Set: before, Record: record})
}

// remember has a Sender go on from what operators were told of its webhooks.
func remember(out *sender.Sender, notices *notice.Tracker) {
	for _, what := range []mapper.Action{mapper.Failing, mapper.Overflow} {
		out.Remember(what, notices.Open(what))
	}
}

// findSettled returns three lists: what was settled of what the stream will bring, what was
// accepted of what waits in the spool, and what was settled of changes that the server lacks: no
// stream brings it.
func findSettled(
	ctx context.Context, store *spool.Spool, source *cdc.Source, record *settled.Record,
) (before *settled.Set, accepted []sender.Report, lacked *settled.Set, err error) {
	before, lacked = new(settled.Set), new(settled.Set)
	add := func(d settled.Delivery) {
		if source.Lacks(d.Timeline(), d.Commit) {
			lacked.Add(d)
		} else {
			before.Add(d)
		}
	}
	keys := map[uint64]string{} // of webhooks, by their numbers
	var last string
	var number uint64
	err = store.Ahead(ctx, source.Database(), func(webhook, event string, at time.Time) {
		if webhook != last {
			last, number = webhook, settled.Webhook(webhook)
		}
		if d, ok := settled.Of(number, event, at); ok {
			add(d)
		}
	})
	if err != nil {
		return nil, nil, nil, err
	}
	// Behind Ahead: of what a checkpoint passes, the spool keeps nothing.
	if _, err = source.SkipSettled(ctx); err != nil {
		return nil, nil, nil, err
	}
	queues, err := store.Queues(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, q := range queues {
		keys[settled.Webhook(q.Webhook)] = q.Webhook
	}
	record.Each(source.Settled().End, add, func(d settled.Delivery) {
		if webhook, has := keys[d.Webhook]; has {
			accepted = append(accepted, sender.Report{
				Webhook: webhook, Event: d.Event(source.Database()), Delivered: true,
			})
		}
	})
	before.Sort()
	lacked.Sort()
	return before, accepted, lacked, nil
}
