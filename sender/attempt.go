package sender

import (
	"context"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"hookline/mapper"
)

const (
	resends    = 4                      // how often one attempt starts over on another connection, at most
	resendWait = 20 * time.Millisecond  // before the first of them; 80 ms more before each further one
	drainBytes = 64 << 10               // of an answer's body that are read so that the connection can be used again
	drainTime  = 500 * time.Millisecond // that this may take
)

// attempted is what became of an attempt.
type attempted struct {
	verdict Verdict
	took    time.Duration
	resent  int  // requests of it that were sent once more, though the receiver may have taken them
	alone   bool // it must not share a connection
	skipped bool // it was not made: the webhook is gone
	cut     bool // it was cut short by the end of Drain
}

// attempt makes one attempt at j, unless its webhook is gone, or has come to another tenant: that must not hear of this one's records.
func (s *Sender) attempt(j *job) (a attempted) {
	if j.To.Current() == nil || j.tried == nil {
		return attempted{skipped: true}
	}
	if !j.Event.IsFor(j.tried.Workspace) {
		a.verdict = Verdict{Outcome: Blocked, Reason: "the webhook belongs to another tenant now"}
		return a
	}
	c := j.route.courier(j.tried)
	a.verdict, a.took = s.try(j, c)
	a.resent, a.alone = c.resent, c.alone
	j.route.couriers.Put(c)
	if a.verdict.Outcome != Delivered && s.ctx.Err() != nil {
		s.metrics.interrupted.Inc()
		return attempted{cut: true}
	}
	s.metrics.outcomes[a.verdict.Outcome].Inc()
	s.metrics.duration.Observe(a.took.Seconds())
	if a.verdict.Outcome == Delivered {
		s.metrics.lag.Observe(time.Since(j.Event.Time).Seconds())
		s.logDelivered(j, a)
	}
	return a
}

// try POSTs the event of j to the webhook and returns the verdict and the time it took.
func (s *Sender) try(j *job, c *courier) (Verdict, time.Duration) {
	start := time.Now()
	resp, err := c.send(&post{ //nolint:bodyclose // finish closes it
		id:      j.Event.ID,
		attempt: j.attempts,
		replay:  j.replay,
		alone:   j.alone,
		body:    j.Event.Body(c.to.Format, mapper.Addressee{ID: c.to.ID, URL: c.to.TargetURL()}),
	}, start.Add(s.cfg.RequestTimeout))
	now := time.Now()
	v := judge(resp, err, now)
	c.finish(resp)
	return v, now.Sub(start)
}

// newClient returns the client that sends again what a broken connection has lost. Its first round trip is the one that was lost, so it begins
// with the wait after that.
func newClient(transport *transport) *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     wire{transport},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax: resends,
		CheckRetry: func(ctx context.Context, _ *http.Response, err error) (bool, error) {
			return ctx.Err() == nil && err != nil && ctx.Value(courierKey{}).(*courier).again, nil
		},
		Backoff: func(_, _ time.Duration, n int, _ *http.Response) time.Duration {
			return resendWait * time.Duration(1+4*n)
		},
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// wire is a transport of requests whose context is a courier, which puts together what is sent: so each request is signed when it is sent.
//
// It has no CloseIdleConnections, which retryablehttp calls after each failure: one dead receiver would cost all others their
// connections.
//
// https://github.com/hashicorp/go-retryablehttp/issues/237
type wire struct{ transport *transport }

func (w wire) RoundTrip(req *http.Request) (*http.Response, error) {
	c := req.Context().Value(courierKey{}).(*courier)
	if err := c.lost; err != nil {
		c.lost = nil
		return nil, err
	}
	return c.roundTrip(w.transport)
}
