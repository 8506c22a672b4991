package queue

import (
	"container/heap"
	"time"

	"hookline/mapper"
	"hookline/webhook"
)

const (
	loadRows = 512 // deliveries that are read at once, at most
	keyRows  = 32  // of a key queue that is apart, or for a probe
)

// Load is what is to be read from the spool.
type Load struct {
	Keys  []uint64 // of these records only; nil: of all
	After int64    // from behind this place on; 0: from the front
	Rows  int      // at most so many deliveries
	Bytes int64    // and, but for the first, at most so many bytes
	Later bool     // whether more of their records waits behind them is to be known
	Flush bool     // all that is on its way to the spool must be there before

	key   *keyQueue // that it is for; nil: for the whole queue
	turn  uint32    // key.turn by then, or that of the whole queue
	fresh bool      // something of key had come since it was last read
}

// Row is a delivery that was read from the spool.
type Row struct {
	Delivery *Delivery
	Seq      int64         // its place
	Wait     time.Duration // until it is due; less than zero, or zero, when it is
	Settles  time.Duration // likewise until its record has settled, if nothing more comes of it
	Later    bool          // the spool has more of its record behind it, as Load.Later asks
}

// MayLoad reports whether NextLoad may have something, and nobody reads.
func (q *Queue) MayLoad() bool {
	return !q.spool.loading && (q.ThroughSpool() || len(q.spool.toLoad) > 0)
}

// NextLoad returns what to read next, if there is anything and room for it: share is how many bytes
// of deliveries that were read may be in memory, to the webhook, nil when it is not there.
// Afterwards call LoadDone, LoadFailed or LoadDropped, and then NextLoad again until it is not ok.
// No one else may read in between.
func (q *Queue) NextLoad(
	now time.Time, share int64, to *webhook.Subscription,
) (l Load, ok bool) {
	if to != nil {
		l, ok = q.nextLoad(now, share)
		if l.Later = to.Merges(); l.key != nil && to.Merges() {
			l.Rows = loadRows
		}
	}
	q.spool.loading = ok
	return l, ok
}

func (q *Queue) nextLoad(now time.Time, share int64) (l Load, ok bool) {
	if q.state >= Paused {
		return l, false
	}
	l = Load{Rows: loadRows, Bytes: max(1, share-q.spool.bytes)}
	if q.breaker.open {
		if q.ready.first != nil || q.inFlight > 0 || !q.breaker.probeDue(now) {
			return l, false
		}
		l.Rows = keyRows
		return q.loadProbe(l, now)
	}
	window := q.breaker.window * max(1, q.batch.most)
	if q.spool.rows > 0 && (q.spool.rows >= 2*window || q.spool.bytes >= share) {
		return l, false
	}
	l.Rows = min(loadRows, 4*window)
	switch {
	case len(q.spool.toLoad) > 0:
		return q.loadKey(l), true
	case q.ThroughSpool() && q.spool.apart < q.cfg.MaxApart:
		return q.loadAll(l), true
	}
	return l, false
}

// loadProbe finds something to probe an open breaker with. When there is nothing at all, the next
// delivery that comes will do.
func (q *Queue) loadProbe(l Load, now time.Time) (Load, bool) {
	waits := len(q.due) > 0
	due := waits && !now.Before(q.due[0].due)
	full := q.spool.apart >= q.cfg.MaxApart
	switch {
	case len(q.spool.toLoad) == 0 && (due || waits && (!q.spool.fresh || full)):
		k := heap.Pop(&q.due).(*keyQueue)
		k.early = !due
		q.bringBack(k)
		fallthrough
	case len(q.spool.toLoad) > 0:
		return q.loadKey(l), true
	case q.spool.fresh:
		return q.loadAll(l), true
	}
	q.breaker.try()
	q.enter(Live)
	return l, false
}

func (q *Queue) loadAll(l Load) Load {
	l.After, l.turn = q.spool.cursor, q.spool.turn
	if l.Flush = q.spool.flushed || q.spool.emptied; l.Flush {
		q.spool.fresh = false
	}
	return l
}

