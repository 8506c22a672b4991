package campaign

import (
	"errors"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"hookline/e2e"
	"hookline/internal/receiver"
	"hookline/webhook"
)

// hook is a webhook of a campaign, with the receiver behind it.
type hook struct {
	*e2e.Inbox
	id     string // of its row
	object string // whose events it gets; "" for all
	choice
	listener net.Listener
	deaf     bool  // nobody listens
	wellAt   int64 // number of commits after which it is well; 0 while it is
}

// newHook adds a webhook for the events of an object, "" for all.
func (c *campaign) newHook(object string) *hook {
	c.t.Helper()
	h := &hook{Inbox: e2e.NewInbox(c.t), object: object}
	if c.chance.IntN(2) == 0 {
		h.Inbox = e2e.NewInboxWith(c.t, string(webhook.NewKeyPair()))
	}
	h.Server.Listener.Close() // another process could get its port while it refuses connections
	h.listener = listenLow(c.t)
	h.Server.URL = "http://" + h.listener.Addr().String()
	go h.Server.Config.Serve(h.listener)
	c.t.Cleanup(func() { h.listener.Close() })
	h.id = c.db.AddWebhook(h.Inbox, h.operation())
	return h
}

func (h *hook) operation() string {
	if h.object == "" {
		return "*.*"
	}
	return h.object + ".*"
}

// wants tells whether the webhook gets the event.
func (h *hook) wants(e e2e.Entry) bool {
	return (h.object == "" || strings.HasPrefix(e.Event, h.object+".")) && h.chooses(e)
}

// illness is what can be wrong with a receiver.
type illness struct {
	fault  fault
	script func(receiver.Request) receiver.Answer
	deaf   bool // nobody listens
}

// illnesses are all of them. trap is a URL to which nothing must come.
func illnesses(trap string) []illness {
	return []illness{
		{fault: "refuses connections", deaf: true, script: func(receiver.Request) receiver.Answer {
			// whoever is connected is sent away politely
			return receiver.Answer{Header: http.Header{"Connection": {"close"}}}
		}},
		{fault: "hangs", script: func(receiver.Request) receiver.Answer {
			return receiver.Answer{Latency: time.Hour}
		}},
		{fault: "answers 500", script: e2e.Always(http.StatusInternalServerError)},
		{fault: "answers 429 with Retry-After", script: func(receiver.Request) receiver.Answer {
			return receiver.Answer{
				Status: http.StatusTooManyRequests,
				Header: http.Header{"Retry-After": {"1"}},
			}
		}},
		{fault: "redirects", script: func(r receiver.Request) receiver.Answer {
			status := []int{http.StatusFound, http.StatusTemporaryRedirect}[dice(r, 2)]
			return receiver.Answer{Status: status, Header: http.Header{"Location": {trap}}}
		}},
		{fault: "cuts connections instead of an answer", script: func(receiver.Request) receiver.Answer {
			return receiver.Answer{Cut: true}
		}},
		{
			fault: "cuts connections in the middle of an answer",
			script: func(r receiver.Request) receiver.Answer {
				// the one is as good as with all of the body
				status := []int{http.StatusOK, http.StatusBadGateway}[dice(r, 2)]
				return receiver.Answer{Status: status, Body: &babble{bytes: 10_000, end: errors.New("cut")}}
			},
		},
		{fault: "answers slowly, with megabytes", script: func(r receiver.Request) receiver.Answer {
			latency := time.Duration(dice(r, 200)) * time.Millisecond
			return receiver.Answer{
				Latency: latency,
				Body:    &babble{bytes: 4 << 20, pause: 10 * time.Millisecond, end: io.EOF},
			}
		}},
		{fault: "answers 503 to two of three", script: func(r receiver.Request) receiver.Answer {
			status := []int{
				http.StatusOK, http.StatusServiceUnavailable,
				http.StatusServiceUnavailable,
			}[dice(r, 3)]
			return receiver.Answer{Status: status}
		}},
	}
}

// dice returns a number below n, the same for each attempt of the same number at the same event.
func dice(r receiver.Request, n uint64) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, r.ID+strconv.Itoa(r.Attempt))
	return h.Sum64() % n
}

// babble is the body of an answer that nobody wants to read.
type babble struct {
	bytes int
	pause time.Duration // before each piece
	end   error
}

func (b *babble) Read(p []byte) (n int, err error) {
	<-time.After(b.pause)
	if b.bytes == 0 {
		return 0, b.end
	}
	n = min(len(p), b.bytes)
	b.bytes -= n
	return n, nil
}

// sicken makes the receiver ill, and tells when it should be well again.
func (h *hook) sicken(with illness, wellAt int64) {
	h.T.Helper()
	h.heal()
	h.wellAt, h.deaf = wellAt, with.deaf
	h.Answers(with.script)
	if h.deaf {
		h.listener.Close()
	}
}

// heal makes the receiver accept everything.
func (h *hook) heal() {
	h.T.Helper()
	if h.deaf {
		listener, err := net.Listen("tcp", h.listener.Addr().String())
		if err != nil {
			h.T.Fatal(err)
		}
		h.listener = listener
		go h.Server.Config.Serve(listener)
	}
	h.wellAt, h.deaf = 0, false
	h.Answers(nil)
}

// listenLow listens on a port below the ranges that systems take outgoing connections' ports
// from, and the tests those of their servers, so that none of those takes it while nobody listens
// there.
func listenLow(t *testing.T) net.Listener {
	t.Helper()
	const low, high, attempts = 10000, 15000, 100
	var lastErr error
	for range attempts {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(low+rand.IntN(high-low))))
		if err == nil {
			return l
		}
		lastErr = err
	}
	t.Fatalf("no free port from %d to %d in %d attempts: %v", low, high-1, attempts, lastErr)
	return nil
}
