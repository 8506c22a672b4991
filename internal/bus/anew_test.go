package bus

import (
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"hookline/internal/natstest"
)

// inHandOf returns an Intake that has so many messages in hand, which are settled by the functions,
// in their order, and that takes no others.
func inHandOf(t *testing.T, b *Bus, n int) (i *Intake, settle []func()) {
	t.Helper()
	sendEach(t, publisher(t, b, &memory{}), "w", rangeOf(0, n)...)
	var got collected
	i = newIntake(b, 1)
	end := run(t, i, func(m Message, settled func()) {
		settle = append(settle, settled)
		got.add(m.Event.ID)
	})
	until(t, "all came", func() bool { return got.len() == n })
	end()
	return i, settle
}

// What was settled is deleted before a partition is given back, also when its consumer was lost,
// and the next one has not brought it again: nobody has heard of it.
func TestRemoveMadeAnew(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]bool{"made anew": false, "could not be made anew": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := natstest.Start(t, natstest.Options(t.TempDir()))
			b := connect(t, config(s.ClientURL()))
			i, settle := inHandOf(t, b, 20)
			if err := b.js.DeleteConsumer(t.Context(), i.stream, i.name()); err != nil {
				t.Fatal(err)
			}
			for _, settled := range settle[:9] {
				settled()
			}
			if _, err := i.consumer(t.Context()); err != nil {
				t.Fatal(err)
			}
			if fail {
				if err := b.js.DeleteConsumer(t.Context(), i.stream, i.name()); err != nil {
					t.Fatal(err)
				}
			}
			for _, settled := range settle[9:18] {
				settled()
			}
			i.confirmOnce(t.Context())
			if err := i.Remove(t.Context()); err != nil {
				t.Fatal(err)
			}
			if left := stored(t, b, b.cfg); len(left) != 2 {
				t.Errorf("%d are left, want the two that are not settled", len(left))
			}
		})
	}
}

// A message that an earlier consumer has brought is not waited for twice: as one in hand, and as
// one that the present consumer has brought and that is not taken yet.
func TestAcknowledgedAnew(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	i, settle := inHandOf(t, b, 20)
	if _, err := i.consumer(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, settled := range settle[:3] {
		settled()
	}
	i.delivered = 3
	info := jetstream.ConsumerInfo{NumAckPending: 20}
	info.Delivered.Consumer = 20
	if i.acknowledged(&info) {
		t.Error("three are settled, and the server waits for them")
	}
	if info.NumAckPending = 17; !i.acknowledged(&info) {
		t.Error("the server waits for none of those that are settled")
	}
}

// Once a consumer has brought all that there is, what an earlier one had brought comes no more: it
// is known how far the stream is settled, also when nothing follows.
func TestPassedAnew(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	i, settle := inHandOf(t, b, 4)
	for _, settled := range settle {
		settled()
	}
	until(t, "all are gone", func() bool { return len(stored(t, b, b.cfg)) == 0 })
	if err := b.js.DeleteConsumer(t.Context(), i.stream, i.name()); err != nil {
		t.Fatal(err)
	}
	defer run(t, i, func(Message, func()) { t.Error("one has come again") })()
	last := Key{Event: event(3).ID}.commit() + afterAll
	until(t, "all is known to be settled", func() bool {
		i.confirmOnce(t.Context())
		return i.passed() == last
	})
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.acks) > 0 {
		t.Errorf("%d acknowledgements are kept", len(i.acks))
	}
}
