package campaign

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"hookline/cdc"
	"hookline/e2e"
	"hookline/internal/receiver"
	"hookline/mapper"
	"hookline/sender/settled"
)

// evidence is all that can be read of a campaign, beside what has come.
type evidence struct {
	claims    []*claim // in their order
	endings   map[int]*ending
	snapshots []*snapshot            // in their order; none without a state directory
	spooled   map[delivery]time.Time // when each has first gone into the spool
	keys      map[string]uint64      // of webhooks, by the IDs of their rows, as the record has them
	logs      map[int]*account       // of processes
	diverged  map[int32]cdc.LSN      // where timelines ended of which something was lost
}

// account is what the log of a process tells.
type account struct {
	attempts map[delivery][]attempt
	streams  []stream
	recorded bool // it had read the record of accepted deliveries, whenever it was active
	whole    bool // and all that it accepted is in there
}

// attempt is one of which the process knows what became.
type attempt struct {
	number     int
	delivered  bool
	unanswered bool      // the sender has given up waiting
	begun      time.Time // up to logged too early
}

// moment is how times are told.
const moment = "15:04:05.000000"

// logged is how exact the times of the log are.
const logged = time.Millisecond

// stream is where the server began to send.
type stream struct {
	at   time.Time // to the millisecond, rounded down
	from cdc.LSN
}

var (
	attemptLine = regexp.MustCompile(`^time=(\S+) .*msg=(?:delivered|"attempt failed") event=(\S+) ` +
		`.*webhook=(\S+) .*attempt=(\d+) .*duration=(\S+)`)
	streamLine = regexp.MustCompile(`^time=(\S+) .*msg="replication stream started" .*from=(\S+)`)
)

// readLog reads what a process has logged; keys gets the webhooks that it names.
func readLog(log string, keys map[string]uint64) *account {
	a := &account{attempts: map[delivery][]attempt{}, recorded: true, whole: true}
	for line := range strings.Lines(log) {
		if found := attemptLine.FindStringSubmatch(line); found != nil {
			key := found[3]
			d := delivery{key[strings.LastIndex(key, "/")+1:], found[2]}
			if _, known := keys[d.webhook]; !known {
				keys[d.webhook] = settled.Webhook(key)
			}
			at, _ := time.Parse(time.RFC3339, found[1])
			number, _ := strconv.Atoi(found[4])
			took, _ := time.ParseDuration(found[5])
			a.attempts[d] = append(a.attempts[d], attempt{
				number: number, delivered: strings.Contains(line, "msg=delivered"),
				unanswered: strings.Contains(line, "no answer within"), begun: at.Add(-took),
			})
		} else if found := streamLine.FindStringSubmatch(line); found != nil {
			s := stream{}
			var err error
			if s.at, err = time.Parse(time.RFC3339, found[1]); err == nil && s.from.Scan(found[2]) == nil {
				a.streams = append(a.streams, s)
			}
		} else if strings.Contains(line, "accepted deliveries are not recorded") {
			a.recorded, a.whole = false, false
		} else if strings.Contains(line, "another process has the record of accepted deliveries") {
			a.whole = false
		}
	}
	return a
}

// attempts returns all of which a process knows what became.
func (e *evidence) attempts(d delivery) (all []attempt) {
	for _, a := range e.logs {
		all = append(all, a.attempts[d]...)
	}
	return all
}

// ended returns how the process of the claim before has ended, nil when it had not by then, or when
// there is none.
func (e *evidence) ended(i int) *ending {
	if i == 0 {
		return nil
	}
	end := e.endings[e.claims[i-1].process]
	if end == nil || end.at.After(e.claims[i].at) {
		return nil
	}
	return end
}

// begins returns where what the stream has to bring begins, by what a claim has found: the
// checkpoint. While the sender before was still there it may have saved another one since that was
// read; then what the server was told is what is certain.
func (e *evidence) begins(i int) cdc.LSN {
	k := e.claims[i]
	if i == 0 || e.ended(i) != nil || e.claims[i-1].process == k.process {
		return k.settled
	}
	from := k.settled
	for _, s := range e.logs[k.process].streams {
		if !s.at.After(k.at) {
			from = min(k.settled, s.from)
		}
	}
	return from
}

