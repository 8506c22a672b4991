package queue

import (
	"slices"
	"time"
)

// spool is what is known of the queue's deliveries in the spool.
type spool struct {
	used    bool  // there may be some
	fresh   bool  // one was written since the last reading of the whole queue
	flushed bool  // the last one found nothing written by then: the next waits until all is
	cursor  int64 // place up to which it was read
	loading bool  // somebody reads

	// emptied is set from when the webhook was gone until the queue was read behind what was
	// ordered then: until then, what was given up may be read.
	emptied bool
	turn    uint32 // changes when the webhook is gone: what is being read is out of date

	apart  int         // key queues that are apart, but for those that settle
	quiets int         // those that are apart and settle
	toLoad []*keyQueue // of these, those whose deliveries are to be read
	rows   int         // deliveries that were read and are still in memory
	bytes  int64       // that they take
}

// idle reports whether nothing of the spool is in memory or on its way.
func (s *spool) idle() bool {
	return s.apart == 0 && s.quiets == 0 && len(s.toLoad) == 0 && s.rows == 0 && s.bytes == 0 &&
		!s.loading
}

// count counts a delivery that is in the spool as well as in memory.
func (s *spool) count(d *Delivery) {
	d.Stored = true
	s.rows++
	s.bytes += d.Size
}

// drop removes it again.
func (s *spool) drop(d *Delivery) {
	s.rows--
	s.bytes -= d.Size
}

// Loaded returns how many deliveries that were read from the spool are in memory, and the bytes
// that they take.
func (q *Queue) Loaded() (deliveries int, bytes int64) { return q.spool.rows, q.spool.bytes }

// write has a delivery written to the spool, due at a time or, zero, as soon as it is its turn.
func (q *Queue) write(d *Delivery, due time.Time) {
	q.spool.used = true
	d.copyFailure()
	d.all(func(d *Delivery) {
		q.emit(Spool, d, due)
		q.move(d, stageSpooled)
		due = time.Time{}
	})
}

// writeUnderWay has a delivery written to the spool at which an attempt is under way. What becomes
// of that is told to the spool.
func (q *Queue) writeUnderWay(d *Delivery) {
	q.spool.used = true
	d.copyFailure()
	d.all(func(d *Delivery) {
		q.emit(Spool, d, time.Time{})
		q.spool.count(d)
	})
}

// leave removes a delivery from memory, as it is in the spool.
func (q *Queue) leave(d *Delivery) {
	d.all(func(d *Delivery) {
		q.spool.drop(d)
		q.move(d, stageSpooled)
	})
}

// writeUnsettled has the deliveries of a key queue written that are in memory only. They are its
// last ones.
func (q *Queue) writeUnsettled(k *keyQueue) {
	var stored fifo[*Delivery]
	for d := k.pop(); d != nil; d = k.pop() {
		if d.Stored {
			stored.push(d)
		} else {
			q.write(d, time.Time{})
		}
	}
	k.deliveries = stored
	q.spool.fresh = true
}

// setApart leaves a key queue's deliveries to the spool: from now on they are there by themselves.
// Of key queues that were joined it is the open one, which is returned, and is where it belongs
// then.
func (q *Queue) setApart(k *keyQueue) *keyQueue {
	if k.joined != nil {
		return q.setJoinedApart(k)
	}
	due := k.due
	for d := k.pop(); d != nil; d = k.pop() {
		if d.Stored {
			q.leave(d)
		} else {
			q.write(d, due)
		}
		due = time.Time{}
	}
	if k.state == keyWaiting {
		q.place(k, keySpooled)
	}
	q.markApart(k)
	return k
}

func (q *Queue) markApart(k *keyQueue) {
	k.after = 0
	if !k.apart {
		k.apart = true
		q.spool.apart++
	}
}

func (q *Queue) unmarkApart(k *keyQueue) {
	if k.apart {
		q.endSettling(k)
		k.apart = false
		q.spool.apart--
	}
}

// moveToSpool has all deliveries go through the spool from now on: those that wait in memory are
// written.
func (q *Queue) moveToSpool() {
	if q.state == Live {
		q.enter(Spooling)
	}
	q.spool.fresh, q.spool.flushed = true, false
	q.ReleaseSettling()
	for _, k := range q.keys {
		if k.held() && (!k.apart || k.state != keyHeld) {
			q.setApart(k)
		}
	}
	q.setWaitingApart()
	line := q.ready
	q.ready = fifo[*keyQueue]{}
	for k := line.pop(); k != nil; k = line.pop() {
		if q.writeUnsettled(k); k.first() != nil {
			q.ready.push(k)
		} else {
			q.forget(k)
		}
	}
	for _, k := range q.keys {
		if k.state == keyInFlight && k.first().Stored {
			q.writeUnsettled(k)
		}
	}
}

// setWaitingApart leaves to the spool what waits in memory for a retry.
func (q *Queue) setWaitingApart() {
	for _, k := range slices.Clone(q.due) {
		if k.first() != nil {
			q.setApart(k)
		}
	}
}

// MoveToSpool has all deliveries go through the spool until the receiver has caught up. It reports
// whether they did not already.
func (q *Queue) MoveToSpool() bool {
	if q.state != Live {
		return false
	}
	q.moveToSpool()
	return true
}

// HoldEnds tells that a delivery that has failed may not stay in memory any longer, while it is
// attempted again: it goes to the spool with the attempt under way.
func (q *Queue) HoldEnds(d *Delivery) {
	if k := d.key; k.first() == d && k.state == keyInFlight && !d.Stored {
		q.letGo(k)
	}
}

// letGo leaves a key queue's deliveries to the spool, though an attempt at the first of them is
// under way.
func (q *Queue) letGo(k *keyQueue) {
	if k.joined != nil {
		q.setJoinedApart(k)
		return
	}
	q.writeUnderWay(k.first())
	q.writeUnsettled(k)
	q.markApart(k)
}

// Blocks reports whether deliveries take room that others wait for: they wait for a retry, or an
// attempt has been under way for longer than that.
func (q *Queue) Blocks(now time.Time, longer time.Duration) (blocks bool) {
	q.each(func(k *keyQueue) { blocks = blocks || k.blocks(now, longer) })
	return blocks
}

// MakeRoom leaves such deliveries to the spool, and has what comes go there as well. It reports
// whether that did not already.
func (q *Queue) MakeRoom(now time.Time, longer time.Duration) (moved bool) {
	if q.state >= Draining {
		return false
	}
	var list []*keyQueue
	q.each(func(k *keyQueue) {
		if k.blocks(now, longer) {
			list = append(list, k)
		}
	})
	for _, k := range list {
		switch {
		case !k.blocks(now, longer): // it went along with another one
		case k.state == keyInFlight:
			q.letGo(k)
		default:
			q.setApart(k)
		}
	}
	return q.MoveToSpool()
}
