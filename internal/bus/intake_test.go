package bus

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"hookline/internal/natstest"
)

// collected are the events that came, in order.
type collected struct {
	mu  sync.Mutex
	ids []string
}

func (c *collected) add(id string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids = append(c.ids, id)
	return len(c.ids)
}

func (c *collected) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.ids)
}

// run runs an intake in the background; end ends it and waits.
func run(t *testing.T, i *Intake, take func(Message, func())) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var over sync.WaitGroup
	over.Go(func() {
		_ = i.Run(ctx, func(_ context.Context, m Message, settled func()) error {
			take(m, settled)
			return nil
		})
	})
	return func() { cancel(); over.Wait() }
}

func newIntake(b *Bus, epoch uint64) *Intake { return newIntakeOf(b, epoch, &memory{}) }

func newIntakeOf(b *Bus, epoch uint64, m *memory) *Intake {
	return NewIntake(b, "hookline-crm", IntakeConfig{
		Partition: PartitionOf("w", 4), Epoch: epoch, Large: m, Spooled: m, Buffer: 1 << 20,
	}, newTestIntakeMetrics())
}

// A new tenure begins with the first message that was not settled, in the order of the stream, also
// while the one before still has some; what that one settles late counts for nothing.
func TestTakeover(t *testing.T) {
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	list := rangeOf(0, 20)
	sendEach(t, publisher(t, b, &memory{}), "w", list...)
	var late []func()
	var before collected
	end := run(t, newIntake(b, 1), func(m Message, settled func()) {
		if before.add(m.Event.ID); before.len() <= 5 {
			settled()
		} else {
			late = append(late, settled)
		}
	})
	until(t, "all are in hand", func() bool { return before.len() == len(list) })
	until(t, "five are gone", func() bool { return len(stored(t, b, b.cfg)) == 15 })

	var after collected
	var settle []func()
	endAfter := run(t, newIntake(b, 2), func(m Message, settled func()) {
		settle = append(settle, settled)
		after.add(m.Event.ID)
	})
	until(t, "the rest came", func() bool { return after.len() == 15 })
	if !slices.Equal(after.ids, ids(list[5:])) {
		t.Errorf("came as %v", after.ids)
	}
	end()
	for _, settled := range late { // whoever was replaced
		settled()
	}
	_ = b.nc.Flush()
	if got := len(stored(t, b, b.cfg)); got != 15 {
		t.Errorf("%d are left, want 15: one that was replaced has acknowledged", got)
	}
	endAfter()
	for _, settled := range settle {
		settled()
	}
	until(t, "all are gone", func() bool { return len(stored(t, b, b.cfg)) == 0 })
}

// A consumer that is removed is made anew: nothing is taken twice, nothing is left out.
func TestConsumerRemoved(t *testing.T) {
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	p := publisher(t, b, &memory{})
	list := rangeOf(0, 20)
	wait(t, send(t, p, "w", list[:10]...))
	var got collected
	settle := make(chan func(), len(list))
	i := newIntake(b, 1)
	end := run(t, i, func(m Message, settled func()) {
		settle <- settled
		got.add(m.Event.ID)
	})
	defer end()
	until(t, "ten came", func() bool { return got.len() == 10 })
	if err := i.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait(t, send(t, p, "w", list[10:]...))
	until(t, "all came", func() bool { return got.len() == 20 })
	if !slices.Equal(got.ids, ids(list)) {
		t.Errorf("came as %v", got.ids)
	}
	for range list {
		(<-settle)()
	}
	until(t, "all are gone", func() bool { return len(stored(t, b, b.cfg)) == 0 })
}

// The server is killed while messages come and are settled: each comes once, in order.
func TestIntakeServerKilled(t *testing.T) {
	server := natstest.StartProcess(t)
	b := connect(t, config(server.URL()))
	p := publisher(t, b, &memory{})
	list := rangeOf(0, 600)
	var got collected
	end := run(t, newIntake(b, 1), func(m Message, settled func()) {
		got.add(m.Event.ID)
		settled()
	})
	defer end()
	for n := range 3 {
		settled := send(t, p, "w", list[n*200:n*200+200]...)
		until(t, "some came", func() bool { return got.len() > n*200+20 })
		server.Kill()
		server.Start()
		wait(t, settled)
	}
	until(t, "all came", func() bool { return got.len() >= len(list) && b.Connected() })
	if !slices.Equal(got.ids, ids(list)) {
		t.Errorf("%d came, or in another order", got.len())
	}
	until(t, "all are gone", func() bool { return len(stored(t, b, b.cfg)) == 0 })
}

// A server that starts again has no consumer. That is found by the connection, and not by
// heartbeats that fail to come.
func TestIntakeServerStartsAgain(t *testing.T) {
	server := natstest.StartProcess(t)
	b := connect(t, config(server.URL()))
	var log strings.Builder // which is written by one goroutine, that of Run
	in := newIntake(b, 1)
	in.log = slog.New(slog.NewTextHandler(&log, nil))
	p := publisher(t, b, &memory{})
	var got collected
	end := run(t, in, func(m Message, settled func()) {
		got.add(m.Event.ID)
		settled()
	})
	wait(t, send(t, p, "w", event(0)))
	until(t, "one came", func() bool { return got.len() == 1 })
	server.Kill()
	server.Start()
	wait(t, send(t, p, "w", event(1)))
	until(t, "another one came", func() bool { return got.len() == 2 })
	end()
	if !strings.Contains(log.String(), "consumer not found") {
		t.Errorf("the consumer was made anew for another reason: %s", log.String())
	}
}

