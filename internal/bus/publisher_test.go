package bus

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hookline/cdc"
	"hookline/internal/natstest"
	"hookline/mapper"
)

// rangeOf returns events from n to before end.
func rangeOf(n, end int) (list []*mapper.Event) {
	for ; n < end; n++ {
		list = append(list, event(n))
	}
	return list
}

func ids(list []*mapper.Event) (ids []string) {
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	return ids
}

// What is sent is settled once the stream has it, each in order.
func TestPublish(t *testing.T) {
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	p := publisher(t, b, &memory{})
	list := rangeOf(0, 2000)
	wait(t, send(t, p, "w", list...))
	if got := stored(t, b, b.cfg); !slices.Equal(got, ids(list)) {
		t.Errorf("stored %d: %v…", len(got), got[:min(len(got), 5)])
	}
}

// One event for two webhooks is two messages: their ids differ.
func TestTwoWebhooks(t *testing.T) {
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	p := publisher(t, b, &memory{})
	one := event(1)
	wait(t, send(t, p, "a", one))
	wait(t, send(t, p, "b", one))
	if got := stored(t, b, b.cfg); len(got) != 2 {
		t.Errorf("stored %v, want two", got)
	}
}

// A new reader goes on behind what the stream has, whatever the stream remembers of ids: what was
// acknowledged to it by senders is not published again, nor what is still there.
func TestResume(t *testing.T) {
	dir := t.TempDir()
	server := natstest.Start(t, natstest.Options(dir))
	b := connect(t, config(server.ClientURL()))
	m := &memory{}
	p := publisher(t, b, m)
	wait(t, send(t, p, "w", rangeOf(0, 10)...))
	stream, err := b.js.Stream(t.Context(), "hookline-crm")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Purge(t.Context(), jetstream.WithPurgeSubject(
		b.cfg.subject(PartitionOf("w", 4)))); err != nil { // as if all of them had been acknowledged
		t.Fatal(err)
	}
	server.Shutdown() // a restart forgets their ids
	server.WaitForShutdown()
	b = connect(t, config(natstest.Start(t, natstest.Options(dir)).ClientURL()))
	wait(t, send(t, publisher(t, b, m), "w", rangeOf(5, 12)...))
	if got, want := stored(t, b, b.cfg), ids(rangeOf(10, 12)); !slices.Equal(got, want) {
		t.Errorf("published %v, want %v", got, want)
	}
}

// An event of many webhooks goes on at the webhook at which it was cut off.
func TestResumeWithinEvent(t *testing.T) {
	one, two := event(1), event(2)
	p := position{Event: one.ID, Webhook: "b"}
	for _, c := range []struct {
		e       *mapper.Event
		webhook string
		covered bool
	}{{event(0), "z", true}, {one, "a", true}, {one, "b", true}, {one, "c", false}, {two, "a", false}} {
		if got := p.covers(position{Event: c.e.ID, Webhook: c.webhook}); got != c.covered {
			t.Errorf("%s to %s is covered: %v", c.e.ID, c.webhook, got)
		}
	}
	elsewhere := mapper.NewEvent(mapper.Parts{ID: mapper.ID{Commit: 1}.In("76543210")})
	if p.covers(position{Event: elsewhere.ID, Webhook: "a"}) {
		t.Error("an event of another database is covered")
	}
}

// A reader that was replaced cannot write any more, and says so.
func TestFencedReader(t *testing.T) {
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	m := &memory{}
	old := publisher(t, connect(t, config(s.ClientURL())), m)
	wait(t, send(t, old, "w", rangeOf(0, 10)...))
	b := connect(t, config(s.ClientURL()))
	p := publisher(t, b, m)
	send(t, old, "w", event(10)) // which has read it, too
	<-old.Done()
	if !errors.Is(old.Err(), cdc.ErrTakenOver) {
		t.Errorf("the old one ends with %v", old.Err())
	}
	wait(t, send(t, p, "w", rangeOf(5, 12)...))
	if got, want := stored(t, b, b.cfg), ids(rangeOf(0, 12)); !slices.Equal(got, want) {
		t.Errorf("stored %v, want %v", got, want)
	}
}

