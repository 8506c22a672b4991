package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"hookline/internal/receiver"
	"hookline/sender"
)

// Inbox is a receiver of webhooks that remembers what came. It accepts everything until it is told
// otherwise.
type Inbox struct {
	T      *testing.T
	Secret string
	Server *httptest.Server

	Mu       sync.Mutex
	script   func(receiver.Request) receiver.Answer
	requests []receiver.Request // in the order they were answered
	Accepted []Arrival
	ids      map[string]bool // of what was accepted
	Records  map[string]bool // likewise
	life     int             // how many killed senders there were
	gate     *gate           // nil while it is open
	withheld chan struct{}   // of answers to what was accepted; nil while they are given
	more     *sync.Cond      // tells of each delivery that is accepted
	open     map[net.Conn]bool
	schema   *jsonschema.Schema // of bodies; nil until Validates

	validated int // how many bodies were held against it
}

// Arrival is a delivery that was accepted.
type Arrival struct {
	Entry
	ID   string
	Body string
	life int
}

var inboxes atomic.Int64

// NewInbox returns an inbox with a secret of its own.
func NewInbox(t *testing.T) *Inbox {
	t.Helper()
	return NewInboxWith(t, fmt.Sprintf("%s secret %d", Confidential, inboxes.Add(1)))
}

// NewInboxWith returns an inbox for deliveries signed with the secret; "" is for unsigned ones.
func NewInboxWith(t *testing.T, secret string) *Inbox {
	t.Helper()
	b := &Inbox{
		T: t, Secret: secret, ids: map[string]bool{}, Records: map[string]bool{},
		open: map[net.Conn]bool{},
	}
	b.more = sync.NewCond(&b.Mu)
	b.Server = httptest.NewUnstartedServer(&receiver.Receiver{
		Secret: secret, Answer: b.answer,
		Received: b.received,
	})
	b.Server.Config.ConnState = b.connState
	b.Server.Start()
	t.Cleanup(b.Server.Close)
	t.Cleanup(b.OpenGate) // for Close waits for what is under way
	return b
}

// URL is where webhooks are sent to.
func (b *Inbox) URL() string { return b.Server.URL + "/hook" }

// Answers has every request answered by script from now on; nil accepts.
func (b *Inbox) Answers(script func(receiver.Request) receiver.Answer) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	b.script = script
}

// Always is a script that gives the same answer to all.
func Always(status int) func(receiver.Request) receiver.Answer {
	return func(receiver.Request) receiver.Answer { return receiver.Answer{Status: status} }
}

func (b *Inbox) answer(got receiver.Request) receiver.Answer {
	b.Mu.Lock()
	defer b.Mu.Unlock()
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
	each, err := got.Each(record)
	if err != nil || len(each) == 1 && each[0].ID == got.ID {
		return b.script(got)
	}
	var all receiver.Answer
	for _, one := range each {
		switch a := b.script(one); a.Status {
		case 0, http.StatusOK:
		default:
			if all.Refused == nil {
				all.Refused = map[string]int{}
			}
			all.Refused[one.ID] = a.Status
		}
	}
	return all
}

// record tells records apart: see receiver.Request.Each.
func record(got receiver.Request) string {
	e, err := Read(got)
	if err != nil {
		return ""
	}
	return e.Key()
}

// gate lets so many more requests through, and keeps all others waiting until it is opened.
type gate struct {
	left, held int
	open       chan struct{}
}

// CloseAfter lets n more requests through and then closes the gate: what comes after them waits,
// unanswered, until OpenGate, or until its sender goes away. So whatever a test does behind
// UntilClosed happens in the middle, however fast Hookline is.
func (b *Inbox) CloseAfter(n int) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	if b.gate != nil {
		close(b.gate.open)
	}
	b.gate = &gate{left: n, open: make(chan struct{})}
}

// UntilClosed waits until a request is held back.
func (b *Inbox) UntilClosed() {
	b.T.Helper()
	b.UntilHeld(1)
}

