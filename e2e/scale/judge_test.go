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

// history is what has come to one webhook, beside what should have, and what receivers, database
// and bus know of its partition. Nothing of it is what senders say of themselves.
type history struct {
	webhook  string // its key
	due      []e2e.Entry
	requests []receiver.Request
	tenures  []tenure    // of its partition
	takes    []time.Time // when the bus was told of each further holder of the lease
	releases []time.Time // when it was told that there is none
	faults   []fault     // all there were
	wholes   []time.Time // when all servers of the bus had everything, and all consumers a leader
	acked    map[delivery][]time.Time
	packs    map[delivery][]delivery // all of the message that each was in
	stays    map[delivery]stay       // in the spool
	accepted map[string][]time.Time  // when each event was, set by judge
}

// stay is the time for which a delivery was in the spool.
type stay struct {
	from  time.Time
	until time.Time // zero for ever
}

// proof tells by what it is proven that a delivery may come again.
type proof string

const (
	inFlightThen proof = "in flight"              // nobody had acknowledged it
	packedThen   proof = "beside one not settled" // in a message that could not be, yet
	inSpoolThen  proof = "accepted, in the spool" // where it was not noted yet
	toNobody     proof = "acknowledged to nobody" // as the bus had lost a server
	unheardThen  proof = "in flight, or unheard"  // likewise: the acknowledgement may not have got out
)

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
	// messages of which something was in flight at the end of each tenure, by a delivery of them
	bound := map[time.Time]map[delivery]bool{}
	h.accepted = map[string][]time.Time{}
	for _, r := range h.requests {
		if r.Status == http.StatusOK {
			h.accepted[r.ID] = append(h.accepted[r.ID], r.At)
		}
	}
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
				return len(h.acked[delivery{id, h.webhook}]) > 0
			})
		}
		before, again := last[request.ID]
		if again && err == nil {
			var x excuse
			if x, err = h.excuse(before, request); err == nil {
				reasons[fmt.Sprintf("%s: %s", x.reason, x.proof)]++
				if x.proof == inFlightThen {
					if bound[x.until] == nil {
						bound[x.until] = map[delivery]bool{}
					}
					bound[x.until][h.message(delivery{request.ID, h.webhook})[0]] = true
				}
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
	for until, messages := range bound {
		if n := len(messages); n > inFlight {
			errs = append(errs, fmt.Errorf("the tenure before %s had something in flight of %d messages, "+
				"and can have had %d requests", until.Format(moment), n, inFlight))
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

// excuse is why a delivery came again.
type excuse struct {
	reason string // what has ended a tenure
	proof  proof
	until  time.Time // when the next one began
}

// excuse returns why a delivery came again. It may if its partition went to another tenure between
// the two, from one that did not end in order, which had it still: in the spool, or in the stream
// and never in the spool.
func (h *history) excuse(before, again receiver.Request) (excuse, error) {
	err := errors.New("it came again, and its partition changed hands never between")
	for i := 1; i < len(h.tenures); i++ {
		from, until := h.tenures[i-1], h.tenures[i].at
		if !before.At.Before(until) || until.After(again.At) {
			continue
		}
		reason, end := h.ending(from, until)
		proof, left := h.left(delivery{again.ID, h.webhook}, before.At, from.at, end, until)
		// Whoever gives back in order waits for what was in flight, and for the spool. What it has not
		// settled then holds others of its message: those it leaves behind in the spool.
		if reason == "" {
			if left == nil && proof != toNobody && proof != unheardThen {
				left = fmt.Errorf("it came again, and process %d gave its partition up in order at %s",
					from.process, until.Format(moment))
			}
			reason = "given back while the bus recovers"
		}
		if left == nil {
			return excuse{reason, proof, until}, nil
		}
		err = left
	}
	return excuse{}, err
}

// left returns by what it is proven that a tenure which had ended by a moment had a delivery still
// when the next one began, and an error when it had not.
func (h *history) left(d delivery, accepted, begin, end, until time.Time) (proof, error) {
	if s, was := h.stays[d]; was && s.from.Before(until) {
		if s.until.IsZero() || s.until.After(end) {
			return inSpoolThen, nil
		}
		return "", fmt.Errorf("it came again, and had left the spool at %s, before the tenure of %s",
			s.until.Format(moment), until.Format(moment))
	}
	at, acked := accepted, false
	for _, t := range h.acked[d] {
		if t.Before(accepted) || !t.Before(until) { // before: of another time that it was accepted
			continue
		}
		if at, acked = t, true; h.wholeSince(t).IsZero() {
			return "", fmt.Errorf("it came again, and was acknowledged at %s, before the tenure of %s",
				t.Format(moment), until.Format(moment))
		}
	}
	// Senders say again what the bus may not have heard, every three seconds while it can hear.
	const again = 10 * time.Second
	whole := h.wholeSince(at)
	switch {
	case !whole.IsZero() && end.Before(whole.Add(again)):
		if acked {
			return toNobody, nil
		}
		return unheardThen, nil
	case acked:
		return "", fmt.Errorf("it came again, and was acknowledged at %s to a bus that was whole at %s",
			at.Format(moment), whole.Format(moment))
	}
	if h.isOpen(d, begin, until) {
		return packedThen, nil
	}
	return inFlightThen, nil
}

// message returns the deliveries of the message that one was in.
func (h *history) message(d delivery) []delivery {
	if list := h.packs[d]; list != nil {
		return list
	}
	return []delivery{d}
}

// isOpen reports whether a tenure had not settled another delivery of the message that one was in:
// no receiver had accepted it since the tenure began, and it was not in the spool.
func (h *history) isOpen(d delivery, begin, until time.Time) bool {
	return slices.ContainsFunc(h.message(d), func(other delivery) bool {
		s, was := h.stays[other]
		return other != d && (!was || !s.from.Before(until)) &&
			!slices.ContainsFunc(h.accepted[other.event], func(at time.Time) bool {
				return at.Before(until) && !at.Before(begin)
			})
	})
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// ending returns why a tenure did not end in order, and when that was at the latest; "" when it
// did. It ends in order when its holder gives the lease back, or takes the partition anew by the
// same lease.
func (h *history) ending(t tenure, until time.Time) (string, time.Time) {
	for _, f := range h.faults {
		if f.process == t.process && !later(f.at, f.over).Before(t.at) && f.at.Before(until) {
			return f.what, f.at // who stands still says nothing again
		}
	}
	between := func(at time.Time) bool { return at.After(t.at) && at.Before(until) }
	if slices.ContainsFunc(h.releases, between) || !slices.ContainsFunc(h.takes, between) {
		return "", until
	}
	return "the lease lapsed", until
}

// beforeKill is how long before a server of the bus is killed what it was told may be lost with it.
const beforeKill = time.Second

// wholeSince returns when the bus was whole again that had lost a server at a moment, in the far
// future when it never was; zero when it was whole.
func (h *history) wholeSince(at time.Time) (whole time.Time) {
	for _, f := range h.faults {
		if f.process != 0 || at.Before(f.at.Add(-beforeKill)) {
			continue
		}
		again := f.at.AddDate(1, 0, 0)
		for _, w := range h.wholes {
			if w.After(f.at) && w.Before(again) {
				again = w
			}
		}
		if at.Before(again) {
			whole = later(whole, again)
		}
	}
	return whole
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
	killed := []fault{{at: second(3), process: 1, what: "killed"}}
	killedLater := fault{at: second(7), process: 1, what: "killed"}
	server := func(at int) fault { return fault{at: second(at), what: "a server"} }
	once := []receiver.Request{came(1, 1), came(2, 2), came(13, 3)}
	twice := []receiver.Request{came(1, 1), came(2, 2), came(12, 2), came(13, 3)}
	var many []receiver.Request // one more than can be in flight came again, of a record each
	for n := range inFlight + 1 {
		for _, at := range []int{1, 12} {
			r := came(at, 1)
			r.ID, r.Event = fmt.Sprint("evt_many", n), "contact.created"
			r.Body = fmt.Appendf(nil, `{"data":{"id":"many%d","version":1}}`, n)
			many = append(many, r)
		}
	}
	for name, test := range map[string]struct {
		came   []receiver.Request
		faults []fault
		ended  time.Time       // when the partition was given back; zero for never
		same   bool            // the second tenure is of the same lease
		acked  int             // second at which version 2 was; 0 for never
		stay   stay            // of version 2 in the spool; zero for none
		stays  map[string]stay // of others, by event
		packs  [][]string      // events that were in one message
		reason string
		wrong  bool
	}{
		"all":                {came: once},
		"lost":               {came: once[:2], faults: killed, wrong: true},
		"swapped":            {came: []receiver.Request{came(1, 2), came(2, 1), came(3, 3)}, wrong: true},
		"again after a kill": {came: twice, faults: killed, reason: "killed: in flight"},
		"again after a kill, amid which it took the partition": {
			came:   twice,
			faults: []fault{{at: second(-1), process: 1, what: "killed", over: second(1)}},
			reason: "killed: in flight",
		},
		"again before anybody took over": {
			came:   []receiver.Request{came(1, 1), came(2, 2), came(4, 2), came(13, 3)},
			faults: killed, wrong: true,
		},
		"twice after one kill": {
			came:   []receiver.Request{came(1, 1), came(2, 2), came(12, 2), came(13, 2), came(14, 3)},
			faults: killed, wrong: true,
		},
		"more than were in flight": {came: append(many, once...), faults: killed, wrong: true},
		"again, and another one of its message was not settled": {
			came: twice, faults: killed, packs: [][]string{{"evt_2", "evt_3"}},
			reason: "killed: beside one not settled",
		},
		"again, and all of its message was accepted": {
			came: twice, faults: killed, packs: [][]string{{"evt_1", "evt_2"}},
			reason: "killed: in flight",
		},
		"again, and the other one of its message was in the spool": {
			came: twice, faults: killed, packs: [][]string{{"evt_2", "evt_3"}},
			stays: map[string]stay{"evt_3": {from: second(2)}}, reason: "killed: in flight",
		},
		"again after a clean end, and another one of its message was not settled": {
			came: twice, ended: second(9), packs: [][]string{{"evt_2", "evt_3"}}, wrong: true,
		},
		"more than were in flight, in as many messages": {
			came: append(many, once...), faults: killed, packs: [][]string{{"evt_many0", "evt_many1"}},
			reason: "killed: in flight",
		},
		"as many as were in flight": {
			came: append(many[2:], once...), faults: killed, reason: "killed: in flight",
		},
		"again after a clean end": {came: twice, ended: second(9), wrong: true},
		"again, begun anew":       {came: twice, same: true, wrong: true},
		"again after another one was killed": {
			came: twice, faults: []fault{{at: second(3), process: 7, what: "killed"}},
			ended: second(9), wrong: true,
		},
		"again though acknowledged": {came: twice, faults: killed, acked: 3, wrong: true},
		"again, and what was acknowledged is an earlier time that it came": {
			came: twice, faults: killed, acked: 1, reason: "killed: in flight",
		},
		"again from the spool": {
			came: twice, faults: killed, acked: 3, stay: stay{second(2), second(12)},
			reason: "killed: accepted, in the spool",
		},
		"again from the spool, which it had left": {
			came: twice, faults: []fault{killedLater}, acked: 3, stay: stay{second(2), second(4)},
			wrong: true,
		},
		"again from the stream, and it had left the spool": {
			came: twice, faults: []fault{killedLater}, stay: stay{second(2), second(4)}, wrong: true,
		},
		"again, from spool and stream": {
			came:   []receiver.Request{came(1, 1), came(11, 2), came(12, 2), came(13, 3)},
			faults: killed, stay: stay{second(2), second(12)}, wrong: true,
		},
		"again, the acknowledgement lost": {
			came: twice, faults: append([]fault{server(3)}, killed...), acked: 3,
			reason: "killed: acknowledged to nobody",
		},
		"again, acknowledged to nobody": {
			came:   []receiver.Request{came(4, 1), came(5, 2), came(12, 2), came(13, 3)},
			faults: []fault{server(3), killedLater}, acked: 6, reason: "killed: acknowledged to nobody",
		},
		"again, acknowledged to a bus that was whole again": {
			came:   []receiver.Request{came(4, 1), came(5, 2), came(12, 2), came(13, 3)},
			faults: []fault{server(0), killedLater}, acked: 6, wrong: true,
		},
		"again, acknowledged to nobody, and not once more to a whole bus": {
			came:   []receiver.Request{came(-10, 1), came(-9, 2), came(12, 2), came(13, 3)},
			faults: []fault{server(-11), killedLater}, acked: -8, wrong: true,
		},
		"again after a clean end, acknowledged to nobody": {
			came: twice, faults: []fault{server(3)}, ended: second(9), acked: 3,
			reason: "given back while the bus recovers: acknowledged to nobody",
		},
		"again after a clean end, the bus whole since": {
			came:   []receiver.Request{came(-10, 1), came(-9, 2), came(12, 2), came(13, 3)},
			faults: []fault{server(-11)}, ended: second(9), acked: -8, wrong: true,
		},
		"again, acknowledged to nobody by one that then stood still": {
			came: twice, faults: []fault{
				server(3), {at: second(8), process: 1, what: "stopped", over: second(30)},
			},
			acked: 3, reason: "stopped: acknowledged to nobody",
		},
		"again after a lapse": {came: twice, reason: "the lease lapsed: in flight"},
		"again, and one is left out": {
			came:   []receiver.Request{came(1, 1), came(2, 2), came(3, 3), came(12, 1), came(13, 3)},
			faults: killed, wrong: true,
		},
		"again, and what was acknowledged is left out": {
			came:   []receiver.Request{came(1, 1), came(2, 2), came(3, 3), came(12, 1), came(13, 3)},
			faults: killed, acked: 4, reason: "killed: in flight",
		},
		"another body": {
			came:   []receiver.Request{came(1, 1), came(2, 2), changed, came(13, 3)},
			faults: killed, wrong: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			tenures := slices.Clone(two)
			if len(test.faults) > 0 && test.faults[0].at.Before(second(-5)) {
				tenures[0].at = second(-20)
			}
			h := history{
				webhook: "w", requests: test.came, tenures: tenures, faults: test.faults,
				takes: []time.Time{second(9)}, wholes: []time.Time{second(-7), second(1)},
				acked: map[delivery][]time.Time{}, stays: map[delivery]stay{},
				packs: map[delivery][]delivery{},
			}
			if test.same {
				h.takes = nil
			}
			if !test.ended.IsZero() {
				h.releases = []time.Time{test.ended}
			}
			for version := 1; version <= 3; version++ {
				h.due = append(h.due, e2e.Entry{Event: "contact.updated", Record: "ada", Version: version})
			}
			for _, r := range test.came {
				e, err := e2e.Read(r)
				if err != nil {
					t.Fatal(err)
				}
				if e.Record != "ada" && !slices.Contains(h.due, e) {
					h.due = append(h.due, e)
				}
			}
			for _, pack := range test.packs {
				var list []delivery
				for _, id := range pack {
					list = append(list, delivery{id, "w"})
				}
				for _, d := range list {
					h.packs[d] = list
				}
			}
			for id, s := range test.stays {
				h.stays[delivery{id, "w"}] = s
			}
			d := delivery{"evt_2", "w"}
			if test.acked != 0 {
				h.acked[d] = []time.Time{second(test.acked)}
			}
			if test.stay != (stay{}) {
				h.stays[d] = test.stay
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