// So it is in a cluster with three replicas, which go on taking what the new one writes.
func TestFencedReaderOfReplicas(t *testing.T) {
	_, urls := natstest.Cluster(t)
	cfg := config(urls)
	cfg.Replicas = 3
	m := &memory{}
	old := publisher(t, connect(t, cfg), m)
	wait(t, send(t, old, "w", rangeOf(0, 10)...))
	b := connect(t, cfg)
	p := publisher(t, b, m)
	send(t, old, "w", event(10))
	until(t, "the old one has ended", func() bool { return old.Err() != nil })
	if !errors.Is(old.Err(), cdc.ErrTakenOver) {
		t.Errorf("the old one ends with %v", old.Err())
	}
	wait(t, send(t, p, "w", rangeOf(5, 12)...))
	if got, want := stored(t, b, b.cfg), ids(rangeOf(0, 12)); !slices.Equal(got, want) {
		t.Errorf("stored %v, want %v", got, want)
	}
}

// A message that somebody else puts into the stream takes the place of none.
func TestForeignMessage(t *testing.T) {
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	_, urls := natstest.Cluster(t)
	replicas := config(urls)
	replicas.Replicas = 3
	for name, cfg := range map[string]Config{"one": config(s.ClientURL()), "replicas": replicas} {
		t.Run(name, func(t *testing.T) {
			b := connect(t, cfg)
			p := publisher(t, b, &memory{})
			wait(t, send(t, p, "w", rangeOf(0, 10)...))
			subject, foreign := b.cfg.subject(PartitionOf("w", 4)), Message{Webhook: "w", Event: event(5000)}
			if _, err := b.js.Publish(t.Context(), subject, foreign.encode(nil)); err != nil {
				t.Fatal(err)
			}
			wait(t, send(t, p, "w", rangeOf(10, 300)...))
			want := ids(append(append(rangeOf(0, 10), event(5000)), rangeOf(10, 300)...))
			if got := stored(t, b, b.cfg); !slices.Equal(got, want) {
				t.Errorf("%d are stored, or in another order, want %d", len(got), len(want))
			}
		})
	}
}

// What replicas know already is not stored again, and keeps nothing of its batch back.
func TestReplicasKnow(t *testing.T) {
	_, urls := natstest.Cluster(t)
	cfg := config(urls)
	cfg.Replicas = 3
	b := connect(t, cfg)
	p := publisher(t, b, &memory{})
	sendApart(t, p, rangeOf(0, 10)...)
	sendApart(t, p, rangeOf(5, 20)...)
	if got, want := stored(t, b, b.cfg), ids(rangeOf(0, 20)); !slices.Equal(got, want) {
		t.Errorf("stored %v, want %v", got, want)
	}
}

