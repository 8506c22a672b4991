package sender

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookline/mapper"
	"hookline/webhook"
)

// torture is a stream of events, the webhooks that all of them go to, and a sender between them
// that is killed again and again.
type torture struct {
	t      *testing.T
	random *rand.Rand
	spool  *Memory
	cfg    Config
	s      *senderTest
	subs   []*webhook.Subscription
	rows   []*atomic.Pointer[webhook.Subscription]

	stream []*mapper.Event
	next   map[int]int // by record: the Seq of its last event
	sent   int         // events of the stream that the sender was given

	mu sync.Mutex
	// counts the senders; what one settles after the next has begun is lost, as it is with a process
	// that is killed
	life int
	// by place in the stream: to which webhooks, a bit each; one that was cut off half-way is given
	// to some of them twice
	settled map[int]uint
	last    map[string]int
	repeats int
	rekeys  bool     // keys of records change
	rough   bool     // receivers want nothing more, webhooks come and go, dead letters are replayed
	mode    []string // of each receiver
	flip    *rand.Rand
}

var seeds = flag.Uint64("seeds", seedsByDefault,
	"how often TestTorture is run, each time differently")

var modes = []string{
	"healthy",
	"healthy",
	"healthy",
	"dead",
	"closing",
	"slow",
	"hanging",
	"flaky",
	"poison",
	"busy",
	"trickling",
}

func (w *torture) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // it was cut short
	}
	var n int
	if _, err := fmt.Sscanf(r.Host, "w%d.test", &n); err != nil {
		w.t.Error(err)
	}
	c := contentOf(w.t, body)
	w.mu.Lock()
	mode, dice := w.mode[n], w.flip.IntN(10)
	w.mu.Unlock()
	switch {
	case mode == "gone":
		rw.WriteHeader(410)
		return
	case mode == "dead", mode == "flaky" && dice < 3, mode == "poison" && c.Record%3 == 0:
		rw.WriteHeader(500)
		return
	case mode == "busy" && dice < 8:
		rw.Header().Set("Retry-After", "3")
		rw.WriteHeader(429)
		return
	case mode == "closing":
		if conn, _, err := rw.(http.Hijacker).Hijack(); err == nil {
			_ = conn.Close()
		}
		return
	case mode == "slow":
		time.Sleep(time.Duration(dice) * time.Second)
	case mode == "hanging":
		<-r.Context().Done()
		return
	case mode == "trickling":
		defer func() { _, _ = io.WriteString(rw, strings.Repeat("x", 1<<17)) }()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Header.Get(headerReplay) != "" {
		return // it has lost its place
	}
	again := false
	for _, seq := range changesOf(w.t, body) { // of several, when they were merged
		again = w.arrive(n, c.Record, seq)
	}
	if c.Former != 0 && again != w.arrive(n, c.Former, c.FormerSeq) && !w.rough {
		w.t.Errorf("webhook %d got %+v again for one of its records, and not for the other", n, c)
	}
	if again {
		w.repeats++
	}
}

// arrive notes that a webhook got an event of a record, and reports whether it had got it before.
func (w *torture) arrive(n, record, seq int) (again bool) {
	key := fmt.Sprint(n, "/", record)
	switch {
	case seq <= w.last[key]:
		return true
	case seq == w.last[key]+1, w.rough:
		w.last[key] = seq
	default:
		w.t.Errorf("webhook %d got event %d of record %d after %d", n, seq, record, w.last[key])
	}
	return false
}

// lagging is a spool that takes its time.
type lagging struct {
	*Memory
	w *torture
}

func (l lagging) lag() {
	l.w.mu.Lock()
	n := l.w.flip.IntN(200)
	l.w.mu.Unlock()
	time.Sleep(time.Duration(max(0, n-100)) * time.Millisecond)
}

func (l lagging) Put(ctx context.Context, deliveries []Spooled) ([]Overflow, error) {
	l.lag()
	defer l.lag()
	return l.Memory.Put(ctx, deliveries)
}

func (l lagging) Waiting(ctx context.Context, page Page) ([]Spooled, error) {
	l.lag()
	defer l.lag()
	return l.Memory.Waiting(ctx, page)
}

func (l lagging) Report(ctx context.Context, reports []Report) error {
	l.lag()
	defer l.lag()
	return l.Memory.Report(ctx, reports)
}

