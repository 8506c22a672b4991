package sender

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"hookline/sender/http1"
	"hookline/sender/https"
	"hookline/webhook"
)

// courier makes attempts at one webhook, one after the other: it keeps what they have in common, and what can be used again. It is the
// context of what is sent again as well. It belongs to one goroutine.
type courier struct {
	sender  *Sender
	to      *webhook.Subscription
	invalid error                  // why there is no sending to it
	common  http.Header            // of all requests
	target  *http1.Target          // nil over TLS
	owner   string                 // of the connections
	request *retryablehttp.Request // stands for what is sent again; what that is, roundTrip puts together

	post     // of the attempt under way
	deadline time.Time
	header   header             // of the request under way
	requests int                // made in the attempt
	resent   int                // of them, those after one that the receiver may have taken
	lostAt   time.Time          // when the last of them was lost
	again    bool               // the last of them has to be sent again
	lost     error              // why the first of them has to be
	cancel   context.CancelFunc // ends the reading of the answer, nil where that ends by itself
}

// newCourier returns a courier to a webhook.
func (s *Sender) newCourier(to *webhook.Subscription) *courier {
	c := &courier{sender: s, to: to, common: commonHeader(s.userAgent, to.Headers)}
	if to.Secret != "" {
		c.signer = newSigner(string(to.Secret))
	}
	u, err := url.Parse(to.URL)
	if err != nil {
		c.invalid = err
		return c
	}
	carrier := &http.Request{Method: http.MethodPost, URL: u, Host: u.Host, Header: http.Header{}}
	if u.User != nil && c.common.Get("Authorization") == "" {
		password, _ := u.User.Password()
		carrier.SetBasicAuth(u.User.Username(), password)
		c.common["Authorization"] = carrier.Header["Authorization"]
		carrier.Header = http.Header{}
	}
	u.User = nil // or http.Client would see to it, each time
	u.Host = asciiHost(u)
	c.owner = ownerOf(to.Secret)
	switch u.Scheme {
	case "http":
		c.target, c.invalid = http1.NewTarget(u, c.common, c.owner)
	case "https":
	default:
		c.invalid = fmt.Errorf("unsupported protocol scheme %q: want http or https", u.Scheme)
	}
	if c.invalid == nil {
		c.request, c.invalid = retryablehttp.FromRequest(carrier.WithContext(c))
	}
	return c
}

// courier returns one to a webhook that the route has, or has had.
func (r *route) courier(to *webhook.Subscription) *courier {
	if c, ok := r.couriers.Get().(*courier); ok && c.to == to {
		return c
	}
	return r.sender.newCourier(to)
}

// asciiHost returns the host of a URL as it is written in a request, and looked up: names beyond ASCII have another form there. net/http knows
// it, and tells it to nobody but who has a request written.
func asciiHost(u *url.URL) string {
	if !strings.ContainsFunc(u.Host, func(r rune) bool { return r >= 0x80 }) {
		return u.Host
	}
	var text bytes.Buffer
	err := (&http.Request{Method: http.MethodPost, URL: u, Host: u.Host}).Write(&text)
	if written, readErr := http.ReadRequest(bufio.NewReader(&text)); err == nil && readErr == nil {
		return written.Host
	}
	return u.Host // which no request can have
}

// ownerOf returns what tells the connections of one secret from those of others. Webhooks of
// different secrets are different people's: what one's receiver does to a connection must not reach
// the other's requests.
func ownerOf(secret webhook.Secret) string {
	if secret == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(secret))
	return string(sum[:])
}

// send sends p until the deadline, signed. A connection that turns out to be useless is replaced,
// and the request signed anew; any answer stands.
func (c *courier) send(p *post, deadline time.Time) (*http.Response, error) {
	if c.invalid != nil {
		return nil, c.invalid
	}
	p.signer = c.signer
	c.post, c.deadline, c.requests, c.resent, c.lostAt = *p, deadline, 0, 0, time.Time{}
	resp, err := c.roundTrip(c.sender.transport)
	if c.again {
		c.lost = err
		resp, err = c.sender.client.Do(c.request)
	}
	if err != nil && c.Err() != nil {
		err = c.cause()
	}
	return resp, err
}

