package sender

import (
	"context"
	"fmt"
	"time"
)

const (
	pollEvery = 500 * time.Millisecond // between two looks at the queues: replays are wanted there
	tellEvery = time.Minute            // between two log lines about a trouble that goes on
)

// Resume takes up what earlier processes have left in the spool, and from then on watches it for dead letters that are wanted again. Call it
// once, when the Subscriptions know their webhooks.
func (s *Sender) Resume(ctx context.Context) error {
	queues, err := s.spool.Queues(ctx)
	if err != nil {
		return fmt.Errorf("look into the spool: %w", err)
	}
	for _, q := range queues {
		if q.Waiting > 0 || q.Paused != "" {
			s.log.Info("deliveries wait in the spool", "webhook", q.Webhook, "waiting", q.Waiting, "oldest", q.Oldest, "paused", q.Paused)
			if s.webhooks.Get(q.Webhook) == nil {
				s.log.Warn("deliveries wait in the spool for a webhook that is not served: they stay until it is", "webhook", q.Webhook)
			}
		}
	}
	s.observe(queues)
	s.goroutines.Go(s.watchQueues)
	return nil
}

// watchQueues looks at the queues until the work ends.
func (s *Sender) watchQueues() {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.work.Done():
			return
		}
		ctx, cancel := context.WithTimeoutCause(s.work, lastPause, fmt.Errorf("no answer within %s", lastPause))
		queues, err := s.spool.Queues(ctx)
		cancel()
		if err == nil {
			s.observe(queues)
		} else if s.work.Err() == nil {
			s.spoolFailed("looked at", err)
		}
	}
}

// observe takes a look at the queues.
func (s *Sender) observe(queues []Queue) {
	var waiting, dead, bytes, full float64
	for _, q := range queues {
		waiting, dead, bytes = waiting+float64(q.Waiting), dead+float64(q.Dead), bytes+float64(q.Bytes)
		if q.Full {
			full++
		}
		if r := s.route(q.Webhook); r != nil && (q.Waiting > 0 || q.Wanted > 0 || q.Paused != "") {
			r.observe(q)
		}
	}
	s.metrics.waiting.Set(waiting)
	s.metrics.deadLetters.Set(dead)
	s.metrics.spoolBytes.Set(bytes)
	s.metrics.fullQueues.Set(full)
}

// observe takes a look at the route's queue.
func (r *route) observe(q Queue) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refusing {
		return
	}
	if !r.served() {
		if r.to = r.sender.webhooks.Get(r.key); r.to == nil {
			return
		}
	}
	if !r.spooled { // what is there is an earlier process's
		r.spooled = true
		r.paused = q.Paused != ""
		r.spill()
		if r.paused && q.Version != r.to.Version() { // it has changed while nobody was here to see it
			r.resume()
		}
	}
	if q.Wanted > 0 {
		r.requeue()
	}
	r.fill()
}

// requeue has the dead letters that are wanted again put at the end of the queue, once everything that is in memory is in the spool before
// them or delivered.
func (r *route) requeue() {
	r.spill()
	stored := true
	r.lines(func(rec *record) {
		for j := rec.jobs.first; j != nil; j = j.next {
			stored = stored && j.stored
		}
	})
	if !stored {
		return // the next look is soon
	}
	r.resume()
	r.sender.parker.control(func(s Spool) error { return s.Requeue(r.sender.work, r.key) })
}

// spoolFailed tells of a failure of the spool, once in a while.
func (s *Sender) spoolFailed(what string, err error) {
	s.metrics.spoolFailures.Inc()
	now := time.Now().UnixNano()
	if last := s.trouble.Load(); now-last >= int64(tellEvery) && s.trouble.CompareAndSwap(last, now) {
		s.log.Warn("the spool cannot be "+what+"; what has to go there holds the stream", "error", err)
	}
}

// spoolWorks tells that it works again.
func (s *Sender) spoolWorks() {
	if s.trouble.Load() != 0 && s.trouble.Swap(0) != 0 {
		s.log.Info("the spool works again")
	}
}

// tellGaps tells of deliveries that the spool had no room for. It belongs to the parker.
func (s *Sender) tellGaps(gaps []Gap) {
	for _, g := range gaps {
		before := s.gaps[g.Webhook]
		if before.First != g.First {
			before = toldGap{First: g.First}
		}
		s.metrics.gaps.Add(float64(g.Events - before.Events))
		if now := time.Now(); now.Sub(before.at) >= tellEvery {
			before.at = now
			s.log.Error("deliveries given up: the webhook's queue is full, see HOOKLINE_SPOOL_MAX_BYTES and HOOKLINE_SPOOL_MAX_AGE",
				"webhook", g.Webhook, "first", g.First, "last", g.Last, "events", g.Events)
		}
		before.Events = g.Events
		s.gaps[g.Webhook] = before
	}
}

// toldGap is a gap as it was last told of.
type toldGap struct {
	First  string
	Events int
	at     time.Time
}
