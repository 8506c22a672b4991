package sender

import (
	"container/heap"
	"slices"
	"time"

	"hookline/mapper"
)

// joint is what is known of a line that takes the deliveries of several records. An event of a
// record whose key has changed belongs to two lines, that of the key and that of the one before: it
// joins them, for as long as anything of them waits.
type joint struct {
	ids []uint64 // of the records, that of the line itself included

	// before are lines that were closed when they were joined with this one, and that are not done.
	// As long as there are any it does not advance, nor is it brought back from the spool: what
	// comes next may be the event that joined them. What was its first delivery by then came before
	// that one, and goes on.
	before []*record
	then   *record // the line that takes what comes for this one; nil while it is open itself

	later time.Time // it is not brought back sooner: an attempt in a line before it says so
}

// held reports whether the line waits for others.
func (r *record) held() bool { return r.joined != nil && len(r.joined.before) > 0 }

// closed reports whether another line takes what comes for this one.
func (r *record) closed() bool { return r.joined != nil && r.joined.then != nil }

// ids returns the records whose deliveries the line takes.
func (r *record) ids() []uint64 {
	if r.joined == nil {
		return []uint64{r.id}
	}
	return r.joined.ids
}

// extend has the line take the deliveries of more records.
func (r *route) extend(rec *record, ids ...uint64) {
	if rec.joined == nil {
		rec.joined = &joint{ids: []uint64{rec.id}}
	}
	for _, id := range ids {
		if r.records[id] != rec {
			rec.joined.ids = append(rec.joined.ids, id)
			r.records[id] = rec
		}
	}
}

// takes reports whether a line takes all of an event.
func (r *route) takes(rec *record, e *mapper.Event) bool {
	return r.records[e.Record] == rec && (e.Former == 0 || r.records[e.Former] == rec)
}

// line returns the line of an event, which joins those that there are of its keys; nil when there
// is none.
func (r *route) line(e *mapper.Event) *record {
	rec := r.records[e.Record]
	if e.Former == 0 || rec != nil && r.records[e.Former] == rec {
		return rec
	}
	other := r.records[e.Former]
	switch {
	case rec == nil && other == nil:
		return nil
	case rec == nil:
		rec, other = other, nil
	}
	aside := rec.parked || r.spooling && rec.unsettled()
	if other == nil {
		r.extend(rec, e.Record, e.Former)
	} else {
		aside = aside || other.parked || r.spooling && other.unsettled()
		r.extend(other) // it is one of several now, and known to be
		r.extend(rec, other.joined.ids...)
		rec.joined.before = append(rec.joined.before, other)
		other.joined.then = rec
	}
	if aside {
		return r.toSpool(rec)
	}
	return rec
}

// unsettled reports whether the first delivery of the line is in memory only.
func (r *record) unsettled() bool { return r.jobs.first != nil && !r.jobs.first.stored }

// setAside leaves the deliveries of joined lines to the spool, in the order in which they have to
// be made: they are one parked line there, which is returned. An attempt under way goes on: what
// becomes of it is told to the spool.
func (r *route) setAside(rec *record) *record {
	for rec.closed() {
		rec = rec.joined.then
	}
	due := time.Time{}
	under := r.empty(rec, rec, &due, nil)
	r.unlist(rec)
	r.setApart(rec)
	rec.joined.before = under
	rec.fresh = true
	rec.turn++
	switch {
	case rec.place == busy || rec.looked:
		rec.joined.later = due
	case rec.held():
		rec.place, rec.joined.later = held, due
	default:
		rec.place, rec.due = waiting, due
		heap.Push(&r.due, rec)
	}
	return rec
}

// empty leaves a line's deliveries to the spool, behind those of the lines before it, of which
// nothing stays but attempts under way: it appends their lines to under, which then come before
// open. due is raised to when the first may be attempted.
func (r *route) empty(rec, open *record, due *time.Time, under []*record) []*record {
	for _, b := range rec.joined.before {
		under = r.empty(b, open, due, under)
		b.joined.before = nil
		if b.place == busy {
			b.joined.then = open
			under = append(under, b)
			continue
		}
		r.unlist(b)
		r.unpark(b)
		r.forget(b)
	}
	var first time.Time
	if rec.place == waiting {
		first = rec.due
	}
	if rec.due.After(*due) && rec.place == waiting {
		*due = rec.due
	}
	if rec.joined.later.After(*due) {
		*due = rec.joined.later
	}
	var attempted *job
	for j := rec.jobs.pop(); j != nil; j = rec.jobs.pop() {
		switch {
		case attempted == nil && rec.place == busy:
			attempted = j
			if !j.stored {
				r.park(j, time.Time{})
				r.count(j)
			}
		case j.stored:
			r.drop(j)
		default:
			r.park(j, first)
		}
		first = time.Time{}
	}
	if attempted != nil {
		rec.jobs.push(attempted)
	}
	return under
}

// unlist takes a line out of where it stands.
func (r *route) unlist(rec *record) {
	switch rec.place {
	case ready:
		r.ready.remove(rec)
	case waiting:
		if i := slices.Index(r.due, rec); i >= 0 {
			heap.Remove(&r.due, i)
		}
	case nowhere:
		if i := slices.Index(r.reload, rec); i >= 0 {
			r.reload = slices.Delete(r.reload, i, i+1)
		}
	}
}

// unpark makes a parked line an ordinary one.
func (r *route) unpark(rec *record) {
	if rec.parked {
		rec.parked = false
		r.parked--
	}
}

// done opens the way for the line behind a closed one of which nothing is left.
func (r *route) done(rec *record) {
	then := rec.joined.then
	then.joined.before = slices.DeleteFunc(then.joined.before, func(b *record) bool {
		return b == rec
	})
	r.unpark(rec)
	r.forget(rec)
	if then.place == held && !then.held() {
		r.advance(then)
	}
}

// lines calls f with every line, and with those before it first. f may be called several times with
// one.
func (r *route) lines(f func(*record)) {
	var each func(rec *record)
	each = func(rec *record) {
		if rec.joined != nil {
			for _, b := range rec.joined.before {
				each(b)
			}
		}
		f(rec)
	}
	for _, rec := range r.records {
		each(rec)
	}
}

// abandon gives up a line, as its webhook is gone, and reports whether nothing of it is left;
// attempts under way are.
func (r *route) abandon(rec *record) (gone bool) {
	if rec.joined != nil {
		rec.joined.before = slices.DeleteFunc(rec.joined.before, r.abandon)
	}
	r.unpark(rec)
	if rec.place == busy { // finish does the rest
		return false
	}
	r.giveUp(rec)
	if rec.held() {
		rec.place = held
		return false
	}
	r.forget(rec)
	return true
}
