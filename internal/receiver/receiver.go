// Package receiver is a webhook receiver for trying things out: it verifies signatures, answers as
// it is told to, and reports what came.
package receiver

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hookline/sender"
	"hookline/webhook"
)

// Request is one POST that came in.
type Request struct {
	At        time.Time // when its body had been read
	Header    http.Header
	Body      []byte
	ID        string // webhook-id
	Event     string // the event's name, whatever the body's form; "" when the body tells none
	Attempt   int    // X-Hookline-Attempt; 0 when missing
	Signature error  // nil when it is right, or when no secret is known
	Status    int    // what was answered; 0 when the connection was cut

	Refused map[string]int // likewise of events of a batch: see Answer
}

// Answer is what a receiver does with a request.
type Answer struct {
	Status  int           // 0 stands for 200
	Latency time.Duration // before the answer; the sender's going away ends it
	// nil, or held back until it is closed; the sender's going away ends that, too
	Until  <-chan struct{}
	Header http.Header // added to the answer
	// of a batch, the statuses of those of its events that are refused, by their ids; nil for none
	Refused map[string]int
	// sent after the header, piece by piece; an error breaks the connection off
	Body io.Reader
	Cut  bool // break the connection off instead of answering
}

// Receiver is an http.Handler. Its fields must be set before it serves.
type Receiver struct {
	Secret    string        // checks signatures when not ""
	Tolerance time.Duration // of timestamps; 0 stands for 5 minutes

	// Answer decides on the answer to a request, whose Status is not set yet; nil answers 200 to
	// signed requests and 401 to others. It may be called from several goroutines at once.
	Answer func(Request) Answer
	// Received is told of each request after it was answered; may be nil. It may be called from
	// several goroutines at once.
	Received func(Request)
}

const maxBody = 64 << 20

func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method == http.MethodOptions {
		sender.Consent(w.Header(), req.Header)
		return
	}
	if req.Method != http.MethodPost {
		http.Error(w, "send webhooks with POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err != nil {
		http.Error(w, "the body could not be read", http.StatusBadRequest)
		return
	}
	got := Request{
		At: time.Now(), Header: req.Header, Body: body, ID: req.Header.Get(sender.HeaderID),
		Event: EventName(body),
	}
	got.Attempt, _ = strconv.Atoi(req.Header.Get("X-Hookline-Attempt"))
	if r.Secret != "" {
		tolerance := r.Tolerance
		if tolerance == 0 {
			tolerance = 5 * time.Minute
		}
		check := sender.Verify
		if webhook.Secret(r.Secret).IsKeyPair() {
			check = sender.VerifyStandard
		}
		got.Signature = check(r.Secret, req.Header, body, got.At, tolerance)
	}
	answer := r.answer(got)
	got.Refused = answer.Refused
	if !answer.wait(req.Context()) {
		answer.Cut = true
	}
	if !answer.Cut {
		got.Status = answer.Status
		for name, values := range answer.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(got.Status)
	}
	if r.Received != nil {
		r.Received(got)
	}
	if answer.Cut {
		panic(http.ErrAbortHandler)
	}
	if answer.Refused != nil {
		answer.Body = results(answer.Refused)
	}
	if answer.Body != nil {
		send(w, answer.Body)
	}
}

// results returns the body that tells a batch's sender what is refused of it.
func results(refused map[string]int) io.Reader {
	type result struct {
		ID     string `json:"id"`
		Status int    `json:"status"`
	}
	list := []result{}
	for id, status := range refused {
		list = append(list, result{id, status})
	}
	var body bytes.Buffer
	_ = json.NewEncoder(&body).Encode(map[string]any{"results": list}) // it has nothing that fails
	return &body
}

// Each returns the events of a batch, each as a request of its own; of any other request itself. An
// event has the status that it was answered with, also where that is so since one before it of its
// record was refused: record tells records apart.
func (got Request) Each(record func(Request) string) ([]Request, error) {
	ids := got.Header.Get(sender.HeaderBatchIDs)
	if ids == "" {
		return []Request{got}, nil
	}
	var bodies []json.RawMessage
	if err := json.Unmarshal(got.Body, &bodies); err != nil {
		return nil, err
	}
	names := strings.Split(ids, ",")
	if len(names) != len(bodies) {
		return nil, fmt.Errorf("%d ids of a batch of %d", len(names), len(bodies))
	}
	refused := map[string]int{}
	list := make([]Request, len(bodies))
	for i, body := range bodies {
		one := got
		one.ID, one.Body, one.Event, one.Refused = names[i], body, EventName(body), nil
		of := record(one)
		status := cmp.Or(refused[of], got.Refused[one.ID])
		if refused[of] = status; status != 0 && got.Status != 0 {
			one.Status = status
		}
		list[i] = one
	}
	return list, nil
}

// wait returns when the answer is to be given, and false when ctx has ended before.
func (a Answer) wait(ctx context.Context) bool {
	var late <-chan time.Time
	if a.Latency > 0 {
		late = time.After(a.Latency)
	}
	for late != nil || a.Until != nil {
		select {
		case <-late:
			late = nil
		case <-a.Until:
			a.Until = nil
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// send sends the header at once, and then the body as it comes.
func send(w http.ResponseWriter, body io.Reader) {
	connection := http.NewResponseController(w)
	piece := make([]byte, 32<<10)
	for {
		if err := connection.Flush(); err != nil {
			panic(http.ErrAbortHandler)
		}
		n, err := body.Read(piece)
		if _, lost := w.Write(piece[:n]); lost != nil || err != nil && !errors.Is(err, io.EOF) {
			panic(http.ErrAbortHandler)
		}
		if err != nil {
			return
		}
	}
}

func (r *Receiver) answer(got Request) Answer {
	var answer Answer
	switch {
	case r.Answer != nil:
		answer = r.Answer(got)
	case got.Signature != nil:
		answer.Status = http.StatusUnauthorized
	}
	if answer.Status == 0 {
		answer.Status = http.StatusOK
	}
	return answer
}

// EventName returns the name of the event that a body of any of the formats tells of, "" when it
// tells none. It reads no further than that, as the name mostly comes before the record.
func EventName(body []byte) string {
	d := json.NewDecoder(bytes.NewReader(body))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return ""
	}
	for d.More() {
		field, err := d.Token()
		if err != nil {
			return ""
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return ""
		}
		var name string
		switch field {
		case "event", "eventName", "type":
			if json.Unmarshal(value, &name) == nil && name != "" {
				return name
			}
		}
	}
	return ""
}
