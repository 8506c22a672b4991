package queue

import (
	"container/heap"
	"time"
)

// batching says how many deliveries go into one request, and how long the first of them waits for
// others. The zero batching has each go by itself.
type batching struct {
	most  int
	wait  time.Duration
	until time.Time // when the first in line goes whether there are others or not; zero for none
}

// maxBatchBytes is how many bytes the deliveries of a batch take, of Delivery.Size, unless one
// alone takes more.
const maxBatchBytes = 1_000_000

// SetBatch says how many deliveries go into one request from now on, and how long the first of them
// waits for others. 0 and 1 send each by itself.
func (q *Queue) SetBatch(most int, wait time.Duration) {
	q.batch = batching{most: most, wait: wait}
}

// mayJoin reports whether a delivery may go along with others: one that has failed goes by itself,
// so that it takes nothing else along when it fails again; and so does one that a header tells of.
func (d *Delivery) mayJoin() bool {
	return d.Attempts == 0 && d.Failure == nil && !d.Replay && !d.OwnConnection && !d.early
}

// fills reports whether the first in line is to wait at now for others to go along with it.
func (q *Queue) fills(now time.Time) bool {
	if q.batch.most < 2 || q.ready.first == nil || q.breaker.open || q.state == Draining ||
		len(q.due) > 0 && !now.Before(q.due[0].due) {
		return false
	}
	first := q.ready.first.first()
	until := first.Taken.Add(q.batch.wait)
	if !first.mayJoin() || !now.Before(until) {
		return false
	}
	n, bytes := 0, int64(0)
	for k := q.ready.first; k != nil; k = k.next {
		for d := k.first(); d != nil; d = d.next {
			n++
			if bytes += d.Size; n >= q.batch.most || bytes >= maxBatchBytes {
				return false
			}
		}
	}
	q.batch.until = until
	return true
}

// Along takes the deliveries that go along with d, which Next has returned and whose Tried is set:
// to the same version of the webhook, several of one record behind each other in their order.
// What becomes of all of them is for Results.
func (q *Queue) Along(d *Delivery, now time.Time) (along []*Delivery) {
	d.Attempts--
	joins := d.mayJoin() && !d.probe
	d.Attempts++
	if q.batch.most < 2 || !joins {
		return nil
	}
	bytes := d.Size
	fits := func(other *Delivery) bool {
		if other == nil || len(along)+1 >= q.batch.most || bytes+other.Size > maxBatchBytes ||
			!other.mayJoin() {
			return false
		}
		to := other.To
		if other.Late {
			to = to.Current()
		}
		return to == d.Tried && other.Event.IsFor(to.Workspace)
	}
	take := func(other *Delivery) {
		other.Tried = d.Tried
		bytes += other.Size
		along = append(along, other)
	}
	rest := func(k *keyQueue) {
		// what is behind the first may have to wait for another key queue, or be told with more
		if k.joined != nil || d.Tried.Merges() {
			return
		}
		for other := k.first().next; fits(other); other = other.next {
			take(other)
		}
	}
	rest(d.key)
	for k := q.fitting(fits, now); k != nil; k = q.fitting(fits, now) {
		other := q.merge(k)
		q.begin(k, other, now)
		take(other)
		rest(k)
	}
	return along
}

// fitting takes the next key queue out of line, or one of which the record has settled at now, if
// its first delivery fits; nil if there is none.
func (q *Queue) fitting(fits func(*Delivery) bool, now time.Time) *keyQueue {
	if q.ready.first != nil && fits(q.ready.first.first()) {
		return q.ready.pop()
	}
	for len(q.due) > 0 && q.due[0].state == keySettling && !now.Before(q.due[0].due) &&
		fits(q.due[0].first()) {
		if k := heap.Pop(&q.due).(*keyQueue); q.isQuiet(k, now) {
			return k
		}
	}
	return nil
}

// Results takes what became of an attempt at several deliveries: at one that Next has returned, and
// those of Along. A delivery behind another of its record counts as attempted only when that was
// accepted: otherwise it waits behind it, whatever was said of it, and judged is false.
//
// To the breaker they are one request: accepted if one of them was, else failed once.
func (q *Queue) Results(list []*Delivery, results []Result, now time.Time,
) (decisions []Decision, judged []bool) {
	q.inFlight--
	decisions, judged = make([]Decision, len(list)), make([]bool, len(list))
	counts := true
	for _, r := range results {
		if r.Outcome == Accepted {
			if counts && q.breaker.success() {
				q.recover(now)
			}
			counts = false
		}
	}
	for i := 0; i < len(list); {
		end := i + 1
		for end < len(list) && list[end].key == list[i].key {
			end++
		}
		last := q.accepted(list[i:end], results[i:end])
		for j := i; j <= i+last; j++ {
			judged[j] = true
		}
		i += last
		decisions[i] = q.result(list[i], results[i], now, counts)
		counts = false
		if results[i].Outcome == Accepted { // those behind it that are in the spool by now
			for j := i + 1; j < end && results[j].Outcome == Accepted; j++ {
				judged[j], list[j].Stored = true, true
				q.emit(Deliver, list[j], time.Time{})
			}
		}
		i = end
	}
	return decisions, judged
}

// accepted settles those of a record, in their order, that were accepted and have another behind
// them of which it is told, too. It returns the place of the one of which it has yet to be told.
func (q *Queue) accepted(run []*Delivery, results []Result) (last int) {
	for last < len(run)-1 && results[last].Outcome == Accepted && run[last].next == run[last+1] {
		d, next := run[last], run[last+1]
		q.settle(d, stageDelivered, Deliver)
		d.key.pop()
		q.move(next, stageInFlight)
		next.Attempts++
		next.Began = d.Began
		last++
	}
	return last
}
