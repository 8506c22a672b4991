package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// entry is one change that is to be announced.
type entry struct {
	Event     string // such as contact.created
	Record    string
	Version   int // of the record, where it counts them
	Workspace string
}

func (e entry) record() string {
	object, _, _ := strings.Cut(e.Event, ".")
	return strings.TrimSpace(e.Workspace + " " + object + " " + e.Record)
}

// delivery is what one inbox should have in the end.
type delivery struct {
	to      *inbox
	entries []entry
}

// gets says that all of the entries go to the inbox, and nothing else.
func (b *inbox) gets(entries ...entry) delivery { return delivery{b, entries} }

// finish waits until everything has arrived, stops the process, and checks that no more and no less came, and how.
func finish(t *testing.T, sut *process, want ...delivery) {
	t.Helper()
	for _, d := range want {
		eventually(t, d.missing)
	}
	if text := sut.get("/metrics"); strings.Contains(text, confidential) || !strings.Contains(text, "hookline_events_total") {
		t.Errorf("/metrics has something confidential in it, or is not what it should be:\n%s", text)
	}
	sut.stop()
	for _, d := range want {
		d.check()
	}
}

// missing returns an error while the inbox has fewer different events than it should.
func (d delivery) missing() error {
	if got := d.to.events(); got < len(d.entries) {
		return fmt.Errorf("%d events have arrived, want %d", got, len(d.entries))
	}
	return nil
}

// progress is how far the events of one record have come.
type progress struct {
	due    []entry
	places map[string]int // place in due of each event that came, by its id
	next   int            // place that the next arrival must have, at least within one life of the sender
	life   int
}

// check is the one check of all tests. For each record the events came in the order of commits. One may come twice only after the
// sender was killed: the next one may begin further back, but goes on from there without a gap. The body is then the same, byte for
// byte.
func (d delivery) check() {
	t := d.to.t
	t.Helper()
	records := map[string]*progress{}
	for _, e := range d.entries {
		p := records[e.record()]
		if p == nil {
			p = &progress{places: map[string]int{}}
			records[e.record()] = p
		}
		p.due = append(p.due, e)
	}
	bodies := map[string]string{}
	for _, a := range d.to.accepted {
		p := records[a.record()]
		if p == nil {
			t.Errorf("unexpected: %s %+v", a.id, a.entry)
			continue
		}
		if err := p.take(a); err != nil {
			t.Errorf("%s: %v", a.record(), err)
		}
		if body, again := bodies[a.id]; again && body != a.body {
			t.Errorf("the body of %s has changed from\n%s\nto\n%s", a.id, body, a.body)
		}
		bodies[a.id] = a.body
	}
	for record, p := range records {
		if n := len(p.places); n < len(p.due) {
			t.Errorf("%s: %d of %d events have arrived; the next would be %+v", record, n, len(p.due), p.due[n])
		}
	}
	if again := len(d.to.accepted) - len(bodies); again > 0 {
		t.Logf("%d deliveries of %d events: %d came again after a kill", len(d.to.accepted), len(bodies), again)
	}
}

func (p *progress) take(a arrival) error {
	place, again := p.places[a.id]
	if !again {
		place = len(p.places)
		if place == len(p.due) {
			return fmt.Errorf("%s %+v is one more than was expected", a.id, a.entry)
		}
		if p.due[place] != a.entry {
			return fmt.Errorf("%s is %+v, want %+v", a.id, a.entry, p.due[place])
		}
		p.places[a.id] = place
	}
	restarted := a.life != p.life
	if place != p.next && !restarted {
		return fmt.Errorf("%s %+v is number %d of the record, after number %d", a.id, a.entry, place, p.next-1)
	}
	p.next, p.life = place+1, a.life
	return nil
}
