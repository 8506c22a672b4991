package bus

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hookline/internal/natstest"
	"hookline/mapper"
	"hookline/sender"
)

// outgoingTo returns deliveries of events to one webhook.
func outgoingTo(p *Publisher, to string, events ...*mapper.Event) (list []*outgoing) {
	for _, e := range events {
		m := Message{Webhook: to, Version: "v", Event: e}
		o := &outgoing{
			data: m.encode(nil), partition: PartitionOf(to, p.partitions), size: 1, settled: func() {},
		}
		o.at, o.ordered = at(&m)
		list = append(list, o)
	}
	return list
}

// A pack tells what it has by its headers, and has what its deliveries would have by themselves.
func TestPack(t *testing.T) {
	list := rangeOf(0xfe, 0x102)
	list = append(list, event(3))
	m := packed(outgoingTo(&Publisher{partitions: 4}, "a webhook", list...))
	var keys []Key
	for _, e := range list {
		keys = append(keys, Key{e.ID, "a webhook"})
	}
	if got := KeysOf(m.Header); !slices.Equal(got, keys) {
		t.Errorf("its headers tell of %v, want %v", got, keys)
	}
	got, err := decodeAll(m.Data)
	if err != nil || len(got) != len(list) {
		t.Fatal(len(got), err)
	}
	for n, m := range got {
		if !reflect.DeepEqual(m.Event.Parts(), list[n].Parts()) || m.Webhook != "a webhook" {
			t.Errorf("number %d is %+v", n, m)
		}
	}
	whole, ends := m.Data, 0
	for n := range whole {
		if _, err := decodeAll(whole[:n]); err == nil {
			ends++ // between two of them
		}
	}
	if ends != len(list)-1 {
		t.Errorf("it was taken at %d places when cut short", ends)
	}
}

// shelf is what a stream has had in the order of sequences, for each webhook.
func shelf(t *testing.T, b *Bus) map[string][]string {
	t.Helper()
	s, err := b.js.Stream(t.Context(), b.cfg.Stream())
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for seq := uint64(1); seq <= s.CachedInfo().State.LastSeq; seq++ {
		var raw *jetstream.RawStreamMsg
		until(t, "the server answers", func() bool {
			raw, err = s.GetMsg(t.Context(), seq)
			return err == nil || errors.Is(err, jetstream.ErrMsgNotFound)
		})
		if err != nil || raw.Header.Get(idHeader) == "" ||
			raw.Subject == b.cfg.positionSubject() || raw.Subject == b.cfg.markSubject() {
			continue
		}
		for _, k := range KeysOf(raw.Header) {
			all[k.Webhook] = append(all[k.Webhook], k.Event)
		}
	}
	return all
}

// fanOut sends each event to each webhook, as they are brought by Postgres.
func fanOut(t *testing.T, p *Publisher, webhooks []string, events []*mapper.Event) {
	t.Helper()
	for _, e := range events {
		for _, w := range webhooks {
			send(t, p, w, e)
		}
	}
	until(t, "all are stored", func() bool { return p.left() == 0 })
}

// stopped returns a Publisher that does nothing by itself.
func stopped(t *testing.T, b *Bus, m *memory) *Publisher {
	t.Helper()
	p := publisher(t, b, m)
	p.end(sender.ErrDraining)
	<-p.done
	<-p.watched
	return p
}

