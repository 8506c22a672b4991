package notice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/mapper"
	"hookline/sender"
	"hookline/webhook"
)

// memory is a Store.
type memory struct {
	mu      sync.Mutex
	rows    []Row
	settled map[int64]bool
	broken  error
}

func (m *memory) Note(_ context.Context, rows []Row) ([]Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return nil, m.broken
	}
	for i := range rows {
		rows[i].ID, rows[i].At = int64(len(m.rows)+1), time.Now()
		m.settled[rows[i].ID] = rows[i].Summed
		m.rows = append(m.rows, rows[i])
	}
	return rows, nil
}

func (m *memory) Unsettled(context.Context) (list []Row, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.rows {
		if !m.settled[r.ID] {
			list = append(list, r)
		}
	}
	return list, nil
}

func (m *memory) Latest(context.Context) (list []Row, err error) {
	latest := map[subject]Row{}
	for _, r := range m.rows {
		what, _ := r.What.Begins()
		latest[subject{what, r.Webhook}] = r
	}
	for _, r := range latest {
		list = append(list, r)
	}
	return list, nil
}

func (m *memory) Settle(_ context.Context, ids []int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		m.settled[id] = true
	}
	return nil
}

func (m *memory) breakWith(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = err
}

// post is a Sender that everything reaches, and an Audience of webhooks that hear of everything.
type post struct {
	mu       sync.Mutex
	webhooks []string
	sent     []string // webhook, event and ID
	keep     bool     // deliveries are not settled
}

func (p *post) Send(_ context.Context, d sender.Delivery) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, d.To.Key+" "+d.Event.Name+" "+d.Event.ID)
	if !p.keep {
		d.Settled()
	}
	return nil
}

func (p *post) Operators(mapper.Action) (subs []*webhook.Subscription) {
	for _, key := range p.webhooks {
		subs = append(subs, p.Known(key))
	}
	return subs
}

func (p *post) Known(key string) *webhook.Subscription {
	if !slices.Contains(p.webhooks, key) {
		return nil
	}
	return &webhook.Subscription{Key: key}
}

// names returns what was sent to a webhook.
func (p *post) names(to string) (names []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.sent {
		if parts := strings.Fields(s); parts[0] == to {
			names = append(names, strings.TrimPrefix(parts[1], "hookline."))
		}
	}
	return names
}

// start returns a Tracker that runs on what is in the store, and what ends it.
func start(t *testing.T, store *memory, out *post) (*Tracker, func()) {
	t.Helper()
	tracker := New(Config{}, store, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err := tracker.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		tracker.Run(ctx, out, out, "0badcafe")
	}()
	synctest.Wait()
	return tracker, func() { cancel(); <-over; tracker.Close(context.Background()) }
}

func wantTold(t *testing.T, when string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s, it is told of %q, want %q", when, got, want)
	}
}

// What goes on and off is told when it begins, and when it has been over for a while.
func TestTransitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, out := &memory{settled: map[int64]bool{}}, &post{webhooks: []string{
			"operator", "other",
			"w",
		}}
		tracker, stop := start(t, store, out)
		news := func(what mapper.Action) {
			tracker.Notify(sender.Notice{
				What: what, Webhook: "w", Host: "example.com",
				Reason: "it answered 503",
			})
			synctest.Wait()
		}
		news(mapper.Recovered)
		wantTold(t, "well all the time", out.names("operator"))
		news(mapper.Failing)
		news(mapper.Failing)
		wantTold(t, "failing", out.names("operator"), "failing")
		news(mapper.Recovered)
		time.Sleep(59 * time.Second)
		news(mapper.Failing)
		time.Sleep(time.Hour)
		synctest.Wait()
		wantTold(t, "well for less than a minute", out.names("operator"), "failing")
		news(mapper.Recovered)
		time.Sleep(61 * time.Second)
		synctest.Wait()
		wantTold(t, "well", out.names("operator"), "failing", "recovered")
		news(mapper.Failing)
		wantTold(t, "failing again", out.names("other"), "failing", "recovered", "failing")
		wantTold(t, "itself", out.names("w"))

		for range 3 {
			news(mapper.DeadLetters)
		}
		time.Sleep(59 * time.Minute)
		news(mapper.DeadLetters)
		time.Sleep(59 * time.Minute)
		news(mapper.DeadLetters)
		wantTold(t, "one dead letter after the other", out.names("operator")[3:], "deadLetters")
		time.Sleep(61 * time.Minute)
		news(mapper.DeadLetters)
		wantTold(t, "after an hour without", out.names("operator")[3:], "deadLetters", "deadLetters")
		stop()
		if left, _ := store.Unsettled(t.Context()); len(left) > 0 {
			t.Errorf("not settled: %v", left)
		}
	})
}

