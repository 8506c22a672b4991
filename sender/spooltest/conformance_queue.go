package spooltest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hookline/mapper"
	"hookline/sender"
)

func testEmpty(s subject) {
	if got := s.queues(); len(got) != 0 {
		s.t.Errorf("an empty spool has queues: %+v", got)
	}
	s.wantQueue("nobody")
	wantGaps(s.t, s.put())
	s.report()
	s.report(sender.Report{Webhook: "nobody", Event: id(1), Delivered: true},
		sender.Report{Webhook: "nobody", Event: id(2), Dead: true})
	s.requeue("nobody")
	s.discard("nobody")
	s.pause("nobody", "", "")
	if got := s.queues(); len(got) != 0 {
		s.t.Errorf("there is nothing to tell, and yet: %+v", got)
	}
}

func testRoundTrip(s subject) {
	at := time.Date(2025, 2, 10, 15, 30, 45, 123456000, time.UTC)
	full := mapper.Parts{
		ID:          "evt_0badcafe_00000000deadbeef_0",
		Object:      "salesOrder",
		Action:      mapper.Updated,
		Workspace:   "3b8e6458-5fc1-4e63-8563-008ccddaa6db",
		Record:      1<<64 - 1,
		Time:        at,
		ObjectID:    "0d0e",
		Member:      "20202020-0687",
		Updated:     []string{"city", "größe", `a"b,{}\`, "NULL", ""},
		Data:        []byte(`{"name":"Zoë 🙂 \u0000\\","city":"` + "\u2028" + `"}`),
		Format:      mapper.FormatEvent,
		Former:      1<<64 - 2,
		Key:         []byte(`{"id":"é"}`),
		PreviousKey: []byte(`{"id":"e"}`),
		Previous:    []byte(`{"city":"Köln"}`),
		Context:     []byte(`{"by":"Zoë"}`),
	}
	with := func(id string, change func(*mapper.Parts)) sender.Spooled {
		p := full
		p.ID = id
		change(&p)
		return sender.Spooled{Webhook: "public.webhooks/1", Event: mapper.NewEvent(p)}
	}
	deliveries := []sender.Spooled{
		with("plain", func(*mapper.Parts) {}),
		with("list missing", func(p *mapper.Parts) { p.Updated = nil }),
		with("list empty", func(p *mapper.Parts) { p.Updated = []string{} }),
		with("bare", func(p *mapper.Parts) {
			*p = mapper.Parts{ID: p.ID, Object: "person", Time: at, Data: []byte(`null`)}
		}),
		with("twenty", func(p *mapper.Parts) {
			p.Format, p.Action = mapper.FormatTwenty, mapper.Destroyed
		}),
		with("standard", func(p *mapper.Parts) {
			p.Format, p.Action = mapper.FormatStandard, mapper.Restored
		}),
		with("large", func(p *mapper.Parts) {
			p.Data = []byte(`{"text":"` + strings.Repeat("Größe ", 800_000) + `"}`)
		}),
		with("no UTF-8", func(p *mapper.Parts) { p.Data = []byte{'"', 0xff, 0xfe, 0, '"'} }),
	}
	deliveries[0].Attempts, deliveries[0].Due, deliveries[0].Status = 3, at.Add(time.Hour), 503
	deliveries[1].Attempts, deliveries[1].Reason = 1, "no answer within 10s – timeout"
	deliveries[2].Replay = true
	died := with("dead", func(*mapper.Parts) {})
	died.Dead, died.Reason = true, "address 10.0.0.1 is private"

	s.put(append(slices.Clone(deliveries), died)...)
	got := s.queue("public.webhooks/1")
	if len(got) != len(deliveries) {
		s.t.Fatalf("%d deliveries wait, want %d", len(got), len(deliveries))
	}
	for i, d := range got {
		wantSame(s.t, d, deliveries[i])
	}
	if got = s.Dead("public.webhooks/1"); len(got) != 1 {
		s.t.Fatalf("%d are dead, want 1", len(got))
	}
	wantSame(s.t, got[0], died)
	s.wantStand("public.webhooks/1", 0)
}

func testOrder(s subject) {
	s.put(numbered("a", 5), numbered("b", 1), numbered("a", 3))
	s.put(numbered("b", 0), numbered("a", 9), numbered("a", 4))
	s.wantQueue("a", id(5), id(3), id(9), id(4))
	s.wantQueue("b", id(1), id(0))
	var last int64
	for _, d := range s.queue("a") {
		if d.Seq <= last {
			s.t.Errorf("%s has place %d after %d, want places that rise from 1", d.Event.ID, d.Seq, last)
		}
		last = d.Seq
	}
	s.report(sender.Report{Webhook: "a", Event: id(4), Delivered: true})
	s.put(numbered("a", 4))
	if got := s.queue("a"); got[3].Event.ID != id(4) || got[3].Seq <= last {
		s.t.Errorf("spooled again after it had left: place %d, want one after %d", got[3].Seq, last)
	}
	list := s.queues()
	if len(list) != 2 || list[0].Webhook != "a" || list[1].Webhook != "b" {
		s.t.Errorf("queues %+v, want a and b", list)
	}
}

func testPutTwice(s subject) {
	first := numbered("a", 1)
	first.Attempts, first.Resent, first.Status = 4, 1, 500
	died := numbered("a", 2)
	died.Dead = true
	s.put(first, died)
	before := s.queue("a")
	s.put(numbered("a", 1), numbered("a", 2), numbered("a", 3), numbered("b", 1), numbered("a", 3))
	s.wantQueue("a", id(1), id(3))
	s.wantQueue("b", id(1))
	s.wantDead("a", id(2))
	if got := s.queue("a")[0]; got.Seq != before[0].Seq {
		s.t.Errorf("parking it again moved it from place %d to %d", before[0].Seq, got.Seq)
	} else {
		wantSame(s.t, got, first)
	}
	s.wantStand("a", 0)
	s.wantStand("b", 0)
}

func testPages(s subject) {
	small := func(n int, record uint64) sender.Spooled {
		p := numbered("a", n).Event.Parts()
		p.Record = record
		if n == 6 {
			p.Former = 9
		}
		return sender.Spooled{Webhook: "a", Event: mapper.NewEvent(p)}
	}
	huge := numbered("a", 5).Event.Parts()
	huge.Record, huge.Data = 7, []byte(`"`+strings.Repeat("x", 1<<20)+`"`)
	away := small(3, 7)
	away.Dead = true
	s.put(small(1, 7), small(2, 1<<63), away, small(4, 7),
		sender.Spooled{Webhook: "a", Event: mapper.NewEvent(huge)}, small(6, 7))
	all := s.queue("a")
	one := sizeOf(all[0])
	const seven, big, none = uint64(7), uint64(1 << 63), uint64(8)
	const plenty = 1 << 40
	for _, test := range []struct {
		name string
		page sender.Page
		want []string
	}{
		{"all", sender.Page{Rows: 5, Bytes: plenty}, []string{id(1), id(2), id(4), id(5), id(6)}},
		{"rows", sender.Page{Rows: 2, Bytes: plenty}, []string{id(1), id(2)}},
		{"after", sender.Page{After: all[1].Seq, Rows: 2, Bytes: plenty}, []string{id(4), id(5)}},
		{
			"after one that has left",
			sender.Page{After: all[2].Seq - 1, Rows: 1, Bytes: plenty},
			[]string{id(4)},
		},
		{"after the last", sender.Page{After: all[4].Seq, Rows: 2, Bytes: plenty}, nil},
		{"bytes to the brim", sender.Page{Rows: 9, Bytes: 2 * one}, []string{id(1), id(2)}},
		{"bytes one short", sender.Page{Rows: 9, Bytes: 2*one - 1}, []string{id(1)}},
		{"the first always", sender.Page{Rows: 9}, []string{id(1)}},
		{
			"the first always, however large",
			sender.Page{After: all[2].Seq, Rows: 9, Bytes: one},
			[]string{id(5)},
		},
		{
			"none beyond what does not fit",
			sender.Page{After: all[1].Seq, Rows: 9, Bytes: 3 * one},
			[]string{id(4)},
		},
		{
			"record",
			sender.Page{Records: []uint64{seven}, Rows: 9, Bytes: plenty},
			[]string{id(1), id(4), id(5), id(6)},
		},
		{"record, after, rows", sender.Page{
			Records: []uint64{seven}, After: all[0].Seq, Rows: 2,
			Bytes: plenty,
		}, []string{id(4), id(5)}},
		{
			"record of a high number",
			sender.Page{Records: []uint64{big}, Rows: 9, Bytes: plenty},
			[]string{id(2)},
		},
		{"record of none", sender.Page{Records: []uint64{none}, Rows: 9, Bytes: plenty}, nil},
		{"record of before", sender.Page{Records: []uint64{9}, Rows: 9, Bytes: plenty}, []string{id(6)}},
		{
			"several records",
			sender.Page{Records: []uint64{big, 9}, Rows: 9, Bytes: plenty},
			[]string{id(2), id(6)},
		},
		{"another webhook", sender.Page{Webhook: "b", Rows: 9, Bytes: plenty}, nil},
	} {
		s.t.Run(test.name, func(t *testing.T) {
			if test.page.Webhook == "" {
				test.page.Webhook = "a"
			}
			if got := ids(subject{t, s.Opened}.page(test.page)); !slices.Equal(got, test.want) {
				t.Errorf("page %q, want %q", got, test.want)
			}
		})
	}
}

// testLater asks of which deliveries more of their record waits behind them.
func testLater(s subject) {
	of := func(n int, record uint64) sender.Spooled {
		p := numbered("a", n).Event.Parts()
		p.Record = record
		return sender.Spooled{Webhook: "a", Event: mapper.NewEvent(p)}
	}
	away := of(5, 8)
	away.Dead = true
	s.put(of(1, 7), of(2, 8), of(3, 1<<63), of(4, 7), away, of(6, 1<<63), of(7, 9))
	for _, asked := range []bool{true, false} {
		page := sender.Page{Webhook: "a", Rows: 4, Bytes: 1 << 40, Later: asked}
		var got []bool
		for _, d := range s.page(page) {
			got = append(got, d.Later)
		}
		if want := []bool{asked, false, asked, false}; !slices.Equal(got, want) {
			s.t.Errorf("asked %t: %v, want %v", asked, got, want)
		}
	}
}

func testPause(s subject) {
	s.pause("a", "the receiver said 410", "1")
	if got, want := s.stand("a"),
		(sender.Queue{Webhook: "a", Paused: "the receiver said 410", Version: "1"}); got != want {
		s.t.Errorf("paused: %+v, want %+v", got, want)
	}
	s.put(numbered("a", 1)) // waits, as for any other
	s.wantQueue("a", id(1))
	s.pause("a", "somebody wants it so", "2")
	if got := s.stand("a"); got.Paused != "somebody wants it so" || got.Version != "2" ||
		got.Waiting != 1 {
		s.t.Errorf("paused for another reason: %+v", got)
	}
	s.pause("a", "", "")
	if got := s.stand("a"); got.Paused != "" || got.Version != "" {
		s.t.Errorf("it goes on: %+v", got)
	}
}

func testDiscard(s subject) {
	s.put(several("a", 1, 3)...)
	s.put(dead(several("a", 4, 5))...)
	s.put(several("b", 1, 2)...)
	s.Want("a", id(4))
	s.discard("a")
	s.wantQueue("a")
	s.wantDead("a", id(4), id(5))
	s.wantStand("a", 1)
	s.wantQueue("b", id(1), id(2))
	s.wantStand("b", 0)
	// of an attempt that was on its way
	s.report(sender.Report{Webhook: "a", Event: id(1), Dead: true})
	s.wantDead("a", id(4), id(5))
	s.put(several("a", 1, 1)...)
	s.wantQueue("a", id(1))
	s.wantStand("a", 1)
}

func testOldest(s subject) {
	if got := s.stand("a").Oldest; !got.IsZero() {
		s.t.Errorf("nothing waits since %s", got)
	}
	s.put(
		several("a", 300, 300)...) // the first in the queue counts, even if others happened before
	s.put(several("a", 100, 100)...)
	s.put(several("a", 200, 200)...)
	s.wantStand("a", 0)
	s.report(sender.Report{Webhook: "a", Event: id(100), Delivered: true})
	s.wantStand("a", 0)
	s.report(sender.Report{Webhook: "a", Event: id(300), Dead: true})
	s.wantStand("a", 0)
	s.report(sender.Report{Webhook: "a", Event: id(200), Delivered: true})
	s.wantStand("a", 0)
	s.Want("a")
	s.requeue("a")
	s.wantStand("a", 0)
	if got := s.stand("a").Oldest; !got.Equal(numbered("a", 300).Event.Time) {
		s.t.Errorf("the oldest of one is of %s", got)
	}
}

// testConcurrent puts, reports and looks all at once; afterwards every number must be right.
func testConcurrent(s subject) {
	const writers, rounds, each = 4, 6, 5
	webhooks := []string{"a", "b", "c"}
	var group sync.WaitGroup
	do := func(f func() error) {
		group.Go(func() {
			if err := f(); err != nil {
				s.t.Error(err)
			}
		})
	}
	for writer := range writers {
		do(func() error {
			for round := range rounds {
				first := 1000*writer + each*round
				var deliveries []sender.Spooled
				var reports []sender.Report
				for i := range webhooks {
					webhook := webhooks[(writer+i)%len(webhooks)] // each in another order
					deliveries = append(deliveries, several(webhook, first, first+each-1)...)
					reports = append(
						reports,
						sender.Report{Webhook: webhook, Event: id(first), Delivered: true},
						sender.Report{
							Webhook:  webhook,
							Event:    id(first + 1),
							Attempts: 1,
							Dead:     true,
						},
					)
				}
				if _, err := s.Put(s.t.Context(), deliveries); err != nil {
					return err
				}
				if err := s.Report(s.t.Context(), reports); err != nil {
					return err
				}
				if err := s.Requeue(s.t.Context(), webhooks[round%len(webhooks)]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	do(func() error {
		for range rounds {
			if _, err := s.Queues(s.t.Context()); err != nil {
				return err
			}
		}
		return nil
	})
	group.Wait()
	for _, webhook := range webhooks {
		waiting, dead := len(s.queue(webhook)), len(s.Dead(webhook))
		if waiting != writers*rounds*(each-2) || dead != writers*rounds {
			s.t.Errorf("%s: %d wait and %d are dead, want %d and %d", webhook, waiting, dead,
				writers*rounds*(each-2), writers*rounds)
		}
		s.wantStand(webhook, 0)
	}
}

func testEndedContext(s subject) {
	s.put(numbered("a", 1))
	ctx, cancel := context.WithCancel(s.t.Context())
	cancel()
	_, err := s.Put(ctx, several("a", 2, 3))
	for name, err := range map[string]error{
		"park":   err,
		"report": s.Report(ctx, []sender.Report{{Webhook: "a", Event: id(1), Delivered: true}}),
		"pause":  s.Pause(ctx, "a", "why", "1"),
	} {
		if !errors.Is(err, context.Canceled) {
			s.t.Errorf("%s: %v, want that its context has ended", name, err)
		}
	}
	s.wantQueue("a", id(1))
	s.wantStand("a", 0)
}
