package queue

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"hookline/mapper"
	"hookline/webhook"
)

var seeds = flag.Uint64("seeds", 1000, "how often TestTorture is run, each time differently")

// mark is what a test knows of an event: the numbers that it has among those of its records.
type mark struct {
	record, former uint64
	seq, formerSeq int
	action         mapper.Action
}

// row is a delivery in the spool of a driver.
type row struct {
	d    *Delivery
	seq  int64
	due  time.Time
	dead bool
}

// driver drives a queue by chance, and has a spool for it, to which things are written a while
// later.
type driver struct {
	t      *testing.T
	random *rand.Rand
	rough  bool // deliveries may be given up, and are replayed
	cover  map[Transition]int

	q        *Queue
	now      time.Time
	to       *webhook.Subscription
	settling webhook.Settling
	served   bool
	down     bool          // the receiver accepts nothing
	paused   bool          // as the spool has it
	flying   [][]*Delivery // attempts, each at one delivery or several
	loading  *Load
	page     []Row // what was read for it, when that was done by now
	isRead   bool
	ordered  []Effect // that are not written yet
	rows     []*row
	place    int64

	marks map[string]mark
	next  map[uint64]int
	last  map[uint64]int
	left  map[string]bool // events that are not settled

	stream  []*mapper.Event
	spooled map[string]bool // events that were in the spool at some time
	newest  map[uint64]int  // by record: what arrived last
	kills   int
	merged  int // attempts at more than one
	batches int // the largest attempt
}

// settlings are webhooks that have every event, or one of several: once a record is quiet, for a
// short while in memory or a long one in the spool, or of what has waited there.
var settlings = []webhook.Settling{
	{},
	{For: 2 * time.Second, Max: 6 * time.Second},
	{For: 4 * time.Second, Max: 4 * time.Second},
	{For: 3 * time.Second, Max: 30 * time.Second, Latest: true},
	{Latest: true},
	{For: 10 * time.Second, Max: time.Minute},
}

// TestTorture drives queues by chance. Whatever happens, nothing is lost, all arrives in order per
// record, and in the end nothing is left. Every step that Transitions lists is taken, and no other.
func TestTorture(t *testing.T) {
	cover, largest := map[Transition]int{}, 0
	for seed := range *seeds {
		d := &driver{
			t:        t,
			random:   rand.New(rand.NewPCG(seed, 7)),
			rough:    seed%2 == 1,
			cover:    cover,
			now:      time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC),
			settling: settlings[seed/2%uint64(len(settlings))],
			served:   true,
			marks:    map[string]mark{},
			next:     map[uint64]int{},
			last:     map[uint64]int{},
			left:     map[string]bool{},
			spooled:  map[string]bool{},
			newest:   map[uint64]int{},
		}
		d.change()
		d.begin()
		for range 600 {
			d.step()
		}
		largest = max(largest, d.batches)
		if d.end(); t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
	if largest < 3 {
		t.Errorf("the largest batch has %d deliveries", largest)
	}
	for _, step := range Transitions {
		if cover[step.Transition] == 0 && *seeds >= 1000 {
			t.Errorf("no %s went from %s to %s: %s", step.Of, step.From, step.To, step.On)
		}
	}
	for _, step := range Transitions {
		delete(cover, step.Transition)
	}
	for s, n := range cover {
		t.Errorf("%d times a %s went from %q to %q: no such step is known", n, s.Of, s.From, s.To)
	}
}

// begin has a process begin with what is in the spool.
func (d *driver) begin() {
	d.q = New(Config{
		MaxInFlight: []int{1, 3, 8}[d.random.IntN(3)], HoldMax: 4 * time.Second, MaxApart: []int{3, 8}[d.random.IntN(2)],
		Trace: func(t Transition) { d.cover[t]++ },
	})
	if d.chance(2) {
		d.q.SetBatch(2+d.random.IntN(5), time.Second)
	}
	if d.chance(3) {
		d.q.SetRate(5, d.now)
	}
	if d.chance(3) {
		d.q.BeginFailing()
	}
	if d.paused || slices.ContainsFunc(d.rows, func(r *row) bool { return !r.dead }) {
		d.q.Backlog(d.paused, d.chance(2))
	}
	d.carryOut()
}

// current returns the webhook, nil when it is gone.
func (d *driver) current() *webhook.Subscription {
	if d.served {
		return d.to
	}
	return nil
}

func (d *driver) chance(oneIn int) bool { return d.random.IntN(oneIn) == 0 }

