package queue

import (
	"container/heap"
	"slices"
	"time"

	"hookline/mapper"
)

// joint is what is known of a key queue that takes the deliveries of several records. An event of a
// record whose key has changed belongs to two key queues, that of the key and that of the one
// before: it joins them, for as long as anything of them waits.
type joint struct {
	ids []uint64 // of the records, that of the key queue itself included

	// before are key queues that were closed when they were joined with this one, and that are not
	// done. As long as there are any it does not advance, nor is it brought back from the spool: what
	// comes next may be the event that joined them. What was its first delivery by then came before
	// that one, and goes on.
	before []*keyQueue
	then   *keyQueue // the one that takes what comes for this one; nil while it is open itself

	later time.Time // it is not brought back sooner: an attempt in one before it says so
}

// held reports whether the key queue waits for others.
func (k *keyQueue) held() bool { return k.joined != nil && len(k.joined.before) > 0 }

// closed reports whether another key queue takes what comes for this one.
func (k *keyQueue) closed() bool { return k.joined != nil && k.joined.then != nil }

// ids returns the records whose deliveries the key queue takes.
func (k *keyQueue) ids() []uint64 {
	if k.joined == nil {
		return []uint64{k.id}
	}
	return k.joined.ids
}

// extend has a key queue take the deliveries of more records.
func (q *Queue) extend(k *keyQueue, ids ...uint64) {
	if k.joined == nil {
		k.joined = &joint{ids: []uint64{k.id}}
	}
	for _, id := range ids {
		if q.keys[id] != k {
			k.joined.ids = append(k.joined.ids, id)
			q.keys[id] = k
		}
	}
}

// keyOf returns the key queue of an event, which joins those that there are of its keys; nil when
// there is none.
func (q *Queue) keyOf(e *mapper.Event) *keyQueue {
	k := q.keys[e.Record]
	if e.Former == 0 || k != nil && q.keys[e.Former] == k {
		return k
	}
	other := q.keys[e.Former]
	switch {
	case k == nil && other == nil:
		return nil
	case k == nil:
		k, other = other, nil
	}
	apart := k.apart || q.ThroughSpool() && k.unsettled()
	if other == nil {
		q.extend(k, e.Record, e.Former)
	} else {
		apart = apart || other.apart || q.ThroughSpool() && other.unsettled()
		q.extend(other) // it is one of several now, and known to be
		q.extend(k, other.joined.ids...)
		k.joined.before = append(k.joined.before, other)
		other.joined.then = k
	}
	if apart {
		return q.setApart(k)
	}
	return k
}

// setJoinedApart leaves the deliveries of joined key queues to the spool, in the order in which
// they have to be made: they are those of one there, which is apart, and is returned. An attempt
// under way goes on: what becomes of it is told to the spool.
func (q *Queue) setJoinedApart(k *keyQueue) *keyQueue {
	for k.closed() {
		k = k.joined.then
	}
	due := time.Time{}
	under := q.empty(k, k, &due, nil)
	q.unlist(k)
	q.markApart(k)
	k.joined.before = under
	k.fresh = true
	k.turn++
	switch {
	case k.state == keyInFlight || k.state == keyLoading:
		k.joined.later = due
	case k.held():
		k.joined.later = due
		q.place(k, keyHeld)
	default:
		k.due = due
		q.await(k, keySpooled)
	}
	return k
}

// empty leaves a key queue's deliveries to the spool, behind those of the ones before it, of which
// nothing stays but attempts under way: it appends their key queues to under, which then come
// before open. due is raised to when the first may be attempted.
func (q *Queue) empty(k, open *keyQueue, due *time.Time, under []*keyQueue) []*keyQueue {
	for _, b := range k.joined.before {
		under = q.empty(b, open, due, under)
		b.joined.before = nil
		if b.state == keyInFlight {
			b.joined.then = open
			under = append(under, b)
			continue
		}
		q.unlist(b)
		q.unmarkApart(b)
		q.forget(b)
	}
	var first time.Time
	if k.state == keyWaiting || k.state == keySpooled {
		first = k.due
		*due = later(*due, k.due)
	}
	*due = later(*due, k.joined.later)
	q.emptyMemory(k, first)
	return under
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// emptyMemory leaves all of a key queue's deliveries to the spool, the first one due then. One at
// which an attempt is under way stays in memory as well.
func (q *Queue) emptyMemory(k *keyQueue, due time.Time) {
	var attempted *Delivery
	for d := k.pop(); d != nil; d = k.pop() {
		switch {
		case attempted == nil && k.state == keyInFlight:
			if attempted = d; !d.Stored {
				q.writeUnderWay(d)
			}
		case d.Stored:
			q.leave(d)
		default:
			q.write(d, due)
		}
		due = time.Time{}
	}
	if attempted != nil {
		k.deliveries.push(attempted)
	}
}

// unlist takes a key queue out of the list that it is in.
func (q *Queue) unlist(k *keyQueue) {
	switch k.state {
	case keyReady:
		q.ready.remove(k)
	case keyWaiting, keySettling, keySpooled:
		if i := slices.Index(q.due, k); i >= 0 {
			heap.Remove(&q.due, i)
		}
	case keyToLoad:
		if i := slices.Index(q.spool.toLoad, k); i >= 0 {
			q.spool.toLoad = slices.Delete(q.spool.toLoad, i, i+1)
		}
	}
}

// done opens the way for the key queue behind a closed one of which nothing is left.
func (q *Queue) done(k *keyQueue, now time.Time) {
	then := k.joined.then
	then.joined.before = slices.DeleteFunc(then.joined.before, func(b *keyQueue) bool {
		return b == k
	})
	q.unmarkApart(k)
	q.forget(k)
	if then.state == keyHeld && !then.held() {
		q.advance(then, now)
	}
}

// each calls f with every key queue, and with those before it first. f may be called several times
// with one.
func (q *Queue) each(f func(*keyQueue)) {
	var each func(k *keyQueue)
	each = func(k *keyQueue) {
		if k.joined != nil {
			for _, b := range k.joined.before {
				each(b)
			}
		}
		f(k)
	}
	for _, k := range q.keys {
		each(k)
	}
}

// abandon gives up a key queue, as its webhook is gone, and reports whether nothing of it is left;
// attempts under way are.
func (q *Queue) abandon(k *keyQueue) (gone bool) {
	if k.joined != nil {
		k.joined.before = slices.DeleteFunc(k.joined.before, q.abandon)
	}
	q.unmarkApart(k)
	if k.state == keyInFlight { // Result does the rest
		return false
	}
	if q.discard(k); k.state == keyLoading { // and what is read is of no use
		q.place(k, keyIdle)
	}
	if k.held() {
		if k.state == keyLoading { // nothing is to come of that
			q.place(k, keyIdle)
		}
		q.place(k, keyHeld)
		return false
	}
	q.forget(k)
	return true
}