// What a process has told the beginning of, the next one tells the end of, and nothing twice; of a
// webhook that has gone meanwhile, too.
func TestNextProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, out := &memory{settled: map[int64]bool{}}, &post{webhooks: []string{
			"operator", "w",
			"gone",
		}}
		tracker, stop := start(t, store, out)
		for _, key := range []string{"w", "gone"} {
			tracker.Notify(sender.Notice{What: mapper.Failing, Webhook: key})
			synctest.Wait()
		}
		tracker.Lag(6 * time.Minute)
		synctest.Wait()
		stop()
		wantTold(t, "before", out.names("operator"), "failing", "failing", "lagging")

		next := &post{webhooks: []string{"operator", "w"}}
		tracker, stop = start(t, store, next)
		if open := tracker.Open(mapper.Failing); len(open) != 2 {
			t.Errorf("known to fail: %v, want two", open)
		}
		tracker.Notify(sender.Notice{What: mapper.Failing, Webhook: "w"})
		tracker.Lag(3 * time.Minute) // less than the bound, and more than half of it
		synctest.Wait()
		wantTold(t, "then", next.names("operator"))
		tracker.Lag(time.Second)
		tracker.Notify(sender.Notice{What: mapper.Recovered, Webhook: "w"})
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		got := next.names("operator")
		slices.Sort(got)
		wantTold(t, "in the end", got, "caughtUp", "recovered", "recovered")
		stop()
	})
}

// What is not settled is sent again by the next process, with the same ID.
func TestSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, out := &memory{settled: map[int64]bool{}}, &post{
			webhooks: []string{"operator"},
			keep:     true,
		}
		tracker, stop := start(t, store, out)
		tracker.Notify(sender.Notice{What: mapper.Paused, Webhook: "w"})
		synctest.Wait()
		stop()
		time.Sleep(time.Hour)
		again := &post{webhooks: []string{"operator"}}
		_, stop = start(t, store, again)
		stop()
		if len(again.sent) != 1 || !slices.Equal(again.sent, out.sent) {
			t.Errorf("sent %q, and then %q; want the same", out.sent, again.sent)
		}
		last := &post{webhooks: []string{"operator"}}
		_, stop = start(t, store, last)
		stop()
		wantTold(t, "settled", last.names("operator"))
	})
}

// While the store is away nothing is lost.
func TestStoreAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, out := &memory{
			settled: map[int64]bool{},
			broken:  errors.New("away"),
		}, &post{webhooks: []string{"operator"}}
		tracker, stop := start(t, store, out)
		tracker.Slot(900, 100)
		synctest.Wait()
		wantTold(t, "away", out.names("operator"))
		time.Sleep(10 * time.Minute)
		store.breakWith(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		wantTold(t, "back", out.names("operator"), "slotAtRisk")
		tracker.Slot(700, 300)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		wantTold(t, "hardly better", out.names("operator"), "slotAtRisk")
		tracker.Slot(100, 900)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		wantTold(t, "well", out.names("operator"), "slotAtRisk", "slotSafe")
		stop()
	})
}

// Every event has a sentence, and says nothing that a database of another encoding could not keep.
func TestFacts(t *testing.T) {
	for _, what := range mapper.OperatorActions() {
		f := eventFacts{
			Webhook: "hookline.webhook/1", Host: "bücher.example 😀", Reason: "it answered 503",
			Event: "evt_1", From: "0/1", To: "0/2", Lag: 90,
		}
		data := f.tell(what)
		var got eventFacts
		if err := json.Unmarshal(data, &got); err != nil || got.Host != f.Host {
			t.Errorf("%s: %s: %v", what, data, err)
		}
		if slices.ContainsFunc(data, func(b byte) bool { return b >= 0x80 }) {
			t.Errorf("%s has letters beyond ASCII: %s", what, data)
		}
		if f.Webhooks, f.Hosts = 12, []HostCount{{"x.example", 12}}; ofWebhooks(what) {
			if text := f.sentence(what); !strings.HasPrefix(text, "12 webhooks (12 at x.example) ") {
				t.Errorf("%s of many says %q", what, text)
			}
		}
		if !strings.HasSuffix(got.Message, ".") || strings.Contains(got.Message, what.String()+".") {
			t.Errorf("%s says %q, want a sentence", what, got.Message)
		}
		for beginning, itself := what.Begins(); !itself; itself = true {
			if ending(beginning) != what {
				t.Errorf("what ends %s is %s, want %s", beginning, ending(beginning), what)
			}
		}
	}
	if got := fmt.Sprint(mapper.DeadLetters.Begins()); got != "deadLetters true" {
		t.Errorf("of dead letters no end is told: %s", got)
	}
}

// What one process writes down another one delivers, once, and goes on from what was told when it
// takes the webhook over.
func TestOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{settled: map[int64]bool{}}
		out := &post{webhooks: []string{"operator", "w"}, keep: true}
		log := slog.New(slog.DiscardHandler)
		reader := New(Config{Others: time.Second}, store, log, prometheus.NewRegistry())
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { reader.Run(ctx, out, out, "0badcafe") })
		record := func(what mapper.Action) {
			sending := New(Config{}, store, log, prometheus.NewRegistry())
			if err := sending.Load(ctx); err != nil {
				t.Fatal(err)
			}
			recording, end := context.WithCancel(ctx)
			running.Go(func() { sending.Record(recording) })
			sending.Notify(sender.Notice{What: what, Webhook: "w", Host: "example.com"})
			time.Sleep(5 * time.Minute)
			synctest.Wait()
			end()
		}
		record(mapper.Recovered)
		wantTold(t, "well all the time", out.names("operator"))
		record(mapper.Failing)
		wantTold(t, "failing", out.names("operator"), "failing")
		record(mapper.Failing)
		record(mapper.Recovered)
		wantTold(t, "well again", out.names("operator"), "failing", "recovered")
		reader.Notify(sender.Notice{What: mapper.Paused, Webhook: "w"})
		time.Sleep(time.Minute)
		wantTold(t, "paused, as the reader says", out.names("operator"), "failing", "recovered", "paused")
		cancel()
		running.Wait()
	})
}