// step has one thing happen.
func (d *driver) step() {
	if d.chance(40) {
		d.down = !d.down
	}
	switch d.random.IntN(14) {
	case 0, 1, 2:
		d.add()
	case 3:
		d.now = d.now.Add(time.Duration(d.random.IntN(3000)) * time.Millisecond)
		d.probe()
	case 4, 5:
		d.attempt()
	case 6, 7:
		if len(d.flying) > 0 {
			d.finish(d.random.IntN(len(d.flying)), d.outcome())
		}
	case 8, 9:
		d.load(d.chance(8))
	case 10:
		d.write()
	case 11:
		d.probe()
	case 12:
		d.operate()
	case 13:
		switch {
		case d.chance(20):
			d.restart()
		case d.chance(30):
			d.kill()
		}
	}
	d.carryOut()
}

// add adds an event, which may have changed the key of its record.
func (d *driver) add() {
	if !d.served || d.q.State() >= Draining {
		return
	}
	m := mark{record: 1 + d.random.Uint64N(9)}
	d.next[m.record]++
	m.seq = d.next[m.record]
	if former := 1 + d.random.Uint64N(9); former != m.record && d.chance(5) {
		d.next[former]++
		m.former, m.formerSeq = former, d.next[former]
	}
	m.action = mapper.Updated
	if m.record%4 == 0 && m.former == 0 {
		m.action = []mapper.Action{mapper.Created, mapper.Updated, mapper.Deleted}[m.seq%3]
	}
	id := fmt.Sprintf("evt_0badcafe_%016x_%d", m.record, m.seq)
	d.marks[id] = m
	d.left[id] = true
	e := mapper.NewEvent(mapper.Parts{
		ID: id, Object: "person", Record: m.record, Former: m.former, Data: []byte("{}"),
		Action: m.action, Time: d.now, Updated: []string{id},
	})
	d.stream = append(d.stream, e)
	d.q.Add(&Delivery{Event: e, To: d.to, Size: 100, Taken: d.now})
}

// kill ends the process as kill -9 does: what was ordered may be written in part, and what was
// attempted may have arrived. The next one gets the stream again from the first event on that is
// not settled, but for those that the spool has had and, where it has a record of them, those that
// were accepted.
func (d *driver) kill() {
	d.ordered = d.ordered[:d.random.IntN(len(d.ordered)+1)]
	d.write()
	d.kills++
	for _, list := range d.flying {
		arrives := d.chance(2)
		for _, f := range list {
			if arrives && !f.Replay {
				f.all(d.arriveAll)
			}
		}
	}
	d.flying, d.loading, d.to, d.served = nil, nil, &webhook.Subscription{Settling: d.settling}, true
	d.begin()
	record := d.chance(2)
	from := slices.IndexFunc(d.stream, func(e *mapper.Event) bool { return d.left[e.ID] })
	if from < 0 {
		return
	}
	for _, e := range d.stream[from:] {
		if d.spooled[e.ID] || !d.left[e.ID] && record {
			delete(d.left, e.ID)
			continue
		}
		d.left[e.ID] = true
		d.q.Add(&Delivery{Event: e, To: d.to, Size: 100, Taken: d.now})
		d.carryOut()
	}
}

// arriveAll notes that an event arrives, of each of its records.
func (d *driver) arriveAll(f *Delivery) {
	m := d.marks[f.Event.ID]
	if d.arrive(m.record, m.seq); m.former != 0 {
		d.arrive(m.former, m.formerSeq)
	}
}

// attempt begins as many attempts as there may be.
func (d *driver) attempt() {
	for d.q.MayAttempt(d.now) {
		if d.q.InFlight() > 0 && d.chance(9) {
			d.q.Crowded()
			return
		}
		next := d.q.Next(d.now)
		if next == nil {
			return
		}
		next.Tried = d.to
		list := append([]*Delivery{next}, d.q.Along(next, d.now)...)
		for _, one := range list {
			d.told(one)
		}
		for _, other := range slices.Concat(d.flying...) {
			for _, next := range list {
				if other.Event.Record == next.Event.Record {
					d.t.Errorf("two attempts at once at record %d", next.Event.Record)
				}
			}
		}
		d.batches = max(d.batches, len(list))
		d.flying = append(d.flying, list)
	}
}

// probe tests whether the receiver takes connections, if that is due.
func (d *driver) probe() {
	if d.q.ProbeConnect(d.now, d.served) {
		d.q.Probed(Reached(d.random.IntN(3)), d.now, 0.5)
	}
}

func (d *driver) outcome() Outcome {
	switch n := d.random.IntN(12); {
	case !d.served:
		return Cancelled
	case d.down && (n > 0 || !d.rough):
		return Retryable
	case d.down:
		return Gone
	case n < 5:
		return Accepted
	case n == 5 && d.rough:
		return Rejected
	case n == 6 && d.rough && d.chance(2):
		return Gone
	case n == 7 && d.q.State() >= Draining:
		return Cut
	}
	return Retryable
}

