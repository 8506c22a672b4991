package queue

import (
	"container/heap"
	"slices"
	"time"

	"hookline/mapper"
)

// Events of one record that wait are told as one: those that are changes of a record which has not
// been quiet yet, see webhook.Settling, and, where the webhook wants the latest alone, those that
// have waited in the spool.
//
// What is merged exists while it is attempted. All deliveries stay what the stream has made them:
// the last one stands for those before it, which are its parts. So the spool has the deliveries
// themselves, and a process that takes them up merges them anew; and all are settled together.

// Told returns the event that is sent.
func (d *Delivery) Told() *mapper.Event {
	if d.merged != nil {
		return d.merged
	}
	return d.Event
}

// merge has the first delivery of a key queue stand for those behind it that are told with it, and
// returns it.
func (q *Queue) merge(k *keyQueue) *Delivery {
	d := k.first()
	if !d.To.Merges() || d.Replay {
		return d
	}
	var m mapper.Merge
	if d.fresh() {
		d = q.gather(k, &m)
	} else {
		d.all(func(p *Delivery) { m.Add(p.Event) })
	}
	d.merged = m.Event()
	return d
}

// fresh reports whether no attempt at a delivery was made since it came into memory: after one, it
// is told as it was.
func (d *Delivery) fresh() bool { return d.Began.IsZero() }

// gather takes out of a key queue what is told as one with its first delivery. It returns the last
// of them, which takes the place of the first.
func (q *Queue) gather(k *keyQueue, m *mapper.Merge) *Delivery {
	d := k.pop()
	m.Add(d.Event)
	var parts []*Delivery
	for first := d; k.first() != nil && k.first().follows(first, d) && m.Add(k.first().Event); {
		q.move(d, stageMerged)
		d.Part = true
		parts = append(parts, d)
		next := k.pop()
		next.Attempts = max(next.Attempts, d.Attempts)
		d = next
	}
	d.parts = parts
	k.unpop(d)
	return d
}

// follows reports whether a delivery is told as one with those of its record from first to last.
// Which changes of a record belong together is told by the times of their commits. So it is the
// same each time the stream brings them.
func (d *Delivery) follows(first, last *Delivery) bool {
	s := d.To.Settling
	switch {
	case d.Stored != first.Stored || d.Replay:
		return false
	case s.Latest && d.Stored:
		return true
	}
	return s.For > 0 && d.Event.Time.Sub(last.Event.Time) < s.For &&
		d.Event.Time.Sub(first.Event.Time) < s.Max
}

// all calls f with a delivery's parts and then with itself.
func (d *Delivery) all(f func(*Delivery)) {
	for _, p := range d.parts {
		f(p)
	}
	f(d)
}

// copyFailure gives the parts of a merged delivery the failure of the whole.
func (d *Delivery) copyFailure() {
	for _, p := range d.parts {
		p.Attempts, p.Resent, p.Failure, p.Tried = d.Attempts, d.Resent, d.Failure, d.Tried
	}
}

// settles returns when the record of a key queue in memory has settled, whose deliveries have not
// been attempted; ok is false when it need not, as that of a key which changes.
func (k *keyQueue) settles() (at time.Time, ok bool) {
	first, last := k.deliveries.first, k.deliveries.last
	s := first.To.Settling
	if s.For == 0 || k.joined != nil || first.Stored || first.Replay || !first.fresh() {
		return at, false
	}
	at, latest := last.Taken.Add(s.For), first.Taken.Add(s.Max)
	if latest.Before(at) {
		at = latest
	}
	return at, true
}

// lineUp puts a key queue in line that has a delivery, or has it settle first: in memory while that
// is short, else in the spool.
func (q *Queue) lineUp(k *keyQueue, now time.Time) {
	at, settles := k.settles()
	switch {
	case !settles || q.state != Live || !now.Before(at):
		q.line(k)
	case at.Sub(k.first().Taken) <= q.cfg.HoldMax:
		k.due, k.refused = at, false
		q.await(k, keySettling)
	case q.maySettleApart():
		k.due = at
		q.setApart(k)
		q.settleOn(k, at)
	default:
		q.line(k)
	}
}

