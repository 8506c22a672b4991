package sender

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"hookline/mapper"
	"hookline/webhook"
)

const (
	resends    = 2                      // how often one attempt starts over on another connection
	resendWait = 20 * time.Millisecond  // before the first of them; five times that before the second
	drainBytes = 64 << 10               // of an answer's body that are read so that the connection can be used again
	drainTime  = 500 * time.Millisecond // that this may take
)

// attempted is what became of an attempt.
type attempted struct {
	verdict Verdict
	took    time.Duration
	skipped bool // it was not made: the webhook is gone
	cut     bool // it was cut short by the end of Drain
}

// attempt makes one attempt at j, unless its webhook is gone, or has come to another workspace: that must not hear of this one's records.
func (s *Sender) attempt(j *job) (a attempted) {
	if j.To.Current() == nil || j.tried == nil {
		return attempted{skipped: true}
	}
	if j.tried.Workspace != j.Event.Workspace {
		a.verdict = Verdict{Outcome: Blocked, Reason: "the webhook belongs to another workspace now"}
		return a
	}
	sign := j.route.signer(j.tried.Secret)
	s.metrics.inFlight.Inc()
	a.verdict, a.took = s.try(j, sign)
	s.metrics.inFlight.Dec()
	if sign != nil {
		j.route.signers.Put(sign)
	}
	if a.verdict.Outcome != Delivered && s.ctx.Err() != nil {
		s.metrics.attempts.WithLabelValues(interrupted).Inc()
		return attempted{cut: true}
	}
	s.metrics.attempts.WithLabelValues(a.verdict.Outcome.String()).Inc()
	s.metrics.duration.Observe(a.took.Seconds())
	if a.verdict.Outcome == Delivered {
		s.metrics.lag.Observe(time.Since(j.Event.Time).Seconds())
		s.logDelivered(j, a)
	}
	return a
}

// signer returns a signer for a secret, nil for none.
func (r *route) signer(secret webhook.Secret) *signer {
	if secret == "" {
		return nil
	}
	if s, ok := r.signers.Get().(*signer); ok && s.secret == string(secret) {
		return s
	}
	return newSigner(string(secret))
}

// try POSTs the event of j to the webhook and returns the verdict and the time it took. sign signs under the webhook's secret; nil when it
// has none.
func (s *Sender) try(j *job, sign *signer) (Verdict, time.Duration) {
	start, to := time.Now(), j.tried
	ctx, cancel := context.WithTimeoutCause(s.ctx, s.cfg.RequestTimeout, s.timeout)
	defer cancel()

	resp, err := s.post(ctx, to.URL, &post{ //nolint:bodyclose // drain closes it
		id:        j.Event.ID,
		attempt:   j.attempts,
		replay:    j.replay,
		userAgent: s.userAgent,
		signer:    sign,
		extra:     to.Headers,
		body:      j.Event.Body(to.Format, mapper.Addressee{ID: to.ID, URL: to.TargetURL()}),
	})
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	now := time.Now()
	v := judge(resp, err, now)
	if err == nil {
		drain(resp, cancel)
	}
	return v, now.Sub(start)
}

// post sends p. A connection that breaks is replaced, up to twice and within ctx, and the request signed anew; any answer stands.
func (s *Sender) post(ctx context.Context, url string, p *post) (*http.Response, error) {
	req, err := retryablehttp.NewRequestWithContext(context.WithValue(ctx, postKey{}, p), http.MethodPost, url, p.body)
	if err != nil {
		return nil, err
	}
	p.signed = p.header(time.Now())
	return s.client.Do(req)
}

// postKey is the key of a request's *post in its context.
type postKey struct{}

// newClient returns the client of all attempts.
func newClient(transport *transport) *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     wire{transport},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax: resends,
		CheckRetry: func(ctx context.Context, _ *http.Response, err error) (bool, error) {
			return ctx.Err() == nil && broken(err), nil
		},
		Backoff: func(_, _ time.Duration, n int, _ *http.Response) time.Duration {
			return resendWait * time.Duration(1+4*n)
		},
		PrepareRetry: func(req *http.Request) error {
			p := req.Context().Value(postKey{}).(*post)
			p.signed = p.header(time.Now()) // a new map: the transport may still read the old one
			return nil
		},
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// broken reports whether a request failed because its connection was, or became, useless: closed while idle, reset, or told to go
// away.
func broken(err error) bool {
	if err == nil {
		return false
	}
	for _, target := range []error{errResend, io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, target) {
			return true
		}
	}
	// net/http does not export these. The second covers a GOAWAY that did not tell which requests were left undone.
	text := err.Error()
	return strings.HasSuffix(text, "http: server closed idle connection") || strings.Contains(text, "http2: server sent GOAWAY")
}

// drain reads what is left of an answer, within bounds, so that its connection can be used again. cancel ends the request.
func drain(resp *http.Response, cancel context.CancelFunc) {
	defer func() { _ = resp.Body.Close() }()
	if resp.Body == http.NoBody || resp.ContentLength > drainBytes {
		return
	}
	defer time.AfterFunc(drainTime, cancel).Stop()
	_, _ = io.CopyN(io.Discard, resp.Body, drainBytes)
}

// errResend stands for: the request can be sent again on another connection.
var errResend = errors.New("the connection was lost with the request on its way")

// wire is a transport less two habits of net/http's.
//
// It does not send a request a second time by itself, since the second would carry the first one's timestamp and signature. Where
// http.Transport would (it then calls GetBody), errResend comes back instead, and post signs anew. All that remains is that
// HTTP/1.1 moves a request of which nothing was read yet to another connection: there is no first one.
//
// It has no CloseIdleConnections, which retryablehttp calls after each failure: one dead receiver would cost all others their
// connections.
//
// https://github.com/hashicorp/go-retryablehttp/issues/237
//
// It also puts in the post's header: http.Client would copy one that came with the request, for redirects that it does not follow.
type wire struct{ transport *transport }

func (w wire) RoundTrip(req *http.Request) (*http.Response, error) {
	header := req.Context().Value(postKey{}).(*post).signed
	if credentials := req.Header["Authorization"]; credentials != nil && header.Get("Authorization") == "" { // of the URL
		header["Authorization"] = credentials
	}
	req = req.WithContext(req.Context()) // a copy: a RoundTripper must leave the request as it is
	req.Header = header
	req.GetBody = func() (io.ReadCloser, error) { return nil, errResend }
	return w.transport.RoundTrip(req)
}
