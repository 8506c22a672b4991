package sender

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Limits bound what is kept of one webhook. Zero is no limit.
type Limits struct {
	MaxBytes int64         // of deliveries that wait or are dead
	MaxAge   time.Duration // of the first that waits, since it was put into the queue
}

// Memory is a Spool that is gone with the process. It starts no goroutine and blocks nowhere, so it
// is at home in a bubble of testing/synctest. Safe for concurrent use.
type Memory struct {
	limits Limits

	mu        sync.Mutex
	err       error // of every call
	seq       int64 // the last that was given
	queues    map[string]*memoryQueue
	overflows []*Overflow // in the order in which they began
}

var _ Spool = (*Memory)(nil)

// NewMemory returns an empty spool.
func NewMemory(limits Limits) *Memory {
	return &Memory{limits: limits, queues: map[string]*memoryQueue{}}
}

// memoryQueue is what is kept of one webhook.
type memoryQueue struct {
	known    map[string]*memoryRow // by event ID
	waiting  []*memoryRow          // by Seq
	bytes    int64
	paused   string
	version  string
	full     bool
	overflow *Overflow // that is still open
}

type memoryRow struct {
	Spooled
	size   int64
	since  time.Time // when it was put into the queue
	wanted bool
}

// Fail makes every call that follows return err, as if the database were away; nil mends it.
func (m *Memory) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

// Want marks dead deliveries of a webhook for Requeue, as `hookline deliveries replay` does;
// without events, all of them.
func (m *Memory) Want(webhook string, events ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, r := range m.queue(webhook).known {
		r.wanted = r.wanted || r.Dead && (len(events) == 0 || slices.Contains(events, id))
	}
}

// Queued returns the deliveries that wait for a webhook, in order.
func (m *Memory) Queued(webhook string) []Spooled {
	m.mu.Lock()
	defer m.mu.Unlock()
	return spooled(m.queue(webhook).waiting)
}

// Dead returns the dead deliveries of a webhook, oldest first.
func (m *Memory) Dead(webhook string) []Spooled {
	m.mu.Lock()
	defer m.mu.Unlock()
	return spooled(m.queue(webhook).deadLetters())
}

// Overflows returns all overflows there ever were, in the order in which they began.
func (m *Memory) Overflows() []Overflow {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]Overflow, len(m.overflows))
	for i, g := range m.overflows {
		list[i] = *g
	}
	return list
}

// Put is that of Spool.
func (m *Memory) Put(ctx context.Context, deliveries []Spooled) ([]Overflow, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuse(ctx); err != nil {
		return nil, err
	}
	now := time.Now()
	widened := map[string]*Overflow{}
	for _, d := range deliveries {
		q := m.queue(d.Webhook)
		q.judge(m.limits, now)
		switch {
		case q.known[d.Event.ID] != nil:
		case q.full:
			widened[d.Webhook] = m.widen(q, d)
		default:
			m.seq++
			d.Seq = m.seq
			q.add(&memoryRow{Spooled: d, size: int64(d.Event.Size()), since: now})
			q.judge(m.limits, now)
		}
	}
	var overflows []Overflow
	for _, webhook := range slices.Sorted(maps.Keys(widened)) {
		overflows = append(overflows, *widened[webhook])
	}
	return overflows, nil
}

// Waiting is that of Spool.
func (m *Memory) Waiting(ctx context.Context, page Page) ([]Spooled, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuse(ctx); err != nil {
		return nil, err
	}
	var list []Spooled
	var bytes int64
	for _, r := range m.queue(page.Webhook).waiting {
		if r.Seq <= page.After ||
			page.Records != nil && !slices.Contains(page.Records, r.Event.Record) &&
				(r.Event.Former == 0 || !slices.Contains(page.Records, r.Event.Former)) {
			continue
		}
		bytes += r.size
		if len(list) >= page.Rows || len(list) > 0 && bytes > page.Bytes {
			break
		}
		list = append(list, r.Spooled)
		list[len(list)-1].Later = page.Later && m.more(page.Webhook, r.Spooled)
	}
	return list, nil
}

// more reports whether a delivery of the same record waits behind one.
func (m *Memory) more(webhook string, p Spooled) bool {
	for _, r := range m.queue(webhook).waiting {
		if r.Seq > p.Seq && r.Event.Record == p.Event.Record {
			return true
		}
	}
	return false
}

// Report is that of Spool.
func (m *Memory) Report(ctx context.Context, reports []Report) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuse(ctx); err != nil {
		return err
	}
	for _, report := range reports {
		q := m.queue(report.Webhook)
		r := q.known[report.Event]
		if r == nil || r.Dead {
			continue
		}
		if report.Delivered {
			q.remove(r)
		} else {
			r.Attempts, r.Resent, r.Due, r.Status, r.Reason, r.Dead = report.Attempts, report.Resent,
				report.Due, report.Status, report.Reason, report.Dead
		}
		if r.Dead {
			q.leave(r)
		}
	}
	m.judge()
	return nil
}

// Requeue is that of Spool.
func (m *Memory) Requeue(ctx context.Context, webhook string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuse(ctx); err != nil {
		return err
	}
	q := m.queue(webhook)
	now := time.Now()
	for _, r := range q.deadLetters() {
		if !r.wanted {
			continue
		}
		m.seq++
		r.Spooled = Spooled{Webhook: webhook, Event: r.Event, Seq: m.seq, Replay: true}
		r.since, r.wanted = now, false
		q.waiting = append(q.waiting, r)
	}
	return nil
}

