package sender

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/webhook"
)

// overhead is what a delivery takes of memory beside its event, roughly: the job, its record, and the hold on the stream.
const overhead = 368

const (
	drainGrace = time.Second     // that Drain gives what waits its turn, before it goes to the spool
	parkLimit  = 5 * time.Second // that Drain gives the spool at the end
)

// ErrDraining is what Send returns after Drain was called.
var ErrDraining = errors.New("sender is draining")

// LeftError says that Drain left deliveries unsettled: they could not be made, nor be put into the spool.
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
	// Get returns nil when there is no such webhook, or it is not served.
	Get(key string) *webhook.Subscription
}

// Sender delivers events over HTTP. Each delivery is tried until the receiver accepts it, the webhook is gone, or it is a dead letter. What
// cannot be delivered soon goes to the spool, and comes back from there. Events of one record reach a webhook in the order in which they were
// sent here; different records and different webhooks do not wait for each other.
//
// All methods are safe for concurrent use. Order holds between calls of Send that follow one another.
type Sender struct {
	cfg       Config
	log       *slog.Logger
	metrics   *metrics
	policy    Policy
	spool     Spool
	webhooks  Subscriptions
	client    *retryablehttp.Client
	transport *transport
	userAgent string
	timeout   error // the cause that an attempt's deadline gives

	ctx     context.Context // of all attempts
	cancel  context.CancelCauseFunc
	work    context.Context // of everything else: the parker, loaders, guards of buffer and queues
	endWork context.CancelCauseFunc
	buffer  buffer
	taken   atomic.Int64  // deliveries that are not settled
	idle    chan struct{} // taken has become 0
	loaded  atomic.Int64  // routes with deliveries brought back from the spool
	routes  sync.Map      // Subscription.Key → *route
	places  places
	parker  *parker
	trouble atomic.Int64       // when a failure of the spool was last told of, Unix nanoseconds; 0 while it works
	gaps    map[string]toldGap // by webhook; the parker's

	gate       sync.RWMutex // read-locked to make a route: none is made once draining is true
	draining   bool
	crew       crew
	goroutines sync.WaitGroup // all of them
}

// New returns a Sender that counts in registry. It must be ended with Drain.
func New(cfg Config, spool Spool, webhooks Subscriptions, log *slog.Logger, registry prometheus.Registerer) (*Sender, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	guard, err := newGuard(cfg.AllowAddresses)
	if err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	s := &Sender{
		cfg:       cfg,
		log:       log,
		policy:    Policy{Schedule: cfg.RetrySchedule, Jitter: rand.Float64},
		spool:     spool,
		webhooks:  webhooks,
		userAgent: "hookline/" + cfg.Version,
		timeout:   fmt.Errorf("no answer within %s", cfg.RequestTimeout),
		buffer:    buffer{most: cfg.MaxBuffer, pressed: make(chan struct{}, 1)},
		idle:      make(chan struct{}, 1),
		places:    places{most: int64(cfg.maxAttempts)},
		crew:      crew{orders: make(chan attempts)},
		gaps:      map[string]toldGap{},
	}
	if s.metrics, err = newMetrics(registry, s); err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.transport = newTransport(s.ctx, cfg, guard, s.handshake)
	s.client = newClient(s.transport)
	s.work, s.endWork = context.WithCancelCause(context.Background())
	s.parker = newParker(s)
	s.goroutines.Go(s.parker.run)
	s.goroutines.Go(s.guardBuffer)
	return s, nil
}

// Send takes a delivery. It waits while the buffer is full. When ctx ends first, Drain was called, or the Sender has failed, it returns ctx's
// cause, ErrDraining, or why; then the delivery is not taken and Settled will not be called.
func (s *Sender) Send(ctx context.Context, d Delivery) error {
	j := &job{Delivery: d, size: min(int64(d.Event.Size()+overhead), s.cfg.MaxBuffer), taken: time.Now()}
	if err := s.makeRoom(ctx, j); err != nil {
		return err
	}
	s.taken.Add(1)
	if s.work.Err() != nil {
		s.free(j)
		return context.Cause(s.work)
	}
	if j.route = s.route(d.To.Key); j.route == nil {
		s.free(j)
		return ErrDraining
	}
	j.route.bytes.Add(j.size)
	if err := j.route.send(j); err != nil {
		j.route.bytes.Add(-j.size)
		s.free(j)
		return err
	}
	return nil
}

