package sender

import (
	"container/heap"
	"sync"
	"sync/atomic"
	"time"

	"hookline/mapper"
	"hookline/webhook"
)

// route is the way of deliveries to one webhook. Each record's deliveries are attempted one after the other, in their order; those of
// different records side by side, as many as the breaker lets through. A goroutine exists for each attempt under way, and a timer while all
// there is has to wait: an idle route costs its own size.
//
// A live route keeps deliveries in memory, but for those of records that are parked. A spooling one sends every new delivery to the spool,
// from where the loader brings them back in order; once it finds nothing more there, the route is live again.
type route struct {
	sender   *Sender
	key      string
	bytes    atomic.Int64 // of the buffer, that its deliveries take
	couriers sync.Pool    // of *courier

	mu       sync.Mutex            // guards all below; not held during attempts, nor calls of the spool
	to       *webhook.Subscription // the version seen last; nil while the webhook is not known
	used     time.Time             // when a delivery was last sent here
	records  map[uint64]*record    // by Event.Record
	ready    fifo[*record]
	due      byDue
	timer    *time.Timer // calls wake when something is due; nil until needed
	inFlight int
	crowded  bool // another attempt was refused its place: see places
	retried  bool // the record picked last was due
	breaker  breaker
	paused   bool // the receiver wants nothing, or an operator wants it to get nothing
	refusing bool // Drain was called: nothing new is taken
	closed   bool // no further attempt is made

	spooling bool
	fresh    bool      // something has gone to the spool since the loader last looked
	spooled  bool      // something may be in the spool
	cursor   int64     // Seq up to which the loader has read
	parked   int       // records that are parked
	reload   []*record // parked records that the loader is to bring back
	loading  bool      // a goroutine is in load
	flushed  bool      // the loader's last look found nothing that was written by then: the next look is at what is written by itself
	rows     int       // that the loader brought back and that are still in memory
	rowBytes int64
}

func newRoute(s *Sender, key string) *route {
	return &route{sender: s, key: key, records: map[uint64]*record{}, breaker: newBreaker(s.cfg.MaxInFlight)}
}

// send takes a delivery.
func (r *route) send(j *job) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refusing {
		return ErrDraining
	}
	r.to, r.used = j.To, j.taken
	rec := r.line(j.Event)
	switch {
	case rec != nil && rec.parked:
		rec.fresh = true
		r.park(j, time.Time{})
	case r.spooling && (rec == nil || !rec.unsettled()):
		r.fresh = true
		r.park(j, time.Time{})
	case rec != nil:
		j.late = rec.held() || rec.jobs.first != nil && rec.jobs.first.late
		rec.push(j)
		return nil
	default:
		r.bring(j)
	}
	r.fill()
	return nil
}

// served reports whether the webhook is known, and not gone.
func (r *route) served() bool { return r.to != nil && r.to.Current() != nil }

// bring puts a job at the end of those of its record, which is not parked.
func (r *route) bring(j *job) {
	rec := r.records[j.Event.Record]
	if rec == nil {
		rec = r.newLine(j.Event, ready)
		r.ready.push(rec)
	}
	rec.push(j)
}

// newLine returns a line for an event of which there is none.
func (r *route) newLine(e *mapper.Event, at place) *record {
	rec := &record{id: e.Record, place: at}
	r.records[rec.id] = rec
	if e.Former != 0 {
		r.extend(rec, e.Former)
	}
	return rec
}

// fill makes everything happen that can happen now: attempts, looks into the spool, and a time to wake up at.
func (r *route) fill() {
	for j := r.next(); j != nil; j = r.next() {
		r.sender.begin(attempts{route: r, job: j})
	}
	r.startLoading()
	r.arm()
}

// next takes the next job to attempt, nil when there is none or no more may be attempted now.
func (r *route) next() *job {
	r.crowded = false
	if r.ready.first == nil && len(r.due) == 0 || r.closed || r.paused {
		return nil
	}
	now := time.Now()
	if !r.breaker.admits(r.inFlight, now) {
		return nil
	}
	if r.crowded = !r.sender.places.take(r.inFlight); r.crowded {
		return nil
	}
	rec := r.pick(now)
	if rec == nil {
		r.sender.places.release()
		return nil
	}
	rec.place = busy
	j := rec.jobs.first
	j.probe, j.early, rec.early = r.breaker.open, rec.early, false
	r.breaker.probing = j.probe
	if j.tried = j.To; j.late {
		j.tried = j.To.Current()
	}
	j.attempts++
	j.began = now
	r.inFlight++
	return j
}