// keep runs a Keeper. held tells which partitions it has, with their leases.
type kept struct {
	mu     sync.Mutex
	leases map[int]*Lease
	end    context.CancelFunc
	over   sync.WaitGroup
}

func keep(t *testing.T, b *Bus, n int) *kept {
	t.Helper()
	k := &kept{leases: map[int]*Lease{}}
	var ctx context.Context
	ctx, k.end = context.WithCancel(t.Context())
	keeper := NewKeeper(b, n, func(uint32) {}, prometheus.NewRegistry())
	k.over.Go(func() {
		keeper.Run(ctx, func(ctx context.Context, l *Lease) {
			k.mu.Lock()
			k.leases[l.Partition] = l
			k.mu.Unlock()
			<-ctx.Done()
			k.mu.Lock()
			delete(k.leases, l.Partition)
			k.mu.Unlock()
		})
	})
	t.Cleanup(func() { k.end(); k.over.Wait() })
	return k
}

func (k *kept) held() (list []int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for partition, l := range k.leases {
		if l.Held() == nil {
			list = append(list, partition)
		}
	}
	slices.Sort(list)
	return list
}

// Each partition has one holder, and holders share them; a second one gets its part, and who ends
// leaves all to the other one.
func TestShare(t *testing.T) {
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	cfg := config(s.ClientURL())
	b, c := connect(t, cfg), connect(t, cfg)
	one := keep(t, b, 8)
	until(t, "one has all", func() bool { return len(one.held()) == 8 })
	two := keep(t, c, 8)
	until(t, "they share", func() bool { return len(one.held()) == 4 && len(two.held()) == 4 })
	all := append(one.held(), two.held()...)
	slices.Sort(all)
	if !slices.Equal(all, []int{0, 1, 2, 3, 4, 5, 6, 7}) {
		t.Errorf("held are %v", all)
	}
	holders, err := b.Holders(t.Context(), 8)
	if err != nil || slices.Contains(holders, "") {
		t.Errorf("the holders are %q, %v", holders, err)
	}
	one.end()
	until(t, "two has all", func() bool { return len(two.held()) == 8 })
}

// Whoever cannot renew stops before another one begins: no partition has two holders at any time,
// and epochs rise.
func TestLapse(t *testing.T) {
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	cfg := config(s.ClientURL())
	b, c := connect(t, cfg), connect(t, cfg)
	one := keep(t, b, 2)
	until(t, "one has all", func() bool { return len(one.held()) == 2 })
	one.mu.Lock()
	lease := one.leases[0]
	one.mu.Unlock()
	b.nc.Close() // cut off for good
	two := keep(t, c, 2)
	for end := time.Now().Add(waitLimit); len(two.held()) < 2; time.Sleep(time.Millisecond) {
		if len(two.held()) > 0 && lease.Held() == nil && slices.Contains(two.held(), 0) {
			t.Fatal("partition 0 has two holders")
		}
		if time.Now().After(end) {
			t.Fatal("nobody takes over")
		}
	}
	if !errors.Is(lease.Held(), ErrLapsed) || lease.Context().Err() == nil {
		t.Error("the lease has not lapsed")
	}
	two.mu.Lock()
	defer two.mu.Unlock()
	if two.leases[0].Epoch <= lease.Epoch {
		t.Errorf("epoch %d follows %d", two.leases[0].Epoch, lease.Epoch)
	}
}

// Acknowledgements that nobody took are sent again, before what they were of comes again.
func TestAcknowledgementsLost(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	sendEach(t, publisher(t, b, &memory{}), "w", rangeOf(0, 20)...)
	var got collected
	i := newIntake(b, 1)
	end := run(t, i, func(m Message, settled func()) {
		if got.add(m.Event.ID); got.len()%2 == 0 {
			settled()
		}
	})
	defer end()
	until(t, "all came", func() bool { return got.len() == 20 })
	i.mu.Lock()
	for sequence, h := range i.inHand {
		i.acks[sequence] = ack{reply: h.reply} // as if it were sent
		delete(i.inHand, sequence)
	}
	i.mu.Unlock()
	until(t, "all are gone", func() bool { return len(stored(t, b, b.cfg)) == 0 })
	var refused dto.Metric
	if err := i.count.refused.Write(&refused); err != nil || refused.GetCounter().GetValue() != 0 {
		t.Errorf("%v came again, %v", refused.GetCounter().GetValue(), err)
	}
	until(t, "all are known to have arrived", func() bool {
		i.mu.Lock()
		defer i.mu.Unlock()
		return len(i.acks) == 0
	})
}

// A partition is not given back before the server has heard what was settled, also when it is away
// for a moment, and what it was told got lost.
func TestRemoveUnheard(t *testing.T) {
	t.Parallel()
	server := natstest.StartProcess(t)
	b := connect(t, config(server.URL()))
	wait(t, send(t, publisher(t, b, &memory{}), "w", rangeOf(0, 20)...))
	var got collected
	var settle []func()
	i := newIntake(b, 1)
	end := run(t, i, func(m Message, settled func()) {
		settle = append(settle, settled)
		got.add(m.Event.ID)
	})
	until(t, "all came", func() bool { return got.len() == 20 })
	end()
	server.Kill()
	until(t, "it is away", func() bool { return !b.Connected() })
	for _, settled := range settle {
		settled()
	}
	removed := make(chan error)
	go func() { removed <- i.Remove(t.Context()) }()
	server.Start()
	if err := <-removed; err != nil {
		t.Error(err)
	}
	if left := len(stored(t, b, b.cfg)); left > 0 {
		t.Errorf("%d are left", left)
	}
	if _, err := b.js.Consumer(t.Context(), i.stream, i.name()); err == nil {
		t.Error("the consumer is left")
	}
}
