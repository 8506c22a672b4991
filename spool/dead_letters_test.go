package spool_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"hookline/internal/postgres/postgrestest"
	"hookline/mapper"
	"hookline/sender"
	"hookline/spool"
)

// TestDeadLetters wants and discards dead deliveries of several webhooks from a process that has
// claimed nothing.
func TestDeadLetters(t *testing.T) {
	cfg := spool.Config{URL: postgrestest.NewDatabase(t)}
	owner, operator, db := openClaimed(t, cfg), open(t, cfg), connect(t, cfg.URL)
	for _, webhook := range []string{"a", "b", "c"} {
		put(t, owner, dead(several(webhook, 1, 4)...)...)
		put(t, owner, delivery(webhook, 5))
	}
	want := func(f spool.Filter, want ...spool.Count) {
		t.Helper()
		if got, err := operator.Want(t.Context(), f); err != nil || !slices.Equal(got, want) {
			t.Errorf("want %+v: %+v, %v; want %+v", f, got, err, want)
		}
		db.wantCounted()
	}
	want(spool.Filter{Webhook: "a"}, spool.Count{Webhook: "a", Events: 4})
	want(spool.Filter{Events: []string{id(1), id(2), id(5)}}, spool.Count{Webhook: "b", Events: 2},
		spool.Count{Webhook: "c", Events: 2})
	// 4: the dead alone
	want(spool.Filter{Object: "person", State: spool.Waiting}, spool.Count{Webhook: "b", Events: 1},
		spool.Count{Webhook: "c", Events: 1})
	want(spool.Filter{Webhook: "d"})
	got, err := operator.DiscardDead(t.Context(), spool.Filter{Since: epoch, Object: "company"})
	if each := []spool.Count{
		{Webhook: "a", Events: 2},
		{Webhook: "b", Events: 2},
		{Webhook: "c", Events: 2},
	}; err != nil ||
		!slices.Equal(got, each) {
		t.Errorf("discarded %+v, %v; want %+v", got, err, each)
	}
	db.wantCounted()
	for _, webhook := range []string{"a", "b", "c"} {
		if err := owner.Requeue(t.Context(), webhook); err != nil {
			t.Fatal(err)
		}
		if got := waiting(t, owner, webhook); !slices.Equal(got, []string{id(5), id(2), id(4)}) {
			t.Errorf("for %s wait %q", webhook, got)
		}
	}
	db.wantCounted()
}

