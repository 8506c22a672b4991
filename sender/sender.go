package sender

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/sender/queue"
	"hookline/sender/settled"
	"hookline/webhook"
)

// overhead is what a delivery takes of memory beside its event, roughly: the delivery, its record,
// and the hold on the stream.
const overhead = 368

const (
	drainGrace = time.Second     // that Drain gives what waits its turn, before it goes to the spool
	writeLimit = 5 * time.Second // that Drain gives the spool at the end
)

// ErrDraining is what Send returns after Drain was called.
var ErrDraining = errors.New("sender is draining")

// LeftError says that Drain left deliveries unsettled: they could not be made, nor be put into the
// spool.
type LeftError struct {
	Deliveries int
	Cause      error
}

func (e *LeftError) Error() string {
	return fmt.Sprintf("drain ended, deliveries left: %d: %v", e.Deliveries, e.Cause)
}

func (e *LeftError) Unwrap() error { return e.Cause }

// Subscriptions knows the webhooks as they are now. Safe for concurrent use.
type Subscriptions interface {
	// Known returns nil when there is no such webhook, or it is switched off. One that it returns
	// may be held.
	Known(key string) *webhook.Subscription
}

// Sender delivers events over HTTP. Each delivery is tried until the receiver accepts it, the
// webhook is gone, or it is a dead letter. What cannot be delivered soon goes to the spool, and
// comes back from there. Events of one record reach a webhook in the order in which they were sent
// here; different records and different webhooks do not wait for each other.
//
// All methods are safe for concurrent use. Order holds between calls of Send that follow one
// another.
type Sender struct {
	cfg       Config
	log       *slog.Logger
	metrics   *metrics
	policy    policy
	spool     Spool
	webhooks  Subscriptions
	transport *transport
	userAgent string
	timeout   error // the cause that an attempt's deadline gives

	ctx     context.Context // of all attempts
	cancel  context.CancelCauseFunc
	work    context.Context // of everything else
	endWork context.CancelCauseFunc

	buffer   buffer
	taken    atomic.Int64  // deliveries that are not settled
	idle     chan struct{} // taken has become 0
	waiting  atomic.Int64  // in the spool, as of the last look
	loaded   atomic.Int64  // queues with deliveries brought back from the spool
	queues   sync.Map      // Subscription.Key → *webhookQueue
	underWay atomic.Int64  // attempts
	writer   *spoolWriter

	began         time.Time               // the hour of the day may be set since
	spoolFailing  atomic.Int64            // spoolCalls of which the last one has failed
	spoolFailedAt atomic.Int64            // since then, when one was last told; 0 while it works
	overflows     map[string]toldOverflow // by webhook; the writer's
	full          map[string]bool         // webhooks whose queues are full; watchQueues'
	spoolEmpty    bool                    // at the last look; watchQueues'

	settledSet atomic.Pointer[settled.Set] // see SettledBefore.Set; nil once it has been passed
	record     *settled.Record             // set by Resume; nil for none

	gate       sync.RWMutex // read-locked to make a queue: none is made once draining is true
	draining   bool
	workers    workerPool
	goroutines sync.WaitGroup // all of them
}

// New returns a Sender that counts in registry. It must be ended with Drain.
func New(
	cfg Config,
	spool Spool,
	webhooks Subscriptions,
	log *slog.Logger,
	registry prometheus.Registerer,
) (*Sender, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	if cfg.Limit == nil {
		cfg.Limit = cfg.NewLimit()
	}
	guard, err := newGuard(cfg.AllowAddresses)
	if err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	s := &Sender{
		cfg:       cfg,
		log:       log,
		policy:    policy{Schedule: cfg.RetrySchedule, Jitter: rand.Float64},
		spool:     spool,
		webhooks:  webhooks,
		began:     time.Now(),
		userAgent: "hookline/" + cfg.Version,
		timeout:   noAnswer(cfg.RequestTimeout),
		buffer:    buffer{most: cfg.MaxBuffer, pressed: make(chan struct{}, 1)},
		idle:      make(chan struct{}, 1),
		workers:   workerPool{orders: make(chan attempts)},
		overflows: map[string]toldOverflow{},
		full:      map[string]bool{},
	}
	if s.metrics, err = newMetrics(registry, s); err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.transport = newTransport(s.ctx, cfg, guard, s.handshake)
	s.work, s.endWork = context.WithCancelCause(context.Background())
	s.writer = newSpoolWriter(s)
	s.goroutines.Go(s.writer.run)
	s.goroutines.Go(s.guardBuffer)
	return s, nil
}

// noAnswer is the cause that the deadline of an attempt gives.
func noAnswer(within time.Duration) error { return fmt.Errorf("no answer within %s", within) }

// Send takes a delivery. It waits while the buffer is full. When ctx ends first, Drain was called,
// or the Sender has failed, it returns ctx's cause, ErrDraining, or why; then the delivery is not
// taken and Settled will not be called. A delivery that was settled by a process before this one is
// not made, and settled at once.
func (s *Sender) Send(ctx context.Context, d Delivery) error {
	if s.settledBefore(d) {
		d.Settled()
		return nil
	}
	taken := &queue.Delivery{
		Event: d.Event, To: d.To, Settled: d.Settled, Taken: time.Now(),
		Size: min(int64(d.Event.Size()+overhead), s.cfg.MaxBuffer),
	}
	if err := s.makeRoom(ctx, taken); err != nil {
		return err
	}
	s.taken.Add(1)
	if s.work.Err() != nil {
		s.free(taken)
		return context.Cause(s.work)
	}
	w := s.webhookQueue(d.To.Key)
	if w == nil {
		s.free(taken)
		return ErrDraining
	}
	w.bytes.Add(taken.Size)
	if err := w.send(taken); err != nil {
		w.bytes.Add(-taken.Size)
		s.free(taken)
		return err
	}
	return nil
}

