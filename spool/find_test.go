package spool_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"hookline/internal/postgres/postgrestest"
	"hookline/mapper"
	"hookline/sender"
	"hookline/spool"
)

// found returns the IDs of deliveries, each with its webhook.
func found(list []spool.Delivery) (ids []string) {
	for _, d := range list {
		ids = append(ids, d.Webhook+" "+d.ID)
	}
	return ids
}

// Holds tells of each delivery by itself: an event may be in the queue of one webhook alone.
func TestHolds(t *testing.T) {
	s := openClaimed(t, spool.Config{URL: postgrestest.NewDatabase(t)})
	put(t, s, delivery("a", 1), delivery("b", 2))
	put(t, s, dead(delivery("b", 3))...)
	held, err := s.Holds(t.Context(), []spool.DeliveryID{
		{Event: id(1), Webhook: "a"},
		{Event: id(1), Webhook: "b"},
		{Event: id(1), Webhook: "c"},
		{Event: id(2), Webhook: "a"},
		{Event: id(3), Webhook: "b"},
	})
	want := map[spool.DeliveryID]bool{
		{Event: id(1), Webhook: "a"}: true,
		{Event: id(3), Webhook: "b"}: true,
	}
	if err != nil || !maps.Equal(held, want) {
		t.Errorf("%v, %v, want %v", held, err, want)
	}
}

// Of one commit the numbers fall, and what a limit leaves are the highest.
func TestNewestOfOneCommit(t *testing.T) {
	s := openClaimed(t, spool.Config{URL: postgrestest.NewDatabase(t)})
	var list []sender.Spooled
	for n := range 12 {
		e := parts(n)
		e.Time = epoch
		list = append(list, sender.Spooled{Webhook: "a", Event: mapper.NewEvent(e)})
	}
	slices.Reverse(list) // those that waited for the first stand behind it
	put(t, s, list[:6]...)
	put(t, s, dead(list[6:]...)...)
	for _, test := range []struct {
		state spool.DeliveryState
		want  []string
	}{
		{spool.Waiting, []string{"a " + id(11), "a " + id(10), "a " + id(9)}},
		{spool.Dead, []string{"a " + id(5), "a " + id(4), "a " + id(3)}},
		{"", []string{"a " + id(11), "a " + id(10), "a " + id(9)}},
	} {
		got, err := s.Find(t.Context(), spool.Filter{State: test.state}, 3)
		if err != nil || !slices.Equal(found(got), test.want) {
			t.Errorf("%s: %q, %v, want %q", test.state, found(got), err, test.want)
		}
	}
}

