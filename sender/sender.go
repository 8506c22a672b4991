package sender

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"hookline/webhook"
)

// overhead is what a delivery takes of memory beside its event, roughly.
const overhead = 256

// ErrDraining is what Send returns after Drain was called.
var ErrDraining = errors.New("sender is draining")

// LeftError says that Drain left deliveries unsettled.
type LeftError struct {
	Deliveries int
	Cause      error // what ended Drain; nil when nothing was left but to wait for retries
}

func (e *LeftError) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("drain ended, deliveries left: %d: %v", e.Deliveries, e.Cause)
	}
	return fmt.Sprintf("deliveries left that wait for a retry: %d", e.Deliveries)
}

func (e *LeftError) Unwrap() error { return e.Cause }

// Sender delivers events over HTTP. Each delivery is tried until the receiver accepts it or the webhook is gone. Events of one
// record reach a webhook in the order in which they were sent here; different records and different webhooks do not wait for each
// other.
//
// All methods are safe for concurrent use. Order holds between calls of Send that follow one another.
type Sender struct {
	cfg       Config
	log       *slog.Logger
	metrics   *metrics
	policy    Policy
	client    *retryablehttp.Client
	transport *http.Transport
	userAgent string
	timeout   error // the cause that an attempt's deadline gives

	ctx    context.Context // of all attempts
	cancel context.CancelCauseFunc
	buffer *semaphore.Weighted // in bytes
	taken  atomic.Int64        // deliveries
	lanes  sync.Map            // laneID → *lane

	gate     sync.RWMutex // read-locked to start a lane: none starts once draining is true
	draining bool
	crew     sync.WaitGroup // of lanes that run
}

// New returns a Sender that counts in registry. It must be ended with Drain.
func New(cfg Config, log *slog.Logger, registry prometheus.Registerer) (*Sender, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	guard, err := newGuard(cfg.AllowAddresses)
	if err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	metrics, err := newMetrics(registry)
	if err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	s := &Sender{
		cfg:       cfg,
		log:       log,
		metrics:   metrics,
		policy:    Policy{Schedule: cfg.RetrySchedule, Jitter: rand.Float64},
		transport: newTransport(cfg, guard),
		userAgent: "hookline/" + cfg.Version,
		timeout:   fmt.Errorf("no answer within %s", cfg.RequestTimeout),
		buffer:    semaphore.NewWeighted(cfg.MaxBuffer),
	}
	s.client = newClient(s.transport)
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	return s, nil
}

// Send takes a delivery. It waits while the buffer is full. When ctx ends first, or Drain was called, it returns ctx's cause or
// ErrDraining; then the delivery is not taken and Settled will not be called.
func (s *Sender) Send(ctx context.Context, d Delivery) error {
	j := &job{Delivery: d, size: min(int64(d.Event.Size()+overhead), s.cfg.MaxBuffer)}
	if s.buffer.Acquire(ctx, j.size) != nil {
		return context.Cause(ctx)
	}
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.draining {
		s.buffer.Release(j.size)
		return ErrDraining
	}
	s.taken.Add(1)
	s.metrics.deliveries.Inc()
	s.metrics.bytes.Add(float64(j.size))
	id := laneID{d.To.Key, d.Event.Record % uint64(s.cfg.MaxInFlight)}
	for !s.lane(id).add(j) {
	}
	return nil
}

func (s *Sender) lane(id laneID) *lane {
	if l, ok := s.lanes.Load(id); ok {
		return l.(*lane)
	}
	l, _ := s.lanes.LoadOrStore(id, &lane{sender: s, id: id})
	return l.(*lane)
}

// Recheck tells that the webhook with this key has changed or gone: deliveries that wait for a retry are tried again at once
// under its new terms, or given up, rather than when they are due.
func (s *Sender) Recheck(key string) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.draining {
		return
	}
	for n := range uint64(s.cfg.MaxInFlight) {
		if l, ok := s.lanes.Load(laneID{key, n}); ok {
			l.(*lane).recheck()
		}
	}
}

// deliver makes one attempt at j. Unless that settled it, wait is the time until the next. signer returns the signer for a
// secret.
func (s *Sender) deliver(j *job, signer func(webhook.Secret) *signer) (wait time.Duration, settled bool) {
	to, current := j.To, j.To.Current()
	if current == nil {
		s.metrics.attempts.WithLabelValues(cancelled).Inc()
		s.settle(j)
		return 0, true
	}
	if j.late {
		to = current
	}
	j.attempts++
	j.tried = to

	s.metrics.inFlight.Inc()
	v, took := s.attempt(j.Event, to, j.attempts, signer(to.Secret))
	s.metrics.inFlight.Dec()
	if v.Outcome != Delivered && s.ctx.Err() != nil {
		s.metrics.attempts.WithLabelValues(interrupted).Inc()
		return 0, false
	}
	s.metrics.attempts.WithLabelValues(v.Outcome.String()).Inc()
	s.metrics.duration.Observe(took.Seconds())
	if v.Outcome == Delivered {
		s.metrics.lag.Observe(time.Since(j.Event.Time).Seconds())
		s.logDelivered(j, v, took)
		s.settle(j)
		return 0, true
	}
	// With no place for dead letters, a delivery past the end of the schedule keeps its record waiting and goes on at the last
	// interval.
	wait, _ = s.policy.Next(j.attempts, v, time.Now())
	s.logFailed(j, v, took, wait)
	return wait, false
}

func (s *Sender) settle(j *job) {
	s.taken.Add(-1)
	s.metrics.deliveries.Dec()
	s.metrics.bytes.Sub(float64(j.size))
	s.buffer.Release(j.size)
	j.Settled()
}

// Drain ends the Sender. What was taken is attempted until ctx ends, but retries are not waited for: when nothing else is left,
// Drain returns. At ctx's end attempts in hand are cancelled. What is then left is not settled, and a *LeftError counts it. A
// Send that waits for room is not ended: its own ctx does that.
func (s *Sender) Drain(ctx context.Context) error {
	s.gate.Lock()
	s.draining = true
	s.gate.Unlock()

	stop := context.AfterFunc(ctx, func() { s.cancel(fmt.Errorf("drain: %w", context.Cause(ctx))) })
	s.crew.Wait()
	stop()
	cause := context.Cause(s.ctx) // nil unless ctx has ended
	s.cancel(ErrDraining)
	for _, l := range s.lanes.Range {
		l := l.(*lane)
		l.mu.Lock()
		l.stop()
		l.mu.Unlock()
	}
	s.transport.CloseIdleConnections()
	if left := s.taken.Load(); left > 0 {
		return &LeftError{Deliveries: int(left), Cause: cause}
	}
	return nil
}