// record returns what the record of accepted deliveries had for certain when a claim was made, nil
// when the process had none; exact says that it has all that the sender before has accepted, which
// had ended.
func (e *evidence) record(i int) (s *snapshot, exact bool) {
	k := e.claims[i]
	if !e.logs[k.process].recorded {
		return nil, false
	}
	for _, one := range e.snapshots {
		if one.at.Before(k.at) {
			s = one
		}
	}
	end := e.ended(i)
	return s, s != nil && end != nil && !s.at.Before(end.at) && e.logs[e.claims[i-1].process].whole
}

// successor returns the claim up to another one that took over from who had sent a delivery last;
// sent is false when nobody had. A sender that is stopped before it has come so far can neither have
// done with what an earlier one had sent, nor have it in a record that it does not have.
func (e *evidence) successor(i int, d delivery) (j int, sent bool) {
	for j = i; j > 0; j-- {
		if e.sentUnder(j-1, d) > 0 {
			return j, true
		}
	}
	return i, false
}

// sentUnder returns how many attempts of who made a claim the receiver may have accepted, from then
// on and before its next one.
func (e *evidence) sentUnder(i int, d delivery) (n int) {
	k := e.claims[i]
	for _, one := range e.logs[k.process].attempts[d] {
		sent := (one.delivered || one.unanswered) && !one.begun.Before(k.at.Add(-logged))
		for _, next := range e.claims[i+1:] {
			sent = sent && (next.process != k.process || one.begun.Before(next.at))
		}
		if sent {
			n++
		}
	}
	return n
}

// isLost reports whether an event is of a commit that the server of a claim lacks.
func (e *evidence) isLost(event string, timeline int32) bool {
	id, ok := mapper.ParseID(event)
	end, diverged := e.diverged[max(id.Timeline, 1)]
	return ok && diverged && id.Commit >= end && timeline > max(id.Timeline, 1)
}

// refuses says why what a claim has found is no reason for a delivery that was accepted before to
// come again; "" when it is one. asked are the requests of the webhook.
func (e *evidence) refuses(i int, d delivery, before receiver.Request, asked *requests) string {
	k := e.claims[i]
	id, ok := mapper.ParseID(d.event)
	if !ok {
		return "its ID is not understood"
	}
	record, _ := e.record(i)
	of := noted{e.keys[d.webhook], d.event}
	j, sent := e.successor(i, d)
	end := e.ended(j)
	switch {
	case k.waiting[d] && record != nil && record.spooled[of]:
		return "the record had it as accepted from the spool"
	case k.waiting[d]:
		return "" // it was accepted, and the spool had yet to hear of that
	case k.dead[d]:
		return "it was a dead letter"
	case k.gone[d]:
		return "it was among what has left the spool"
	case id.Commit < e.begins(i):
		return fmt.Sprintf("the checkpoint was at %s, past its commit %s", k.settled, id.Commit)
	case e.isLost(d.event, k.timeline):
		return "this server does not have it"
	case sent && end != nil && end.orderly:
		return "the sender before had finished everything, and said so"
	case record != nil && record.live[of]:
		return "the record had it as accepted"
	}
	if at, was := e.spooled[d]; was && at.Before(k.at) && at.Before(before.At) {
		return "it had been in the spool, and has left no trace there"
	}
	if _, exact := e.record(j); exact {
		if next := asked.next(before, end.at); next != "" {
			return fmt.Sprintf("the record did not have it, and it was not in flight any more: "+
				"the sender had gone on to %s", next)
		}
	}
	return ""
}