// An operator gives the stream replicas while it is written, and lets it take batches later.
func TestReplicasAtWork(t *testing.T) {
	_, urls := natstest.Cluster(t)
	b := connect(t, config(urls))
	m := &memory{}
	p := publisher(t, b, m)
	list := rangeOf(0, 400)
	wait(t, send(t, p, "w", list[:100]...))
	edit := func(change func(*jetstream.StreamConfig)) {
		stream, err := b.js.Stream(t.Context(), b.cfg.Stream())
		if err != nil {
			t.Fatal(err)
		}
		cfg := stream.CachedInfo().Config
		change(&cfg)
		if _, err := b.js.UpdateStream(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		until(t, "the reader has seen it", func() bool {
			now := p.config.Load()
			return now.Replicas == cfg.Replicas && now.AllowAtomicPublish == cfg.AllowAtomicPublish
		})
	}
	rest := send(t, p, "w", list[100:200]...)
	edit(func(c *jetstream.StreamConfig) { c.Replicas = 3 })
	wait(t, rest)
	wait(t, send(t, p, "w", list[200:300]...))
	edit(func(c *jetstream.StreamConfig) { c.AllowAtomicPublish = true })
	wait(t, send(t, p, "w", list[300:]...))
	r, err := ReadReport(t.Context(), b.cfg, m, slog.New(slog.DiscardHandler))
	if err != nil || !r.Batches || r.Replicas != 3 {
		t.Errorf("the report says %+v, %v", r, err)
	}
	if got := stored(t, b, b.cfg); !slices.Equal(got, ids(list)) {
		t.Errorf("%d are stored, or in another order", len(got))
	}
}

// A full stream takes nothing, loses nothing, and says so; it goes on in order once there is room.
func TestFull(t *testing.T) {
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	cfg := config(s.ClientURL())
	cfg.MaxBytes = 100 << 10
	b := connect(t, cfg)
	p := publisher(t, b, &memory{})
	var list []*mapper.Event
	for n := range 200 { // large ones and small ones: some would find room where others do not
		list = append(list, sized(n, 100+n%3*1500))
	}
	settled := send(t, p, "w", list...)
	until(t, "it is told that the bus is full", func() bool {
		problem := p.Problem()
		return problem != nil && strings.Contains(problem.What, "full")
	})
	var got []string
	in := NewIntake(b, "hookline-crm", IntakeConfig{
		Partition: PartitionOf("w", 4), Large: &memory{}, Spooled: &memory{},
	}, newTestIntakeMetrics())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_ = in.Run(ctx, func(_ context.Context, m Message, settled func()) error {
		got = append(got, m.Event.ID)
		if settled(); len(got) == len(list) {
			cancel()
		}
		return nil
	})
	wait(t, settled)
	if !slices.Equal(got, ids(list)) {
		t.Errorf("%d came, or in another order", len(got))
	}
	if p.Problem() != nil {
		t.Errorf("it is still told that %v", p.Problem())
	}
}

// An event too large for a message goes by the database, and is removed there in the end.
func TestLarge(t *testing.T) {
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	m := &memory{}
	p := publisher(t, b, m)
	list := []*mapper.Event{event(0), sized(1, 2<<20), event(2)}
	wait(t, send(t, p, "w", list...))
	if m.kept() != 1 {
		t.Fatalf("%d are in the database, want 1", m.kept())
	}
	in := NewIntake(b, "hookline-crm", IntakeConfig{
		Partition: PartitionOf("w", 4), Large: m, Spooled: m,
	}, newTestIntakeMetrics())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	_ = in.Run(ctx, func(_ context.Context, m Message, settled func()) error {
		if want := list[n].Parts(); m.Event.ID != want.ID || len(m.Event.Parts().Data) != len(want.Data) {
			t.Errorf("%s came with %d bytes", m.Event.ID, len(m.Event.Parts().Data))
		}
		settled()
		if n++; n == len(list) {
			cancel()
		}
		return nil
	})
	until(t, "it is removed from the database", func() bool { return m.kept() == 0 })
}

// A stream that is gone, was made anew or set back is a gap; one that is not as it has to be keeps
// the reader from writing to it.
func TestStreamAtFault(t *testing.T) {
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	m := &memory{}
	wait(t, send(t, publisher(t, b, m), "w", rangeOf(0, 3)...))
	stream, memo, err := b.MakeStream(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	asIs := stream.CachedInfo().Config
	for name, fault := range map[string]func(c *jetstream.StreamConfig){
		"discard":       func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld },
		"older than":    func(c *jetstream.StreamConfig) { c.MaxAge = asIs.Duplicates },
		"each subject":  func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 1000 },
		"partitions":    func(c *jetstream.StreamConfig) { c.Metadata[metaPartitions] = "5" },
		"does not take": func(c *jetstream.StreamConfig) { c.Subjects = []string{"hookline.crm.position"} },
		"allows no":     func(c *jetstream.StreamConfig) { c.AllowRollup = false },
		"has not made":  func(c *jetstream.StreamConfig) { delete(c.Metadata, metaIncarnation) },
	} {
		changed := asIs
		changed.Metadata = map[string]string{
			metaIncarnation: memo.Incarnation, metaPartitions: "4",
		}
		fault(&changed)
		if _, err := b.js.UpdateStream(t.Context(), changed); err != nil {
			t.Fatal(name, err)
		}
		_, err := b.Stream(t.Context(), memo)
		blocked, ok := errors.AsType[*cdc.Blocked](err)
		if !ok || name != "discard" && !strings.Contains(blocked.What, name) || blocked.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.js.UpdateStream(t.Context(), asIs); err != nil {
		t.Fatal(err)
	}
	other := b.cfg
	other.Partitions = 8
	_, err = connect(t, other).Stream(t.Context(), memo)
	if _, ok := errors.AsType[*cdc.Blocked](err); !ok {
		t.Errorf("with other partitions: %v", err)
	}
	isLost := func(what string, memo *Memo) {
		t.Helper()
		_, err := b.Stream(t.Context(), memo)
		if gap, ok := errors.AsType[*cdc.Gap](err); !ok || gap.Reason != cdc.BusLost {
			t.Errorf("%s: %v", what, err)
		}
	}
	back := *memo
	back.Last = 1000
	isLost("set back", &back)
	if err := b.js.DeleteStream(t.Context(), "hookline-crm"); err != nil {
		t.Fatal(err)
	}
	isLost("gone", memo)
	if _, err := b.js.CreateStream(t.Context(), b.cfg.stream(&Memo{Incarnation: "x", Partitions: 4})); err != nil {
		t.Fatal(err)
	}
	isLost("made anew", memo)
}

// A stream that is removed ends its writer with a gap, whether it writes or not; one that would lose
// something from now on ends it, too.
func TestStreamRemoved(t *testing.T) {
	t.Parallel()
	remove := func(b *Bus) error { return b.js.DeleteStream(t.Context(), "hookline-crm") }
	for name, c := range map[string]struct {
		fault  func(b *Bus) error
		writes bool
		gap    bool
	}{
		"while it writes":   {remove, true, true},
		"while it does not": {remove, false, true},
		"throws away": {func(b *Bus) error {
			stream, err := b.js.Stream(t.Context(), "hookline-crm")
			if err != nil {
				return err
			}
			changed := stream.CachedInfo().Config
			changed.Discard = jetstream.DiscardOld
			_, err = b.js.UpdateStream(t.Context(), changed)
			return err
		}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := natstest.Start(t, natstest.Options(t.TempDir()))
			b := connect(t, config(s.ClientURL()))
			p := publisher(t, b, &memory{})
			wait(t, send(t, p, "w", rangeOf(0, 3)...))
			if err := c.fault(b); err != nil {
				t.Fatal(err)
			}
			if c.writes {
				send(t, p, "w", event(3))
			}
			<-p.Done()
			gap, isGap := errors.AsType[*cdc.Gap](p.Err())
			_, isBlocked := errors.AsType[*cdc.Blocked](p.Err())
			if isGap != c.gap || isBlocked == c.gap || isGap && gap.Reason != cdc.BusLost {
				t.Errorf("it ends with %v", p.Err())
			}
		})
	}
}