// UntilHeld waits until n requests are held back.
func (b *Inbox) UntilHeld(n int) {
	b.T.Helper()
	Eventually(b.T, func() error {
		b.Mu.Lock()
		defer b.Mu.Unlock()
		if b.gate.held < n {
			return fmt.Errorf("%d more requests are let through, and %d are held back, want %d",
				b.gate.left, b.gate.held, n)
		}
		return nil
	})
}

// OpenGate accepts what is held back, and all that comes.
func (b *Inbox) OpenGate() {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	if b.gate != nil {
		close(b.gate.open)
		b.gate = nil
	}
}

// Withhold has senders not hear of what is accepted from now on, until give is called: who is
// killed before has to send it again.
func (b *Inbox) Withhold() (give func()) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	withheld := make(chan struct{})
	b.withheld = withheld
	give = sync.OnceFunc(func() {
		b.Mu.Lock()
		defer b.Mu.Unlock()
		close(withheld)
		b.withheld = nil
	})
	b.T.Cleanup(give) // for Close waits for what is under way
	return give
}

// UntilNear waits until at most so many of n events have yet to be accepted, or ctx has ended. A
// writer that calls it does not run away from a slow Hookline.
func (b *Inbox) UntilNear(ctx context.Context, n, behind int) {
	wake := context.AfterFunc(ctx, func() {
		b.Mu.Lock()
		defer b.Mu.Unlock()
		b.more.Broadcast()
	})
	defer wake()
	b.Mu.Lock()
	defer b.Mu.Unlock()
	for ctx.Err() == nil && n-len(b.ids) > behind {
		b.more.Wait()
	}
}

// received takes note of a request, which has one event, or several. It is called before the sender
// gets the answer.
func (b *Inbox) received(got receiver.Request) {
	err := got.Signature
	if b.Secret != "" {
		err = errors.Join(err, sender.VerifyStandard(b.Secret, got.Header, got.Body, got.At, Patience))
	}
	if err != nil {
		b.T.Errorf("%s %s is not signed as it should be: %v", got.Event, got.ID, err)
	}
	each, err := got.Each(record)
	if err != nil {
		b.T.Errorf("body of %s: %v: %s", got.ID, err, got.Body)
	}
	if given := b.noteAll(got, each); given != nil {
		<-given
	}
}

// noteAll takes note of the events of a request, and returns what its answer waits for, or nil.
func (b *Inbox) noteAll(got receiver.Request, each []receiver.Request) (given chan struct{}) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	if b.schema != nil {
		if err := validate(b.schema, got.Body); err != nil {
			b.T.Errorf("body of %s: %v: %s", got.ID, err, got.Body)
		}
		b.validated++
	}
	for _, one := range each {
		b.note(one)
	}
	return b.withheld
}

// note takes note of an event. b.Mu is held.
func (b *Inbox) note(got receiver.Request) {
	e, err := Read(got)
	if err != nil {
		b.T.Errorf("body of %s: %v: %s", got.ID, err, got.Body)
	}
	b.requests = append(b.requests, got)
	if got.Status == http.StatusOK {
		b.Accepted = append(b.Accepted, Arrival{e, got.ID, string(got.Body), b.life})
		b.ids[got.ID] = true
		b.more.Broadcast()
		b.Records[e.Record] = true
	}
}

// Read returns what a request tells of, which has one event.
func Read(got receiver.Request) (Entry, error) {
	text := got.Body
	if strings.HasPrefix(got.Header.Get("Content-Type"), "application/cloudevents") {
		var envelope struct{ Data json.RawMessage }
		if err := json.Unmarshal(text, &envelope); err != nil {
			return Entry{}, err
		}
		text = envelope.Data
	}
	var body struct {
		WorkspaceID  string
		Data, Record struct { // Record is what the twenty format calls it
			ID      string
			Version int
		}
	}
	err := json.Unmarshal(text, &body)
	record := body.Data
	if record.ID == "" {
		record = body.Record
	}
	return Entry{
		Event: got.Event, Record: record.ID, Version: record.Version,
		Workspace: body.WorkspaceID,
	}, err
}

