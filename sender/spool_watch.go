package sender

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hookline/mapper"
)

const (
	// between two looks at the queues while anything moves: replays are wanted there
	pollEvery = 500 * time.Millisecond
	// and while there is nothing in them that could be
	pollEmpty = 2 * time.Second
	tellEvery = time.Minute // between two log lines about a lastFailure that goes on
)

// Resume takes up what earlier processes have left in the spool and beside it. From then on it
// watches the spool for dead letters that are wanted again. Call it once, when the Subscriptions
// know their webhooks, and before the first Send.
func (s *Sender) Resume(ctx context.Context, before SettledBefore) error {
	queues, err := s.spool.Queues(ctx)
	if err != nil {
		return fmt.Errorf("look into the spool: %w", err)
	}
	s.record = before.Record
	if before.Set != nil && before.Set.Last() > 0 {
		s.settledSet.Store(before.Set)
		s.log.Info("deliveries were settled that the stream may bring again: they are not made",
			"deliveries", before.Set.Len(), "last_commit", before.Set.Last())
	}
	for _, q := range queues {
		if q.Waiting > 0 || q.Paused != "" {
			s.log.Info("deliveries wait in the spool", "webhook", q.Webhook, "waiting", q.Waiting, "oldest",
				q.Oldest, "paused", q.Paused)
			if !isServed(s.webhooks.Known(q.Webhook)) {
				s.log.Warn(
					"deliveries wait in the spool for a webhook that is not served: they stay until it is",
					"webhook", q.Webhook)
			}
		}
	}
	s.observe(queues)
	s.goroutines.Go(s.watchQueues)
	return nil
}

// watchQueues looks at the queues until the work ends.
func (s *Sender) watchQueues() {
	tick := s.cfg.Schedule.Every(pollEvery)
	defer tick.Stop()
	calls := spoolCalls{sender: s}
	for last := time.Now(); ; {
		select {
		case <-tick.C:
		case <-s.work.Done():
			return
		}
		// ticks may be a little early
		if s.spoolEmpty && time.Since(last) < pollEmpty-pollEvery/2 {
			continue
		}
		last = time.Now()
		ctx, cancel := context.WithTimeoutCause(s.work, lastPause,
			fmt.Errorf("no answer within %s", lastPause))
		queues, err := s.spool.Queues(ctx)
		cancel()
		switch {
		case err == nil:
			calls.succeeded()
			s.observe(queues)
		case Replaced(err):
			s.fail(err)
			return
		case s.work.Err() == nil:
			calls.failed("looked at", err)
		}
	}
}

// observe takes a look at the queues.
func (s *Sender) observe(queues []Queue) {
	var waiting, dead, bytes float64
	paused := false
	full := map[string]bool{}
	for _, q := range queues {
		waiting, dead, bytes = waiting+float64(q.Waiting), dead+float64(q.Dead), bytes+float64(q.Bytes)
		// one that is held goes on when its row changes, and is told
		paused = paused || q.Paused != "" && !strings.HasPrefix(q.Paused, HeldFor)
		if q.Full {
			full[q.Webhook] = true
		}
		if w := s.webhookQueue(q.Webhook); w != nil &&
			(q.Waiting > 0 || q.Wanted > 0 || q.Paused != "") {
			w.observe(q)
		}
	}
	s.spoolEmpty = waiting == 0 && dead == 0 && bytes == 0 && !paused
	s.waiting.Store(int64(waiting))
	s.metrics.waiting.Set(waiting)
	s.metrics.deadLetters.Set(dead)
	s.metrics.spoolBytes.Set(bytes)
	s.metrics.fullQueues.Set(float64(len(full)))
	for key := range s.full {
		if !full[key] {
			s.notify(
				Notice{
					What:    mapper.OverflowOver,
					Webhook: key,
					Reason:  "there is room in its queue again",
				},
			)
		}
	}
	s.full = full
}

// observe takes a look at what the spool has for the webhook.
func (w *webhookQueue) observe(q Queue) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuses() {
		return
	}
	if w.to == nil || w.to.Current() == nil {
		to := w.sender.webhooks.Known(w.key)
		if w.to = to; to != nil {
			w.follow(to)
		} else {
			return
		}
	}
	paused, held := q.Paused != "", w.to.Held != ""
	// It may have changed while nobody was here to see it.
	if w.queue.Backlog(paused, paused && !held && q.Version != w.to.Version()) {
		w.paused = paused
	}
	if q.Wanted > 0 && !held {
		w.queue.Requeue()
	}
	w.proceed(time.Now())
}

// tellOverflows tells of deliveries that the spool had no room for. It belongs to the writer.
func (s *Sender) tellOverflows(overflows []Overflow) {
	for _, g := range overflows {
		s.notify(Notice{
			What: mapper.Overflow, Webhook: g.Webhook, Reason: "its queue is full", Event: g.First,
		})
		before := s.overflows[g.Webhook]
		if before.First != g.First {
			before = toldOverflow{First: g.First}
		}
		s.metrics.overflows.Add(float64(g.Events - before.Events))
		if now := time.Now(); now.Sub(before.at) >= tellEvery {
			before.at = now
			s.log.Error(
				"deliveries given up: the webhook's queue is full, see HOOKLINE_SPOOL_MAX_BYTES and "+
					"HOOKLINE_SPOOL_MAX_AGE",
				"webhook",
				g.Webhook,
				"first",
				g.First,
				"last",
				g.Last,
				"events",
				g.Events,
			)
		}
		before.Events = g.Events
		s.overflows[g.Webhook] = before
	}
}

// toldOverflow is an overflow as it was last told of.
type toldOverflow struct {
	First  string
	Events int
	at     time.Time
}
