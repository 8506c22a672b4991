package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookline/internal/receiver"
	"hookline/sender"
)

// inbox is a receiver of webhooks that remembers what came. It accepts everything until it is told otherwise.
type inbox struct {
	t      *testing.T
	secret string
	server *httptest.Server

	mu       sync.Mutex
	script   func(receiver.Request) receiver.Answer
	requests []receiver.Request // in the order they were answered
	accepted []arrival
	ids      map[string]bool // of what was accepted
	records  map[string]bool // likewise
	life     int             // how many killed senders there were
	gate     *gate           // nil while it is open
	more     *sync.Cond      // tells of each delivery that is accepted
	open     map[net.Conn]bool
}

// arrival is a delivery that was accepted.
type arrival struct {
	entry
	id   string
	body string
	life int
}

var inboxes atomic.Int64

func newInbox(t *testing.T) *inbox {
	t.Helper()
	return newInboxWith(t, fmt.Sprintf("%s secret %d", confidential, inboxes.Add(1)))
}

// newInboxWith returns an inbox for deliveries signed with the secret; "" is for unsigned ones.
func newInboxWith(t *testing.T, secret string) *inbox {
	t.Helper()
	b := &inbox{t: t, secret: secret, ids: map[string]bool{}, records: map[string]bool{}, open: map[net.Conn]bool{}}
	b.more = sync.NewCond(&b.mu)
	b.server = httptest.NewUnstartedServer(&receiver.Receiver{Secret: secret, Answer: b.answer, Received: b.received})
	b.server.Config.ConnState = b.connState
	b.server.Start()
	t.Cleanup(b.server.Close)
	t.Cleanup(b.openGate) // for Close waits for what is under way
	return b
}

func (b *inbox) url() string { return b.server.URL + "/hook" }

// answers has every request answered by script from now on; nil accepts.
func (b *inbox) answers(script func(receiver.Request) receiver.Answer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.script = script
}

// always is a script that gives the same answer to all.
func always(status int) func(receiver.Request) receiver.Answer {
	return func(receiver.Request) receiver.Answer { return receiver.Answer{Status: status} }
}

func (b *inbox) answer(got receiver.Request) receiver.Answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gate != nil && b.gate.left == 0 {
		b.gate.held++
		return receiver.Answer{Until: b.gate.open}
	}
	if b.gate != nil {
		b.gate.left--
	}
	if b.script == nil {
		return receiver.Answer{}
	}
	return b.script(got)
}

// gate lets so many more requests through, and keeps all others waiting until it is opened.
type gate struct {
	left, held int
	open       chan struct{}
}

// closeAfter lets n more requests through and then closes the gate: what comes after them waits, unanswered, until openGate, or
// until its sender goes away. So whatever a test does behind untilClosed happens in the middle, however fast Hookline is.
func (b *inbox) closeAfter(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gate != nil {
		close(b.gate.open)
	}
	b.gate = &gate{left: n, open: make(chan struct{})}
}

// untilClosed waits until a request is held back.
func (b *inbox) untilClosed() {
	b.t.Helper()
	eventually(b.t, func() error {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.gate.held == 0 {
			return fmt.Errorf("%d more requests are let through, and none is held back yet", b.gate.left)
		}
		return nil
	})
}

// openGate accepts what is held back, and all that comes.
func (b *inbox) openGate() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gate != nil {
		close(b.gate.open)
		b.gate = nil
	}
}

// untilNear waits until at most so many of n events have yet to be accepted, or ctx has ended. A writer that calls it does not
// run away from a slow Hookline.
func (b *inbox) untilNear(ctx context.Context, n, behind int) {
	wake := context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.more.Broadcast()
	})
	defer wake()
	b.mu.Lock()
	defer b.mu.Unlock()
	for ctx.Err() == nil && n-len(b.ids) > behind {
		b.more.Wait()
	}
}

