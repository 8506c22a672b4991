package sender

import (
	"container/heap"
	"sync"
	"time"

	"hookline/webhook"
)

// job is a delivery in a lane.
type job struct {
	Delivery
	size     int64                 // what it takes of the buffer
	attempts int                   // made so far
	late     bool                  // has waited for a retry, or behind one: goes to the webhook as it is now
	tried    *webhook.Subscription // where the last attempt went
	next     *job                  // in its queue
}

// queue is a list of jobs, first in, first out. The zero value is empty.
type queue struct{ first, last *job }

func (q *queue) push(j *job) {
	if q.first == nil {
		q.first = j
	} else {
		q.last.next = j
	}
	q.last = j
}

func (q *queue) pop() *job {
	j := q.first
	if j != nil {
		q.first, j.next = j.next, nil
	}
	return j
}

// pushFront puts all of front before what is there.
func (q *queue) pushFront(front queue) {
	if front.first == nil {
		return
	}
	if q.first == nil {
		*q = front
		return
	}
	front.last.next = q.first
	q.first = front.first
}

// held is a record whose delivery failed: that delivery, and the later ones of the record behind it.
type held struct {
	jobs queue
	due  time.Time
}

// byDue is a heap.
type byDue []*held

func (h byDue) Len() int           { return len(h) }
func (h byDue) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h byDue) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *byDue) Push(x any)        { *h = append(*h, x.(*held)) }
func (h *byDue) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return x
}

// laneID names a lane: those records of a webhook whose hash leaves the same remainder.
type laneID struct {
	webhook string // Subscription.Key
	number  uint64 // Event.Record mod Config.MaxInFlight
}

// lane delivers jobs one after the other, in the order they came. A job that fails waits for its retry, and later jobs of its
// record wait behind it, while other records go on.
//
// A lane has a goroutine while something can be attempted, and a timer while all it has are records that wait. With neither it
// leaves Sender.lanes for good; whoever has got hold of it looks for another.
type lane struct {
	sender *Sender
	id     laneID
	signs  *signer // the last one used; belongs to run

	mu      sync.Mutex // guards all below; not held during attempts
	left    bool       // Sender.lanes
	running bool       // a goroutine is in run
	ready   queue
	held    map[uint64]*held // by Event.Record
	waiting byDue            // the held ones, save the one that is being attempted
	timer   *time.Timer      // calls wake when the first of them is due; nil until needed
	retried bool             // the last job picked was a retry
}

// add takes a job, unless the lane has left. The caller holds Sender.gate.
func (l *lane) add(j *job) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left {
		return false
	}
	l.ready.push(j)
	l.start()
	return true
}

// start sees to it that the lane runs. The caller holds mu and Sender.gate.
func (l *lane) start() {
	if !l.running {
		l.running = true
		l.sender.crew.Go(l.run)
	}
}

func (l *lane) run() {
	for j := l.next(); j != nil; j = l.next() {
		if wait, settled := l.sender.deliver(j, l.signer); settled {
			l.release(j.Event.Record)
		} else {
			l.hold(j, wait)
		}
	}
}

// signer returns the signer for a secret, nil for none.
func (l *lane) signer(secret webhook.Secret) *signer {
	switch {
	case secret == "":
		return nil
	case l.signs == nil || l.signs.secret != string(secret):
		l.signs = newSigner(string(secret))
	}
	return l.signs
}

// next returns the next job. nil ends run.
func (l *lane) next() *job {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sender.ctx.Err() != nil { // Drain is over
		l.running = false
		return nil
	}
	if j := l.pick(); j != nil {
		return j
	}
	l.running = false
	switch {
	case len(l.waiting) == 0:
		l.left = true
		l.sender.lanes.CompareAndDelete(l.id, l)
		l.stop()
	case l.timer == nil:
		l.timer = time.AfterFunc(time.Until(l.waiting[0].due), l.wake)
	default:
		l.timer.Reset(time.Until(l.waiting[0].due))
	}
	return nil
}

// pick returns a job that can be attempted now, nil when there is none. Retries and first attempts take turns, so that neither of
// them starves.
func (l *lane) pick() *job {
	due := len(l.waiting) > 0 && !time.Now().Before(l.waiting[0].due)
	if !due || l.retried {
		for j := l.ready.pop(); j != nil; j = l.ready.pop() {
			if h := l.held[j.Event.Record]; h != nil {
				j.late = true
				h.jobs.push(j)
				continue
			}
			l.retried = false
			return j
		}
	}
	if !due {
		return nil
	}
	l.retried = true
	return heap.Pop(&l.waiting).(*held).jobs.first
}

// hold makes a record wait: j, its job, has failed.
func (l *lane) hold(j *job, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	j.late = true
	record := j.Event.Record
	h := l.held[record]
	if h == nil {
		h = &held{}
		h.jobs.push(j)
		if l.held == nil {
			l.held = map[uint64]*held{}
		}
		l.held[record] = h
		l.sender.metrics.retrying.Inc()
	}
	h.due = time.Now()
	if j.To.Current() == j.tried { // otherwise recheck may have been here already: what failed is no longer what the webhook is
		h.due = h.due.Add(wait)
	}
	heap.Push(&l.waiting, h)
}

// release lets a record go on: its job is settled.
func (l *lane) release(record uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.held[record]
	if h == nil {
		return
	}
	delete(l.held, record)
	l.sender.metrics.retrying.Dec()
	h.jobs.pop()
	l.ready.pushFront(h.jobs)
}

// wake starts the lane again once its timer has fired.
func (l *lane) wake() {
	l.sender.gate.RLock()
	defer l.sender.gate.RUnlock()
	if l.sender.draining {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.left {
		l.start()
	}
}

// recheck makes records due whose webhook is not what it was at the last attempt. The caller holds Sender.gate.
func (l *lane) recheck() {
	l.mu.Lock()
	defer l.mu.Unlock()
	changed := false
	for _, h := range l.waiting {
		if j := h.jobs.first; j.To.Current() != j.tried {
			h.due = time.Time{}
			changed = true
		}
	}
	if changed {
		heap.Init(&l.waiting)
		l.start()
	}
}

// stop ends the timer. The caller holds mu.
func (l *lane) stop() {
	if l.timer != nil {
		l.timer.Stop()
	}
}
