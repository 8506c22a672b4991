package queue

import "time"

// keyQueue is the queue of one record's deliveries, or of those of several that were joined: see
// joint. There is one while a delivery of it is in memory, or is known to be in the spool apart
// from the rest.
//
// What is in memory comes before what is in the spool. What comes for a key queue that has
// deliveries in the spool goes there, too. So those of a record keep their order.
type keyQueue struct {
	id         uint64 // Event.Record
	state      keyState
	deliveries fifo[*Delivery] // the one under way, or next, and those behind it
	due        time.Time       // of the next attempt, when it waits
	next       *keyQueue       // in Queue.ready

	failing bool // an attempt has failed since it was made
	refused bool // the last attempt was refused a connection
	early   bool // its next attempt is made before it is due, to test the receiver

	apart bool   // new deliveries of it go to the spool, as earlier ones are there by themselves
	fresh bool   // one has gone there since it was last read
	after int64  // place in the spool of the last delivery that was read
	turn  uint32 // changes when what is being read is out of date

	settling bool // it is apart as its record settles: see Queue.merge

	joined *joint // nil for a key queue of one record
}

// push puts a delivery at the end.
func (k *keyQueue) push(d *Delivery) {
	d.key = k
	k.deliveries.push(d)
}

// pop takes the first delivery out; nil when there is none.
func (k *keyQueue) pop() *Delivery { return k.deliveries.pop() }

// unpop puts a delivery back that was the first.
func (k *keyQueue) unpop(d *Delivery) { k.deliveries.unpop(d) }

func (k *keyQueue) first() *Delivery { return k.deliveries.first }

func (k *keyQueue) link() **keyQueue { return &k.next }

// unsettled reports whether the first delivery is in memory only.
func (k *keyQueue) unsettled() bool { return k.first() != nil && !k.first().Stored }

// blocks reports whether it takes room that others wait for: its first delivery waits for a retry,
// or the receiver has had it for longer than that without an answer.
func (k *keyQueue) blocks(now time.Time, longer time.Duration) bool {
	return k.unsettled() &&
		(k.state == keyWaiting || k.state == keyInFlight && now.Sub(k.first().Began) > longer)
}

// byDue is a heap.
type byDue []*keyQueue

func (h byDue) Len() int           { return len(h) }
func (h byDue) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h byDue) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *byDue) Push(x any)        { *h = append(*h, x.(*keyQueue)) }
func (h *byDue) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return x
}
