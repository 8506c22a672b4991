package sender

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"hookline/sender/http1"
)

// A connection that ends while it is idle takes the next request along. Such a request is sent
// again on another connection, as part of the same attempt. go-retryablehttp does that, with a
// growing pause before each try. The first request of an attempt does not pass through it: nearly
// all are answered, and its own bookkeeping would cost each of them more than the rest of it.

const (
	resends    = 4                     // how often one attempt starts over, at most
	resendWait = 20 * time.Millisecond // before the first of them; 80 ms more before each further one
)

// resend sends the request again, which was lost, until it is answered, or is not to be sent again.
// Its error is that of the last try.
func (b *requestBuilder) resend() (*http.Response, error) {
	ctx, cancel := context.WithDeadlineCause(b.sender.ctx, b.deadline, b.timeout)
	defer cancel()
	pause := time.NewTimer(resendWait)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	client := retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     resender{b},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax: resends - 1,
		CheckRetry: func(ctx context.Context, _ *http.Response, err error) (bool, error) {
			return ctx.Err() == nil && err != nil && b.again, nil
		},
		Backoff: func(_, _ time.Duration, n int, _ *http.Response) time.Duration {
			return resendWait * time.Duration(5+4*n)
		},
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	resp, err := client.Do(b.request.WithContext(ctx))
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return resp, err
}

// resender is a transport of the requests that a builder puts together, each signed when it is
// sent.
//
// It has no CloseIdleConnections, which retryablehttp calls after each failure: one dead receiver
// would cost all others their connections.
//
// https://github.com/hashicorp/go-retryablehttp/issues/237
type resender struct{ builder *requestBuilder }

func (r resender) RoundTrip(*http.Request) (*http.Response, error) {
	if s := r.builder.sender; s.fenced() { // what was lost may be so as the process stood still
		r.builder.again = false
		return nil, context.Cause(s.ctx)
	}
	return r.builder.roundTrip(r.builder.sender.transport)
}

// sendAgain reports whether the request that ended in err is to be sent again. One that the
// receiver may have taken is sent once more, and twice where the receiver has told that it ends the
// connection: then two reloads may follow each other.
func (b *requestBuilder) sendAgain(err error) bool {
	lost, ok := errors.AsType[*http1.LostError](err)
	if !ok {
		return false
	}
	b.alone, b.lostAt = b.alone || lost.Suspect, time.Now()
	again := 1
	if lost.Leaving {
		again = 2
	}
	if b.requests > resends || lost.Sent && b.resent >= again {
		return false
	}
	if lost.Sent {
		b.resent++
		b.sender.metrics.resent.Inc()
	}
	return true
}
