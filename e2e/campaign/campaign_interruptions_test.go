package campaign

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"hookline/internal/receiver"
)

const (
	// checkpointInterval is how old the checkpoint may be of what is settled.
	checkpointInterval = 250 * time.Millisecond
	// slack is how much later than that it may be saved on a machine that is short of breath.
	slack = 3 * time.Second
	// flight is how long a request may be on its way.
	flight = 500 * time.Millisecond
)

// interruption is an end of a sender, after which the next one may send again what was not in the checkpoint yet.
type interruption struct {
	at    time.Time // when the next one may have begun
	saved time.Time // what was settled by then is in the checkpoint; at, when the sender took its leave
	since time.Time // what was accepted from then on may come again; see explain
	until time.Time // and what was until then, when the sender was gone at the latest; zero: it may still be there
}

// interrupt takes note of an interruption.
func (c *campaign) interrupt(i interruption) { c.interruptions = append(c.interruptions, &i) }

// spoolLost takes note that no checkpoint can be saved for a while.
func (c *campaign) spoolLost(now time.Time) {
	if c.lost.IsZero() || !c.back.IsZero() && now.Sub(c.back) > slack {
		c.lost = now
	}
	c.back = time.Time{}
}

// savedAt returns a time of which everything settled by then is in the checkpoint at another time.
func (c *campaign) savedAt(at time.Time) time.Time {
	if !c.lost.IsZero() && (c.back.IsZero() || at.Sub(c.back) < slack) {
		at = c.lost
	}
	return at.Add(-checkpointInterval)
}

// explain works out, for each interruption, what could come again: what was accepted after the oldest delivery that was still pending was
// begun, since that one holds the checkpoint.
func (c *campaign) explain() {
	var from time.Time
	for _, i := range c.interruptions {
		pending := c.pending(from, i.at)
		i.since = i.saved
		if !pending.IsZero() {
			if i.saved.Sub(pending) > holdMax {
				pending = i.saved.Add(-holdMax)
			}
			if pending.Before(i.since) {
				i.since = pending
			}
		}
		if i.since.Before(i.at) {
			i.since = i.since.Add(-slack)
		}
		from = i.at
	}
}

// pending returns when the oldest of the deliveries that were begun in a time, and not accepted in it, was begun. A delivery is begun
// when any webhook is asked to take its event.
func (c *campaign) pending(from, to time.Time) (oldest time.Time) {
	type progress struct {
		begun    time.Time
		event    string
		accepted map[*hook]bool
	}
	events := map[string]*progress{}
	for _, h := range c.hooks {
		for _, r := range h.All() {
			if r.At.Before(from) || r.At.After(to) {
				continue
			}
			p := events[r.ID]
			if p == nil {
				p = &progress{begun: r.At, event: r.Event, accepted: map[*hook]bool{}}
				events[r.ID] = p
			}
			if r.At.Before(p.begun) {
				p.begun = r.At
			}
			if r.Status == http.StatusOK {
				p.accepted[h] = true
			}
		}
	}
	for _, p := range events {
		left := slices.ContainsFunc(c.hooks, func(h *hook) bool { return h.wants(p.event) && !p.accepted[h] })
		if left && (oldest.IsZero() || p.begun.Before(oldest)) {
			oldest = p.begun
		}
	}
	return oldest
}

// bothWays is how long after an interruption an event may come both from the spool, where the process before had put it, and from the stream,
// which brings it again as that was not acknowledged.
const bothWays = 5 * time.Second

// excused tells whether an event that a webhook had accepted had to come again: there was an interruption, or the sender had given up
// waiting for the answer.
func (c *campaign) excused(h *hook, before, again receiver.Request) bool {
	for _, i := range c.interruptions {
		if !before.At.Before(i.since) && (i.until.IsZero() || !before.At.After(i.until)) && !again.At.Before(i.at) {
			return true
		}
		if before.At.After(i.at) && before.At.Before(i.at.Add(bothWays)) && again.At.Before(before.At.Add(bothWays)) {
			return true
		}
	}
	return c.timedOut(h, before, again)
}

var logTime = regexp.MustCompile(`^time=(\S+) `)

// timedOut tells whether a sender has logged that it was given no answer to a request in time. A machine that is short of breath may read
// the request when the sender has turned away already.
func (c *campaign) timedOut(h *hook, before, again receiver.Request) bool {
	marks := []string{"event=" + before.ID + " ", h.id, fmt.Sprintf(" attempt=%d ", before.Attempt), "no answer within"}
	for _, p := range c.launched {
		for line := range strings.Lines(p.Log.String()) {
			found := logTime.FindStringSubmatch(line)
			if found == nil || slices.ContainsFunc(marks, func(mark string) bool { return !strings.Contains(line, mark) }) {
				continue
			}
			at, err := time.Parse(time.RFC3339, found[1])
			if err == nil && at.After(before.At.Add(-slack)) && at.Before(again.At) {
				return true
			}
		}
	}
	return false
}
