package campaign

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// history is what has come to one webhook, beside what should have.
type history struct {
	due      []e2e.Entry        // no two alike
	requests []receiver.Request // in the order they were answered

	// read returns what a request tells of; nil for announced, in the form event.
	read func(receiver.Request) (e2e.Entry, error)
	// lost tells of an event that it is of a commit that was lost: it need not have come, nor not.
	lost func(event string, entry e2e.Entry) bool
	// excused returns why an event that was accepted before had no reason to come again.
	excused func(before, again receiver.Request) error
}

// judge returns how many deliveries were accepted, and everything that is wrong: by first arrival,
// the events of each record are those that are due, in their order; a body holds the id that the
// header tells, and is the same each time; and what came again had a reason to.
func (h history) judge() (accepted int, err error) {
	var errs []error
	last := map[string]receiver.Request{} // accepted delivery of each event
	due, came := map[string][]e2e.Entry{}, map[string][]e2e.Entry{}
	for _, e := range h.due {
		due[e.Key()] = append(due[e.Key()], e)
	}
	read := h.read
	if read == nil {
		read = func(r receiver.Request) (e2e.Entry, error) { return announced(r, "event") }
	}
	for _, r := range h.requests {
		e, err := read(r)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if r.Status != http.StatusOK {
			continue
		}
		accepted++
		before, again := last[r.ID]
		last[r.ID] = r
		if !again {
			if !h.lost(r.ID, e) {
				came[e.Key()] = append(came[e.Key()], e)
			}
			continue
		}
		if !bytes.Equal(before.Body, r.Body) {
			errs = append(errs, fmt.Errorf("the body of %s has changed from\n%s\nto\n%s",
				r.ID, before.Body, r.Body))
		}
		if r.At.Before(before.At) { // the answers were given in another order
			before, r = r, before
		}
		if err := h.excused(before, r); err != nil {
			errs = append(errs, fmt.Errorf("%s %+v came again at %s without a reason: %w:%s", r.ID, e,
				r.At.Format(moment), err, h.story(r.ID)))
		}
	}
	all := maps.Clone(due)
	maps.Copy(all, came)
	for _, record := range slices.Sorted(maps.Keys(all)) {
		if err := compare(came[record], due[record]); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", record, err))
		}
	}
	const most = 20
	if n := len(errs) - most; n > 0 {
		errs = append(errs[:most], fmt.Errorf("and %d more", n))
	}
	return accepted, errors.Join(errs...)
}

// story tells of every request for an event.
func (h history) story(event string) string {
	var b strings.Builder
	for _, r := range h.requests {
		if r.ID == event {
			fmt.Fprintf(&b, "\n\t%s attempt %d, answer %d", r.At.Format(moment), r.Attempt, r.Status)
		}
	}
	return b.String()
}

// announced returns what a request tells of, in a form.
func announced(r receiver.Request, form string) (e2e.Entry, error) {
	var body struct{ ID string }
	if err := json.Unmarshal(r.Body, &body); err != nil {
		return e2e.Entry{}, fmt.Errorf("the body of %s is not JSON: %w: %s", r.ID, err, r.Body)
	}
	hasID := form != "standard" && form != "twenty"
	if hasID && body.ID != r.ID || !hasID && body.ID != "" {
		return e2e.Entry{}, fmt.Errorf("webhook-id is %s, and the body has the id %s", r.ID, body.ID)
	}
	return e2e.Read(r)
}

// compare returns an error that tells where the events of a record differ from what is due.
func compare(came, due []e2e.Entry) error {
	for i := range max(len(came), len(due)) {
		switch {
		case i == len(came):
			return fmt.Errorf("%d of %d events have come; the next would be %+v", i, len(due), due[i])
		case i == len(due):
			return fmt.Errorf("%+v is one more than the %d that were due", came[i], i)
		case came[i] != due[i]:
			return fmt.Errorf("event %d is %+v, want %+v", i, came[i], due[i])
		}
	}
	return nil
}

// The judge finds what is wrong, and nothing where nothing is.
func TestJudge(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	request := func(id string, status, version int) receiver.Request {
		body := fmt.Sprintf(`{"event":"contact.updated","data":{"id":"ada","version":%d},"id":"%s"}`,
			version, id)
		return receiver.Request{
			At: begin, ID: id, Event: "contact.updated", Attempt: 1, Status: status,
			Body: []byte(body),
		}
	}
	one, two, three := request("evt_1", 200, 1), request("evt_2", 200, 2), request("evt_3", 200, 3)
	changed := request("evt_1", 200, 4)
	unlike := one
	unlike.ID = "evt_0"
	broken := one
	broken.Body = broken.Body[1:]

	for name, test := range map[string]struct {
		came    []receiver.Request
		unasked bool   // what comes again has no reason to
		want    string // "" when all is well
	}{
		"all":               {[]receiver.Request{one, two, three}, true, ""},
		"one refused first": {[]receiver.Request{request("evt_1", 500, 1), one, two, three}, true, ""},
		"again":             {[]receiver.Request{one, two, one, two, three}, false, ""},
		"again for nothing": {
			[]receiver.Request{one, two, one, two, three},
			true,
			"evt_1 {Event:contact.updated Record:ada Version:1 Workspace:} came again",
		},
		"nothing": {nil, true, "0 of 3 events have come"},
		"the last lost": {
			[]receiver.Request{one, two, request("evt_3", 500, 3)},
			true,
			"2 of 3 events have come",
		},
		"one lost": {
			[]receiver.Request{one, three},
			true,
			"event 1 is {Event:contact.updated Record:ada Version:3",
		},
		"swapped": {
			[]receiver.Request{two, one, three},
			true,
			"event 0 is {Event:contact.updated Record:ada Version:2",
		},
		"one too many": {
			[]receiver.Request{one, two, three, request("evt_4", 200, 4)},
			true,
			"one more than the 3 that were due",
		},
		"two ids of one": {
			[]receiver.Request{one, request("evt_4", 200, 1), two, three},
			true,
			"event 1 is {Event:contact.updated Record:ada Version:1",
		},
		"another body": {
			[]receiver.Request{one, two, three, changed},
			false,
			"the body of evt_1 has changed",
		},
		"another id in body": {
			[]receiver.Request{unlike, two, three},
			true,
			"webhook-id is evt_0, and the body has the id evt_1",
		},
		"broken body": {
			[]receiver.Request{broken, two, three},
			true,
			"the body of evt_1 is not JSON",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := history{
				requests: test.came,
				lost:     func(string, e2e.Entry) bool { return false },
				excused: func(_, _ receiver.Request) error {
					if test.unasked {
						return errors.New("nothing has happened")
					}
					return nil
				},
			}
			for version := range 3 {
				h.due = append(h.due, e2e.Entry{Event: "contact.updated", Record: "ada", Version: 1 + version})
			}
			_, err := h.judge()
			if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("the judge says %v, want %q", err, test.want)
			}
		})
	}
}
