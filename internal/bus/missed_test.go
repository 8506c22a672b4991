package bus

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hookline/internal/natstest"
	"hookline/mapper"
)

// patient returns an Intake whose messages come again only after an hour by themselves.
func patient(b *Bus) *Intake {
	return NewIntake(b, "hookline-crm", IntakeConfig{
		Partition: PartitionOf("w", 4), Epoch: 1, Large: &memory{}, Spooled: &memory{}, Buffer: 1 << 20,
		Timeout: time.Hour,
	}, newTestIntakeMetrics())
}

// consumerOf returns the consumer that an Intake has now.
func consumerOf(t *testing.T, i *Intake) jetstream.Consumer {
	t.Helper()
	i.mu.Lock()
	name := i.current
	i.mu.Unlock()
	c, err := i.bus.js.Consumer(t.Context(), i.stream, name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What the server has delivered and what did not arrive comes all the same, if nothing follows it,
// and nothing came for a while before.
func TestLastOneMissed(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	p := publisher(t, b, &memory{})
	i := patient(b)
	var got collected
	end := run(t, i, func(m Message, settled func()) {
		got.add(m.Event.ID)
		settled()
	})
	defer end()
	var sent []*mapper.Event
	next := func() {
		sent = append(sent, event(len(sent)))
		wait(t, send(t, p, "w", sent[len(sent)-1]))
	}
	next()
	until(t, "it has come", func() bool { return got.len() == 1 })
	// Somebody else asks for a message, too: so one comes there.
	elsewhere, err := consumerOf(t, i).Fetch(1, jetstream.FetchMaxWait(waitLimit))
	if err != nil {
		t.Fatal(err)
	}
	for missed := false; !missed; {
		until(t, "all are known to have come", func() bool {
			i.confirmOnce(t.Context())
			i.mu.Lock()
			defer i.mu.Unlock()
			return i.complete.messages == uint64(len(sent)) && len(i.acks) == 0
		})
		before := got.len()
		next()
		until(t, "it comes somewhere", func() bool {
			select {
			case <-elsewhere.Messages():
				missed = true
			default:
			}
			return missed || got.len() > before
		})
	}
	until(t, "the last one comes", func() bool {
		i.confirmOnce(t.Context())
		return got.len() == len(sent)
	})
	if !slices.Equal(got.ids, ids(sent)) {
		t.Errorf("came as %v", got.ids)
	}
	until(t, "all are gone", func() bool { return len(stored(t, b, b.cfg)) == 0 })
}

// What has arrived and waits to be taken is not missed.
func TestUntakenIsNotMissed(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	i := patient(b)
	list := rangeOf(0, pullSize)
	sendEach(t, publisher(t, b, &memory{}), "w", list...)
	var got collected
	gate := make(chan struct{})
	end := run(t, i, func(m Message, settled func()) {
		got.add(m.Event.ID)
		<-gate
		settled()
	})
	defer end()
	until(t, "the first is taken", func() bool { return got.len() == 1 })
	until(t, "the others wait", func() bool {
		return consumerOf(t, i).CachedInfo().Delivered.Consumer == uint64(len(list))
	})
	for range 3 * idleLooks {
		i.confirmOnce(t.Context())
	}
	close(gate)
	until(t, "all are gone", func() bool { return len(stored(t, b, b.cfg)) == 0 })
	i.mu.Lock()
	defer i.mu.Unlock()
	if !slices.Equal(got.ids, ids(list)) || i.consumers != 1 {
		t.Errorf("came as %v, by %d consumers", got.ids, i.consumers)
	}
}

// What waits to be taken when the connection is made anew, and what comes by it, all has room.
func TestReconnected(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	i := patient(b)
	list := rangeOf(0, 3*pullSize)
	sendEach(t, publisher(t, connect(t, b.cfg), &memory{}), "w", list...)
	var got collected
	gate := make(chan struct{}, pullSize/4)
	end := run(t, i, func(m Message, settled func()) {
		<-gate
		got.add(m.Event.ID)
		settled()
	})
	defer end()
	delivered := func(n int) func() bool {
		return func() bool { return consumerOf(t, i).CachedInfo().Delivered.Consumer >= uint64(n) }
	}
	until(t, "some wait", func() bool {
		i.mu.Lock()
		defer i.mu.Unlock()
		return i.delivered == 1
	})
	until(t, "no more were asked for", delivered(pullSize))
	id, err := b.nc.GetClientID()
	if err != nil {
		t.Fatal(err)
	}
	before := b.nc.Stats().Reconnects
	if err := s.DisconnectClientByID(id); err != nil {
		t.Fatal(err)
	}
	until(t, "it is connected again", func() bool { return b.nc.Stats().Reconnects > before })
	for range cap(gate) {
		gate <- struct{}{} // a few are taken
	}
	until(t, "as many again wait", delivered(2*pullSize))
	close(gate)
	until(t, "all are gone", func() bool { return len(stored(t, b, b.cfg)) == 0 })
	i.mu.Lock()
	defer i.mu.Unlock()
	if !slices.Equal(got.ids, ids(list)) || i.consumers != 1 {
		t.Errorf("%d came, by %d consumers", len(got.ids), i.consumers)
	}
}

// A message that cannot be taken ends Run, also when its consumer has ended meanwhile.
func TestTakeFails(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	wait(t, send(t, publisher(t, b, &memory{}), "w", rangeOf(0, 2)...))
	i := patient(b)
	errTake := errors.New("it cannot be taken")
	err := i.Run(t.Context(), func(ctx context.Context, _ Message, _ func()) error {
		i.mu.Lock()
		restart := i.restart
		i.mu.Unlock()
		restart(errMissed)
		if ctx.Err() != nil {
			t.Error("it can no longer be taken")
		}
		return errTake
	})
	if !errors.Is(err, errTake) {
		t.Errorf("it ended with %v", err)
	}
}
