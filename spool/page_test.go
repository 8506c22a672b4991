package spool_test

import (
	"fmt"
	"slices"
	"testing"

	"hookline/internal/postgres/postgrestest"
	"hookline/mapper"
	"hookline/sender"
	"hookline/spool"
)

// pages returns what a filter picks, so many at once.
func pages(t *testing.T, s *spool.Spool, f spool.Filter, limit int) (ids []string) {
	t.Helper()
	for after := (spool.Place{}); ; {
		list, more, err := s.Page(t.Context(), f, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, found(list)...)
		if after = more; more == (spool.Place{}) {
			return ids
		}
	}
}

// Of one commit, and of one event, no page passes over anything, wherever it ends, and the numbers
// of events fall: 10 comes before 9.
func TestPagesOfOneCommit(t *testing.T) {
	s := openClaimed(t, spool.Config{URL: postgrestest.NewDatabase(t)})
	var want []string
	for n := range 12 {
		e := parts(n)
		e.Time = epoch
		for _, webhook := range []string{"c", "b", "a"} {
			put(t, s, sender.Spooled{Webhook: webhook, Event: mapper.NewEvent(e)})
			want = append(want, webhook+" "+e.ID)
		}
	}
	slices.Reverse(want)
	checkPages(t, s, 14, want)
}

// checkPages holds all that waits, in pages of one to most, against what is wanted.
func checkPages(t *testing.T, s *spool.Spool, most int, want []string) {
	t.Helper()
	for limit := 1; limit <= most; limit++ {
		if got := pages(t, s, spool.Filter{State: spool.Waiting}, limit); !slices.Equal(got, want) {
			t.Errorf("%d at once: %q, want %q", limit, got, want)
		}
	}
}

// An event that was told before its transaction was over differs from the whole one by the end of
// its ID alone: it is passed over by no page either.
func TestPagesOfParts(t *testing.T) {
	s := openClaimed(t, spool.Config{URL: postgrestest.NewDatabase(t)})
	var want []string
	for _, end := range []string{"", "p"} {
		e := parts(3)
		e.ID, e.Time = e.ID+end, epoch
		for _, webhook := range []string{"b", "a"} {
			put(t, s, sender.Spooled{Webhook: webhook, Event: mapper.NewEvent(e)})
			want = append(want, webhook+" "+e.ID)
		}
	}
	slices.Reverse(want)
	checkPages(t, s, 5, want)
}

// A filter that picks few of many looks through some of them at once, and says where it goes on:
// behind a whole commit.
func TestPagesOfFew(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	s := openClaimed(t, spool.Config{URL: url})
	put(t, s, delivery("a", 1))
	db := connect(t, url)
	const many = 50_000
	db.exec(`INSERT INTO delivery (queue, record, commit_time, attempts, status, size, dead, replay,
			event_id, object, action, workspace, object_id, member_id, reason, format, data)
		SELECT queue, record, commit_time + n / 7 * interval '1 s', 1,
			CASE n % 9999 WHEN 8 THEN 404 ELSE 503 END,
			size, dead, replay, 'evt_0badcafe_' || n, object, action, workspace, object_id, member_id,
			reason, format, data FROM delivery, generate_series(1, $1) n`, many)
	var looks int
	var ids []string
	for after := (spool.Place{}); ; looks++ {
		list, more, err := s.Page(t.Context(), spool.Filter{State: spool.Waiting, Status: 404}, after, 9)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, found(list)...)
		if after = more; more == (spool.Place{}) {
			break
		}
	}
	const want = "2 [a evt_0badcafe_40004 a evt_0badcafe_30005 a evt_0badcafe_20006 " +
		"a evt_0badcafe_10007 a evt_0badcafe_8]"
	if got := fmt.Sprint(looks, ids); got != want {
		t.Errorf("further looks, and what is found: %s, want %s", got, want)
	}
}