// TestToldOrder sends the dead deliveries of one commit again in the order in which they were told,
// in which their ids do not rise, however often they die, and in which order.
func TestToldOrder(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("Postgres %d", major), func(t *testing.T) {
			cfg := spool.Config{URL: postgrestest.NewDatabaseMajor(t, major)}
			s := openClaimed(t, cfg)
			var list []sender.Spooled
			var want []string
			for position, n := range []int{30, 4, 10, 2} {
				p := parts(n)
				p.Time, p.Position = epoch, int64(position)
				list = append(list, sender.Spooled{Webhook: "a", Event: mapper.NewEvent(p)})
				want = append(want, p.ID)
			}
			slices.Reverse(list)
			put(t, s, dead(list...)...)
			for _, again := range [][]string{want, want[:2], want[2:], want} {
				if _, err := s.Want(t.Context(), spool.Filter{Events: again}); err != nil {
					t.Fatal(err)
				}
				if err := s.Requeue(t.Context(), "a"); err != nil {
					t.Fatal(err)
				}
				if got := waiting(t, s, "a"); !slices.Equal(got, again) {
					t.Errorf("%q wait, want %q", got, again)
				}
				var reports []sender.Report
				for _, id := range slices.Backward(again) {
					reports = append(reports, sender.Report{Webhook: "a", Event: id, Dead: true})
				}
				if err := s.Report(t.Context(), reports); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestSteps changes more than one step takes.
func TestSteps(t *testing.T) {
	cfg := spool.Config{URL: postgrestest.NewDatabase(t)}
	s, db := openClaimed(t, cfg), connect(t, cfg.URL)
	const n = spool.Step*2 + 1
	put(t, s, dead(several("a", 1, n)...)...)
	one := []spool.Count{{Webhook: "a", Events: n}}
	if got, err := s.Want(t.Context(), spool.Filter{}); err != nil || !slices.Equal(got, one) {
		t.Errorf("want: %+v, %v; want %+v", got, err, one)
	}
	if err := s.Requeue(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, d := range several("a", 1, n) {
		all = append(all, d.Event.ID)
	}
	if got := waiting(t, s, "a"); !slices.Equal(got, all) {
		t.Errorf("%d wait, want %d, oldest first", len(got), n)
	}
	db.wantCounted()
	if err := s.Discard(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if got := queues(t, s); len(got) != 0 {
		t.Errorf("discarded, and left: %+v", got)
	}
	put(t, s, dead(several("a", 1, n)...)...)
	if got, err := s.DiscardDead(t.Context(), spool.Filter{}); err != nil ||
		!slices.Equal(got, one) {
		t.Errorf("discard: %+v, %v; want %+v", got, err, one)
	}
	db.wantCounted()
}

// TestDiscardMakesRoom ends an overflow.
func TestDiscardMakesRoom(t *testing.T) {
	cfg := spool.Config{
		URL:      postgrestest.NewDatabase(t),
		MaxBytes: int64(delivery("a", 1).Event.Size()),
	}
	s := openClaimed(t, cfg)
	put(t, s, dead(delivery("a", 1))...)
	if overflows := put(t, s, delivery("a", 2)); len(overflows) != 1 {
		t.Fatalf("overflows %+v, want one", overflows)
	}
	if _, err := open(t, cfg).DiscardDead(t.Context(), spool.Filter{}); err != nil {
		t.Fatal(err)
	}
	if overflows := put(t, s, delivery("a", 3)); len(overflows) != 0 {
		t.Errorf("overflows %+v, want none: there is room", overflows)
	}
	if overflows, err := s.Overflows(t.Context()); err != nil || len(overflows) != 1 ||
		overflows[0].Ended.IsZero() {
		t.Errorf("overflows %+v, %v; want one that has ended", overflows, err)
	}
}

// TestOperatorMeanwhile has an operator want and discard while the owner puts, reports and
// requeues.
func TestOperatorMeanwhile(t *testing.T) {
	cfg := spool.Config{URL: postgrestest.NewDatabase(t)}
	owner, operator, db := openClaimed(t, cfg), open(t, cfg), connect(t, cfg.URL)
	const rounds, each = 40, 10
	webhooks := []string{"a", "b"}
	var group sync.WaitGroup
	do := func(f func(round int) error) {
		group.Go(func() {
			for round := range rounds {
				if err := f(round); err != nil {
					t.Error(err)
				}
			}
		})
	}
	do(func(round int) error {
		first := round * each
		var reports []sender.Report
		for n := first; n < first+each; n++ {
			reports = append(reports, sender.Report{Webhook: "a", Event: id(n), Dead: n%2 == 0},
				sender.Report{Webhook: "b", Event: id(n), Dead: n%3 == 0})
		}
		if _, err := owner.Put(t.Context(), append(several("b", first, first+each-1),
			several("a", first, first+each-1)...)); err != nil {
			return err
		}
		return owner.Report(t.Context(), reports)
	})
	do(func(round int) error { return owner.Requeue(t.Context(), webhooks[round%2]) })
	do(func(int) error {
		_, err := operator.Want(t.Context(), spool.Filter{Object: "person"})
		return err
	})
	do(func(int) error {
		_, err := operator.DiscardDead(t.Context(), spool.Filter{Object: "company"})
		return err
	})
	group.Wait()
	db.wantCounted()

	if _, err := operator.Want(t.Context(), spool.Filter{}); err != nil {
		t.Fatal(err)
	}
	for _, webhook := range webhooks {
		if err := owner.Requeue(t.Context(), webhook); err != nil {
			t.Fatal(err)
		}
	}
	db.wantCounted()
	for _, q := range queues(t, owner) {
		if q.Dead != 0 || q.Waiting == 0 || len(waiting(t, owner, q.Webhook)) != q.Waiting {
			t.Errorf("in the end: %+v", q)
		}
	}
}