// That the stream knows an id is no word on what it has: nothing is noted as stored that is not, and
// what comes next is.
func TestDuplicate(t *testing.T) {
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	m := &memory{}
	apart := mapper.NewEvent(mapper.Parts{ID: "evt_test", Object: "person", Data: []byte("{}")})
	wait(t, send(t, publisher(t, b, m), "w", apart))
	p := publisher(t, b, m)
	wait(t, send(t, p, "w", apart))
	stream, err := b.js.Stream(t.Context(), "hookline-crm")
	if err != nil {
		t.Fatal(err)
	}
	memo, err := m.LoadMemo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if last := stream.CachedInfo().State.LastSeq; memo.Last > last {
		t.Errorf("it is noted that %d are stored, and %d are", memo.Last, last)
	}
	wait(t, send(t, p, "w", event(1)))
	if got, want := stored(t, b, b.cfg), []string{"evt_test", event(1).ID}; !slices.Equal(got, want) {
		t.Errorf("stored %v, want %v", got, want)
	}
}

// The server is killed again and again while much is on its way: all of it is in the stream in the
// end, once and in order.
func TestServerKilled(t *testing.T) {
	server := natstest.StartProcess(t)
	b := connect(t, config(server.URL()))
	p := publisher(t, b, &memory{})
	list := rangeOf(0, 3000)
	sent := make(chan struct{})
	settled := make(chan struct{})
	go func() {
		group := send(t, p, "w", list...)
		close(sent)
		group.Wait()
		close(settled)
	}()
	for n := range 3 {
		until(t, "some are stored", func() bool { return p.left() > 0 || n > 0 })
		server.Kill()
		server.Start()
	}
	<-sent
	<-settled
	if got := stored(t, b, b.cfg); !slices.Equal(got, ids(list)) {
		t.Errorf("%d are stored, or in another order", len(got))
	}
}

// What is stored of what is on its way is found by few questions: else there would be a thousand
// while the stream is slow to answer.
func TestFindForeignAsksLittle(t *testing.T) {
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	p := publisher(t, b, &memory{})
	list := rangeOf(0, 100)
	sendApart(t, p, list...)
	g := &group{}
	for seq := uint64(1); ; seq++ {
		there, err := p.stream.GetMsg(t.Context(), seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) && seq > 100 {
			break
		}
		if err == nil {
			g.items = append(g.items, &item{
				Msg: &nats.Msg{Header: there.Header}, sequence: seq,
			})
		}
	}
	q := &Publisher{bus: b, stream: p.stream, flight: []*group{g}, ctx: t.Context()}
	last := g.items[len(g.items)-1]
	before := b.nc.Stats().OutMsgs
	if err := q.findForeign(last.sequence); err != nil {
		t.Fatal(err)
	}
	if asked := b.nc.Stats().OutMsgs - before; len(g.items) < 100 || last.sequence == 0 || asked > 2 {
		t.Errorf("it asked %d times of %d", asked, len(g.items))
	}
}