// makeRoom counts a delivery in the buffer, with its event unless that is there for another
// webhook. Only the event waits: what the buffer is to bound is in memory already when there is
// another delivery of it.
func (s *Sender) makeRoom(ctx context.Context, j *job) error {
	if first := j.Event.Retain(); !first {
		s.buffer.take(overhead)
		return nil
	}
	s.tellLarge(j)
	if s.buffer.tryAcquire(j.size) {
		return nil
	}
	err := s.waitForRoom(ctx, j)
	if err == nil {
		return nil
	}
	if last := j.Event.Release(); !last { // whoever is the last to release it gives its room back
		s.buffer.take(j.size - overhead)
	}
	return err
}

// tellLarge tells who wants to know of large events.
func (s *Sender) tellLarge(j *job) {
	if s.cfg.Large != nil && j.size > s.cfg.MaxBuffer/8 {
		s.cfg.Large()
	}
}

func (s *Sender) waitForRoom(ctx context.Context, j *job) error {
	if r := s.route(j.To.Key); r != nil {
		r.expect(j.taken)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.work, func() { cancel(context.Cause(s.work)) })()
	return s.buffer.acquire(ctx, j.size)
}

// route returns the route to a webhook, nil once Drain was called.
func (s *Sender) route(key string) *route {
	if r, ok := s.routes.Load(key); ok {
		return r.(*route)
	}
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.draining {
		return nil
	}
	r, _ := s.routes.LoadOrStore(key, newRoute(s, key))
	return r.(*route)
}

// settle keeps the promise of a delivery.
func (s *Sender) settle(j *job) {
	j.route.bytes.Add(-j.size)
	j.Settled()
	s.free(j)
}

func (s *Sender) free(j *job) {
	size := int64(overhead)
	if last := j.Event.Release(); last {
		size = j.size
	}
	s.buffer.release(size)
	if s.taken.Add(-1) == 0 {
		signal(s.idle)
	}
}

// Recheck tells that the webhook with this key has changed or gone: deliveries that wait for a retry are tried again at once under its new
// terms, or given up, rather than when they are due.
func (s *Sender) Recheck(key string) {
	if r, ok := s.routes.Load(key); ok {
		r.(*route).recheck()
	}
}

// fail ends the Sender: what it would write is no longer its to write.
func (s *Sender) fail(err error) {
	s.endWork(err)
	s.cancel(err)
}

// Drain ends the Sender. What is under way is finished, until ctx ends; then it is cancelled. What waits its turn has a second to be
// delivered; the rest of it, and what waits for a retry, goes to the spool. A *LeftError says that it could not. A Send that waits for room
// is not ended: its own ctx does that.
func (s *Sender) Drain(ctx context.Context) error {
	s.gate.Lock()
	s.draining = true
	s.gate.Unlock()
	for _, r := range s.routes.Range {
		r.(*route).refuse()
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
	for _, r := range s.routes.Range {
		r.(*route).close()
	}
	stop := context.AfterFunc(ctx, func() { s.cancel(fmt.Errorf("drain: %w", context.Cause(ctx))) })
	s.crew.busy.Wait()
	stop()
	s.cancel(ErrDraining)

	limit, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), parkLimit, fmt.Errorf("the spool took nothing for %s", parkLimit))
	defer cancel()
	err := s.parker.flush(limit)
	s.endWork(ErrDraining)
	s.goroutines.Wait()
	s.transport.CloseIdleConnections()
	if left := s.taken.Load(); left > 0 {
		return &LeftError{Deliveries: int(left), Cause: err}
	}
	return nil
}

// refuse lets nothing new in, neither from the stream nor from the spool, and sends to the spool what waits for a retry.
func (r *route) refuse() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusing = true
	for _, rec := range slices.Clone(r.due) {
		if rec.jobs.first != nil {
			r.toSpool(rec)
		}
	}
}

// close lets no further attempt begin, and sends the rest to the spool.
func (r *route) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.spill()
	if r.timer != nil {
		r.timer.Stop()
	}
}
