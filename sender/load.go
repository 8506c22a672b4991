package sender

import (
	"container/heap"
	"time"
)

const (
	loadRows   = 512 // deliveries that are brought back at once, at most
	recordRows = 32  // of a record that is parked, or for a probe
	loadShare  = 4   // the part of Config.MaxBuffer that all routes together may fill with what they bring back, beside the buffer itself

	firstPause = 100 * time.Millisecond // after a call of the spool that failed; doubled each time
	lastPause  = 5 * time.Second
)

// look is what the loader is to look for in the spool next.
type look struct {
	page   Page
	record *record // the page is of this line; nil: of all
	turn   uint32  // record.turn by then
	flush  bool    // all that is on its way to the spool is to be there before
}

// startLoading starts the loader if there is something for it to do.
func (r *route) startLoading() {
	if r.loading || !r.spooling && len(r.reload) == 0 {
		return
	}
	if l, ok := r.nextLook(); ok {
		r.loading = true
		r.sender.goroutines.Go(func() { r.load(l) })
	}
}

// load looks into the spool as long as there is something to look for.
func (r *route) load(l look) {
	s := r.sender
	pause := firstPause
	for ok := true; ok; {
		if err := r.take(l); err == nil {
			pause = firstPause
		} else if s.work.Err() == nil {
			s.spoolFailed("read", err)
			select {
			case <-time.After(pause):
				pause = min(2*pause, lastPause)
			case <-s.work.Done():
			}
		}
		r.mu.Lock()
		if l, ok = r.nextLook(); !ok {
			r.loading = false
			r.fill()
		}
		r.mu.Unlock()
	}
}

// nextLook returns what to look for, if there is anything and room for it.
func (r *route) nextLook() (l look, ok bool) {
	s := r.sender
	if r.refusing || r.closed || r.paused || !r.served() || s.work.Err() != nil {
		return l, false
	}
	share := s.cfg.MaxBuffer / loadShare / max(1, s.loaded.Load())
	l.page = Page{Webhook: r.key, Rows: loadRows, Bytes: max(1, share-r.rowBytes)}
	if r.breaker.open {
		if r.ready.first != nil || r.inFlight > 0 || !r.breaker.probeDue(time.Now()) {
			return l, false
		}
		l.page.Rows = recordRows
		return r.lookForProbe(l)
	}
	if r.rows > 0 && (r.rows >= 2*r.breaker.window || r.rowBytes >= share) {
		return l, false
	}
	l.page.Rows = min(loadRows, 4*r.breaker.window)
	switch {
	case len(r.reload) > 0:
		return r.lookForRecord(l), true
	case r.spooling && r.parked < s.cfg.maxParked:
		return r.lookForAll(l), true
	}
	return l, false
}

// lookForProbe finds something to probe an open breaker with. When there is nothing at all, the next delivery that comes will do.
func (r *route) lookForProbe(l look) (look, bool) {
	due := len(r.due) > 0 && !time.Now().Before(r.due[0].due)
	switch {
	case len(r.reload) == 0 && (due || !r.fresh && len(r.due) > 0 || r.parked >= r.sender.cfg.maxParked && len(r.due) > 0):
		rec := heap.Pop(&r.due).(*record)
		rec.early = !due
		r.bringBack(rec)
		fallthrough
	case len(r.reload) > 0:
		return r.lookForRecord(l), true
	case r.fresh:
		return r.lookForAll(l), true
	}
	r.breaker.try()
	r.spooling = false
	return l, false
}

func (r *route) lookForAll(l look) look {
	l.page.After = r.cursor
	if l.flush = r.flushed; l.flush {
		r.fresh = false
	}
	return l
}

func (r *route) lookForRecord(l look) look {
	rec := r.reload[0]
	r.reload = r.reload[1:]
	rec.fresh, rec.looked = false, true
	l.record, l.turn, l.flush = rec, rec.turn, true
	l.page.Records, l.page.After, l.page.Rows = rec.ids(), rec.after, min(l.page.Rows, recordRows)
	return l
}

// bringBack has the loader look for deliveries of a parked record.
func (r *route) bringBack(rec *record) {
	rec.place = nowhere
	r.reload = append(r.reload, rec)
}

// take does one look.
func (r *route) take(l look) error {
	s := r.sender
	var rows []Parked
	err := error(nil)
	if l.flush {
		err = s.parker.flush(s.work)
	}
	if err == nil {
		rows, err = s.spool.Waiting(s.work, l.page)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.record != nil {
		l.record.looked = false
	}
	switch {
	case err != nil && l.record != nil:
		r.lookAgain(l.record)
	case err != nil:
		r.fresh = true
	case !r.served(): // it has gone meanwhile
	case l.record != nil && l.turn != l.record.turn:
		r.lookAgain(l.record)
	case l.record != nil:
		r.takeRecord(l.record, rows)
	default:
		r.takeAll(rows, l.flush)
	}
	r.fill()
	return err
}

// takeAll takes a page of the whole queue.
func (r *route) takeAll(rows []Parked, flushed bool) {
	now := time.Now()
	for _, p := range rows {
		r.cursor = p.Seq
		rec := r.line(p.Event)
		switch {
		case rec != nil && rec.parked: // it is brought back by itself
		case rec == nil && p.Due.After(now):
			rec = r.newLine(p.Event, waiting)
			rec.due = p.Due
			r.setApart(rec)
			r.retrying(rec)
			heap.Push(&r.due, rec)
		default:
			r.bring(r.job(p))
		}
	}
	switch r.flushed = len(rows) == 0; {
	case len(rows) > 0, !flushed, r.fresh, r.breaker.open:
	default:
		r.spooling = false
	}
}

// lookAgain has the loader look for a parked line once more, unless the webhook was gone in between, or another line took its place.
func (r *route) lookAgain(rec *record) {
	if r.records[rec.id] == rec && rec.parked {
		r.advance(rec)
	}
}

// takeRecord takes a page of a parked record's deliveries. When there are none any more, the record is an ordinary one again. An event
// that joins it with others is not taken before the look at the whole queue has come by there and joined them.
func (r *route) takeRecord(rec *record, rows []Parked) {
	if r.records[rec.id] != rec || !rec.parked { // the webhook was gone in between
		return
	}
	taken := 0
	for _, p := range rows {
		if !r.takes(rec, p.Event) {
			break
		}
		taken++
		rec.after = p.Seq
		rec.push(r.job(p))
	}
	switch {
	case taken > 0:
		rec.place = ready
		r.ready.push(rec)
	case rec.fresh:
		r.bringBack(rec)
	default:
		rec.parked = false
		r.parked--
		r.forget(rec)
	}
}

// job returns the job of a delivery that is brought back.
func (r *route) job(p Parked) *job {
	j := &job{
		Delivery: Delivery{Event: p.Event, To: r.to}, route: r, size: int64(p.Event.Size() + overhead), taken: time.Now(),
		attempts: p.Attempts, resent: p.Resent, late: true, replay: p.Replay,
	}
	r.sender.tellLarge(j)
	r.count(j)
	return j
}