// reason says why a delivery that was accepted before came again, or, with false, why there is no
// reason. It is made of facts alone: what the sender has logged, and what the next one has found.
func (e *evidence) reason(
	d delivery, before, again receiver.Request, asked *requests,
) (why string, is bool) {
	first := min(before.Attempt, again.Attempt)
	for _, one := range e.attempts(d) {
		if one.unanswered && one.number == first {
			return "the sender had given up waiting for the answer", true
		}
	}
	why = "no sender has taken over in between"
	latest := true
	for i := len(e.claims) - 1; i >= 0; i-- {
		k := e.claims[i]
		if k.at.After(again.At) {
			continue
		}
		sent := e.sentUnder(i, d)
		if !latest && sent == 0 { // this one did not send it again
			continue
		}
		latest = false
		if before.At.After(k.at) && sent > 1 { // both are its own
			continue
		}
		refused := e.refuses(i, d, before, asked)
		if refused == "" {
			return e.states(i, d), true
		}
		why = fmt.Sprintf("process %d took over at %s: %s", k.process,
			k.at.Format(moment), refused)
		if before.At.Before(k.at) {
			break // earlier ones were over when it was accepted
		}
	}
	return why, false
}

// states says which of the reasons it is, for the count.
func (e *evidence) states(i int, d delivery) string {
	switch _, exact := e.record(i); {
	case e.claims[i].waiting[d]:
		return "it still waited in the spool"
	case exact:
		return "in flight: neither checkpoint, spool nor record had it"
	case e.ended(i) == nil && i > 0 && e.claims[i-1].process != e.claims[i].process:
		return "the sender before was still there: neither checkpoint nor spool had it"
	}
	return "neither checkpoint nor spool had it"
}

// requests are all that have come to one webhook, in the order in which they came.
type requests struct {
	list []receiver.Request
	keys map[string]string // of the records that events are of, by the IDs of the events
}

// next returns an event of the same record that was asked for after another one was accepted, and
// before the sender had ended: it had done with that one by then, as each record's events go out
// one by one. It returns "" when there is none.
func (r *requests) next(before receiver.Request, end time.Time) string {
	for _, one := range r.list {
		if one.At.After(before.At) && one.At.Before(end) && commitOf(one.ID) > commitOf(before.ID) &&
			r.keys[one.ID] == r.keys[before.ID] {
			return one.ID
		}
	}
	return ""
}

// commitOf returns the position of an event's commit.
func commitOf(event string) cdc.LSN {
	id, _ := mapper.ParseID(event)
	return id.Commit
}

// judgeClaims checks of each takeover that the checkpoint had passed nothing that a webhook had
// neither accepted nor in the spool, and that nothing was left behind it where the sender before
// had finished everything.
func (c *campaign) judgeClaims(e *evidence, events map[string]e2e.Entry) {
	c.t.Helper()
	accepted := map[delivery]time.Time{} // when it was first
	for _, h := range c.hooks {
		for _, r := range h.All() {
			d := delivery{h.id, r.ID}
			if at, was := accepted[d]; r.Status == http.StatusOK && (!was || r.At.Before(at)) {
				accepted[d] = r.At
			}
		}
	}
	wrong := 0
	for i, k := range e.claims {
		for id, entry := range events {
			for n, h := range c.hooks {
				d := delivery{h.id, id}
				at, was := accepted[d]
				if !h.wants(entry) {
					continue
				}
				what := e.wrong(i, d, was && at.Before(k.at))
				if what != "" && wrong < 20 {
					wrong++
					c.t.Errorf("takeover of process %d at %s: receiver %d: %s", k.process,
						k.at.Format(moment), n, what)
				}
			}
		}
	}
}

// wrong says what is wrong with where the checkpoint stood when a claim was made, as to a delivery
// that its webhook is to get; accepted says that it had by then. It returns "" when nothing is.
func (e *evidence) wrong(i int, d delivery, accepted bool) string {
	k := e.claims[i]
	j, sent := e.successor(i, d)
	end := e.ended(j)
	id, ok := mapper.ParseID(d.event)
	if !ok || e.isLost(d.event, k.timeline) || max(id.Timeline, 1) > k.timeline {
		return ""
	}
	switch known := accepted || k.waiting[d] || k.dead[d] || k.gone[d]; {
	case id.Commit < k.settled && !known:
		return fmt.Sprintf("the checkpoint %s has passed %s, which it had not heard of", k.settled,
			d.event)
	case id.Commit >= k.settled && id.Commit != k.committing && accepted && sent &&
		end != nil && end.orderly:
		return fmt.Sprintf("the checkpoint %s is not past %s, though all was done: it had it",
			k.settled, d.event)
	}
	return ""
}
