package sender

import (
	"sync"
	"sync/atomic"
	"time"

	"hookline/mapper"
	"hookline/sender/queue"
	"hookline/sender/settled"
	"hookline/webhook"
)

// webhookQueue drives the queue of one webhook: it has the lock, the clock, the goroutines and the
// timer that a queue.Queue has not, and does what that says.
//
// A goroutine exists for each attempt under way, and a timer while all there is has to wait: an
// idle one costs its own size.
type webhookQueue struct {
	sender   *Sender
	key      string
	number   uint64       // of the webhook: see settled.Webhook
	bytes    atomic.Int64 // of the buffer, that its deliveries take
	builders sync.Pool    // of *requestBuilder

	mu    sync.Mutex // guards all below; not held during attempts, nor calls of the spool
	queue *queue.Queue
	to    *webhook.Subscription // the version seen last; nil while the webhook is not known
	used  time.Time             // when a delivery was last sent here
	timer *time.Timer           // calls wake when something is due; nil until needed
	tally tally

	paused  bool // the spool has it as paused
	failing int  // key queues that count in the metric of those
	loaded  bool // it counts in Sender.loaded
}

func newWebhookQueue(s *Sender, key string) *webhookQueue {
	return &webhookQueue{
		sender: s, key: key, number: settled.Webhook(key),
		queue: queue.New(queue.Config{
			MaxInFlight: s.cfg.MaxInFlight, HoldMax: s.cfg.HoldMax, MaxApart: s.cfg.maxSpooledKeys,
			Trace: s.cfg.trace,
		}),
	}
}

// served reports whether the webhook is known, neither gone nor held, and the work goes on.
func (w *webhookQueue) served() bool {
	return w.to != nil && w.sender.work.Err() == nil && isServed(w.to.Current())
}

// isServed reports whether requests may be sent to a version of a webhook, nil for one that is
// gone.
func isServed(to *webhook.Subscription) bool { return to != nil && to.Held == "" }

// refuses reports whether nothing new is taken any more.
func (w *webhookQueue) refuses() bool { return w.queue.State() >= queue.Draining }

// send takes a delivery.
func (w *webhookQueue) send(d *queue.Delivery) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuses() {
		return ErrDraining
	}
	w.used = d.Taken
	changed := w.to != d.To && w.catchUp(d.To)
	if w.queue.Add(d) || changed {
		w.proceed(time.Now())
	}
	return nil
}

// catchUp follows the webhook of a delivery, which may be for a version of before, as it has waited
// for room, or for one of which recheck has not been told yet. It reports whether something that
// waits may go on. w.mu is held.
func (w *webhookQueue) catchUp(to *webhook.Subscription) (changed bool) {
	now := to.Current()
	switch now {
	case nil: // the delivery is given up when it is its turn
		w.to = to
		return false
	case w.to:
		return false
	}
	changed = w.to != nil && now.Held == "" && now.Version() != w.to.Version()
	if w.follow(now); changed {
		w.queue.Changed(now, true)
	}
	return changed
}

// follow replaces the webhook's subscription by to. w.mu is held.
func (w *webhookQueue) follow(to *webhook.Subscription) {
	w.to = to
	w.queue.SetRate(to.Pace.Rate, time.Now())
	w.queue.SetBatch(to.Pace.Batch, to.Pace.BatchWait)
	if to.Held != "" {
		w.queue.Hold()
	}
}

// proceed carries out what the queue says, and has everything happen that can happen now: attempts,
// readings of the spool, a connect probe, and a time to wake up at.
func (w *webhookQueue) proceed(now time.Time) {
	w.carryOut(now)
	for d, along := w.next(now); d != nil; d, along = w.next(now) {
		w.sender.begin(attempts{w, d, along})
	}
	w.spoolPaced(now)
	if w.queue.ProbeConnect(now, w.served()) {
		to := w.to.Current()
		w.sender.goroutines.Go(func() { w.probeConnect(to) })
	}
	w.startLoading(now)
	w.arm()
}

// next takes the next delivery to attempt, and those that go along with it. It is nil when there is
// none, or no more may be attempted now.
func (w *webhookQueue) next(now time.Time) (d *queue.Delivery, along []*queue.Delivery) {
	if !w.queue.MayAttempt(now) {
		return nil, nil
	}
	if !w.sender.acquire(w.queue.InFlight()) {
		w.queue.Crowded()
		return nil, nil
	}
	d = w.queue.Next(now)
	if w.queue.Pending() {
		w.carryOut(now)
	}
	if d == nil {
		w.sender.release()
		return nil, nil
	}
	if d.Tried = d.To; d.Late || d.To.Held != "" {
		d.Tried = d.To.Current()
	}
	if batches(d.Tried) {
		along = w.queue.Along(d, now)
	}
	return d, along
}