// Pause is that of Spool.
func (m *Memory) Pause(ctx context.Context, webhook, why, version string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuse(ctx); err != nil {
		return err
	}
	m.queue(webhook).paused, m.queue(webhook).version = why, version
	return nil
}

// Discard is that of Spool.
func (m *Memory) Discard(ctx context.Context, webhook string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuse(ctx); err != nil {
		return err
	}
	q := m.queue(webhook)
	for _, r := range slices.Clone(q.waiting) {
		q.remove(r)
	}
	m.judge()
	return nil
}

// Queues is that of Spool.
func (m *Memory) Queues(ctx context.Context) ([]Queue, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuse(ctx); err != nil {
		return nil, err
	}
	now := time.Now()
	var list []Queue
	for _, webhook := range slices.Sorted(maps.Keys(m.queues)) {
		q := m.queues[webhook]
		entry := Queue{
			Webhook: webhook,
			Waiting: len(q.waiting),
			Dead:    len(q.known) - len(q.waiting),
			Bytes:   q.bytes,
			Paused:  q.paused,
			Version: q.version,
			Full:    q.full || q.over(m.limits, now),
		}
		for _, r := range q.known {
			if r.wanted {
				entry.Wanted++
			}
		}
		if len(q.waiting) > 0 {
			entry.Oldest = q.waiting[0].Event.Time
		}
		if len(q.known) > 0 || q.paused != "" {
			list = append(list, entry)
		}
	}
	return list, nil
}

// refuse returns why a call fails.
func (m *Memory) refuse(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return m.err
}

func (m *Memory) queue(webhook string) *memoryQueue {
	q := m.queues[webhook]
	if q == nil {
		q = &memoryQueue{known: map[string]*memoryRow{}}
		m.queues[webhook] = q
	}
	return q
}

func (m *Memory) judge() {
	for _, q := range m.queues {
		q.judge(m.limits, time.Now())
	}
}

// widen counts a delivery that a full queue does not take.
func (m *Memory) widen(q *memoryQueue, d Spooled) *Overflow {
	if q.overflow == nil {
		q.overflow = &Overflow{Webhook: d.Webhook, First: d.Event.ID}
		m.overflows = append(m.overflows, q.overflow)
	}
	q.overflow.Last = d.Event.ID
	q.overflow.Events++
	return q.overflow
}

func (q *memoryQueue) add(r *memoryRow) {
	q.known[r.Event.ID] = r
	q.bytes += r.size
	if !r.Dead {
		q.waiting = append(q.waiting, r)
	}
}

func (q *memoryQueue) remove(r *memoryRow) {
	delete(q.known, r.Event.ID)
	q.bytes -= r.size
	q.leave(r)
}

// leave takes r out of those that wait.
func (q *memoryQueue) leave(r *memoryRow) {
	i, _ := slices.BinarySearchFunc(q.waiting, r, func(a, b *memoryRow) int {
		return cmp.Compare(a.Seq, b.Seq)
	})
	q.waiting = slices.Delete(q.waiting, i, i+1)
}

// deadLetters returns the dead, oldest first.
func (q *memoryQueue) deadLetters() []*memoryRow {
	var dead []*memoryRow
	for _, r := range q.known {
		if r.Dead {
			dead = append(dead, r)
		}
	}
	slices.SortFunc(dead, func(a, b *memoryRow) int { return byAge(a.Spooled, b.Spooled) })
	return dead
}

// judge decides whether the queue is full. Once it is, it stays so until an eighth of each limit is
// free again: overflows are few and long, rather than many and short.
func (q *memoryQueue) judge(limits Limits, now time.Time) {
	if q.full {
		limits.MaxBytes -= limits.MaxBytes / 8
		limits.MaxAge -= limits.MaxAge / 8
	}
	if q.full = q.over(limits, now); !q.full {
		q.overflow = nil
	}
}

func (q *memoryQueue) over(limits Limits, now time.Time) bool {
	return limits.MaxBytes > 0 && q.bytes >= limits.MaxBytes ||
		limits.MaxAge > 0 && len(q.waiting) > 0 && now.Sub(q.waiting[0].since) >= limits.MaxAge
}

// byAge orders deliveries as their events happened. The transaction is told by the first 29 bytes
// of an ID, evt_<8 digits>_<16 digits>, what follows is a decimal number, and _1 behind it comes
// last. A p at the end tells nothing of the order.
func byAge(a, b Spooled) int {
	transaction := func(id string) string { return id[:min(29, len(id))] }
	index := func(id string) string { return strings.Split(id+"___", "_")[3] }
	x, y := strings.TrimRight(a.Event.ID, "p"), strings.TrimRight(b.Event.ID, "p")
	return cmp.Or(a.Event.Time.Compare(b.Event.Time), strings.Compare(transaction(x), transaction(y)),
		cmp.Compare(len(index(x)), len(index(y))), strings.Compare(x, y))
}

func spooled(rows []*memoryRow) []Spooled {
	list := make([]Spooled, len(rows))
	for i, r := range rows {
		list[i] = r.Spooled
	}
	return list
}
