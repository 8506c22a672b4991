package spooltest

import (
	"time"

	"hookline/mapper"
	"hookline/sender"
)

func testReport(s subject) {
	s.put(several("a", 1, 4)...)
	s.put(numbered("b", 1))
	due := time.Date(2025, 3, 1, 12, 0, 0, 5000, time.UTC)
	s.report(
		sender.Report{Webhook: "a", Event: id(2), Attempts: 2, Resent: 1, Due: due, Status: 503},
		sender.Report{Webhook: "a", Event: id(1), Delivered: true, Attempts: 7},
		sender.Report{
			Webhook:  "a",
			Event:    id(4),
			Attempts: 12,
			Status:   0,
			Reason:   "connection refused",
			Dead:     true,
		},
	)
	s.wantQueue("a", id(2), id(3))
	s.wantQueue("b", id(1))
	s.wantDead("a", id(4))
	s.wantStand("a", 0)
	s.wantStand("b", 0)
	failed, untouched, died := numbered("a", 2), numbered("a", 3), numbered("a", 4)
	failed.Attempts, failed.Resent, failed.Due, failed.Status = 2, 1, due, 503
	died.Attempts, died.Reason, died.Dead = 12, "connection refused", true
	wantSame(s.t, s.queue("a")[0], failed)
	wantSame(s.t, s.queue("a")[1], untouched)
	wantSame(s.t, s.Dead("a")[0], died)

	s.report(sender.Report{Webhook: "a", Event: id(2), Attempts: 3, Reason: "timeout"})
	failed.Attempts, failed.Resent, failed.Due = 3, 0, time.Time{}
	failed.Status, failed.Reason = 0, "timeout"
	wantSame(s.t, s.queue("a")[0], failed)
}

// testReportInOrder has several reports of one delivery in one call.
func testReportInOrder(s subject) {
	s.put(several("a", 1, 4)...)
	failed := func(n, attempts int) sender.Report {
		return sender.Report{Webhook: "a", Event: id(n), Attempts: attempts, Status: 500}
	}
	s.report(failed(1, 1), failed(2, 1), failed(3, 1), failed(1, 2),
		sender.Report{Webhook: "a", Event: id(2), Delivered: true}, sender.Report{
			Webhook: "a",
			Event:   id(3), Attempts: 2, Dead: true,
		}, failed(1, 3), failed(2, 3), failed(3, 3))
	s.wantQueue("a", id(1), id(4))
	s.wantDead("a", id(3))
	s.wantStand("a", 0)
	if got := s.queue("a")[0].Attempts; got != 3 {
		s.t.Errorf("the last report says 3 attempts, not %d", got)
	}
	if got := s.Dead("a")[0].Attempts; got != 2 {
		s.t.Errorf("it died after 2 attempts, not %d: later reports are of no delivery in the queue", got)
	}
}

func testReportPassesOver(s subject) {
	s.put(numbered("a", 1), numbered("b", 2))
	s.put(dead(several("a", 3, 3))...)
	s.report(
		sender.Report{
			Webhook:   "a",
			Event:     id(2),
			Delivered: true,
		}, // another webhook's
		sender.Report{Webhook: "c", Event: id(1), Dead: true}, // nobody's
		sender.Report{
			Webhook:  "a",
			Event:    id(3),
			Attempts: 1,
			Status:   500,
		}, // dead: Requeue is the one way back
		sender.Report{Webhook: "a", Event: "evt_0badcafe_0_0", Delivered: true}, // unknown
		sender.Report{
			Webhook:  "b",
			Event:    id(2),
			Attempts: 1,
			Status:   500,
		}, // what is known is not passed over
	)
	s.report(sender.Report{Webhook: "a", Event: id(3), Delivered: true})
	s.wantQueue("a", id(1))
	s.wantQueue("b", id(2))
	s.wantDead("a", id(3))
	for _, webhook := range []string{"a", "b"} {
		s.wantStand(webhook, 0)
	}
	if got := s.queue("b")[0].Attempts; got != 1 {
		s.t.Errorf("%d attempts, want 1", got)
	}
	if got := len(s.queues()); got != 2 {
		s.t.Errorf("%d queues, want 2: a report makes none", got)
	}
}

func testRequeue(s subject) {
	died := numbered("a", 1)
	died.Dead, died.Attempts, died.Status, died.Reason, died.Due = true, 12, 500, "why",
		time.Unix(1, 0)
	s.put(died, numbered("a", 2))
	s.put(dead(several("a", 3, 4))...)
	s.put(dead(several("b", 1, 1))...)
	s.requeue("a") // nothing is wanted yet
	s.wantQueue("a", id(2))
	s.wantStand("a", 0)

	s.Want("a", id(1), id(2), id(4)) // 2 is not dead
	s.Want("b")
	s.wantStand("a", 2)
	s.wantStand("b", 1)
	s.Want("a", id(1)) // again
	s.wantStand("a", 2)
	s.put(numbered("a", 5))
	s.requeue("a")
	s.wantQueue("a", id(2), id(5), id(1), id(4))
	s.wantDead("a", id(3))
	s.wantStand("a", 0)
	s.wantStand("b", 1)
	replay := numbered("a", 1)
	replay.Replay = true
	list := s.queue("a")
	wantSame(s.t, list[2], replay)
	if list[2].Seq <= list[1].Seq {
		s.t.Errorf("requeued at place %d, want one after %d", list[2].Seq, list[1].Seq)
	}

	s.report(sender.Report{Webhook: "a", Event: id(1), Attempts: 1, Status: 500, Dead: true},
		sender.Report{Webhook: "a", Event: id(4), Delivered: true})
	s.requeue("a") // who wants it still must say so again
	s.wantQueue("a", id(2), id(5))
	s.wantDead("a", id(1), id(3))
	s.wantStand("a", 0)
}

func testRequeueOldestFirst(s subject) {
	at := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	made := func(id string, at time.Time) sender.Spooled {
		event := mapper.NewEvent(mapper.Parts{ID: id, Object: "person", Time: at, Data: []byte(`{}`)})
		return sender.Spooled{Webhook: "a", Event: event, Dead: true}
	}
	oldestFirst := []string{
		"evt_ffffffff_0000000000000009_1", // of another database
		"evt_0badcafe_0000000000000009_2",
		"evt_0badcafe_0000000000000009_2_1", // the same change
		"evt_0badcafe_0000000000000009_3p",  // before its transaction was over
		"evt_0badcafe_0000000000000009_3_1p",
		"evt_0badcafe_0000000000000009_9p",
		"evt_0badcafe_0000000000000009_10",
		"evt_0badcafe_0000000000000009_12p",
		"evt_0badcafe_0000000000000009_100",
		"evt_0badcafe_000000000000000a_3", // committed within the same microsecond
		"evt_0badcafe_0000000000000010_1",
	}
	for _, n := range []int{10, 3, 7, 9, 5, 2, 8, 4, 6, 1, 0} {
		when := at
		switch n {
		case 0:
			when = at.Add(-time.Hour)
		case 10:
			when = at.Add(time.Microsecond)
		}
		s.put(made(oldestFirst[n], when))
	}
	s.wantDead("a", oldestFirst...)
	s.Want("a")
	s.requeue("a")
	s.wantQueue("a", oldestFirst...)
	s.wantStand("a", 0)
}
