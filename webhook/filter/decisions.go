package filter

import (
	"slices"
	"sync"
	"time"
)

// Verdict is what a filter makes of an event.
type Verdict string

const (
	Passed   Verdict = "passed"
	Withheld Verdict = "withheld"
	Failed   Verdict = "failed" // it cannot be evaluated: the event is sent
)

// Decision is what the filter of a webhook has made of an event.
type Decision struct {
	Time    time.Time
	Webhook string // its key
	Event   string // its name
	ID      string
	Verdict Verdict
	Reason  string // why it does not pass, or why that cannot be told
	Filter  *Filter
}

// Decisions are the last ones, over all webhooks, and those filters of which the last failure is
// not overtaken by another filter of the webhook. Safe for concurrent use.
type Decisions struct {
	most int

	mu      sync.Mutex
	ring    []Decision
	next    int
	failing map[string]Failing
}

// Failing is a filter that cannot be evaluated for some events.
type Failing struct {
	Decision     // the last one
	Times    int // since the process has begun, or the filter is this one
}

// mostFailing bounds how many filters that fail are remembered.
const mostFailing = 1000

// NewDecisions remembers so many decisions at most.
func NewDecisions(most int) *Decisions {
	return &Decisions{most: most, failing: map[string]Failing{}}
}

// Add takes note of a decision. The zero Decisions, and nil, keep none.
func (l *Decisions) Add(d Decision) {
	if l == nil || l.most == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ring) < l.most {
		l.ring = append(l.ring, d)
	} else {
		l.ring[l.next] = d
		l.next = (l.next + 1) % l.most
	}
	if d.Verdict != Failed {
		return
	}
	f, known := l.failing[d.Webhook]
	if !known && len(l.failing) >= mostFailing {
		return
	}
	if f.Filter != d.Filter {
		f.Times = 0
	}
	l.failing[d.Webhook] = Failing{d, f.Times + 1}
}

// Of returns the last decisions for one webhook, the newest first.
func (l *Decisions) Of(webhook string) (list []Decision) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.ring {
		if d := l.ring[(l.next+i)%len(l.ring)]; d.Webhook == webhook {
			list = append(list, d)
		}
	}
	slices.Reverse(list)
	return list
}

// Failing returns how the filter of a webhook has failed, of that text; Times is 0 where it has
// not.
func (l *Decisions) Failing(webhook, text string) Failing {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.failing[webhook]; f.Filter.String() == text {
		return f
	}
	return Failing{}
}
