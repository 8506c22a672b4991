package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// Entry is one change that is to be announced.
type Entry struct {
	Event     string // such as contact.created
	Record    string
	Version   int // of the record, where it counts them
	Workspace string
}

// Key tells the record from all others, of other objects and workspaces too.
func (e Entry) Key() string {
	object, _, _ := strings.Cut(e.Event, ".")
	return strings.TrimSpace(e.Workspace + " " + object + " " + e.Record)
}

// Delivery is what one inbox should have in the end.
type Delivery struct {
	to      *Inbox
	entries []Entry
}

// Gets says that all of the entries go to the inbox, and nothing else.
func (b *Inbox) Gets(entries ...Entry) Delivery { return Delivery{b, entries} }

// Finish waits until everything has arrived, stops the process, and checks that no more and no less
// came, and how.
func Finish(t *testing.T, sut *Process, want ...Delivery) {
	t.Helper()
	for _, d := range want {
		Eventually(t, d.Missing)
	}
	var metrics string
	Eventually(t, func() error { // all may have come before this process began
		metrics = sut.Get("/metrics")
		if !strings.Contains(metrics, "hookline_events_total") {
			return fmt.Errorf("/metrics is not what it should be:\n%s", metrics)
		}
		return nil
	})
	if strings.Contains(metrics, Confidential) {
		t.Errorf("/metrics has something confidential in it:\n%s", metrics)
	}
	sut.Stop()
	for _, d := range want {
		d.Check()
	}
}

// Missing returns an error while the inbox has fewer different events than it should.
func (d Delivery) Missing() error {
	if got := d.to.Events(); got < len(d.entries) {
		return fmt.Errorf("%d events have arrived, want %d", got, len(d.entries))
	}
	return nil
}

// progress is how far the events of one record have come.
type progress struct {
	due    []Entry
	places map[string]int // place in due of each event that came, by its id
	// place that the next arrival must have, at least within one life of the sender
	next int
	life int
}

// Check is the one check of all tests. For each record the events came in the order of commits. One
// may come twice only after the sender was killed: the next one may begin further back, but goes on
// from there without a gap. The body is then the same, byte for byte.
func (d Delivery) Check() {
	t := d.to.T
	t.Helper()
	records := map[string]*progress{}
	for _, e := range d.entries {
		p := records[e.Key()]
		if p == nil {
			p = &progress{places: map[string]int{}}
			records[e.Key()] = p
		}
		p.due = append(p.due, e)
	}
	bodies := map[string]string{}
	for _, a := range d.to.Accepted {
		p := records[a.Key()]
		if p == nil {
			t.Errorf("unexpected: %s %+v", a.ID, a.Entry)
			continue
		}
		if err := p.take(a); err != nil {
			t.Errorf("%s: %v", a.Key(), err)
		}
		if body, again := bodies[a.ID]; again && body != a.Body {
			t.Errorf("the body of %s has changed from\n%s\nto\n%s", a.ID, body, a.Body)
		}
		bodies[a.ID] = a.Body
	}
	for record, p := range records {
		if n := len(p.places); n < len(p.due) {
			t.Errorf("%s: %d of %d events have arrived; the next would be %+v", record, n, len(p.due),
				p.due[n])
		}
	}
	if again := len(d.to.Accepted) - len(bodies); again > 0 {
		t.Logf("%d deliveries of %d events: %d came again after a kill", len(d.to.Accepted), len(bodies),
			again)
	}
}

func (p *progress) take(a Arrival) error {
	place, again := p.places[a.ID]
	if !again {
		place = len(p.places)
		if place == len(p.due) {
			return fmt.Errorf("%s %+v is one more than was expected", a.ID, a.Entry)
		}
		if p.due[place] != a.Entry {
			return fmt.Errorf("%s is %+v, want %+v", a.ID, a.Entry, p.due[place])
		}
		p.places[a.ID] = place
	}
	restarted := a.life != p.life
	if place != p.next && !restarted {
		return fmt.Errorf("%s %+v is number %d of the record, after number %d", a.ID, a.Entry, place,
			p.next-1)
	}
	p.next, p.life = place+1, a.life
	return nil
}
