package sender

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/mapper"
	"hookline/sender/queue"
	"hookline/webhook"
)

// mostShown is how much of a body's answer is kept to be shown, in bytes.
const mostShown = 1 << 10

// Answer is what came of one request that somebody has asked for.
type Answer struct {
	Verdict
	Took   time.Duration // to the header of the answer, or to the error
	Proto  string        // of the answer, such as HTTP/1.1; "" when none came
	Header http.Header   // likewise nil
	Body   []byte        // its first KiB
}

// Try sends an event to a webhook once, as deliveries are sent: past the same guard, by the same
// transports, signed alike. It keeps nothing, and tries nothing again. It fails when cfg is wrong;
// what becomes of the request is in the Answer. Safe for concurrent use.
func Try(
	ctx context.Context,
	cfg Config,
	to *webhook.Subscription,
	e *mapper.Event,
) (Answer, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return Answer{}, fmt.Errorf("sender: %w", err)
	}
	guard, err := newGuard(cfg.AllowAddresses)
	if err != nil {
		return Answer{}, fmt.Errorf("sender: %w", err)
	}
	s := &Sender{
		cfg: cfg, userAgent: "hookline/" + cfg.Version,
		timeout: noAnswer(cfg.RequestTimeout),
	}
	if s.metrics, err = newMetrics(prometheus.NewRegistry(), s); err != nil {
		return Answer{}, fmt.Errorf("sender: %w", err)
	}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	defer s.cancel(nil)
	s.transport = newTransport(s.ctx, cfg, guard, s.handshake)
	defer s.transport.CloseIdleConnections()
	return s.newRequestBuilder(to).try(e), nil
}

// try makes one request, and reads the beginning of its answer.
func (b *requestBuilder) try(e *mapper.Event) Answer {
	start := time.Now()
	deadline := start.Add(b.limit)
	p := post{id: e.ID, attempt: 1}
	if batches(b.to) {
		p.events = []*queue.Delivery{{Event: e}}
		p.body = b.batchBody(p.events)
	} else {
		p.body = e.Body(b.to.Format, mapper.Addressee{ID: b.to.ID, URL: b.to.TargetURL()})
	}
	if b.to.Format == mapper.FormatCloudEventsBinary {
		p.cloud = e
	}
	resp, err := b.send(&p, deadline) //nolint:bodyclose // finish closes it
	now := time.Now()
	a := Answer{Verdict: judge(resp, err, now), Took: now.Sub(start)}
	if resp == nil {
		return a
	}
	a.Proto, a.Header = resp.Proto, resp.Header
	a.Body, _ = io.ReadAll(io.LimitReader(resp.Body, mostShown)) // the header has decided
	b.finish(resp)
	return a
}
