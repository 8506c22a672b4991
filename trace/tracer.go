// Package trace tells an OpenTelemetry collector of deliveries: a span for each, and one for each
// attempt at it. It speaks OTLP over HTTP by itself; the SDK of OpenTelemetry would be a fifth of
// the binary.
//
// A span has names, numbers and times, and nothing of a record.
package trace

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// Tracer makes spans and sends them, in batches. A nil Tracer is that of traces that are off: its
// methods do nothing. Safe for concurrent use.
type Tracer struct {
	cfg     Config
	log     *slog.Logger
	client  *http.Client
	queue   chan span
	stop    chan struct{}
	done    chan struct{}
	dropped atomic.Uint64
	scope   scope
}

// scope is what all spans have in common.
type scope struct{ version string }

// Delivery is what the spans of a delivery have in common. It follows from the event and the
// webhook alone: the attempts that another process makes, days later, are in the same trace, and
// all webhooks of an event are.
type Delivery struct {
	trace   [16]byte
	span    [8]byte
	sampled bool
}

// Attempt is the span of an attempt, which is under way.
type Attempt struct {
	Delivery
	span [8]byte
}

// Facts are what a span tells. Zero fields are left out.
type Facts struct {
	Event, Name, Webhook, Host string
	Outcome                    string // what became of it
	Attempt                    int    // which one it was; of a delivery, how many there were
	Status                     int    // of the answer
	Error                      string // why it failed; "" when it did not
}

// span is one that is over.
type span struct {
	trace      [16]byte
	id, parent [8]byte // parent is zero for a root
	name       string
	client     bool
	start, end time.Time
	facts      Facts
}

// New returns a Tracer, nil when cfg is off. It is to be ended with Close. version is Hookline's
// own.
func New(cfg Config, version string, log *slog.Logger) *Tracer {
	if !cfg.On {
		return nil
	}
	t := &Tracer{
		cfg: cfg, log: log, client: &http.Client{Timeout: cfg.Timeout}, queue: make(chan span, cfg.Queue),
		stop: make(chan struct{}), done: make(chan struct{}), scope: scope{version},
	}
	go t.run()
	return t
}

// Delivery returns the trace of the delivery of an event to a webhook.
func (t *Tracer) Delivery(event, webhook string) Delivery {
	var d Delivery
	sum := sha256.Sum256([]byte(event))
	copy(d.trace[:], sum[:])
	low := binary.BigEndian.Uint64(d.trace[8:]) >> 1 // as samplers by ratio look at it
	d.sampled = t.cfg.Ratio >= 1 || float64(low) < t.cfg.Ratio*math.MaxInt64
	d.span = spanID(event, webhook, 0)
	return d
}

// spanID returns the ID of the span of a delivery, or of the nth attempt at it.
func spanID(event, webhook string, attempt int) (id [8]byte) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d", event, webhook, attempt))
	copy(id[:], sum[:])
	return id
}

// Begin returns the span of the nth attempt at a delivery, which begins at the given time: that
// tells attempts of the same number apart, as a replay makes them.
func (t *Tracer) Begin(event, webhook string, attempt int, at time.Time) Attempt {
	return Attempt{t.Delivery(event, webhook), spanID(event,
		webhook+"\n"+strconv.FormatInt(at.UnixNano(), 36), attempt)}
}

// Traceparent is the header that has a receiver's spans go on from the attempt's.
//
// https://www.w3.org/TR/trace-context/#traceparent-header
func (a Attempt) Traceparent() string {
	var b [55]byte
	buf := append(b[:0], "00-"...)
	buf = hex.AppendEncode(buf, a.trace[:])
	buf = append(buf, '-')
	buf = hex.AppendEncode(buf, a.span[:])
	if a.sampled {
		return string(append(buf, "-01"...))
	}
	return string(append(buf, "-00"...))
}

// EndAttempt tells of an attempt that is over.
func (t *Tracer) EndAttempt(a Attempt, start, end time.Time, facts Facts) {
	if a.sampled {
		t.add(span{
			trace: a.trace, id: a.span, parent: a.Delivery.span, name: "POST", client: true,
			start: start, end: end, facts: facts,
		})
	}
}

// EndDelivery tells of a delivery that is over, accepted or given up, which began with the commit.
func (t *Tracer) EndDelivery(commit, end time.Time, facts Facts) {
	if d := t.Delivery(facts.Event, facts.Webhook); d.sampled {
		t.add(span{
			trace: d.trace, id: d.span, name: "deliver " + facts.Name, start: commit, end: end,
			facts: facts,
		})
	}
}

func (t *Tracer) add(s span) {
	select {
	case t.queue <- s:
	default:
		t.dropped.Add(1)
	}
}

// Dropped is how many spans were lost: the queue was full, or the collector did not take them.
func (t *Tracer) Dropped() uint64 {
	if t == nil {
		return 0
	}
	return t.dropped.Load()
}

// run sends spans until Close.
func (t *Tracer) run() {
	defer close(t.done)
	var batch []span
	timer := time.NewTimer(t.cfg.Delay)
	send := func() {
		if len(batch) > 0 {
			t.export(batch)
			clear(batch)
			batch = batch[:0]
		}
		timer.Reset(t.cfg.Delay)
	}
	for {
		select {
		case s := <-t.queue:
			if batch = append(batch, s); len(batch) >= t.cfg.Batch {
				send()
			}
		case <-timer.C:
			send()
		case <-t.stop:
			for {
				select {
				case s := <-t.queue:
					if batch = append(batch, s); len(batch) >= t.cfg.Batch {
						send()
					}
					continue
				default:
				}
				send()
				return
			}
		}
	}
}

// Close sends what there is, until ctx ends. Nothing may be traced any more.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	close(t.stop)
	select {
	case <-t.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
