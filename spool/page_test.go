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

// Of one commit, and of one event, no page passes over anything, wherever it ends.
func TestPagesOfOneCommit(t *testing.T) {
	s := openClaimed(t, spool.Config{URL: postgrestest.NewDatabase(t)})
	var want []string
	for n := range 7 {
		e := parts(n)
		e.Time = epoch
		for _, webhook := range []string{"c", "b", "a"} {
			put(t, s, sender.Spooled{Webhook: webhook, Event: mapper.NewEvent(e)})
			want = append(want, webhook+" "+e.ID)
		}
	}
	slices.Reverse(want)
	for limit := 1; limit < 9; limit++ {
		if got := pages(t, s, spool.Filter{State: spool.Waiting}, limit); !slices.Equal(got, want) {
			t.Errorf("%d at once: %q, want %q", limit, got, want)
		}
	}
}

// A filter that picks few of many looks through some of them at once, and says where it goes on.
func TestPagesOfFew(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	s := openClaimed(t, spool.Config{URL: url})
	put(t, s, delivery("a", 1))
	db := connect(t, url)
	const many = 50_000
	db.exec(`INSERT INTO delivery (queue, record, commit_time, attempts, status, size, dead, replay,
			event_id, object, action, workspace, object_id, member_id, reason, format, data)
		SELECT queue, record, commit_time + n * interval '1 s', 1, CASE n WHEN 7 THEN 404 ELSE 503 END,
			size, dead, replay, 'evt_0badcafe_' || n, object, action, workspace, object_id, member_id,
			reason, format, data FROM delivery, generate_series(1, $1) n`, many)
	var looks int
	var ids []string
	for after := (spool.Place{}); ; looks++ {
		list, more, err := s.Page(t.Context(), spool.Filter{State: spool.Waiting, Status: 404}, after, 5)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, found(list)...)
		if after = more; more == (spool.Place{}) {
			break
		}
	}
	if got := fmt.Sprint(looks, ids); got != "2 [a evt_0badcafe_7]" {
		t.Errorf("further looks, and what is found: %s, want 2 and the one that there is", got)
	}
}