func (q *Queue) loadKey(l Load) Load {
	k := q.spool.toLoad[0]
	q.spool.toLoad = q.spool.toLoad[1:]
	q.place(k, keyLoading)
	l.key, l.turn, l.fresh, l.Flush = k, k.turn, k.fresh, true
	k.fresh = false
	l.Keys, l.After, l.Rows = k.ids(), k.after, min(l.Rows, keyRows)
	return l
}

// bringBack has the deliveries of a key queue read that is apart.
func (q *Queue) bringBack(k *keyQueue) {
	q.place(k, keyToLoad)
	q.spool.toLoad = append(q.spool.toLoad, k)
}

// loadEnds notes that a key queue is no longer being read.
func (q *Queue) loadEnds(l Load) {
	if l.key != nil && l.key.state == keyLoading {
		q.place(l.key, keyIdle)
	}
}

// LoadDropped tells that nothing is to come of a reading, as the webhook is gone.
func (q *Queue) LoadDropped(l Load) { q.loadEnds(l) }

// LoadFailed tells that the spool could not be read.
func (q *Queue) LoadFailed(l Load, now time.Time) {
	q.loadEnds(l)
	if l.key != nil {
		q.loadAgain(l.key, now)
		return
	}
	q.spool.fresh = true
}

// LoadDone takes what was read.
func (q *Queue) LoadDone(l Load, rows []Row, now time.Time) {
	q.loadEnds(l)
	switch {
	case l.key == nil && l.turn != q.spool.turn: // the webhook was gone in between
		q.spool.fresh = true
	case l.key == nil:
		q.spool.emptied = q.spool.emptied && !l.Flush
		q.takeAll(rows, l.Flush, now)
	case l.turn != l.key.turn:
		q.loadAgain(l.key, now)
	default:
		q.takeKey(l, rows, now)
	}
}

// takeAll takes a page of the whole queue.
func (q *Queue) takeAll(rows []Row, flushed bool, now time.Time) {
	for _, row := range rows {
		d := row.Delivery
		q.spool.cursor = row.Seq
		k := q.keyOf(d.Event)
		switch {
		case k != nil && k.apart: // it is read by itself
		case k == nil && row.Wait > 0:
			k = q.newKey(d.Event)
			k.due = now.Add(row.Wait)
			q.markApart(k)
			q.hasFailed(k)
			q.await(k, keySpooled)
		case k == nil && q.mayReadApart(&row):
			q.apartToMerge(row, now)
		default:
			q.take(d, now)
			q.append(d)
		}
	}
	q.spool.flushed = len(rows) == 0
	if len(rows) == 0 && flushed && !q.spool.fresh && q.state == Spooling {
		q.enter(Live)
	}
}

// take takes a delivery that was read.
func (q *Queue) take(d *Delivery, now time.Time) {
	d.Late, d.Taken = true, now
	q.spool.count(d)
	q.trace(stageSpooled, stageBuffered)
}

// loadAgain has a key queue read once more that is apart, unless the webhook was gone in between,
// or another key queue took its place.
func (q *Queue) loadAgain(k *keyQueue, now time.Time) {
	if q.keys[k.id] == k && k.apart {
		q.advance(k, now)
	}
}

// takeKey takes a page of the deliveries of a key queue that is apart. When there are none any
// more, it is apart no longer. An event that joins it with others is not taken before the reading
// of the whole queue has come by there and joined them.
func (q *Queue) takeKey(l Load, rows []Row, now time.Time) {
	k := l.key
	if q.keys[k.id] != k || !k.apart { // the webhook was gone in between
		return
	}
	taken := 0
	n, wait := q.settled(k, l, rows)
	for _, row := range rows[:n] {
		if !q.covers(k, row.Delivery.Event) {
			break
		}
		taken++
		k.after = row.Seq
		q.take(row.Delivery, now)
		k.push(row.Delivery)
	}
	switch {
	case taken > 0:
		q.endSettling(k)
		q.line(k)
	case wait > 0:
		q.settleOn(k, now.Add(wait))
	case k.fresh:
		q.bringBack(k)
	default:
		q.unmarkApart(k)
		q.forget(k)
	}
}

// covers reports whether a key queue takes all of an event.
func (q *Queue) covers(k *keyQueue, e *mapper.Event) bool {
	return q.keys[e.Record] == k && (e.Former == 0 || q.keys[e.Former] == k)
}
