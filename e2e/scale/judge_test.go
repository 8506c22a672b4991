package scale

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// fault is something that befell a process.
type fault struct {
	at      time.Time // before it did
	process int       // 0 for a server of the bus
	what    string
	over    time.Time // when it had, for certain; a process may take partitions until then
}

// history is what has come to one webhook, beside what should have, and what is known of its
// partition.
type history struct {
	webhook  string // its key
	due      []e2e.Entry
	requests []receiver.Request
	tenures  []tenure               // of its partition
	gaveUp   map[int]bool           // processes that say they gave it up, or began anew
	faults   []fault                // all there were
	wholes   []time.Time            // when all servers of the bus were seen to have everything
	acked    map[delivery]time.Time // when a sender acknowledged it first
	spooled  map[delivery]time.Time // when it first was in the spool
}

// judge returns how many deliveries came again for each reason, and everything that is wrong. All
// that is due has come, that of each record in order; what comes again goes on from there without
// a gap, has the same body, and a reason.
func (h *history) judge() (reasons map[string]int, err error) {
	var errs []error
	reasons = map[string]int{}
	records := map[string]*record{}
	for _, e := range h.due {
		r := records[e.Key()]
		if r == nil {
			r = &record{places: map[string]int{}}
			records[e.Key()] = r
		}
		r.due = append(r.due, e)
	}
	last := map[string]receiver.Request{} // accepted delivery of each event
	for _, request := range slices.SortedStableFunc(slices.Values(h.requests),
		func(a, b receiver.Request) int { return a.At.Compare(b.At) }) {
		if request.Status != http.StatusOK {
			continue
		}
		e, err := e2e.Read(request)
		if err == nil && records[e.Key()] == nil {
			err = errors.New("it was not committed")
		}
		if err == nil {
			err = records[e.Key()].take(e, request.ID, func(id string) bool {
				return !h.acked[delivery{id, h.webhook}].IsZero()
			})
		}
		before, again := last[request.ID]
		if again && err == nil {
			var reason string
			if reason, err = h.excuse(before, request); err == nil {
				reasons[reason]++
			}
		}
		if again && !bytes.Equal(before.Body, request.Body) {
			err = errors.Join(err, errors.New("its body has changed"))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %+v at %s: %w", request.ID, e, request.At.Format(moment),
				err))
		}
		last[request.ID] = request
	}
	for key, r := range records {
		if n := len(r.places); n < len(r.due) {
			errs = append(errs, fmt.Errorf("%s: %d of %d events have come", key, n, len(r.due)))
		}
	}
	const most = 20
	if n := len(errs) - most; n > 0 {
		errs = append(errs[:most], fmt.Errorf("and %d more", n))
	}
	return reasons, errors.Join(errs...)
}

const moment = "15:04:05.000"

// record is how far the events of a record have come.
type record struct {
	due    []e2e.Entry
	places map[string]int // place in due of each event that came, by its id
	next   int
}

// take takes note of an event. Behind what comes again nothing is left out but what was
// acknowledged.
func (r *record) take(e e2e.Entry, id string, acknowledged func(id string) bool) error {
	place, again := r.places[id]
	if !again {
		place = len(r.places)
		if place == len(r.due) {
			return errors.New("it is one more than were due")
		}
		if r.due[place] != e {
			return fmt.Errorf("due was %+v", r.due[place])
		}
		r.places[id] = place
	}
	for left, at := range r.places {
		if at >= r.next && at < place && !acknowledged(left) {
			return fmt.Errorf("number %d of its record came after number %d", place, r.next-1)
		}
	}
	r.next = place + 1
	return nil
}