func TestFind(t *testing.T) {
	s := openClaimed(t, spool.Config{URL: postgrestest.NewDatabase(t)})
	put(t, s, several("a", 1, 3)...) // 2 is a person's, 1 and 3 are companies'
	put(t, s, dead(several("a", 4, 7)...)...)
	put(t, s, delivery("b", 3))
	put(t, s, dead(delivery("b", 1))...)
	created := parts(8)
	created.Action = mapper.Created
	put(t, s, sender.Spooled{Webhook: "b", Event: mapper.NewEvent(created)})
	at := func(n int) time.Time { return epoch.Add(time.Duration(n) * time.Minute) }
	for _, test := range []struct {
		name   string
		filter spool.Filter
		limit  int
		want   []string
	}{
		{"all", spool.Filter{}, 99, []string{
			"b " + id(8), "a " + id(7), "a " + id(6), "a " + id(5), "a " + id(4), "a " + id(3), "b " + id(3),
			"a " + id(2), "a " + id(1), "b " + id(1),
		}},
		{"the newest", spool.Filter{}, 2, []string{"b " + id(8), "a " + id(7)}},
		{"the newest that waits", spool.Filter{State: spool.Waiting}, 1, []string{"b " + id(8)}},
		{"the newest dead", spool.Filter{State: spool.Dead}, 1, []string{"a " + id(7)}},
		{
			"waiting",
			spool.Filter{State: spool.Waiting},
			99,
			[]string{"b " + id(8), "a " + id(3), "b " + id(3), "a " + id(2), "a " + id(1)},
		},
		{
			"dead",
			spool.Filter{State: spool.Dead},
			99,
			[]string{"a " + id(7), "a " + id(6), "a " + id(5), "a " + id(4), "b " + id(1)},
		},
		{"webhook", spool.Filter{Webhook: "b"}, 99, []string{"b " + id(8), "b " + id(3), "b " + id(1)}},
		{"unknown webhook", spool.Filter{Webhook: "c"}, 99, nil},
		{
			"events",
			spool.Filter{Events: []string{id(3), id(4), "evt_"}},
			99,
			[]string{"a " + id(4), "a " + id(3), "b " + id(3)},
		},
		{
			"object",
			spool.Filter{Object: "person", State: spool.Dead},
			99,
			[]string{"a " + id(6), "a " + id(4)},
		},
		{"action", spool.Filter{Action: "created"}, 99, []string{"b " + id(8)}},
		{"since", spool.Filter{Since: at(7)}, 99, []string{"b " + id(8), "a " + id(7)}},
		{"until", spool.Filter{Until: at(2)}, 99, []string{"a " + id(1), "b " + id(1)}},
		{"all of it", spool.Filter{
			Events: []string{id(1), id(4), id(6)}, Webhook: "a", Object: "person", Action: "updated",
			Since: at(1), Until: at(6), State: spool.Dead,
		}, 99, []string{"a " + id(4)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			list, err := s.Find(t.Context(), test.filter, test.limit)
			if err != nil {
				t.Fatal(err)
			}
			if got := found(list); !slices.Equal(got, test.want) {
				t.Errorf("found %q, want %q", got, test.want)
			}
			if test.filter.State != "" {
				if got := pages(t, s, test.filter, 2); test.limit == 99 && !slices.Equal(got, test.want) {
					t.Errorf("page by page %q, want %q", got, test.want)
				}
			}
			counts, err := s.Count(t.Context(), test.filter)
			if err != nil {
				t.Fatal(err)
			}
			total := 0
			for _, c := range counts {
				total += c.Events
			}
			if test.limit == 99 && total != len(test.want) {
				t.Errorf("counted %+v, want %d in all", counts, len(test.want))
			}
		})
	}
}

func TestGet(t *testing.T) {
	s := openClaimed(t, spool.Config{URL: postgrestest.NewDatabase(t)})
	due := time.Date(2025, 3, 2, 0, 0, 0, 0, time.UTC)
	begin := time.Now().Add(-time.Minute)
	failed := delivery("a", 1)
	failed.Attempts, failed.Status, failed.Due = 2, 503, due
	put(t, s, failed, delivery("b", 1), delivery("b", 2))
	if err := s.Report(t.Context(), []sender.Report{
		{Webhook: "b", Event: id(1), Attempts: 1, Reason: "timeout", Dead: true},
	}); err != nil {
		t.Fatal(err)
	}
	list, err := s.Get(t.Context(), id(1), "")
	if err != nil || !slices.Equal(found(list), []string{"a " + id(1), "b " + id(1)}) {
		t.Fatalf("found %q, %v", found(list), err)
	}
	for i, d := range list {
		if d.Event != "company.updated" || !d.Committed.Equal(epoch.Add(time.Minute)) ||
			d.Spooled.Before(begin) || d.LastAttempt.Before(d.Spooled) ||
			d.Bytes != failed.Event.Size() || !slices.Equal(d.Updated, []string{"number"}) ||
			string(d.Data) != `{"number": 1}` {
			t.Errorf("%+v", d)
		}
		list[i] = spool.Delivery{
			State:    d.State,
			Attempts: d.Attempts,
			Status:   d.Status,
			Reason:   d.Reason,
			Due:      d.Due,
		}
	}
	if got := list[0]; got.State != spool.Waiting || got.Attempts != 2 || got.Status != 503 ||
		!got.Due.Equal(due) {
		t.Errorf("the one that waits: %+v", got)
	}
	if got := list[1]; got.State != spool.Dead || got.Attempts != 1 || got.Reason != "timeout" ||
		!got.Due.IsZero() {
		t.Errorf("the dead one: %+v", got)
	}
	if list, err = s.Get(t.Context(), id(1), "b"); err != nil ||
		!slices.Equal(found(list), []string{"b " + id(1)}) {
		t.Errorf("of b: %q, %v", found(list), err)
	}
	if list, err = s.Get(t.Context(), id(9), ""); err != nil || len(list) > 0 {
		t.Errorf("of none: %q, %v", found(list), err)
	}
}