// received takes note of a request. It is called before the sender gets the answer.
func (b *inbox) received(got receiver.Request) {
	err := got.Signature
	if b.secret != "" {
		err = errors.Join(err, sender.VerifyStandard(b.secret, got.Header, got.Body, got.At, patience))
	}
	if err != nil {
		b.t.Errorf("%s %s is not signed as it should be: %v", got.Event, got.ID, err)
	}
	e, err := read(got)
	if err != nil {
		b.t.Errorf("body of %s: %v: %s", got.ID, err, got.Body)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests = append(b.requests, got)
	if got.Status == http.StatusOK {
		b.accepted = append(b.accepted, arrival{e, got.ID, string(got.Body), b.life})
		b.ids[got.ID] = true
		b.more.Broadcast()
		b.records[e.Record] = true
	}
}

// read returns what a request tells of.
func read(got receiver.Request) (entry, error) {
	var body struct {
		WorkspaceID  string
		Data, Record struct { // Record is what the twenty format calls it
			ID      string
			Version int
		}
	}
	err := json.Unmarshal(got.Body, &body)
	record := body.Data
	if record.ID == "" {
		record = body.Record
	}
	return entry{Event: got.Event, Record: record.ID, Version: record.Version, Workspace: body.WorkspaceID}, err
}

func (b *inbox) connState(c net.Conn, s http.ConnState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s == http.StateClosed || s == http.StateHijacked {
		delete(b.open, c)
	} else {
		b.open[c] = true
	}
}

// all returns every request so far.
func (b *inbox) all() []receiver.Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.requests[:len(b.requests):len(b.requests)]
}

// count returns how many deliveries were accepted.
func (b *inbox) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.accepted)
}

// events returns how many different events were accepted.
func (b *inbox) events() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.ids)
}

// untilAccepted waits until n deliveries were accepted.
func (b *inbox) untilAccepted(n int) {
	b.t.Helper()
	eventually(b.t, func() error {
		if got := b.count(); got < n {
			return fmt.Errorf("%d deliveries accepted, want %d", got, n)
		}
		return nil
	})
}

// untilAsked waits until n requests were answered.
func (b *inbox) untilAsked(n int) {
	b.t.Helper()
	eventually(b.t, func() error {
		if got := len(b.all()); got < n {
			return fmt.Errorf("%d requests, want %d", got, n)
		}
		return nil
	})
}

// expectReplay tells that the sender was killed and that another one will begin before the place where it was: what came before may
// come again. No other sender must be at work yet. It returns when everything that the dead one had sent is through.
func (b *inbox) expectReplay() {
	b.t.Helper()
	// Connections are accepted in the order they were made, so those of the dead sender are accepted once this one is.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := client.Get(b.url())
	if err != nil {
		b.t.Fatal(err)
	}
	resp.Body.Close()
	eventually(b.t, func() error {
		b.mu.Lock()
		defer b.mu.Unlock()
		if len(b.open) > 0 {
			return fmt.Errorf("%d connections are open", len(b.open))
		}
		b.life++
		return nil
	})
}

// between returns the times between the requests for an event, in the order of the attempts.
func (b *inbox) between(event string) (waits []time.Duration) {
	var last time.Time
	for _, r := range b.all() {
		if r.ID != event {
			continue
		}
		if !last.IsZero() {
			waits = append(waits, r.At.Sub(last))
		}
		last = r.At
	}
	return waits
}

// untilHeardOf waits for an event of the record and returns when the first one came.
func (b *inbox) untilHeardOf(record string) (at time.Time) {
	b.t.Helper()
	eventually(b.t, func() error {
		for _, r := range b.all() {
			if e, err := read(r); err == nil && e.Record == record {
				at = r.At
				return nil
			}
		}
		return fmt.Errorf("nothing has come of %q", record)
	})
	return at
}

// beginLife is expectReplay for a sender that has nothing under way and is about to be cut off, while the next one stands by already.
func (b *inbox) beginLife() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.life++
}

// dataOf returns the record of a body of the event format, as it came, and the names of the changed fields.
func dataOf(t *testing.T, r receiver.Request) (data string, updated []string) {
	t.Helper()
	var body struct {
		Data          json.RawMessage
		UpdatedFields []string
	}
	if err := json.Unmarshal(r.Body, &body); err != nil {
		t.Fatalf("%v: %s", err, r.Body)
	}
	return string(body.Data), body.UpdatedFields
}
