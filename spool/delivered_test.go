package spool_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
	"hookline/mapper"
	"hookline/sender"
	"hookline/spool"
)

// ahead returns what Ahead calls with, as webhook and commit, in order.
func ahead(t *testing.T, s *spool.Spool, database string) (list []string) {
	t.Helper()
	err := s.Ahead(t.Context(), database, func(webhook, event string, at time.Time) {
		id, ok := mapper.ParseID(event)
		if n := int(id.Commit)*100 + int(id.Index); !ok || !at.Equal(parts(n).Time) {
			t.Errorf("event %s of %s", event, at)
		}
		list = append(list, fmt.Sprint(webhook, " ", int(id.Commit)))
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// What leaves the spool is known until the checkpoint has passed it.
func TestDelivered(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			testDelivered(t, postgrestest.NewDatabaseMajor(t, major))
		})
	}
}

func testDelivered(t *testing.T, url string) {
	s := openClaimed(t, spool.Config{URL: url})
	db := connect(t, url)
	at := func(commit int) sender.Spooled { return delivery("a", 100*commit) }
	report := func(reports ...sender.Report) {
		t.Helper()
		if err := s.Report(t.Context(), reports); err != nil {
			t.Fatal(err)
		}
	}
	delivered := func(commits ...int) (reports []sender.Report) {
		for _, commit := range commits {
			reports = append(reports, sender.Report{Webhook: "a", Event: id(100 * commit), Delivered: true})
		}
		return reports
	}
	save := func(end cdc.LSN) {
		t.Helper()
		c := cdc.Checkpoint{
			System:   "1",
			Database: "2",
			Timeline: 1,
			Settled:  cdc.Position{End: end},
		}
		if err := s.SaveCheckpoint(t.Context(), "hookline", c); err != nil {
			t.Fatal(err)
		}
	}
	want := func(list ...string) {
		t.Helper()
		if got := ahead(t, s, "0badcafe"); !slices.Equal(got, list) {
			t.Errorf("the stream may bring %q again, want %q", got, list)
		}
	}
	count := func() int64 {
		t.Helper()
		return db.await(`SELECT count(*) FROM delivered`)
	}

	other := openClaimed(t, spool.Config{URL: url, Slot: "other"})
	put(t, other, delivery("a", 9000))
	put(t, s, at(9), at(10), at(11), at(12), at(0xfe), delivery("b", 1000))
	put(t, s, dead(at(13))...)
	want() // nobody reads the stream
	save(10)
	want("a 10", "a 11", "a 12", "a 13", "a 254", "b 10")
	if got := ahead(t, s, "12345678"); len(got) > 0 {
		t.Errorf("of another database there are %q", got)
	}

	report(delivered(9, 10, 11, 0xfe)...)
	if n := count(); n != 3 {
		t.Errorf("%d are remembered, want those three that the checkpoint has not passed", n)
	}
	want("a 10", "a 11", "a 12", "a 13", "a 254", "b 10")
	put(t, s, at(10), at(12), at(14))
	if got := waiting(t, s, "a"); !slices.Equal(got, []string{id(1200), id(1400)}) {
		t.Errorf("%q wait, want none that has left the spool", got)
	}
	db.wantCounted()

	if _, err := s.DiscardDead(t.Context(), spool.Filter{}); err != nil {
		t.Fatal(err)
	}
	put(t, s, at(13))
	want("a 10", "a 11", "a 12", "a 13", "a 14", "a 254", "b 10")

	save(12)
	if n := count(); n != 2 {
		t.Errorf("%d are remembered, want two that the checkpoint has not passed", n)
	}
	want("a 12", "a 13", "a 14", "a 254")
	save(0xff)
	if n := count(); n != 0 {
		t.Errorf("%d are remembered, and the checkpoint has passed them all", n)
	}
	want()
	put(t, s, at(11))
	if got := waiting(t, s, "a"); !slices.Contains(got, id(1100)) {
		t.Errorf("%q wait: what nobody remembers is new", got)
	}

	put(t, s, at(0x100))
	report(delivered(0x100)...)
	if n := count(); n != 1 {
		t.Errorf("%d are remembered, want one", n)
	}
	save(0x101)
	if n := count(); n != 0 {
		t.Errorf("%d are remembered that the checkpoint has passed since", n)
	}

	notice := parts(1)
	notice.ID = "evt_0badcafe_n18f3a5b2c41_7"
	put(t, s, sender.Spooled{Webhook: "a", Event: mapper.NewEvent(notice)})
	report(sender.Report{Webhook: "a", Event: notice.ID, Delivered: true})
	if n := count(); n != 0 {
		t.Errorf("%d are remembered of notices, which no checkpoint would ever pass", n)
	}
}