// excuse returns why a delivery came again. It may if its partition went to another tenure between
// the two, from one that did not end in order, to which it was not acknowledged by then. One that
// such a tenure has put into the spool is there and in the stream: it may come twice after that.
func (h *history) excuse(before, again receiver.Request) (reason string, err error) {
	err = errors.New("it came again, and its partition changed hands never between")
	d := delivery{again.ID, h.webhook}
	taken, spooled := before.At, h.spooled[d]
	if !spooled.IsZero() && spooled.Before(taken) {
		taken = spooled
	}
	for i := 1; i < len(h.tenures); i++ {
		from, until := h.tenures[i-1], h.tenures[i].at
		if !taken.Before(until) || until.After(again.At) {
			continue
		}
		reason := h.ending(from, until)
		acked := h.acked[d]
		switch {
		case reason == "":
			err = fmt.Errorf("it came again, and process %d gave its partition up in order at %s",
				from.process, until.Format(moment))
		case !acked.IsZero() && acked.Before(until) && spooled.IsZero() &&
			!h.busKilled(before.At, until) && !h.busTroubled(acked):
			err = fmt.Errorf("it came again, and was acknowledged at %s, before the tenure of %s",
				acked.Format(moment), until.Format(moment))
		default:
			return reason, nil
		}
	}
	return "", err
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// ending returns why a tenure did not end in order, "" when it did.
func (h *history) ending(t tenure, until time.Time) string {
	for _, f := range h.faults {
		if f.process == t.process && !later(f.at, f.over).Before(t.at) && f.at.Before(until) {
			return f.what
		}
	}
	switch {
	case h.gaveUp[t.process]:
		return "the lease lapsed"
	case h.busKilled(t.at, until):
		return "a server of the bus was killed"
	}
	return ""
}

// busTroubled reports whether a server of the bus had been killed, and it was not seen whole since:
// nobody takes acknowledgements for a consumer that has no leader.
func (h *history) busTroubled(at time.Time) bool {
	troubled := false
	for _, f := range h.faults {
		if f.process == 0 && f.at.Before(at) {
			troubled = !slices.ContainsFunc(h.wholes, func(whole time.Time) bool {
				return whole.After(f.at) && whole.Before(at)
			})
		}
	}
	return troubled
}

// busKilled reports whether a server of the bus was killed between two times.
func (h *history) busKilled(from, until time.Time) bool {
	return slices.ContainsFunc(h.faults, func(f fault) bool {
		return f.process == 0 && !f.at.Before(from) && f.at.Before(until)
	})
}

// The judge finds what is wrong, and nothing where nothing is.
func TestJudge(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	second := func(n int) time.Time { return begin.Add(time.Duration(n) * time.Second) }
	came := func(at, version int) receiver.Request {
		return receiver.Request{
			At: second(at), ID: fmt.Sprintf("evt_%d", version), Event: "contact.updated", Status: 200,
			Body: fmt.Appendf(nil, `{"data":{"id":"ada","version":%d}}`, version),
		}
	}
	changed := came(12, 2)
	changed.Body = []byte(`{"data":{"id":"ada","version":2},"more":1}`)
	two := []tenure{{second(0), 1}, {second(10), 2}}
	killed := []fault{{at: second(3), process: 1, what: "a sender was killed"}}
	killedLater := fault{at: second(7), process: 1, what: "a sender was killed"}
	nobody := map[int]bool{}
	for name, test := range map[string]struct {
		came    []receiver.Request
		tenures []tenure
		faults  []fault
		gaveUp  map[int]bool
		acked   int  // second at which version 2 was; 0 for never
		spooled bool // it was in the spool
		reason  string
		wrong   bool
	}{
		"all": {
			[]receiver.Request{came(1, 1), came(2, 2), came(3, 3)}, two, nil, nobody, 0, false, "", false,
		},
		"lost": {[]receiver.Request{came(1, 1), came(2, 2)}, two, killed, nobody, 0, false, "", true},
		"swapped": {
			[]receiver.Request{came(1, 2), came(2, 1), came(3, 3)},
			two, killed, nobody, 0,
			false, "", true,
		},
		"again after a kill": {
			[]receiver.Request{came(1, 1), came(2, 2), came(12, 2), came(13, 3)},
			two,
			killed, nobody, 0, false, "a sender was killed", false,
		},
		"again after a kill, amid which it took the partition": {
			[]receiver.Request{came(1, 1), came(2, 2), came(12, 2), came(13, 3)},
			two,
			[]fault{{at: second(-1), process: 1, what: "a sender was killed", over: second(1)}},
			nobody, 0, false, "a sender was killed", false,
		},
		"again before anybody took over": {
			[]receiver.Request{came(1, 1), came(2, 2), came(4, 2), came(13, 3)},
			two, killed, nobody, 0,
			false, "", true,
		},
		"again after a clean end": {
			[]receiver.Request{came(1, 1), came(2, 2), came(12, 2), came(13, 3)},
			two, nil, nobody, 0, false, "", true,
		},
		"again after another one was killed": {
			[]receiver.Request{came(1, 1), came(2, 2), came(12, 2), came(13, 3)},
			two,
			[]fault{{at: second(3), process: 7, what: "a sender was killed"}},
			nobody, 0, false, "", true,
		},
		"again though acknowledged": {
			[]receiver.Request{came(1, 1), came(2, 2), came(12, 2), came(13, 3)},
			two, killed, nobody, 3, false, "", true,
		},
		"again from the spool": {
			[]receiver.Request{came(1, 1), came(2, 2), came(12, 2), came(13, 3)},
			two, killed, nobody, 3, true, "a sender was killed", false,
		},
		"again, the acknowledgement lost": {
			[]receiver.Request{came(1, 1), came(2, 2), came(12, 2), came(13, 3)},
			two,
			append([]fault{{at: second(3), what: "a server"}}, killed...), nobody, 3, false,
			"a sender was killed", false,
		},
		"again, acknowledged to nobody": {
			[]receiver.Request{came(4, 1), came(5, 2), came(12, 2), came(13, 3)},
			two,
			[]fault{{at: second(3), what: "a server"}, killedLater},
			nobody, 6, false,
			"a sender was killed", false,
		},
		"again, acknowledged to a bus that was whole again": {
			[]receiver.Request{came(4, 1), came(5, 2), came(12, 2), came(13, 3)},
			two,
			[]fault{{at: second(0), what: "a server"}, killedLater},
			nobody, 6, false,
			"", true,
		},
		"again after a lapse": {
			[]receiver.Request{came(1, 1), came(2, 2), came(12, 2), came(13, 3)},
			two,
			nil,
			map[int]bool{1: true},
			0, false, "the lease lapsed", false,
		},
		"again, and one is left out": {
			[]receiver.Request{came(1, 1), came(2, 2), came(3, 3), came(12, 1), came(13, 3)},
			two, killed,
			nobody, 0, false, "", true,
		},
		"again, and what was acknowledged is left out": {
			[]receiver.Request{came(1, 1), came(2, 2), came(3, 3), came(12, 1), came(13, 3)},
			two, killed,
			nobody, 4, false, "a sender was killed", false,
		},
		"again from the stream, what was in the spool": {
			[]receiver.Request{came(1, 1), came(11, 2), came(12, 2), came(13, 3)},
			two, killed, nobody, 0,
			true, "a sender was killed", false,
		},
		"another body": {
			[]receiver.Request{came(1, 1), came(2, 2), changed, came(13, 3)},
			two, killed,
			nobody, 0, false, "", true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := history{
				webhook: "w", requests: test.came, tenures: test.tenures, faults: test.faults,
				wholes: []time.Time{second(1)},
				gaveUp: test.gaveUp, acked: map[delivery]time.Time{}, spooled: map[delivery]time.Time{},
			}
			for version := 1; version <= 3; version++ {
				h.due = append(h.due, e2e.Entry{Event: "contact.updated", Record: "ada", Version: version})
			}
			if test.acked > 0 {
				h.acked[delivery{"evt_2", "w"}] = second(test.acked)
			}
			if test.spooled {
				h.spooled[delivery{"evt_2", "w"}] = second(2)
			}
			reasons, err := h.judge()
			if (err != nil) != test.wrong {
				t.Errorf("the judge says %v", err)
			}
			if test.reason != "" && reasons[test.reason] == 0 {
				t.Errorf("the reasons are %v, want %s", reasons, test.reason)
			}
		})
	}
}