// finish reads what is left of an answer, within bounds, so that its connection can be used again.
func (c *courier) finish(resp *http.Response) {
	if resp != nil {
		if resp.Body != http.NoBody && resp.ContentLength <= drainBytes {
			if c.cancel != nil {
				defer time.AfterFunc(drainTime, c.cancel).Stop()
			}
			_, _ = io.CopyN(io.Discard, resp.Body, drainBytes)
		}
		_ = resp.Body.Close()
	}
	if c.cancel != nil {
		c.cancel()
		c.cancel = nil
	}
	c.post.body = nil
}

// roundTrip sends the post once, with a signature of this moment.
func (c *courier) roundTrip(t *transport) (*http.Response, error) {
	c.header.set(&c.post, time.Now())
	c.requests++
	var resp *http.Response
	var err error
	if c.target != nil {
		resp, err = t.plain.Post(c.deadline, c.target, c.header.lines, c.body, c.requests > 1)
	} else {
		resp, err = c.roundTripSecure(t)
	}
	c.again = err != nil && c.sendAgain(err)
	return resp, err
}

// sendAgain reports whether the request that ended in err is to be sent again, as part of the same attempt. One that the
// receiver may have taken is sent once more, and twice where the receiver has told that it ends the connection: then two
// reloads may follow each other.
func (c *courier) sendAgain(err error) bool {
	lost, ok := errors.AsType[*http1.LostError](err)
	if !ok {
		return false
	}
	c.alone, c.lostAt = c.alone || lost.Suspect, time.Now()
	again := 1
	if lost.Leaving {
		again = 2
	}
	if c.requests > resends || lost.Sent && c.resent >= again {
		return false
	}
	if lost.Sent {
		c.resent++
		c.sender.metrics.resent.Inc()
	}
	return true
}

// roundTripSecure sends it over TLS. It is apart so that a plain request, while it waits, does not hold what this takes of
// the stack.
func (c *courier) roundTripSecure(t *transport) (*http.Response, error) {
	ctx, cancel := context.WithDeadlineCause(c.sender.ctx, c.deadline, c.sender.timeout)
	req := (&http.Request{
		Method: http.MethodPost, URL: c.request.URL, Host: c.request.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: c.header.with(c.common), Body: io.NopCloser(bytes.NewReader(c.body)), ContentLength: int64(len(c.body)),
	}).WithContext(ctx)
	resp, err := t.secure.RoundTrip(req, https.Terms{Owner: c.owner, After: c.lostAt, Alone: c.alone})
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		cancel()
		return nil, err
	}
	c.cancel = cancel
	return resp, nil
}

// cause returns why the courier, as a context, has ended.
func (c *courier) cause() error {
	if c.sender.ctx.Err() != nil {
		return context.Cause(c.sender.ctx)
	}
	return c.sender.timeout
}

// Deadline implements context.Context, as do the next three. A courier is a context without a timer of its own: Done is closed when all
// attempts end, while the end of its own time is told by Err alone. Those who wait for long, the transports, are given the deadline.
func (c *courier) Deadline() (deadline time.Time, ok bool) { return c.deadline, true }

func (c *courier) Done() <-chan struct{} { return c.sender.ctx.Done() }

func (c *courier) Err() error {
	if err := c.sender.ctx.Err(); err != nil {
		return err
	}
	if !time.Now().Before(c.deadline) {
		return context.DeadlineExceeded
	}
	return nil
}

func (c *courier) Value(key any) any {
	if key == (courierKey{}) {
		return c
	}
	return c.sender.ctx.Value(key)
}

// courierKey is the key of a request's courier in its context.
type courierKey struct{}