// write adds events to the stream.
func (w *torture) write(n, records int) {
	for range n {
		record := w.random.IntN(records)
		w.next[record]++
		if former := w.random.IntN(records); w.rekeys && former > 0 && former != record &&
			w.random.IntN(3) == 0 {
			w.next[former]++
			w.stream = append(w.stream, rekeyed(former, w.next[former], record, w.next[record]))
			continue
		}
		w.stream = append(w.stream, newEvent(record, w.next[record]))
	}
}

// start starts a sender, which is given the stream from the first event that is not settled on: or
// from a little before, as the checkpoint may lag.
func (w *torture) start() {
	w.spool.Fail(nil) // no process starts without it
	w.s = bubbleOn(w.t, lagging{w.spool, w}, w.cfg, w.ServeHTTP, w.subs...)
	w.mu.Lock()
	w.life++
	w.sent = 0
	for w.sent < len(w.stream) && w.settled[w.sent] == w.everybody() {
		w.sent++
	}
	w.sent = max(0, w.sent-w.random.IntN(5))
	for i := w.sent; i < len(w.stream); i++ {
		w.settled[i] = 0
	}
	w.mu.Unlock()
}

// everybody is the set of all webhooks.
func (w *torture) everybody() uint { return 1<<len(w.subs) - 1 }

// pump gives the sender what it has not been given yet, until ctx ends.
func (w *torture) pump(ctx context.Context) {
	for ; w.sent < len(w.stream); w.sent++ {
		place, life := w.sent, w.life
		for i := range w.subs {
			sub := w.rows[i].Load()
			if sub == nil {
				w.mu.Lock()
				w.settled[place] |= 1 << i
				w.mu.Unlock()
				continue
			}
			w.s.webhooks.Store(sub.Key, sub)
			if w.s.Send(ctx, Delivery{Event: w.stream[place], To: sub, Settled: func() {
				w.mu.Lock()
				defer w.mu.Unlock()
				if life == w.life {
					w.settled[place] |= 1 << i
				}
			}}) != nil {
				return // the rest of the webhooks get it again, as they would: the event is not settled
			}
		}
	}
}

// stop ends the sender: as SIGTERM does, or as kill -9 does.
func (w *torture) stop(kill bool) {
	if kill {
		w.s.fail(errors.New("killed"))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = w.s.Drain(ctx)
}

// Whatever happens, everything arrives, in order per record.
func TestTorture(t *testing.T) {
	covered := newCoverage()
	for seed := range *seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { tortureOnce(t, covered, seed, false, false, 0) })
		})
		t.Run(fmt.Sprint("seed ", seed, ", keys change"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { tortureOnce(t, covered, seed, true, false, 0) })
		})
		t.Run(fmt.Sprint("seed ", seed, ", roughly"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { tortureOnce(t, covered, seed, seed%2 == 1, true, seed/2) })
		})
		t.Run(fmt.Sprint("seed ", seed, ", settling"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { tortureOnce(t, covered, seed, seed%2 == 1, false, seed|1) })
		})
	}
	covered.check(t)
}

// settlings are how webhooks settle: in memory, in the spool, and after an outage.
var settlings = []webhook.Settling{
	{For: 2 * time.Second, Max: 10 * time.Second},
	{For: 20 * time.Second, Max: time.Minute, Latest: true},
	{Latest: true},
}

