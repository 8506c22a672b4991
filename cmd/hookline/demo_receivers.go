package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"hookline/internal/receiver"
)

var errNoRecord = errors.New("it has no data.id")

// demoReceivers are the webhooks' other ends. They print what comes and remember it.
type demoReceivers struct {
	out io.Writer
	all []*demoReceiver

	mu      sync.Mutex
	news    chan struct{} // closed and made anew with each request
	problem error         // the first thing that was not as it should be
}

type demoReceiver struct {
	name       string
	operations []string
	turnsAway  int // the first attempt of every so-manieth event; 0: none

	// of its webhook, which is in Hookline's own table if it has one of them
	filter string
	settle time.Duration

	secret   string
	listener net.Listener
	server   *http.Server
	seen     []demoEvent       // accepted, in order
	done     map[string]bool   // tasks of which it has seen that they are done
	first    map[string]string // event id → what its first attempt was answered
}

func (r *demoReceiver) url() string { return "http://" + r.listener.Addr().String() + "/" + r.name }

// wants tells whether the receiver's webhook matches the event.
func (r *demoReceiver) wants(e demoEvent) bool {
	object, _, _ := strings.Cut(e.name, ".")
	return slices.Contains(r.operations, "*.*") || slices.Contains(r.operations, object+".*")
}

func (d *demoReceivers) open(r *demoReceiver) (err error) {
	if r.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	r.secret = strings.ReplaceAll(id()+id(), "-", "")
	r.first, r.done = map[string]string{}, map[string]bool{}
	r.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: &receiver.Receiver{
		Secret:   r.secret,
		Answer:   func(got receiver.Request) receiver.Answer { return d.answer(r, got) },
		Received: func(got receiver.Request) { d.received(r, got) },
	}}
	d.all = append(d.all, r)
	go func() { _ = r.server.Serve(r.listener) }()
	return nil
}

func (d *demoReceivers) close() {
	for _, r := range d.all {
		_ = r.server.Close()
	}
}

func (d *demoReceivers) answer(r *demoReceiver, got receiver.Request) receiver.Answer {
	d.mu.Lock()
	defer d.mu.Unlock()
	if got.Signature != nil {
		return receiver.Answer{Status: http.StatusUnauthorized}
	}
	if _, again := r.first[got.ID]; !again {
		r.first[got.ID] = "accepted"
		if r.turnsAway > 0 && len(r.first)%r.turnsAway == 0 {
			r.first[got.ID] = "turned away"
			return receiver.Answer{Status: http.StatusServiceUnavailable}
		}
	}
	return receiver.Answer{}
}

// received prints the request in one line and takes note of it.
func (d *demoReceivers) received(r *demoReceiver, got receiver.Request) {
	var body struct {
		Data          map[string]any
		Timestamp     time.Time
		UpdatedFields []string
		Previous      map[string]any
	}
	err := json.Unmarshal(got.Body, &body)
	d.mu.Lock()
	defer d.mu.Unlock()
	record, _ := body.Data["id"].(string)
	note := fmt.Sprintf("verified, %d ms after its commit",
		max(0, got.At.Sub(body.Timestamp).Milliseconds()))
	switch {
	case err != nil || record == "":
		note = "THE BODY IS NOT WHAT IT SHOULD BE"
		d.fail(fmt.Errorf("%s: body of %s is not an event of a record: %w", r.name, got.ID,
			cmp.Or(err, errNoRecord)))
	case got.Signature != nil:
		note = "THE SIGNATURE IS WRONG"
		d.fail(fmt.Errorf("%s: event %s: %w", r.name, got.ID, got.Signature))
	case got.Status != http.StatusOK:
		note = fmt.Sprintf("answered %d on purpose; Hookline will try again", got.Status)
	default:
		r.seen = append(r.seen, demoEvent{got.Event, record})
		if body.Data["status"] == "DONE" {
			r.done[record] = true
		}
		if got.Attempt > 1 {
			note += fmt.Sprintf(", at attempt %d", got.Attempt)
		}
	}
	if len(body.UpdatedFields) > 0 {
		note += ", changed: " + strings.Join(body.UpdatedFields, ", ")
	}
	for name, value := range body.Previous {
		note += fmt.Sprintf("; %s was %v", name, value)
	}
	fmt.Fprintf(d.out, "%s  → %-6s  %-20s  %-30s  %s\n", got.At.Format("15:04:05.000"), r.name,
		got.Event, called(body.Data), note)
	if d.news != nil {
		close(d.news)
		d.news = nil
	}
}

func (d *demoReceivers) fail(err error) {
	if d.problem == nil {
		d.problem = err
	}
}

// called returns what a person would call the record.
func called(data map[string]any) string {
	for _, key := range []string{"title", "name", "id"} {
		switch v := data[key].(type) {
		case string:
			if v != "" {
				return v[:min(len(v), 30)]
			}
		case map[string]any:
			if name := strings.TrimSpace(fmt.Sprintf("%v %v", v["firstName"], v["lastName"])); name != "" {
				return name
			}
		}
	}
	return "?"
}

// await returns when every receiver has accepted just what it should of the expected events, each
// record's in order.
func (d *demoReceivers) await(ctx context.Context, expected []demoEvent) error {
	for {
		d.mu.Lock()
		err, missing := d.problem, ""
		for _, r := range d.all {
			if m, e := r.compare(expected); e != nil {
				err = e
			} else if m != "" {
				missing = m
			}
		}
		if d.news == nil {
			d.news = make(chan struct{})
		}
		news := d.news
		d.mu.Unlock()
		if err != nil || missing == "" {
			return err
		}
		select {
		case <-news:
		case <-ctx.Done():
			return fmt.Errorf("%w: %s", context.Cause(ctx), missing)
		}
	}
}

// compare tells what is still missing, and returns an error when what came cannot become right any
// more.
func (r *demoReceiver) compare(expected []demoEvent) (missing string, err error) {
	want, got := map[string][]string{}, map[string][]string{}
	for _, e := range expected {
		if r.wants(e) && (r.filter == "" || e.name == "opportunity.updated" && want[e.record] == nil) {
			want[e.record] = append(want[e.record], e.name)
		}
	}
	for _, e := range r.seen {
		got[e.record] = append(got[e.record], e.name)
		i := len(got[e.record]) - 1
		if due := want[e.record]; i >= len(due) || due[i] != e.name {
			return "", fmt.Errorf("%s: record %s: got %v, want %v", r.name, e.record, got[e.record], due)
		}
	}
	for record, names := range want {
		// What settles is told once, unless the machine takes longer than that for three changes.
		if r.settle > 0 && r.done[record] {
			continue
		}
		if len(got[record]) < len(names) {
			missing = fmt.Sprintf("%s: record %s: got %v of %v", r.name, record, got[record], names)
		}
	}
	return missing, nil
}

// accepted counts the deliveries that were accepted.
func (d *demoReceivers) accepted() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, r := range d.all {
		n += len(r.seen)
	}
	return n
}