// finish ends an attempt.
func (d *driver) finish(i int, outcome Outcome) {
	f := d.flying[i]
	d.flying = slices.Delete(d.flying, i, i+1)
	r := Result{
		Outcome: outcome, Status: 500, Refused: d.chance(2), Changed: d.chance(20),
		Wait: time.Duration(d.random.IntN(5000)) * time.Millisecond, Jitter: 0.5,
	}
	if len(f) == 1 {
		d.q.Result(f[0], r, d.now)
		return
	}
	results := slices.Repeat([]Result{r}, len(f))
	for i := range results {
		if outcome == Accepted && d.chance(6) {
			results[i].Outcome = Retryable
		}
	}
	refused := map[uint64]bool{} // what is said of later ones of such a record does not count
	accepted := make([]bool, len(f))
	for i, one := range f {
		record := one.Event.Record
		refused[record] = refused[record] || results[i].Outcome != Accepted
		accepted[i] = !refused[record]
	}
	_, judged := d.q.Results(f, results, d.now)
	for i := range f {
		if results[i].Outcome == Accepted && judged[i] != accepted[i] {
			d.t.Errorf("%s is judged: %v, and wrongly so", f[i].Event.ID, judged[i])
		}
	}
}

// told checks what is sent of a delivery and its parts.
func (d *driver) told(f *Delivery) {
	var merge mapper.Merge
	var names []string
	for _, p := range append(slices.Clone(f.parts), f) {
		if names = append(names, p.Event.ID); !merge.Add(p.Event) || p.Event.Record != f.Event.Record {
			d.t.Errorf("%s stands for %s", f.Event.ID, p.Event.ID)
		}
		if p != f && (!d.to.Merges() || f.Replay || p.Stored != f.Stored) {
			d.t.Errorf("%s is merged with %s, as nobody wants", p.Event.ID, f.Event.ID)
		}
	}
	told := f.Told().Parts()
	if told.Action == mapper.Updated && !slices.Equal(told.Updated, names) || told.ID != f.Event.ID {
		d.t.Errorf("%s is told as %s with %q, and stands for %q", f.Event.ID, told.ID, told.Updated, names)
	}
	if len(f.parts) > 0 {
		d.merged++
	}
}

// change has the webhook be a new version.
func (d *driver) change() {
	d.to, d.served = &webhook.Subscription{Settling: d.settling}, true
}

func (d *driver) arrive(record uint64, seq int) {
	d.newest[record] = seq
	if again := seq <= d.last[record]; again && d.kills > 0 {
		return
	} else if seq != d.last[record]+1 && (!d.rough || again) {
		d.t.Errorf("event %d of record %d arrives after %d", seq, record, d.last[record])
	}
	d.last[record] = seq
}

// load begins to read the spool, or ends it.
func (d *driver) load(fails bool) {
	if d.loading == nil && !d.q.MayLoad() {
		return
	}
	if l := d.loading; l != nil {
		d.loading = nil
		switch {
		case fails:
			d.q.LoadFailed(*l, d.now)
		case !d.served:
			d.q.LoadDropped(*l)
		default:
			if !d.isRead {
				d.page = d.read(*l)
			}
			d.q.LoadDone(*l, d.page, d.now)
		}
	}
	if l, ok := d.q.NextLoad(d.now, 2000, d.current()); ok {
		if l.Flush {
			d.carryOut()
			d.write()
		}
		d.loading, d.page, d.isRead = &l, nil, d.chance(2)
		if d.isRead {
			d.page = d.read(l)
		}
	}
}

// read returns a page of the spool.
func (d *driver) read(l Load) (rows []Row) {
	for _, r := range d.rows {
		e := r.d.Event
		if r.dead || r.seq <= l.After || l.Keys != nil && !slices.Contains(l.Keys, e.Record) &&
			(e.Former == 0 || !slices.Contains(l.Keys, e.Former)) || len(rows) >= l.Rows {
			continue
		}
		next := Row{Seq: r.seq, Wait: r.due.Sub(d.now), Delivery: &Delivery{
			Event: e, To: d.to, Size: 100, Attempts: r.d.Attempts, Replay: r.d.Replay,
		}}
		next.Settles = min(d.settling.For, e.Time.Add(d.settling.For).Sub(d.now))
		next.Later = l.Later && slices.ContainsFunc(d.rows, func(later *row) bool {
			return !later.dead && later.seq > r.seq && later.d.Event.Record == e.Record
		})
		rows = append(rows, next)
	}
	return rows
}