// makeRoom counts a delivery in the buffer, with its event unless that is there for another
// webhook. Only the event waits: what the buffer is to bound is in memory already when there is
// another delivery of it.
func (s *Sender) makeRoom(ctx context.Context, d *queue.Delivery) error {
	if first := d.Event.Retain(); !first {
		s.buffer.take(overhead)
		return nil
	}
	s.tellLarge(d)
	if s.buffer.tryAcquire(d.Size) {
		return nil
	}
	err := s.waitForRoom(ctx, d)
	if err == nil {
		return nil
	}
	if last := d.Event.Release(); !last { // whoever is the last to release it gives its room back
		s.buffer.take(d.Size - overhead)
	}
	return err
}

// tellLarge tells who wants to know of large events.
func (s *Sender) tellLarge(d *queue.Delivery) {
	if s.cfg.Large != nil && d.Size > s.cfg.MaxBuffer/8 {
		s.cfg.Large()
	}
}

func (s *Sender) waitForRoom(ctx context.Context, d *queue.Delivery) error {
	if r := s.webhookQueue(d.To.Key); r != nil {
		r.expect(d.Taken)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.work, func() { cancel(context.Cause(s.work)) })()
	return s.buffer.acquire(ctx, d.Size)
}

// webhookQueue returns the queue to a webhook, nil once Drain was called.
func (s *Sender) webhookQueue(key string) *webhookQueue {
	if r, ok := s.queues.Load(key); ok {
		return r.(*webhookQueue)
	}
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.draining {
		return nil
	}
	r, _ := s.queues.LoadOrStore(key, newWebhookQueue(s, key))
	return r.(*webhookQueue)
}

// settle keeps the promise of a delivery.
func (s *Sender) settle(w *webhookQueue, d *queue.Delivery) {
	s.cfg.Schedule.Moved()
	w.bytes.Add(-d.Size)
	d.Settled()
	s.free(d)
}

func (s *Sender) free(d *queue.Delivery) {
	size := int64(overhead)
	if last := d.Event.Release(); last {
		size = d.Size
	}
	s.buffer.release(size)
	if s.taken.Add(-1) == 0 {
		signal(s.idle)
	}
}

// Recheck tells that the webhook with this key has changed or gone: deliveries that wait for a
// retry are tried again at once under its new terms, or given up, rather than when they are due.
// One that is held is from then on, whether anything waits for it or not. Of one that is gone, what
// a process before this one has left in the spool is given up, too.
func (s *Sender) Recheck(key string) {
	to := s.webhooks.Known(key)
	if to != nil && to.Held != "" {
		if w := s.webhookQueue(key); w != nil {
			w.hold(to)
		}
	}
	known := false
	if r, ok := s.queues.Load(key); ok {
		known = r.(*webhookQueue).recheck()
	}
	if to == nil && !known {
		s.writer.control(func(spool Spool) error { return spool.Discard(s.work, key) })
	}
}

// RecheckGone tells that any webhook whose key begins so may be gone, also one that nobody knows
// any more: what an earlier process has left in the spool for those that are is given up.
func (s *Sender) RecheckGone(prefix string) {
	for key := range s.queues.Range {
		if key := key.(string); strings.HasPrefix(key, prefix) && s.webhooks.Known(key) == nil {
			s.Recheck(key)
		}
	}
}

// AfterDiscards calls f once the spool has given up all that Recheck has said by now is to be given
// up; never when the work ends before.
func (s *Sender) AfterDiscards(f func()) { s.writer.afterControls(f) }

// fail ends the Sender: what it would write is no longer its to write.
func (s *Sender) fail(err error) {
	s.endWork(err)
	s.cancel(err)
}

// Drain ends the Sender. What is under way is finished, until ctx ends; then it is cancelled. What
// waits its turn has a second to be delivered; the rest of it, and what waits for a retry, goes to
// the spool. A *LeftError says that it could not. A Send that waits for room is not ended: its own
// ctx does that.
func (s *Sender) Drain(ctx context.Context) error {
	s.gate.Lock()
	s.draining = true
	s.gate.Unlock()
	for _, r := range s.queues.Range {
		r.(*webhookQueue).refuse()
	}
	grace := time.NewTimer(drainGrace)
	defer grace.Stop()
	for s.taken.Load() > 0 && ctx.Err() == nil && s.ctx.Err() == nil {
		select {
		case <-s.idle:
			continue
		case <-grace.C:
		case <-ctx.Done():
		case <-s.ctx.Done():
		}
		break
	}
	for _, r := range s.queues.Range {
		r.(*webhookQueue).close()
	}
	stop := context.AfterFunc(ctx, func() { s.cancel(fmt.Errorf("drain: %w", context.Cause(ctx))) })
	s.workers.busy.Wait()
	stop()
	s.cancel(ErrDraining)

	limit, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), writeLimit,
		fmt.Errorf("the spool took nothing for %s", writeLimit))
	defer cancel()
	err := s.writer.flush(limit)
	s.endWork(ErrDraining)
	s.goroutines.Wait()
	s.transport.CloseIdleConnections()
	if left := s.taken.Load(); left > 0 {
		return &LeftError{Deliveries: int(left), Cause: err}
	}
	return nil
}
