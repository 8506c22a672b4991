package bus

import (
	"slices"
	"testing"

	"hookline/internal/natstest"
)

// What the spool has of the messages that a killed sender has left is not taken once more, and is
// acknowledged; all else is, in order. How far the stream is settled is told to the spool as it
// goes, and never further.
func TestTakeUp(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	list := rangeOf(0, 20)
	sendEach(t, publisher(t, b, &memory{}), "w", list...)
	var before collected
	end := run(t, newIntake(b, 1), func(m Message, settled func()) {
		if before.add(m.Event.ID); before.len() <= 3 {
			settled()
		}
	})
	until(t, "all are in hand", func() bool { return before.len() == len(list) })
	until(t, "three are gone", func() bool { return len(stored(t, b, b.cfg)) == 17 })
	end()

	m := &memory{spooled: map[Key]bool{}}
	for _, e := range list[4:10] {
		m.spooled[Key{e.ID, "w"}] = true
	}
	i := newIntakeOf(b, 2, m)
	if err := i.TakeUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := (Key{Event: list[3].ID}).commit(); m.forgotten() != want {
		t.Errorf("all before %s is to be forgotten, want %s", m.forgotten(), want)
	}
	var after collected
	var first func()
	defer run(t, i, func(m Message, settled func()) {
		if after.add(m.Event.ID) == 1 {
			first = settled
			return
		}
		settled()
	})()
	until(t, "one is left", func() bool { return len(stored(t, b, b.cfg)) == 1 })
	if want := append(ids(list[3:4]), ids(list[10:])...); !slices.Equal(after.ids, want) {
		t.Errorf("came as %v, want %v", after.ids, want)
	}
	i.confirmOnce(t.Context())
	if got, want := i.passed(), (Key{Event: list[3].ID}).commit(); got != want {
		t.Errorf("it is settled up to %s, want %s: the first is in hand", got, want)
	}
	first()
	last := Key{Event: list[19].ID}.commit() + afterAll
	until(t, "the spool is told that all is settled", func() bool { return m.forgotten() == last })
	if n := len(stored(t, b, b.cfg)); n > 0 {
		t.Errorf("%d are left", n)
	}

	// Nobody has anything: all may be forgotten.
	if err := newIntakeOf(b, 3, m).TakeUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m.forgotten() != afterAll {
		t.Errorf("the stream is empty, and what was before %s is to be forgotten", m.forgotten())
	}
}

// How far the stream is settled is not known while a consumer that was made anew may still bring
// what the one before has brought.
func TestPassedAgain(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	list := rangeOf(0, 4)
	sendEach(t, publisher(t, b, &memory{}), "w", list...)
	i := newIntake(b, 1)
	var got collected
	end := run(t, i, func(m Message, settled func()) {
		if got.add(m.Event.ID) > 1 {
			settled()
		}
	})
	until(t, "all came", func() bool { return got.len() == 4 })
	first := Key{Event: list[0].ID}.commit()
	if passed := i.passed(); passed != first {
		t.Errorf("it is settled up to %q, want %q", passed, first)
	}
	end()
	if _, err := i.consumer(t.Context()); err != nil {
		t.Fatal(err)
	}
	if passed := i.passed(); passed != "" {
		t.Errorf("it is settled up to %q, and that cannot be known", passed)
	}
}

// A message that came after the server was asked is none that it waits for.
func TestAcknowledgedSince(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	p := publisher(t, b, &memory{})
	list := rangeOf(0, 4)
	sendEach(t, p, "w", list[:2]...)
	i := newIntake(b, 1)
	var got collected
	defer run(t, i, func(m Message, _ func()) { got.add(m.Event.ID) })()
	until(t, "two came", func() bool { return got.len() == 2 })
	i.mu.Lock()
	for sequence, h := range i.inHand {
		i.acks[sequence] = ack{reply: h.reply} // as if it were sent, and lost
		delete(i.inHand, sequence)
	}
	i.mu.Unlock()
	consumer, err := b.js.Consumer(t.Context(), i.stream, i.name())
	if err != nil {
		t.Fatal(err)
	}
	info := consumer.CachedInfo()
	sendEach(t, p, "w", list[2:]...)
	until(t, "all came", func() bool { return got.len() == 4 })
	if info.NumAckPending != 2 || i.acknowledged(info) {
		t.Errorf("the server waits for %d, and all counts as acknowledged", info.NumAckPending)
	}
}
