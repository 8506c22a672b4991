package notice

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"hookline/mapper"
)

// A host that is away, or a network, takes a thousand webhooks with it. Each of them is written
// down; but of one kind only a few are told by themselves, and one event sums the others up.

const (
	alone  = 10          // notices of a kind that are told by themselves within a window
	window = time.Minute // from the first of them on; then the others are summed up
	hosts  = 5           // that a sum names
)

// told is what was told of a kind within a window. The zero told is of one that is over.
type told struct {
	until time.Time
	left  int // that may be told by themselves
}

// at returns what may be told at a time.
func (w told) at(now time.Time) told {
	if now.Before(w.until) {
		return w
	}
	return told{now.Add(window), alone}
}

// HostCount is how many of the webhooks that a sum is about have a host.
type HostCount struct {
	Host     string `json:"host"`
	Webhooks int    `json:"webhooks"`
}

// ofWebhooks reports whether what tells of webhooks, each by itself.
func ofWebhooks(what mapper.Action) bool {
	beginning, _ := what.Begins()
	switch beginning {
	case mapper.Failing, mapper.Paused, mapper.DeadLetters, mapper.Overflow:
		return true
	}
	return false
}

// bounded returns those of the notices that are written down now, and when to look for the others:
// zero when there are none. Of more of a kind than may be told by themselves all that have waited
// for a window are marked as summed, and a row after them, without a subject, tells of them.
func (t *Tracker) bounded(
	list []subject, rows []Row, facts []eventFacts, now time.Time,
) (these []subject, written []Row, next time.Time) {
	kinds := map[mapper.Action][]int{}
	for i, row := range rows {
		kinds[row.What] = append(kinds[row.What], i)
	}
	late := make([]bool, len(rows))
	var sums []Row
	for what, those := range kinds {
		w := t.windows[what].at(now)
		switch {
		case len(those) <= w.left || !ofWebhooks(what):
		case w.left == alone:
			of := make([]eventFacts, 0, len(those))
			for _, i := range those {
				rows[i].Summed = true
				of = append(of, facts[i])
			}
			sums = append(sums, Row{What: what, Data: sum(of).tell(what)})
		default:
			for _, i := range those[w.left:] {
				late[i] = true
			}
			if next.IsZero() || w.until.Before(next) {
				next = w.until
			}
		}
	}
	for i, s := range list {
		if !late[i] {
			rows[i].Data = facts[i].tell(rows[i].What)
			these, written = append(these, s), append(written, rows[i])
		}
	}
	slices.SortFunc(sums, func(a, b Row) int { return cmp.Compare(a.What, b.What) })
	return these, append(written, sums...), next
}

// spend takes note of rows that are written down.
func (t *Tracker) spend(rows []Row, now time.Time) {
	for _, row := range rows {
		w := t.windows[row.What].at(now)
		if w.left--; row.Summed {
			w.left = 0
		}
		t.windows[row.What] = w
	}
}

// resumeWindows goes on with the windows that were open when the process before ended: one that is
// started again and again tells no more by itself than one that stays. The lock must be held.
func (t *Tracker) resumeWindows(rows []Row, now time.Time) {
	for _, row := range rows {
		until := row.At.Add(window)
		if !until.After(now) {
			continue
		}
		w, open := t.windows[row.What]
		if !open {
			w = told{until, alone}
		}
		if until.Before(w.until) {
			w.until = until
		}
		w.left = max(0, w.left-1)
		t.windows[row.What] = w
	}
}

// sum returns what is said of many webhooks at once: how many they are, and whose.
func sum(list []eventFacts) (f eventFacts) {
	f.Webhooks, f.Since, f.Reason = len(list), list[0].Since, list[0].Reason
	counts := map[string]int{}
	for _, one := range list {
		if counts[one.Host]++; one.Reason != f.Reason {
			f.Reason = ""
		}
		if one.Since.Before(f.Since) {
			f.Since = one.Since
		}
	}
	for host, n := range counts {
		if host != "" {
			f.Hosts = append(f.Hosts, HostCount{host, n})
		}
	}
	slices.SortFunc(f.Hosts, func(a, b HostCount) int {
		return cmp.Or(cmp.Compare(b.Webhooks, a.Webhooks), cmp.Compare(a.Host, b.Host))
	})
	f.Hosts = f.Hosts[:min(len(f.Hosts), hosts)]
	return f
}

// sumSentence is the event of a sum in words.
func (f *eventFacts) sumSentence(what mapper.Action) string {
	who := humanize.Comma(int64(f.Webhooks)) + " webhooks"
	var at []string
	for _, h := range f.Hosts {
		at = append(at, fmt.Sprintf("%s at %s", humanize.Comma(int64(h.Webhooks)), h.Host))
	}
	if at != nil {
		who += " (" + strings.Join(at, ", ") + ")"
	}
	said := who + ": " + what.String()
	switch what {
	case mapper.Failing:
		said = who + " fail: their deliveries wait in the spool, and of each one at a time is tried"
	case mapper.Recovered:
		said = who + " do not fail any more"
	case mapper.Paused:
		said = who + " are paused: what comes for them waits in the spool"
	case mapper.Resumed:
		said = who + " are not paused any more"
	case mapper.DeadLetters:
		said = who + " have dead letters: `hookline deliveries list` shows them"
	case mapper.Overflow:
		said = who + " lose deliveries"
	case mapper.OverflowOver:
		said = who + " do not lose deliveries any more"
	default:
	}
	return f.because(said) + " The console lists them, and table hookline.notice has a row for each."
}