// A reader is killed amid packs, after each of its messages in turn, whether or not senders have
// settled those that are there: the next one publishes what is missing, and nothing twice. So it is
// when that one is killed likewise.
func TestReaderKilledAmidPacks(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	webhooks := []string{"a", "b", "c"}
	list := rangeOf(0, 40)
	for stored := range 10 {
		for _, consumed := range []bool{false, true} {
			cfg := config(s.ClientURL())
			cfg.Name, cfg.MaxBytes = fmt.Sprintf("k%d-%t", stored, consumed), 1<<20
			b := connect(t, cfg)
			m := &memory{}
			got := map[string][]string{}
			for range 2 { // killed twice
				p := stopped(t, b, m)
				far := p.far
				var left []*outgoing
				for _, e := range list {
					for _, w := range webhooks {
						if o := outgoingTo(p, w, e)[0]; !far.covers(o.at) {
							left = append(left, o)
						}
					}
				}
				g := p.arrange(left)
				if g.far == nil {
					t.Fatal("nothing is packed")
				}
				p.ctx = t.Context()
				for _, o := range g.items[:min(stored+1, len(g.items))] {
					if err := p.publish(o, p.last); err != nil {
						t.Fatal(err)
					}
					p.last = o.sequence
				}
				if consumed {
					for w, events := range shelf(t, b) {
						got[w] = append(got[w], events...)
					}
					purge(t, p)
				}
			}
			fanOut(t, publisher(t, b, m), webhooks, list)
			for w, events := range shelf(t, b) {
				got[w] = append(got[w], events...)
			}
			for _, w := range webhooks {
				if !slices.Equal(got[w], ids(list)) {
					t.Errorf("%d messages stored, consumed %t: %s got %d: %v", stored, consumed, w,
						len(got[w]), got[w])
				}
			}
			b.nc.Close()
		}
	}
}

