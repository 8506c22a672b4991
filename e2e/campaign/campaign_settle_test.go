package campaign

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// calm ends all that is wrong, waits until nothing is left of it, and a while more. Nobody writes
// while it waits: keys change hands all the time, so what waits in the spool is delivered one after
// the other, and writers may be faster than that.
func (c *campaign) calm() {
	c.t.Helper()
	c.end(math.MaxInt64)
	c.ready()
	c.silently(func() { c.arrive() })
	c.commit(30)
}

// silently calls f while no writer has a transaction open.
func (c *campaign) silently(f func()) {
	c.writing.Lock()
	defer c.writing.Unlock()
	f()
}

// settle ends all that is wrong and waits until everything is delivered and acknowledged. Then
// Hookline is stopped and started once more, which nobody must notice. It returns what was
// committed, and the dead letters.
func (c *campaign) settle() (diary []e2e.Entry, dead []inSpool) {
	c.t.Helper()
	c.end(math.MaxInt64)
	c.ready()
	before := c.db.Position()
	c.db.OneByOne("last", 1)
	c.arrive()
	c.db.UntilAcknowledged(before)

	for len(c.processes) > 0 {
		c.stop(c.active())
	}
	c.launch()
	c.ready()
	c.db.OneByOne("after", 1)
	diary, dead = c.arrive()
	e2e.Finish(c.t, c.processes[0])
	return diary, dead
}

// arrive waits until each webhook has got everything that is committed, and the spool is empty,
// dead letters apart.
func (c *campaign) arrive() (diary []e2e.Entry, dead []inSpool) {
	c.t.Helper()
	acknowledged := c.changes.Load()
	diary = c.db.Diary()
	if n := e2e.Value[int64](c.db, `SELECT count(*) FROM diary.entries`); n < acknowledged {
		c.t.Errorf("the diary has %d changes, and %d were acknowledged", n, acknowledged)
	}
	c.until(func() (err error) {
		dead, err = c.deliveries("dead")
		return err
	})
	c.readIgnored()
	for i, h := range c.hooks {
		left, seen := map[e2e.Entry]bool{}, 0
		for _, e := range h.due(diary, h.of(dead)) {
			left[e] = true
		}
		var unknown []e2e.Arrival
		c.until(func() error {
			arrivals := h.arrivals(seen)
			seen += len(arrivals)
			arrivals, unknown = append(unknown, arrivals...), nil
			for _, a := range arrivals {
				if e, ok := h.entryOf(a.Entry, a.ID); ok {
					delete(left, e)
				} else {
					unknown = append(unknown, a)
				}
			}
			for e := range left {
				return &lacking{c, i, len(left), e}
			}
			return nil
		})
	}
	c.until(func() error { return c.judgeMerged(diary) })
	c.until(func() error {
		waiting, err := c.deliveries("waiting")
		if err == nil && len(waiting) > 0 {
			err = fmt.Errorf("%d deliveries wait in the spool", len(waiting))
		}
		return err
	})
	return diary, dead
}

// lacking is that a receiver lacks events, such as one. It tells all that is known of that one: what
// the receiver was asked, and what processes have said of it.
type lacking struct {
	c           *campaign
	receiver, n int
	event       e2e.Entry
}

func (l *lacking) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "receiver %d lacks %d events, such as %+v", l.receiver, l.n, l.event)
	h, ids := l.c.hooks[l.receiver], map[string]bool{}
	for _, other := range l.c.hooks {
		for _, a := range other.arrivals(0) {
			if a.Entry == l.event {
				ids[a.ID] = true
			}
		}
	}
	for id := range ids {
		fmt.Fprintf(&b, "\n%s, for %s:%s", id, h.id, history{requests: h.All()}.story(id))
		for p, number := range l.c.numbers {
			for line := range strings.Lines(p.Log.String()) {
				if strings.Contains(line, id) && strings.Contains(line, h.id) {
					fmt.Fprintf(&b, "\n\tprocess %d: %s", number, strings.TrimSpace(line))
				}
			}
		}
	}
	return b.String()
}

