package sender

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
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

const (
	// of an answer's body, read so that its connection can be used again
	drainBytes = 64 << 10
	drainTime  = 500 * time.Millisecond // that this may take
)

// requestBuilder makes requests to one webhook, one after the other: it keeps what they have in
// common, and what can be used again. It belongs to one goroutine.
type requestBuilder struct {
	sender  *Sender
	to      *webhook.Subscription
	invalid error                  // why there is no sending to it
	common  http.Header            // of all requests
	plain   *http1.Target          // nil over TLS
	secure  *https.Target          // nil unless over TLS
	request *retryablehttp.Request // names the URL; roundTrip puts together what is sent
	limit   time.Duration          // that an attempt has
	timeout error                  // the cause that its deadline gives

	post     // of the attempt under way
	deadline time.Time
	header   header    // of the request under way
	requests int       // made in the attempt
	resent   int       // of them, those after one that the receiver may have taken
	lostAt   time.Time // when the last of them was lost
	again    bool      // the last of them has to be sent again
	batch    []byte    // room for the bodies of batches
	answer   string    // the beginning of the last one, if somebody watches and it has failed
}

// newRequestBuilder returns a request builder for a webhook.
func (s *Sender) newRequestBuilder(to *webhook.Subscription) *requestBuilder {
	b := &requestBuilder{
		sender: s, to: to,
		common: commonHeader(s.userAgent, to.Format.ContentType(batches(to)), to.Headers),
	}
	b.signer = signerOf(to)
	b.limit, b.timeout = s.cfg.RequestTimeout, s.timeout
	if t := to.Pace.Timeout; t != 0 {
		b.limit, b.timeout = t, noAnswer(t)
	}
	u, err := url.Parse(to.URL)
	if err != nil {
		b.invalid = err
		return b
	}
	request := &http.Request{Method: http.MethodPost, URL: u, Host: u.Host, Header: http.Header{}}
	if u.User != nil && b.common.Get("Authorization") == "" {
		password, _ := u.User.Password()
		request.SetBasicAuth(u.User.Username(), password)
		b.common["Authorization"] = request.Header["Authorization"]
		request.Header = http.Header{}
	}
	u.User = nil // or http.Client would see to it, each time
	u.Host = asciiHost(u)
	owner := ownerOf(to)
	var identity *tls.Config
	if to.TLS != nil {
		identity = to.TLS.Config
	}
	switch u.Scheme {
	case "http":
		b.plain, b.invalid = http1.NewTarget(u, b.common, owner)
	case "https":
		b.secure, b.invalid = https.NewTarget(u, b.common, owner, identity)
	default:
		b.invalid = fmt.Errorf("unsupported protocol scheme %q: want http or https", u.Scheme)
	}
	if b.invalid == nil {
		b.request, b.invalid = retryablehttp.FromRequest(request)
	}
	return b
}

// requestBuilder returns one for a webhook that the queue has, or has had.
func (w *webhookQueue) requestBuilder(to *webhook.Subscription) *requestBuilder {
	if b, ok := w.builders.Get().(*requestBuilder); ok && b.to == to {
		return b
	}
	return w.sender.newRequestBuilder(to)
}

// asciiHost returns the host of a URL as it is written in a request, and looked up: names beyond
// ASCII have another form there. net/http knows it, and tells it to nobody but who has a request
// written.
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

// ownerOf returns what tells the connections of one secret, and of one identity over TLS, from
// those of others. Webhooks of different secrets are different people's: what one's receiver does
// to a connection must not reach the other's requests.
func ownerOf(to *webhook.Subscription) (owner string) {
	if to.Secret != "" {
		sum := sha256.Sum256([]byte(to.Secret))
		owner = string(sum[:])
	}
	if to.TLS != nil {
		owner += string(to.TLS.Identity[:])
	}
	return owner
}

// send sends p until the deadline, signed. A connection that turns out to be useless is replaced,
// and the request signed anew; any answer stands.
func (b *requestBuilder) send(p *post, deadline time.Time) (*http.Response, error) {
	if b.invalid != nil {
		return nil, b.invalid
	}
	p.signer = b.signer
	b.post, b.deadline, b.requests, b.resent, b.lostAt = *p, deadline, 0, 0, time.Time{}
	resp, err := b.roundTrip(b.sender.transport)
	if b.again {
		resp, err = b.resend()
	}
	if err != nil {
		err = b.cause(err)
	}
	return resp, err
}

// cause returns why a request has failed: err, or the end of its time, or of all attempts.
func (b *requestBuilder) cause(err error) error {
	switch {
	case b.sender.ctx.Err() != nil:
		return context.Cause(b.sender.ctx)
	case !time.Now().Before(b.deadline):
		return b.timeout
	}
	return err
}

// finish reads what is left of an answer, within bounds, so that its connection can be used again.
func (b *requestBuilder) finish(resp *http.Response) {
	if resp != nil {
		if resp.Body != http.NoBody && resp.ContentLength <= drainBytes {
			_, _ = io.CopyN(io.Discard, resp.Body, drainBytes)
		}
		_ = resp.Body.Close()
	}
	b.post.body, b.events, b.cloud = nil, nil, nil
}

// roundTrip sends the post once, with a signature of this moment.
func (b *requestBuilder) roundTrip(t *transport) (*http.Response, error) {
	b.header.set(&b.post, time.Now())
	b.requests++
	var resp *http.Response
	var err error
	if b.secure != nil {
		terms := https.Terms{After: b.lostAt, OwnConnection: b.alone}
		resp, err = t.secure.Post(b.deadline, b.secure, b.header.lines, b.body, terms)
	} else {
		resp, err = t.plain.Post(b.deadline, b.plain, b.header.lines, b.body, b.requests > 1)
	}
	b.again = err != nil && b.sendAgain(err)
	return resp, err
}