// purge removes all deliveries, as if they were settled.
func purge(t *testing.T, p *Publisher) {
	t.Helper()
	for n := range p.partitions {
		err := p.stream.Purge(t.Context(), jetstream.WithPurgeSubject(p.bus.cfg.subject(n)))
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A message of somebody else amid packs takes the place of none: not for the reader that goes on,
// and not for the one that follows when it is killed just then, or once it has sent one more.
func TestForeignAmidPacks(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	for _, name := range []string{"on", "unheard", "killed", "killed-later"} {
		cfg := config(s.ClientURL())
		cfg.Name, cfg.MaxBytes = name, 1<<20
		b := connect(t, cfg)
		m := &memory{}
		p := stopped(t, b, m)
		var cancel context.CancelCauseFunc
		p.ctx, cancel = context.WithCancelCause(t.Context())
		list := rangeOf(0, 100)
		g := p.arrange(outgoingTo(p, "w", list...))
		p.room.TryAcquire(100)
		for _, o := range g.items[:4] {
			if err := p.publish(o, p.last); err != nil {
				t.Fatal(err)
			}
			p.last = o.sequence
		}
		foreign := Message{Webhook: "w", Event: event(5000)}
		_, err := b.js.Publish(t.Context(), cfg.subject(PartitionOf("w", 4)), foreign.encode(nil))
		if err != nil {
			t.Fatal(err)
		}
		for n, o := range g.items { // as they were launched
			o.sequence = g.items[0].sequence + uint64(n)
		}
		p.flight = []*group{g}
		var before []string
		switch name {
		case "killed-later":
			g.items[5].Data = make([]byte, 2<<20) // it cannot be sent
			if err := p.resend(); err == nil {
				t.Error("all of it was sent")
			}
			before = shelf(t, b)["w"]
			purge(t, p) // as if senders had settled them
		case "on", "unheard":
			var cause error // that one was not taken, or nothing was heard of it
			if name == "on" {
				cause = &jetstream.APIError{ErrorCode: wrongLastID}
			}
			if err := p.repair(cause); err != nil {
				t.Fatal(err)
			}
			if got := shelf(t, b)["w"]; !slices.Equal(got, ids(list)) {
				t.Errorf("%d are stored: %v", len(got), got)
			}
			purge(t, p)
		}
		cancel(nil)
		wait(t, send(t, publisher(t, b, m), "w", list...))
		var want []string // that are there still
		if name != "on" && name != "unheard" {
			want = ids(list)
		}
		if got := append(before, shelf(t, b)["w"]...); !slices.Equal(got, want) {
			t.Errorf("%s: %d are stored, want %d: %v", name, len(got), len(want), got)
		}
	}
}

// A pack is acknowledged once all of it is settled, is extended and known while it is in hand, and
// comes again as a whole to who takes over.
func TestPackInHand(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	list := rangeOf(0, 32)
	wait(t, send(t, publisher(t, b, &memory{}), "w", list...))
	var got, after collected
	settle := map[string]func(){}
	i := newIntake(b, 1)
	end := run(t, i, func(m Message, settled func()) {
		settle[m.Event.ID] = settled
		got.add(m.Event.ID)
	})
	until(t, "all came", func() bool { return got.len() == len(list) })
	i.mu.Lock()
	first, messages := i.current, len(i.inHand)
	i.mu.Unlock()
	if messages >= len(list) {
		t.Fatalf("%d messages are in hand", messages)
	}
	if err := b.js.DeleteConsumer(t.Context(), i.stream, first); err != nil {
		t.Fatal(err) // what is in hand comes again, and is known
	}
	if replies := i.aged(time.Now().Add(i.ackWait)); len(replies) != messages {
		t.Errorf("the wait for %d of %d messages is extended", len(replies), messages)
	}
	until(t, "it came again", func() bool {
		i.mu.Lock()
		defer i.mu.Unlock()
		return i.current != first && i.brought == i.last
	})
	last := keysAt(t, i)
	for _, e := range list {
		if !slices.Contains(last, e.ID) {
			settle[e.ID]()
		}
	}
	for _, id := range last[1:] {
		settle[id]()
	}
	until(t, "one message is left", func() bool { return len(stored(t, b, b.cfg)) == len(last) })
	if got.len() != len(list) {
		t.Errorf("%d were taken", got.len())
	}
	until(t, "it is known to be settled up to the pack", func() bool {
		i.confirmOnce(t.Context())
		return i.passed() == Key{Event: last[0]}.commit()
	})
	end()
	defer run(t, newIntake(b, 2), func(m Message, settled func()) {
		after.add(m.Event.ID)
		settled()
	})()
	until(t, "all are gone", func() bool { return len(stored(t, b, b.cfg)) == 0 })
	if !slices.Equal(after.ids, last) {
		t.Errorf("came again: %v, want the whole pack %v", after.ids, last)
	}
}

// keysAt returns the events of the message in hand that came last.
func keysAt(t *testing.T, i *Intake) (ids []string) {
	t.Helper()
	stream, err := i.bus.js.Stream(t.Context(), i.stream)
	if err != nil {
		t.Fatal(err)
	}
	m, err := stream.GetMsg(t.Context(), i.last)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range KeysOf(m.Header) {
		ids = append(ids, k.Event)
	}
	return ids
}

// What the spool has of a pack is not taken, and the rest is, in order; as a whole it is settled
// once both are.
func TestTakeUpOfPack(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	list := rangeOf(0, 64)
	wait(t, send(t, publisher(t, b, &memory{}), "w", list...))
	m := &memory{spooled: map[Key]bool{}}
	var want []string
	for n, e := range list {
		if n%3 == 0 || n >= 16 && n < 40 {
			m.spooled[Key{e.ID, "w"}] = true
		} else {
			want = append(want, e.ID)
		}
	}
	i := newIntakeOf(b, 2, m)
	if err := i.TakeUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if passed := (Key{Event: list[0].ID}).commit(); m.forgotten() != passed {
		t.Errorf("all before %s is to be forgotten, want %s", m.forgotten(), passed)
	}
	var got collected
	defer run(t, i, func(m Message, settled func()) {
		got.add(m.Event.ID)
		settled()
	})()
	until(t, "all are gone", func() bool { return len(stored(t, b, b.cfg)) == 0 })
	if !slices.Equal(got.ids, want) {
		t.Errorf("came as %v, want %v", got.ids, want)
	}
	last := Key{Event: list[63].ID}.commit() + afterAll
	until(t, "the spool is told that all is settled", func() bool { return m.forgotten() == last })
}

// A tenure ends amid a pack that is taken: it does not wait for the rest, which may be as long as a
// request hangs. That comes to the next one, and what was settled does not.
func TestStopAmidPack(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	list := rangeOf(0, 64)
	m := &memory{}
	p := stopped(t, b, m)
	p.ctx = t.Context()
	for _, o := range p.arrange(outgoingTo(p, "w", list...)).items {
		if err := p.publish(o, p.last); err != nil {
			t.Fatal(err)
		}
		p.last = o.sequence
	}
	i := newIntakeOf(b, 1, m)
	ctx, cancel := context.WithCancel(t.Context())
	var first collected
	err := i.Run(ctx, func(ctx context.Context, m Message, settled func()) error {
		if first.len() == 2*packMost+8 {
			cancel()
			<-ctx.Done() // there is no room
			return ctx.Err()
		}
		first.add(m.Event.ID)
		settled()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := i.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(m.spooled) != 8 {
		t.Errorf("%d are left behind, want 8", len(m.spooled))
	}
	i = newIntakeOf(b, 2, m)
	if err := i.TakeUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	var rest collected
	defer run(t, i, func(m Message, settled func()) {
		rest.add(m.Event.ID)
		settled()
	})()
	until(t, "all are gone", func() bool { return len(stored(t, b, b.cfg)) == 0 })
	if got := slices.Concat(first.ids, rest.ids); !slices.Equal(got, ids(list)) {
		t.Errorf("came as %v", got)
	}
}

// A partition is given back while some of its packs are not wholly settled: what is settled of them
// does not come again, also where their consumer was made anew meanwhile, and when it is given back
// once more.
func TestGivenBackAmidPacks(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	list := rangeOf(0, 64)
	wait(t, send(t, publisher(t, b, &memory{}), "w", list...))
	m := &memory{}
	want := ids(list)
	for epoch := uint64(1); len(want) > 0; epoch++ {
		var got collected
		var left []string
		i := newIntakeOf(b, epoch, m)
		if err := i.TakeUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		end := run(t, i, func(m Message, settled func()) {
			if n := slices.Index(want, m.Event.ID); epoch < 3 && n%5 == 2 {
				left = append(left, m.Event.ID)
			} else {
				settled()
			}
			got.add(m.Event.ID)
		})
		until(t, "all came", func() bool { return got.len() >= len(want) })
		end()
		if err := i.Remove(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.ids, want) {
			t.Errorf("tenure %d got %v, want %v", epoch, got.ids, want)
		}
		want = left
	}
	if left := stored(t, b, b.cfg); len(left) > 0 {
		t.Errorf("the stream has %v", left)
	}
}

// A reader is killed amid messages of one delivery each, and senders have settled those that are
// there: nothing in the stream tells of them but their ids. The next reader, to whom so many
// deliveries come at once that it has packs of them, publishes none twice. Nor does the one that
// follows when that one is killed before it has published anything.
func TestReaderKilledAmidSingles(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	for kills, name := range map[int]string{1: "once", 2: "twice"} {
		cfg := config(s.ClientURL())
		cfg.Name, cfg.MaxBytes = name, 1<<20
		b := connect(t, cfg)
		m := &memory{}
		var webhooks []string
		for n := range 20 {
			webhooks = append(webhooks, fmt.Sprintf("w%02d", n))
		}
		list := rangeOf(0, 60)
		deliveries := func(p *Publisher, events []*mapper.Event) (all []*outgoing) {
			for _, e := range events {
				for _, w := range webhooks {
					if o := outgoingTo(p, w, e)[0]; !p.far.covers(o.at) {
						all = append(all, o)
					}
				}
			}
			return all
		}
		publish := func(p *Publisher, items []*item) {
			p.ctx = t.Context()
			for _, o := range items {
				if err := p.publish(o, p.last); err != nil {
					t.Fatal(err)
				}
				if !o.known {
					p.last = o.sequence
				}
			}
		}
		p := stopped(t, b, m)
		g := p.arrange(deliveries(p, list[:1]))
		if g.far != nil {
			t.Fatal("it is packed")
		}
		publish(p, g.items[:10])
		got := shelf(t, b)
		purge(t, p)
		for range kills - 1 {
			stopped(t, b, m)
		}
		p = stopped(t, b, m)
		packs := false
		for left := range slices.Chunk(deliveries(p, list), 200) {
			g := p.arrange(left)
			packs = packs || g.far != nil
			publish(p, g.items)
		}
		if !packs {
			t.Error("nothing is packed")
		}
		for w, events := range shelf(t, b) {
			got[w] = append(got[w], events...)
		}
		for _, w := range webhooks {
			if !slices.Equal(got[w], ids(list)) {
				t.Errorf("killed %s: %s got %d, want %d", name, w, len(got[w]), len(list))
			}
		}
	}
}