// arrivals returns what was accepted, but for the first so many.
func (h *hook) arrivals(after int) []e2e.Arrival {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	return slices.Clone(h.Accepted[after:])
}

// due returns what is to arrive of what was committed. The events that are dead letters now have
// come once, at least. Some of them may have been accepted, too: who wrote the dead letter was
// replaced before the slot had gone on, so the event was read again.
func (h *hook) due(diary []e2e.Entry, dead []string) (due []e2e.Entry) {
	requests := h.All()
	accepted := map[string]bool{}
	for _, r := range requests {
		if r.Status == http.StatusOK {
			accepted[r.ID] = true
		}
	}
	given := map[e2e.Entry]bool{}
	for _, r := range requests {
		if slices.Contains(dead, r.ID) && !accepted[r.ID] {
			if e, err := e2e.Read(r); err == nil { // received has told of the error
				e, _ = h.entryOf(e, r.ID)
				given[e] = true
			}
		}
	}
	for _, e := range diary {
		if h.wants(e) && !given[e] {
			due = append(due, e)
		}
	}
	return due
}

// judge checks what has come to each webhook, and returns how many deliveries were accepted, and
// how many of them again, by the reason.
func (c *campaign) judge(diary []e2e.Entry, dead []inSpool) (accepted int, repeats map[string]int) {
	c.t.Helper()
	e := c.evidence()
	repeats = map[string]int{}
	events := map[string]e2e.Entry{} // by IDs, of all that the first webhook has accepted
	for _, r := range c.hooks[0].All() {
		if entry, err := e2e.Read(r); err == nil && r.Status == http.StatusOK {
			events[r.ID] = entry
		}
	}
	c.judgeClaims(e, events)
	for i, h := range c.hooks {
		asked := &requests{list: h.All(), keys: map[string]string{}}
		for _, r := range asked.list {
			if entry, err := e2e.Read(r); err == nil {
				asked.keys[r.ID] = entry.Key()
			}
		}
		n, err := history{
			due:      h.due(diary, h.of(dead)),
			requests: asked.list,
			read: func(r receiver.Request) (e2e.Entry, error) {
				entry, err := announced(r, h.form)
				if whole, ok := h.entryOf(entry, r.ID); ok {
					entry = whole
				}
				return entry, err
			},
			lost: func(event string, entry e2e.Entry) bool {
				unnamed := h.thin && entry.Version == 0 // the first webhook has never heard of it
				return e.isLost(event, math.MaxInt32) && (c.lost[entry] || unnamed)
			},
			excused: func(before, again receiver.Request) error {
				why, is := e.reason(delivery{h.id, before.ID}, before, again, asked)
				if !is {
					return errors.New(why)
				}
				repeats[why]++
				return nil
			},
		}.judge()
		if err != nil {
			c.t.Errorf("receiver %d, webhook %s:\n%v", i, h.id, err)
		}
		accepted += n
	}
	if err := c.judgeMerged(diary); err != nil {
		c.t.Errorf("the webhook whose records settle: %v", err)
	}
	c.judgeSilences(e, dead)
	c.judgeReloads()
	if n := len(c.trap.All()); n > 0 {
		c.t.Errorf("%d requests have followed a redirect", n)
	}
	return accepted, repeats
}

// evidence gathers what can be read.
func (c *campaign) evidence() *evidence {
	c.t.Helper()
	c.readClaims()
	e := &evidence{
		claims: c.claims, endings: c.endings, snapshots: c.snapshots, spooled: c.readSpooled(),
		keys: map[string]uint64{}, logs: map[int]*account{}, diverged: c.diverged,
	}
	for _, p := range c.launched {
		e.logs[c.numbers[p]] = readLog(p.Log.String(), e.keys)
	}
	for _, k := range c.claims {
		if e.logs[k.process] == nil {
			c.t.Fatalf("a takeover by process %d, which is none of those that were started", k.process)
		}
	}
	return e
}