// isQuiet reports whether a key queue that was due has settled. If not, more has come: it is put
// where it settles on.
func (q *Queue) isQuiet(k *keyQueue, now time.Time) bool {
	at, settles := k.settles()
	if !settles || !now.Before(at) {
		return true
	}
	q.lineUp(k, now)
	return false
}

// since returns from when on the first delivery of a key queue could be attempted.
func (k *keyQueue) since() time.Time {
	if at, settles := k.settles(); settles {
		return at
	}
	return k.first().Taken
}

// timesApart is how many more key queues may be apart because they settle than because they fail.
const timesApart = 10

// maySettleApart reports whether one more may. Otherwise what comes of a record is told at once.
func (q *Queue) maySettleApart() bool { return q.spool.quiets < timesApart*q.cfg.MaxApart }

// settleOn has a key queue whose deliveries are in the spool settle until a time.
func (q *Queue) settleOn(k *keyQueue, until time.Time) {
	if !k.settling {
		k.settling = true
		q.spool.apart--
		q.spool.quiets++
	}
	k.due = until
	q.await(k, keySpooled)
}

// endSettling notes that it need not any more.
func (q *Queue) endSettling(k *keyQueue) {
	if k.settling {
		k.settling = false
		q.spool.apart++
		q.spool.quiets--
	}
}

// takeSettling takes those that settle in memory out of their list.
func (q *Queue) takeSettling() (list []*keyQueue) {
	q.due = slices.DeleteFunc(q.due, func(k *keyQueue) bool {
		if k.state == keySettling {
			list = append(list, k)
		}
		return k.state == keySettling
	})
	heap.Init(&q.due)
	return list
}

// ReleaseSettling has everything that settles in memory told at once, as the memory is needed. It
// reports whether anything does.
func (q *Queue) ReleaseSettling() bool {
	list := q.takeSettling()
	for _, k := range list {
		q.line(k)
	}
	return len(list) > 0
}

// leaveSettling leaves what settles in memory to the spool, where it settles on.
func (q *Queue) leaveSettling() {
	for _, k := range q.takeSettling() {
		switch {
		case k.state != keySettling: // it went along with another one
		case k.joined != nil:
			q.setApart(k)
		default:
			q.writeUnsettled(k)
			q.forget(k)
		}
	}
}

// merges reports whether a row is told as one with others of its record, which are read by
// themselves therefore.
func (r *Row) merges() bool {
	return (r.Settles > 0 || r.Later) && r.Delivery.Event.Former == 0 && !r.Delivery.Replay
}

// mayReadApart reports whether that may be done with one more: those that fail are to find room.
func (q *Queue) mayReadApart(r *Row) bool {
	return r.merges() && !q.breaker.open && q.maySettleApart() && q.spool.apart < q.cfg.MaxApart/2
}

// apartToMerge has the deliveries of a row's record read by themselves, once it has settled.
func (q *Queue) apartToMerge(r Row, now time.Time) {
	k := q.newKey(r.Delivery.Event)
	q.markApart(k)
	if k.fresh = true; r.Settles > 0 {
		q.settleOn(k, now.Add(r.Settles))
		return
	}
	q.bringBack(k)
}

// settled returns how many rows of a key queue in the spool can be told now, and how long until the
// next.
func (q *Queue) settled(k *keyQueue, l Load, rows []Row) (n int, wait time.Duration) {
	if q.breaker.open || len(rows) == 0 || rows[0].Delivery.To.Settling.For == 0 {
		return len(rows), 0
	}
	if k.settling && !l.fresh { // nothing has come since it began to: whatever the clocks say
		return len(rows), 0
	}
	for first := 0; first < len(rows); {
		last := first
		for last+1 < len(rows) &&
			rows[last+1].Delivery.follows(rows[first].Delivery, rows[last].Delivery) {
			last++
		}
		s := rows[first].Delivery.To.Settling
		over := rows[last].Delivery.Event.Time.Sub(rows[first].Delivery.Event.Time) + s.For - s.Max
		if wait = rows[last].Settles - max(0, over); wait > 0 {
			return first, wait
		}
		first = last + 1
	}
	return len(rows), 0
}
