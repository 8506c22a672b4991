package spool_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hookline/cdc"
	"hookline/internal/bus"
	"hookline/internal/postgres/postgrestest"
	"hookline/sender"
	"hookline/spool"
)

// Over a bus, what has left the spool is known until the bus has passed it, wherever the checkpoint
// stands, to whoever has the part of the spool that it is of.
func TestKnownOverBus(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	s := openClaimed(t, spool.Config{URL: url})
	db := connect(t, url)
	if err := s.SaveMemo(t.Context(), bus.Memo{Stream: "x", Incarnation: "y"}); err != nil {
		t.Fatal(err)
	}
	part := func(n int, webhook string) *spool.Spool {
		t.Helper()
		p := s.Part(n, func(key string) bool { return key == webhook })
		if err := p.Claim(t.Context()); err != nil {
			t.Fatal(err)
		}
		return p
	}
	a, b := part(1, "a"), part(2, "b")
	has := func(p *spool.Spool, want bool) {
		t.Helper()
		if got, err := p.HasAny(t.Context()); got != want || err != nil {
			t.Errorf("it has any: %t, %v, want %t", got, err, want)
		}
	}
	has(a, false)
	at := func(webhook string, commit int) sender.Spooled { return delivery(webhook, 100*commit) }
	put(t, a, at("a", 8), at("a", 9), at("a", 10))
	put(t, a, dead(at("a", 11))...)
	put(t, b, at("b", 9))
	has(a, true)
	for _, p := range []struct {
		*spool.Spool
		webhook string
		commits []int
	}{{a, "a", []int{8, 9}}, {b, "b", []int{9}}} {
		for _, commit := range p.commits {
			err := p.Report(t.Context(), []sender.Report{
				{Webhook: p.webhook, Event: id(100 * commit), Delivered: true},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	known := func(want ...string) {
		t.Helper()
		var keys []bus.Key
		for _, webhook := range []string{"a", "b", "c"} {
			for commit := 7; commit <= 12; commit++ {
				keys = append(keys, bus.Key{Event: id(100 * commit), Webhook: webhook})
			}
		}
		list, err := s.Known(t.Context(), keys)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, is := range list {
			if is {
				got = append(got, fmt.Sprint(keys[i].Webhook, " ", 7+i%6))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("known are %q, want %q", got, want)
		}
	}
	known("a 8", "a 9", "a 10", "a 11", "b 9")

	forget := func(p *spool.Spool, before string) {
		t.Helper()
		if err := p.Forget(t.Context(), before); err != nil {
			t.Fatal(err)
		}
	}
	forget(a, "g") // the slot may bring them again
	known("a 8", "a 9", "a 10", "a 11", "b 9")
	c := cdc.Checkpoint{System: "1", Database: "2", Timeline: 1, Settled: cdc.Position{End: 0xff}}
	if err := s.SaveCheckpoint(t.Context(), "hookline", c); err != nil {
		t.Fatal(err)
	}
	if got := ahead(t, s, "0badcafe"); len(got) > 0 {
		t.Errorf("the slot brings %q again", got)
	}
	known("a 8", "a 9", "a 10", "a 11", "b 9")

	forget(a, fmt.Sprintf("%016x", 9))
	known("a 9", "a 10", "a 11", "b 9")
	forget(a, fmt.Sprintf("%016x", 9)+"g")
	known("a 10", "a 11", "b 9")
	has(b, true)
	forget(b, "g")
	known("a 10", "a 11")
	has(b, false)
	if n := db.await(`SELECT count(*) FROM delivered`); n != 0 {
		t.Errorf("%d are remembered", n)
	}

	// What is left behind as settled is known likewise, also of a webhook that never had anything here;
	// what is dead stays so, and is known once.
	left := func(webhook string, commit int) bus.Settled {
		return bus.Settled{Key: bus.Key{Event: id(100 * commit), Webhook: webhook}, At: time.Now()}
	}
	for range 2 {
		err := a.Leave(t.Context(), []bus.Settled{left("a", 7), left("a", 12), left("c", 9), left("a", 11)})
		if err != nil {
			t.Fatal(err)
		}
	}
	known("a 7", "a 10", "a 11", "a 12", "c 9")
	if n := db.await(`SELECT count(*) FROM delivered`); n != 3 {
		t.Errorf("%d are remembered, want 3", n)
	}
	forget(a, fmt.Sprintf("%016x", 12))
	known("a 10", "a 11", "a 12", "c 9")
	forget(part(3, "c"), "g")
	forget(a, "g")
	known("a 10", "a 11")

	// Without the bus it is the checkpoint that counts.
	if err := s.ForgetMemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := a.Report(t.Context(), []sender.Report{{Webhook: "a", Event: id(1000), Delivered: true}})
	if err != nil {
		t.Fatal(err)
	}
	known("a 11")
}
