package sender

import (
	"time"

	"hookline/webhook"
)

// job is a delivery in memory.
type job struct {
	Delivery
	route    *route
	size     int64                 // what it takes of the buffer, its event included
	taken    time.Time             // when Send took it, or the loader brought it back
	began    time.Time             // the last attempt
	attempts int                   // made so far, the one under way included
	resent   int                   // requests of them that were sent again though the receiver may have taken one
	alone    bool                  // gets a connection of its own, since it may be why others' ended
	late     bool                  // has waited for a retry, or behind one: goes to the webhook as it is now
	stored   bool                  // is in the spool as well: it is settled as far as the stream is concerned
	replay   bool                  // see Parked
	probe    bool                  // tests whether an open breaker can be closed
	early    bool                  // a probe before its time: its failure does not count as an attempt
	tried    *webhook.Subscription // where the last attempt went
	trouble  *trouble              // nil while no attempt at it has failed
	line     *record               // whose jobs it is among
	next     *job                  // in record.jobs
}

func (j *job) link() **job { return &j.next }

// trouble is what is known of a job of which attempts have failed.
type trouble struct {
	since  time.Time // the first of them
	status int       // of the last one's answer
	reason string    // why it had none
}

// last returns status and reason, none while all is well.
func (t *trouble) last() (status int, reason string) {
	if t == nil {
		return 0, ""
	}
	return t.status, t.reason
}

// record is the line of one record of a webhook's events, or of several that were joined: see joint. There is one while a delivery of it is in memory, or while deliveries of it
// are known to be in the spool apart from the rest.
//
// A delivery is in one place, memory or spool, and those of a record keep their order through both: what is in memory comes first, and what
// is behind something in the spool goes there, too.
type record struct {
	id    uint64
	jobs  fifo[*job] // the one under way, or next, and those behind it
	place place
	due   time.Time // of the next attempt, when it waits
	next  *record   // in route.ready

	retrying bool // counts in the metric of that name

	parked bool   // it waits alone in the spool; new deliveries of it go there
	fresh  bool   // one has gone there since the loader last looked
	after  int64  // Seq of the last delivery that the loader brought back
	early  bool   // the loader is to bring it back before it is due, for a probe
	looked bool   // the loader is looking for it
	turn   uint32 // changes when what the loader finds is out of date

	joined *joint // nil for a line of one record
}

// push puts a job at the end.
func (r *record) push(j *job) {
	j.line = r
	r.jobs.push(j)
}

func (r *record) link() **record { return &r.next }

// wait makes a record wait whose first job has failed.
func (r *record) wait() {
	r.place = waiting
	for j := r.jobs.first; j != nil; j = j.next {
		j.late = true
	}
}

// place is where a record stands.
type place uint8

const (
	nowhere place = iota // its next deliveries are on their way back from the spool
	ready                // it is in route.ready
	busy                 // an attempt at its first job is under way
	waiting              // it is in route.due
	held                 // it waits for lines that were joined with it
)

// byDue is a heap.
type byDue []*record

func (h byDue) Len() int           { return len(h) }
func (h byDue) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h byDue) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *byDue) Push(x any)        { *h = append(*h, x.(*record)) }
func (h *byDue) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return x
}