// tortureOnce has webhooks settle whose bits of settle are set.
func tortureOnce(
	t *testing.T, covered *coverage, seed uint64, rekeys, rough bool, settle uint64,
) {
	random := rand.New(rand.NewPCG(seed, 1))
	records := []int{3, 12, 60}[random.IntN(3)]
	w := &torture{
		t:       t,
		rekeys:  rekeys,
		rough:   rough,
		random:  random,
		flip:    rand.New(rand.NewPCG(seed, 2)),
		spool:   NewMemory(Limits{}),
		next:    map[int]int{},
		settled: map[int]uint{},
		last:    map[string]int{},
		cfg: Config{
			MaxBuffer:      64 << 10,
			MaxInFlight:    []int{1, 4, 64}[random.IntN(3)],
			RequestTimeout: 5 * time.Second,
			HoldMax:        4 * time.Second,
			maxSpooledKeys: 4,
			RetrySchedule: slices.Repeat([]time.Duration{
				time.Second, 2 * time.Second, 3 * time.Second,
				10 * time.Second,
			}, 999),
			MaxRequests: []int{2, 20, 1024}[random.IntN(3)],
			trace:       covered.note,
		},
	}
	for i := range 3 {
		sub := subscription(fmt.Sprint("w", i), fmt.Sprintf("http://w%d.test/", i))
		if settle>>i&1 == 1 {
			sub.Settling = settlings[(uint64(i)+seed)%uint64(len(settlings))]
		}
		w.subs, w.rows, w.mode = append(w.subs, sub), append(w.rows, row(sub)), append(w.mode, "healthy")
	}
	w.start()
	for range 25 {
		w.mu.Lock()
		w.mode[random.IntN(len(w.mode))] = modes[random.IntN(len(modes))]
		w.mu.Unlock()
		w.write(random.IntN(150), records)
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+random.IntN(20))*time.Second)
		w.pump(ctx)
		cancel()
		time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
		if rough {
			w.disturb()
		}
		switch random.IntN(12) {
		case 0, 1:
			w.stop(true)
			w.start()
		case 2:
			w.stop(false)
			w.start()
		case 3:
			w.spool.Fail(errors.New("the spool is away"))
		case 4, 5:
			w.spool.Fail(nil)
		case 6:
			w.change(random.IntN(len(w.subs)))
		case 7:
			w.s.SpoolBacklog()
		default:
			time.Sleep(time.Duration(random.IntN(40_000)) * time.Millisecond)
		}
	}
	w.spool.Fail(nil)
	w.mu.Lock()
	for i := range w.mode {
		w.mode[i] = "healthy"
	}
	w.mu.Unlock()
	w.pump(t.Context())
	if rough {
		w.mend()
	}
	time.Sleep(5 * time.Minute)
	synctest.Wait()
	for i := range w.subs {
		if rough {
			break // what was given up with its webhook does not arrive
		}
		for record, last := range w.next {
			if got := w.last[fmt.Sprint(i, "/", record)]; got != last {
				t.Errorf("webhook %d got events of record %d up to %d, want %d", i, record, got, last)
			}
		}
	}
	w.idle()
	t.Logf("seed %d: %d events, %d repeats", seed, len(w.stream), w.repeats)
}

// change has a webhook be a new version.
func (w *torture) change(i int) {
	again := *w.subs[i]
	w.rows[i].Store(&again)
	w.s.Recheck(again.Key)
}

// disturb does what makes dead letters and pauses, and gives deliveries up.
func (w *torture) disturb() {
	i := w.random.IntN(len(w.subs))
	switch w.random.IntN(6) {
	case 0, 1:
		w.mu.Lock()
		w.mode[i] = "gone"
		w.mu.Unlock()
	case 2:
		w.rows[i].Store(nil)
		w.s.Recheck(w.subs[i].Key)
	case 3:
		w.change(i)
	case 4:
		w.spool.Want(w.subs[i].Key)
	}
}

// mend has all webhooks served again, and their dead letters replayed.
func (w *torture) mend() {
	for i, sub := range w.subs {
		w.change(i)
		w.spool.Want(sub.Key)
	}
	time.Sleep(time.Minute)
	for i, sub := range w.subs {
		w.change(i)
		w.spool.Want(sub.Key)
	}
	time.Sleep(time.Minute)
	for _, sub := range w.subs {
		if dead := len(w.spool.Dead(sub.Key)); dead > 0 {
			w.t.Errorf("%d dead letters of %s are left, though they were wanted", dead, sub.Key)
		}
	}
}

// idle checks that nothing is left anywhere.
func (w *torture) idle() {
	w.t.Helper()
	s := w.s.Sender
	for _, r := range s.queues.Range {
		r := r.(*webhookQueue)
		r.mu.Lock()
		if !r.queue.Empty() || r.bytes.Load() != 0 {
			w.t.Errorf("queue %s is not idle: %d bytes, %+v", r.key, r.bytes.Load(), r.queue)
		}
		r.mu.Unlock()
		if left := len(w.spool.Queued(r.key)); left > 0 {
			w.t.Errorf("%d deliveries to %s are left in the spool", left, r.key)
		}
	}
	if s.taken.Load() != 0 || s.buffer.taken() != 0 || s.loaded.Load() != 0 ||
		s.cfg.Limit.taken.Load() != 0 {
		w.t.Errorf("%d deliveries, %d bytes, %d queues with deliveries of the spool, %d places are left",
			s.taken.Load(), s.buffer.taken(), s.loaded.Load(), s.cfg.Limit.taken.Load())
	}
	for place := range w.stream {
		if w.settled[place] != w.everybody() {
			w.t.Errorf("event %d of the stream is not settled", place)
			break
		}
	}
	if n := w.s.metric("hookline_retrying_records", ""); n != 0 {
		w.t.Errorf("%v records are retrying", n)
	}
}