// pick returns a record whose first job can be attempted now. Retries and first attempts take turns, so that neither of them starves.
// While the breaker is open the loader alone decides which of the records that wait are worth a probe.
func (r *route) pick(now time.Time) *record {
	for {
		due := len(r.due) > 0 && !now.Before(r.due[0].due) && !r.breaker.open
		if r.ready.first != nil && (!due || r.retried) {
			r.retried = false
			return r.ready.pop()
		}
		if !due {
			return nil
		}
		rec := heap.Pop(&r.due).(*record)
		if rec.jobs.first != nil {
			r.retried = true
			return rec
		}
		r.bringBack(rec)
	}
}

// work makes attempts until there are none to make.
func (r *route) work(j *job) {
	for j != nil {
		stop := r.limitHold(j)
		a := r.sender.attempt(j)
		stop()
		j = r.finish(j, a)
	}
}

// finish takes what became of an attempt and returns the next job.
func (r *route) finish(j *job, a attempted) *job {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inFlight--
	r.sender.places.release()
	rec := j.line
	rec.place = nowhere
	gone := j.To.Current() == nil
	j.resent, j.alone = j.resent+a.resent, a.alone
	switch now := time.Now(); {
	case a.cut:
		j.attempts--
		r.breaker.probing = r.breaker.probing && !j.probe
		if r.toSpool(rec); rec.joined == nil {
			r.advance(rec)
		}
	case !a.skipped && a.verdict.Outcome == Delivered:
		if r.breaker.success() {
			r.recovered(now)
		}
		r.accepted(j)
		rec.jobs.pop()
		r.advance(rec)
	case a.skipped || gone:
		r.breaker.probing = r.breaker.probing && !j.probe
		r.giveUp(rec)
		r.advance(rec)
	default:
		r.failed(rec, j, a, now)
	}
	next := r.next()
	r.fill()
	return next
}

// advance lets a record go on whose attempt is over.
func (r *route) advance(rec *record) {
	if rec.jobs.first != nil && !rec.jobs.first.stored && r.spooling {
		r.parkAll(rec)
	}
	switch {
	case rec.held():
		rec.place = held
	case rec.jobs.first != nil:
		rec.place = ready
		r.ready.push(rec) // behind the others, so that what is oldest is settled first and none has to wait for a busy one
	case rec.closed():
		r.done(rec)
	case rec.parked && rec.joined != nil && rec.joined.later.After(time.Now()):
		rec.place, rec.due, rec.joined.later = waiting, rec.joined.later, time.Time{}
		heap.Push(&r.due, rec)
	case rec.parked:
		r.bringBack(rec)
	default:
		r.forget(rec)
	}
}

// failed takes a failed attempt.
func (r *route) failed(rec *record, j *job, a attempted, now time.Time) {
	s, v := r.sender, a.verdict
	opened := (v.Outcome == Failed || j.probe) && r.breaker.failure(rec.id, j.probe, now, v.NotBefore, s.policy.Jitter())
	if j.trouble == nil {
		j.trouble = &trouble{since: now}
	}
	j.trouble.status, j.trouble.reason = v.Status, v.Reason
	var wait time.Duration
	more := true
	if j.early {
		j.attempts--
		wait = rec.due.Sub(now)
	} else {
		wait, more = s.policy.Next(j.attempts, v, now)
	}
	s.logFailed(j, a, wait, more)
	if !more {
		r.bury(j)
		rec.jobs.pop()
		r.advance(rec)
		if v.Outcome == Gone {
			r.pause("the receiver answered 410 Gone")
		}
	} else {
		if rec.due = now; j.To.Current() == j.tried { // otherwise what failed is not what the webhook is now
			rec.due = now.Add(wait)
		}
		rec.wait()
		r.retrying(rec)
		left := j.stored || r.spooling || r.refusing || rec.due.Sub(j.trouble.since) > s.cfg.HoldMax
		if j.stored {
			s.parker.report(Report{Webhook: r.key, Event: j.Event.ID, Attempts: j.attempts, Resent: j.resent, Due: rec.due, Status: v.Status, Reason: v.Reason})
		}
		if left {
			r.toSpool(rec)
		}
		if !left || rec.joined == nil {
			heap.Push(&r.due, rec)
		}
	}
	if opened {
		s.log.Warn("receiver does not accept deliveries: they go to the spool, and one at a time is tried",
			"webhook", r.key, "host", j.tried.Host, "next_try", r.breaker.probeAt.Sub(now).Round(time.Millisecond))
	}
	if opened || r.parked > s.cfg.maxParked {
		r.spill()
	}
}