// What is left out by its webhook is neither found nor counted, and stays as it is.
func TestNotTo(t *testing.T) {
	s := openClaimed(t, spool.Config{URL: postgrestest.NewDatabase(t)})
	for _, webhook := range []string{"a", "b", "c"} {
		dead := delivery(webhook, 1)
		dead.Dead = true
		put(t, s, dead)
	}
	f := spool.Filter{State: spool.Dead, NotTo: []string{"a", "c"}}
	want := []spool.Count{{Webhook: "b", Events: 1}}
	list, err := s.Find(t.Context(), f, 9)
	if err != nil || !slices.Equal(found(list), []string{"b " + id(1)}) {
		t.Errorf("found %q, %v", found(list), err)
	}
	if got, err := s.Count(t.Context(), f); err != nil || !slices.Equal(got, want) {
		t.Errorf("count: %+v, %v, want %+v", got, err, want)
	}
	if got, err := s.Want(t.Context(), f); err != nil || !slices.Equal(got, want) {
		t.Errorf("want: %+v, %v, want %+v", got, err, want)
	}
	if got, err := s.DiscardDead(t.Context(), f); err != nil || !slices.Equal(got, want) {
		t.Errorf("discard: %+v, %v, want %+v", got, err, want)
	}
	queues, err := s.Queues(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range queues {
		if q.Webhook != "b" && (q.Dead != 1 || q.Wanted != 0) {
			t.Errorf("%s was changed: %+v", q.Webhook, q)
		}
	}
}

// What an operator looks for by a record or by an answer, and in more queues than are shown.
func TestFindByRecordAndStatus(t *testing.T) {
	s := openClaimed(t, spool.Config{URL: postgrestest.NewDatabase(t)})
	for n := 1; n <= 9; n++ {
		webhook := string(rune('a' + n%3)) // 14 is of b, as 4 is
		failed, silent := delivery(webhook, n), delivery(webhook, 10+n)
		failed.Attempts, failed.Status = 1, 500+n%2
		silent.Attempts, silent.Reason = 1, "timeout"
		put(t, s, failed, silent)
	}
	put(t, s, delivery("d", 20))
	find := func(f spool.Filter, limit int) (ids []string) {
		t.Helper()
		list, err := s.Find(t.Context(), f, limit)
		if err != nil {
			t.Fatal(err)
		}
		return found(list)
	}
	if got, want := find(spool.Filter{Status: 501}, 2), []string{
		"a " + id(9),
		"b " + id(7),
	}; !slices.Equal(got, want) {
		t.Errorf("status 501: %q, want %q", got, want)
	}
	if got := find(spool.Filter{Status: -1}, 99); len(got) != 9 || got[0] != "a "+id(19) {
		t.Errorf("without an answer: %q, want nine, which an attempt was made at", got)
	}
	if got, want := find(spool.Filter{}, 3), []string{
		"d " + id(20),
		"a " + id(19),
		"c " + id(18),
	}; !slices.Equal(got, want) {
		t.Errorf("the newest of four queues: %q, want %q", got, want)
	}
	if got, want := find(spool.Filter{Records: []uint64{3, 14, 99}}, 99), []string{
		"b " + id(14),
		"a " + id(3),
	}; !slices.Equal(got, want) {
		t.Errorf("by record: %q, want %q", got, want)
	}
	if got := find(spool.Filter{Records: []uint64{}}, 99); len(got) > 0 {
		t.Errorf("of no record: %q", got)
	}
}
