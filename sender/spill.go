package sender

import (
	"slices"
	"time"
)

// park hands a delivery over to the spool, due at the given time or, zero, as soon as it is its turn.
func (r *route) park(j *job, due time.Time) { r.toParker(j, due, false) }

// toParker has a delivery written down: in the queue, or on the pile if it is dead.
func (r *route) toParker(j *job, due time.Time, dead bool) {
	r.spooled = true
	status, reason := j.trouble.last()
	r.sender.parker.park(j, Parked{
		Webhook: r.key, Event: j.Event, Attempts: j.attempts, Resent: j.resent, Due: due, Status: status, Reason: reason, Dead: dead,
	})
}

// parkAll parks the jobs of a record that are in memory only. They are its last ones.
func (r *route) parkAll(rec *record) {
	var stored fifo[*job]
	for j := rec.jobs.pop(); j != nil; j = rec.jobs.pop() {
		if j.stored {
			stored.push(j)
		} else {
			r.park(j, time.Time{})
		}
	}
	rec.jobs = stored
	r.fresh = true
}

// toSpool leaves a record's deliveries to the spool: it is parked. Of lines that were joined it is the open one, which is returned, and
// stands where it belongs then.
func (r *route) toSpool(rec *record) *record {
	if rec.joined != nil {
		return r.setAside(rec)
	}
	due := rec.due
	for j := rec.jobs.pop(); j != nil; j = rec.jobs.pop() {
		if j.stored {
			r.drop(j)
		} else {
			r.park(j, due)
		}
		due = time.Time{}
	}
	r.setApart(rec)
	return rec
}

// setApart makes a record parked.
func (r *route) setApart(rec *record) {
	rec.after = 0
	if !rec.parked {
		rec.parked = true
		r.parked++
	}
}

// count takes a job into the count of those that are in the spool as well.
func (r *route) count(j *job) {
	j.stored = true
	if r.rows++; r.rows == 1 {
		r.sender.loaded.Add(1)
	}
	r.rowBytes += j.size
}

// drop takes a job out of it.
func (r *route) drop(j *job) {
	if r.rows--; r.rows == 0 {
		r.sender.loaded.Add(-1)
	}
	r.rowBytes -= j.size
}

// spill makes the route a spooling one: what waits in memory goes to the spool, and so does what comes.
func (r *route) spill() {
	r.spooling, r.fresh, r.flushed = true, true, false
	for _, rec := range r.records {
		if rec.held() && (!rec.parked || rec.place != held) {
			r.toSpool(rec)
		}
	}
	for _, rec := range slices.Clone(r.due) {
		if rec.jobs.first != nil {
			r.toSpool(rec)
		}
	}
	line := r.ready
	r.ready.first, r.ready.last = nil, nil
	for rec := line.pop(); rec != nil; rec = line.pop() {
		if r.parkAll(rec); rec.jobs.first != nil {
			r.ready.push(rec)
		} else {
			r.forget(rec)
		}
	}
	for _, rec := range r.records {
		if rec.place == busy && rec.jobs.first.stored {
			r.parkAll(rec)
		}
	}
}

// limitHold sees to it that a delivery that has failed does not hold the stream back for longer than Config.HoldMax while it is attempted
// again: it then goes to the spool with the attempt under way. stop is to be called when the attempt is over.
func (r *route) limitHold(j *job) (stop func() bool) {
	if j.stored || j.trouble == nil {
		return func() bool { return true }
	}
	return time.AfterFunc(time.Until(j.trouble.since.Add(r.sender.cfg.HoldMax)), func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		rec := j.line
		if rec.jobs.first != j || rec.place != busy || j.stored {
			return
		}
		r.letGo(rec)
	}).Stop
}

// letGo sends a record's deliveries to the spool, though an attempt at the first of them is under
// way. What becomes of that is told to the spool.
func (r *route) letGo(rec *record) {
	if rec.joined != nil {
		r.setAside(rec)
		return
	}
	j := rec.jobs.first
	r.park(j, time.Time{})
	r.count(j)
	r.parkAll(rec)
	r.setApart(rec)
}

// keeps reports whether a record takes room that others wait for: its first delivery waits for a
// retry, or the receiver has had it for longer than stuckAfter without an answer.
func (r *record) keeps(now time.Time) bool {
	j := r.jobs.first
	return j != nil && !j.stored && (r.place == waiting || r.place == busy && now.Sub(j.began) > stuckAfter)
}

// stuck reports whether a record of the route keeps room.
func (r *route) stuck(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	keeps := false
	r.lines(func(rec *record) { keeps = keeps || rec.keeps(now) })
	return keeps
}

// makeWay sends to the spool what keeps room, and has what comes go there as well.
func (r *route) makeWay(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refusing {
		return
	}
	var keep []*record
	r.lines(func(rec *record) {
		if rec.keeps(now) {
			keep = append(keep, rec)
		}
	})
	for _, rec := range keep {
		switch {
		case !rec.keeps(now): // it went along with another one
		case rec.place == busy:
			r.letGo(rec)
		default:
			r.toSpool(rec)
		}
	}
	if !r.spooling {
		r.sender.log.Info("receiver keeps others waiting: deliveries go through the spool until it has caught up",
			"webhook", r.key, "bytes", r.bytes.Load())
		r.spill()
	}
	r.fill()
	signal(r.sender.parker.urgent)
}