func (b *Inbox) connState(c net.Conn, s http.ConnState) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	if s == http.StateClosed || s == http.StateHijacked {
		delete(b.open, c)
	} else {
		b.open[c] = true
	}
}

// All returns every request so far.
func (b *Inbox) All() []receiver.Request {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	return b.requests[:len(b.requests):len(b.requests)]
}

// Count returns how many deliveries were accepted.
func (b *Inbox) Count() int {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	return len(b.Accepted)
}

// Events returns how many different events were accepted.
func (b *Inbox) Events() int {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	return len(b.ids)
}

// Known returns how many records there are of which something was accepted.
func (b *Inbox) Known() int {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	return len(b.Records)
}

// UntilAccepted waits until n deliveries were accepted.
func (b *Inbox) UntilAccepted(n int) {
	b.T.Helper()
	Eventually(b.T, func() error {
		if got := b.Count(); got < n {
			return fmt.Errorf("%d deliveries accepted, want %d", got, n)
		}
		return nil
	})
}

// UntilMore waits until n more deliveries were accepted.
func (b *Inbox) UntilMore(n int) {
	b.T.Helper()
	b.UntilAccepted(b.Count() + n)
}

// Repeats returns how many deliveries came again in the life of each sender, of those that were
// killed and of the last one.
func (b *Inbox) Repeats() []int {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	again := make([]int, b.life+1)
	seen := map[string]bool{}
	for _, a := range b.Accepted {
		if seen[a.ID] {
			again[a.life]++
		}
		seen[a.ID] = true
	}
	return again
}

// Lives returns the IDs of the events that were accepted in the life of each sender, of those that
// were killed and of the last one, in the order in which they came.
func (b *Inbox) Lives() [][]string {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	lives := make([][]string, b.life+1)
	for _, a := range b.Accepted {
		lives[a.life] = append(lives[a.life], a.ID)
	}
	return lives
}

// UntilAsked waits until n requests were answered.
func (b *Inbox) UntilAsked(n int) {
	b.T.Helper()
	Eventually(b.T, func() error {
		if got := len(b.All()); got < n {
			return fmt.Errorf("%d requests, want %d", got, n)
		}
		return nil
	})
}

// ExpectReplay tells that the sender was killed and that another one will begin before the place
// where it was: what came before may come again. No other sender must be at work yet. It returns
// when everything that the dead one had sent is through.
func (b *Inbox) ExpectReplay() {
	b.T.Helper()
	// Connections are accepted in the order they were made, so those of the dead sender are accepted
	// once this one is.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: Patience}
	resp, err := client.Get(b.URL())
	if err != nil {
		b.T.Fatal(err)
	}
	resp.Body.Close()
	Eventually(b.T, func() error {
		b.Mu.Lock()
		defer b.Mu.Unlock()
		if len(b.open) > 0 {
			return fmt.Errorf("%d connections are open", len(b.open))
		}
		b.life++
		return nil
	})
}

// Between returns the times between the requests for an event, in the order of the attempts.
func (b *Inbox) Between(event string) (waits []time.Duration) {
	var last time.Time
	for _, r := range b.All() {
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

// UntilHeardOf waits for an event of the record and returns when the first one came.
func (b *Inbox) UntilHeardOf(record string) (at time.Time) {
	b.T.Helper()
	Eventually(b.T, func() error {
		for _, r := range b.All() {
			if e, err := Read(r); err == nil && e.Record == record {
				at = r.At
				return nil
			}
		}
		return fmt.Errorf("nothing has come of %q", record)
	})
	return at
}

// BeginLife is ExpectReplay for a sender that has nothing under way and is about to be cut off,
// while the next one stands by already.
func (b *Inbox) BeginLife() {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	b.life++
}

// DataOf returns the record of a body of the event format, as it came, and the names of the changed
// fields.
func DataOf(t *testing.T, r receiver.Request) (data string, updated []string) {
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