// work makes attempts until there are none to make.
func (w *webhookQueue) work(d *queue.Delivery, along []*queue.Delivery) {
	for d != nil {
		stop := w.limitHold(d)
		if batches(d.Tried) {
			list := append([]*queue.Delivery{d}, along...)
			a, verdicts := w.sender.attemptBatch(w, list)
			stop()
			d, along = w.finishBatch(list, a, verdicts)
			continue
		}
		a := w.sender.attempt(w, d)
		stop()
		d, along = w.finish(d, a)
	}
}

// finish tells the queue the outcome of an attempt, and returns the next delivery to attempt.
func (w *webhookQueue) finish(d *queue.Delivery, a attempted,
) (*queue.Delivery, []*queue.Delivery) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sender.release()
	d.Resent, d.OwnConnection = d.Resent+a.resent, a.alone
	now := time.Now()
	r := w.result(d, a, now)
	decision := w.queue.Result(d, r, now)
	switch r.Outcome {
	case queue.Cut, queue.Cancelled:
	case queue.Accepted:
		w.watch(d, a, now, time.Time{}, false)
	default:
		w.sender.logFailed(d, a, decision)
		w.watch(d, a, now, now.Add(decision.Wait), decision.Dead)
	}
	w.carryOut(now)
	next, along := w.next(now)
	w.proceed(now)
	return next, along
}

// result returns what the queue is to know of an attempt.
func (w *webhookQueue) result(d *queue.Delivery, a attempted, now time.Time) queue.Result {
	current, v := d.To.Current(), a.verdict
	r := queue.Result{
		Status: v.Status, Reason: v.Reason, Refused: v.Refused, NotBefore: v.NotBefore,
		Changed: current != d.Tried, Jitter: w.sender.policy.Jitter(),
	}
	switch {
	case a.cut:
		r.Outcome = queue.Cut
	case !a.skipped && v.Outcome == Delivered:
		r.Outcome = queue.Accepted
	case a.skipped || current == nil:
		r.Outcome = queue.Cancelled
	case v.Outcome == Gone:
		r.Outcome = queue.Gone
	case v.Outcome == Blocked:
		r.Outcome = queue.Rejected
	default:
		r.Outcome = queue.Retryable
		wait, more := w.sender.policy.next(max(1, d.Attempts), v, now)
		r.Wait, r.Last = wait, !more
	}
	return r
}

// limitHold sees to it that a delivery that has failed does not hold the stream back for longer
// than Config.HoldMax while it is attempted again. stop is to be called when the attempt is over.
func (w *webhookQueue) limitHold(d *queue.Delivery) (stop func() bool) {
	unlimited := func() bool { return true }
	if d.Failure == nil {
		return unlimited
	}
	w.mu.Lock() // one that it is joined with may take it to the spool at this moment
	stored := d.Stored
	w.mu.Unlock()
	if stored {
		return unlimited
	}
	ends := d.Failure.Since.Add(w.sender.cfg.HoldMax)
	return time.AfterFunc(time.Until(ends), func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.queue.HoldEnds(d)
		w.carryOut(time.Now())
	}).Stop
}

// recheck looks whether the webhook has changed or gone since the last attempts: what waits is then
// tried again at once, or given up. It reports whether the webhook was known here.
func (w *webhookQueue) recheck() (known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuses() || w.to == nil {
		return false
	}
	now := w.to.Current()
	if now == nil {
		w.leave()
		return true
	}
	another := now != w.to
	if !another && now.Held != "" {
		return true
	}
	w.follow(now)
	if now.Held == "" {
		w.queue.Changed(now, another)
	}
	w.proceed(time.Now())
	return true
}

// hold takes note of a webhook of which nothing else may be known here than that it is held.
func (w *webhookQueue) hold(to *webhook.Subscription) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.to == nil && !w.refuses() {
		w.follow(to)
		w.carryOut(time.Now())
	}
}

// leave gives everything up: the webhook is gone.
func (w *webhookQueue) leave() {
	for _, over := range []mapper.Action{mapper.Recovered, mapper.Resumed, mapper.OverflowOver} {
		w.notify(over, "the webhook is gone, or switched off")
	}
	if w.paused { // for what comes after: another version, or another webhook
		w.paused = false
		s := w.sender
		s.writer.control(func(spool Spool) error { return spool.Pause(s.work, w.key, "", "") })
	}
	w.queue.Gone()
	w.carryOut(time.Now())
}

// refuse lets nothing new in, neither from the stream nor from the spool, and sends to the spool
// what waits for a retry.
func (w *webhookQueue) refuse() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue.Drain()
	w.carryOut(time.Now())
}

// close lets no further attempt begin, and sends the rest to the spool.
func (w *webhookQueue) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue.Close()
	w.carryOut(time.Now())
	if w.timer != nil {
		w.timer.Stop()
	}
}

// arm sees to it that wake is called when something is due that nothing else will bring about.
func (w *webhookQueue) arm() {
	at, ok := w.queue.Timer(w.served())
	switch {
	case !ok:
	case w.timer == nil:
		w.timer = time.AfterFunc(time.Until(at), w.wake)
	default:
		w.timer.Reset(time.Until(at))
	}
}

func (w *webhookQueue) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.proceed(time.Now())
}