// recovered makes all records due: what they wait for was the receiver.
func (r *route) recovered(now time.Time) {
	r.sender.log.Info("receiver accepts deliveries again", "webhook", r.key)
	for _, rec := range r.due {
		rec.due = now
	}
}

// accepted settles a job that was delivered.
func (r *route) accepted(j *job) {
	if j.stored {
		r.drop(j)
		r.sender.parker.report(Report{Webhook: r.key, Event: j.Event.ID, Delivered: true})
		return
	}
	r.sender.settle(j)
}

// bury makes a dead letter of a job.
func (r *route) bury(j *job) {
	s := r.sender
	s.metrics.dead.Inc()
	if !j.stored {
		r.toParker(j, time.Time{}, true)
		return
	}
	r.drop(j)
	status, reason := j.trouble.last()
	s.parker.report(Report{Webhook: r.key, Event: j.Event.ID, Attempts: j.attempts, Resent: j.resent, Status: status, Reason: reason, Dead: true})
}

// pause keeps the webhook from getting anything, for a reason, until it changes or somebody wants a dead letter sent again.
func (r *route) pause(why string) {
	if !r.paused {
		r.sender.log.Warn("webhook paused: deliveries wait in the spool until its row changes, or one of its dead letters is replayed",
			"webhook", r.key, "reason", why)
		r.paused = true
		version := r.to.Version()
		r.sender.parker.control(func(s Spool) error { return s.Pause(r.sender.work, r.key, why, version) })
	}
	r.spill()
}

// resume ends a pause.
func (r *route) resume() {
	if r.paused {
		r.sender.log.Info("webhook goes on after its pause", "webhook", r.key)
		r.paused = false
		r.sender.parker.control(func(s Spool) error { return s.Pause(r.sender.work, r.key, "", "") })
	}
}

// recheck looks whether the webhook has changed or gone since the last attempts: what waits is then tried again at once, or given up.
func (r *route) recheck() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refusing || r.to == nil {
		return
	}
	now := r.to.Current()
	if now == nil {
		r.leave()
		return
	}
	if now == r.to && len(r.due) == 0 && !r.breaker.open && !r.paused {
		return
	}
	for _, rec := range r.due {
		if rec.jobs.first == nil && now != r.to || rec.jobs.first != nil && rec.jobs.first.tried != now {
			rec.due = time.Time{}
		}
	}
	heap.Init(&r.due)
	if now != r.to {
		r.to = now
		r.breaker.probeAt = time.Time{}
		r.resume()
	}
	r.fill()
}

// leave gives everything up: the webhook is gone.
func (r *route) leave() {
	for _, rec := range r.records {
		r.abandon(rec)
	}
	r.ready, r.due, r.reload = fifo[*record]{}, nil, nil
	r.spooling, r.paused, r.breaker = false, false, newBreaker(r.sender.cfg.MaxInFlight)
	if r.spooled {
		r.spooled = false
		r.sender.parker.control(func(s Spool) error { return s.Discard(r.sender.work, r.key) })
	}
}

// giveUp settles all jobs of a record, as their webhook is gone.
func (r *route) giveUp(rec *record) {
	for j := rec.jobs.pop(); j != nil; j = rec.jobs.pop() {
		r.sender.metrics.cancelled.Inc()
		if j.stored {
			r.drop(j)
		} else {
			r.sender.settle(j)
		}
	}
}

// forget removes a record of which there is nothing to know any more.
func (r *route) forget(rec *record) {
	if rec.retrying {
		rec.retrying = false
		r.sender.metrics.retrying.Dec()
	}
	if rec.joined == nil {
		delete(r.records, rec.id)
		return
	}
	for _, id := range rec.joined.ids {
		if r.records[id] == rec {
			delete(r.records, id)
		}
	}
}

func (r *route) retrying(rec *record) {
	if !rec.retrying {
		rec.retrying = true
		r.sender.metrics.retrying.Inc()
	}
}

// arm sees to it that wake is called when something is due that nothing else will bring about.
func (r *route) arm() {
	if r.closed || r.paused || r.crowded { // crowded, it goes on when an attempt of its own is over
		return
	}
	var at time.Time
	switch {
	case r.breaker.open && r.inFlight == 0 && !r.loading && !r.refusing:
		at = r.breaker.probeAt
	case !r.breaker.open && len(r.due) > 0 && r.inFlight < r.breaker.window:
		at = r.due[0].due
	default:
		return
	}
	if r.timer == nil {
		r.timer = time.AfterFunc(time.Until(at), r.wake)
	} else {
		r.timer.Reset(time.Until(at))
	}
}

func (r *route) wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fill()
}