// operate does what others than receivers do.
func (d *driver) operate() {
	switch n := d.random.IntN(16); {
	case n < 3 && len(d.flying) > 0:
		d.q.HoldEnds(d.flying[d.random.IntN(len(d.flying))][0])
	case n < 6:
		d.q.MakeRoom(d.now, time.Second)
	case n == 6:
		d.q.MoveToSpool()
	case d.q.State() >= Draining:
	case n == 7, n == 8, n == 9 && d.paused:
		d.change()
		d.q.Changed(d.to, true)
	case n == 10 && d.rough:
		d.served = false
		d.q.Gone()
	case n > 10 && d.rough && d.served:
		d.q.Backlog(d.paused, false)
		if slices.ContainsFunc(d.rows, func(r *row) bool { return r.dead }) {
			d.q.Requeue()
		}
	}
}

// restart ends the process and begins another.
func (d *driver) restart() {
	d.q.Drain()
	for range d.random.IntN(20) {
		d.carryOut()
		d.attempt()
		if len(d.flying) > 0 && d.chance(2) {
			d.finish(0, d.outcome())
		}
		if d.loading != nil && d.chance(4) {
			d.load(d.chance(2))
		}
	}
	d.q.Close()
	for len(d.flying) > 0 {
		d.carryOut()
		d.finish(0, d.outcome())
	}
	d.carryOut()
	d.write()
	for _, id := range slices.Sorted(maps.Keys(d.left)) {
		d.t.Errorf("%s is nowhere after the end of a process", id)
	}
	d.loading, d.served = nil, true
	d.begin()
}

// carryOut takes what the queue says.
func (d *driver) carryOut() {
	for _, e := range d.q.Effects() {
		switch e.Do {
		case NotePause:
			d.paused = true
		case NoteResume:
			d.paused = false
		case NoteFailing, NoteRecovered:
		default:
			d.ordered = append(d.ordered, e)
		}
		if e.Do == Deliver && !e.Delivery.Replay {
			d.arriveAll(e.Delivery)
		}
		if e.Do == Deliver && !e.Delivery.Stored || e.Do == Discard && !e.Delivery.Stored {
			delete(d.left, e.Delivery.Event.ID)
		}
	}
}

// write has everything written that is on its way to the spool.
func (d *driver) write() {
	for _, e := range d.ordered {
		id := ""
		if e.Delivery != nil {
			id = e.Delivery.Event.ID
		}
		at := slices.IndexFunc(d.rows, func(r *row) bool { return r.d.Event.ID == id })
		switch e.Do {
		case Spool, DeadLetter:
			if at >= 0 {
				d.rows[at].dead = d.rows[at].dead || e.Do == DeadLetter
				continue
			}
			d.append(&row{d: e.Delivery, due: e.Due, dead: e.Do == DeadLetter})
			delete(d.left, id)
			d.spooled[id] = true
		case ReportFailure:
			if at >= 0 {
				d.rows[at].due = e.Due
			}
		case Deliver:
			if at >= 0 {
				d.rows = slices.Delete(d.rows, at, at+1)
			}
		case DiscardQueue:
			d.rows = slices.DeleteFunc(d.rows, func(r *row) bool { return !r.dead })
		case RequeueDead:
			d.requeue()
		}
	}
	d.ordered = nil
}

func (d *driver) append(r *row) {
	d.place++
	r.seq = d.place
	d.rows = append(d.rows, r)
}

// requeue moves the dead rows to the end.
func (d *driver) requeue() {
	for _, r := range slices.Clone(d.rows) {
		if r.dead {
			d.rows = slices.DeleteFunc(d.rows, func(other *row) bool { return other == r })
			d.append(&row{d: &Delivery{Event: r.d.Event, Replay: true}})
		}
	}
}

// end has everything go well, and checks that nothing is left then.
func (d *driver) end() {
	d.change()
	d.q.Changed(d.to, true)
	for range 3000 {
		d.carryOut()
		d.attempt()
		for len(d.flying) > 0 {
			d.finish(0, Accepted)
			d.carryOut()
		}
		d.load(false)
		d.write()
		d.now = d.now.Add(100 * time.Millisecond)
	}
	if !d.q.Empty() || d.loading != nil {
		d.t.Errorf("the queue is not empty: %+v", d.q)
	}
	for _, r := range d.rows {
		if !r.dead {
			d.t.Errorf("%s is left in the spool", r.d.Event.ID)
		}
	}
	for id := range d.left {
		d.t.Errorf("%s is not settled", id)
	}
	for record, last := range d.next {
		if !d.rough && d.last[record] != last {
			d.t.Errorf("record %d ends with event %d, want %d", record, d.last[record], last)
		}
		if !d.rough && d.newest[record] != last {
			d.t.Errorf("record %d is left as of event %d, want %d", record, d.newest[record], last)
		}
	}
}
