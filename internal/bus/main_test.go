package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/internal/natstest"
	"hookline/mapper"
	"hookline/sender"
	"hookline/webhook"
)

func TestMain(m *testing.M) {
	natstest.Main()
	os.Exit(m.Run())
}

const waitLimit = 2 * time.Minute

// config is that of a test's bus at a server.
func config(url string) Config {
	return Config{
		URL: url, Name: "crm", Partitions: 4, Replicas: 1, MaxBytes: 64 << 20,
		Lease: 2 * time.Second,
	}
}

func connect(t testing.TB, cfg Config) *Bus {
	t.Helper()
	b, err := Connect(t.Context(), cfg, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.nc.Close)
	return b
}

// memory is a Memory, a Large and a Spooled.
type memory struct {
	mu      sync.Mutex
	memo    *Memo
	large   map[string][]byte
	spooled map[Key]bool
	forgot  string // how far it was to forget, last
}

func (m *memory) HasAny(context.Context) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.spooled) > 0, nil
}

func (m *memory) Known(_ context.Context, list []Key) (known []bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range list {
		known = append(known, m.spooled[k])
	}
	return known, nil
}

func (m *memory) Leave(_ context.Context, list []Settled) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.spooled == nil {
		m.spooled = map[Key]bool{}
	}
	for _, d := range list {
		m.spooled[d.Key] = true
	}
	return nil
}

func (m *memory) Forget(_ context.Context, before string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgot = before
	return nil
}

func (m *memory) forgotten() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.forgot
}

func (m *memory) LoadMemo(context.Context) (*Memo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.memo == nil {
		return nil, nil
	}
	memo := *m.memo
	return &memo, nil
}

func (m *memory) SaveMemo(_ context.Context, memo Memo) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.memo = &memo
	return nil
}

func (m *memory) PutLarge(_ context.Context, event, webhook string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.large == nil {
		m.large = map[string][]byte{}
	}
	m.large[event+webhook] = data
	return nil
}

func (m *memory) GetLarge(_ context.Context, event, webhook string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.large[event+webhook], nil
}

func (m *memory) DeleteLarge(_ context.Context, event, webhook string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.large, event+webhook)
	return nil
}

func (m *memory) kept() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.large)
}

// publisher returns a Publisher, once the stream has a leader that hears it.
func publisher(t testing.TB, b *Bus, m *memory) (p *Publisher) {
	t.Helper()
	var err error
	until(t, "the bus takes a writer", func() bool {
		p, err = NewPublisher(t.Context(), b,
			PublisherConfig{Memory: m, Large: m, MaxBuffer: 1 << 20}, prometheus.NewRegistry())
		// 10005: the servers of a cluster that is just up do not know of each other yet
		return !IsAway(err) && (err == nil || !strings.Contains(err.Error(), "(10005)"))
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.end(sender.ErrDraining); <-p.done })
	return p
}

// event is the nth of a stream: each is a transaction of its own.
func event(n int) *mapper.Event { return sized(n, 0) }

func sized(n, bytes int) *mapper.Event {
	return mapper.NewEvent(mapper.Parts{
		ID: mapper.ID{Commit: 0x1000 + cdc.LSN(n)}.In("01234567"), Object: "person",
		Data:   fmt.Appendf(nil, `{"n":%d,"filling":%q}`, n, strings.Repeat("x", bytes)),
		Record: uint64(n % 7),
		Time:   time.UnixMicro(int64(n)),
	})
}

// send sends deliveries, and returns a group that is done once all of them are settled.
func send(t testing.TB, p *Publisher, to string, events ...*mapper.Event) *sync.WaitGroup {
	t.Helper()
	var settled sync.WaitGroup
	for _, e := range events {
		settled.Add(1)
		err := p.Send(t.Context(), sender.Delivery{
			Event: e, To: &webhook.Subscription{Key: to}, Settled: settled.Done,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return &settled
}

// sendEach sends deliveries that are a message each, and waits until all are settled.
func sendEach(t testing.TB, p *Publisher, to string, events ...*mapper.Event) {
	t.Helper()
	for _, e := range events {
		wait(t, send(t, p, to, e))
	}
}

// sendApart sends each event to a webhook of its own, so that there are no packs.
func sendApart(t testing.TB, p *Publisher, events ...*mapper.Event) {
	t.Helper()
	var all []*sync.WaitGroup
	for _, e := range events {
		all = append(all, send(t, p, "of "+e.ID, e))
	}
	for _, settled := range all {
		wait(t, settled)
	}
}

// wait fails unless the group is done in time.
func wait(t testing.TB, settled *sync.WaitGroup) {
	t.Helper()
	done := make(chan struct{})
	go func() { settled.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(waitLimit):
		t.Fatal("deliveries are not settled")
	}
}

func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(waitLimit); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("in vain: ", what)
		}
	}
}

// stored returns the events of a stream's messages, in order.
func stored(t *testing.T, b *Bus, cfg Config) (ids []string) {
	t.Helper()
	s, err := b.js.Stream(t.Context(), cfg.Stream())
	if err != nil {
		t.Fatal(err)
	}
	state := s.CachedInfo().State
	for seq := state.FirstSeq; seq <= state.LastSeq && state.Msgs > 0; seq++ {
		var raw *jetstream.RawStreamMsg
		until(t, "the server answers", func() bool {
			raw, err = s.GetMsg(t.Context(), seq)
			return err == nil || errors.Is(err, jetstream.ErrMsgNotFound)
		})
		if err != nil || raw.Subject == cfg.positionSubject() || raw.Subject == cfg.markSubject() {
			continue // replaced, or no delivery
		}
		list, err := decodeAll(raw.Data)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			ids = append(ids, m.Event.ID)
		}
	}
	return ids
}
