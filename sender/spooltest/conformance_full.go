package spooltest

import "hookline/sender"

// delivered returns reports that numbered deliveries from first to last have arrived.
func delivered(webhook string, first, last int) (list []sender.Report) {
	for n := first; n <= last; n++ {
		list = append(list, sender.Report{Webhook: webhook, Event: id(n), Delivered: true})
	}
	return list
}

func testFullOfBytes(s subject) {
	wantGaps(s.t, s.put(several("a", 1, 7)...))
	s.wantFull("a", false)
	wantGaps(s.t, s.put(several("a", 8, 11)...),
		sender.Overflow{Webhook: "a", First: id(9), Last: id(11), Events: 3})
	s.wantFull("a", true)
	wantGaps(s.t, s.put(several("a", 12, 13)...),
		sender.Overflow{Webhook: "a", First: id(9), Last: id(13), Events: 5})
	s.wantQueue("a", ids(several("a", 1, 8))...)
	s.wantStand("a", 0)

	s.report(delivered("a", 1, 1)...) // seven eighths are left: not below yet
	s.wantFull("a", true)
	wantGaps(s.t, s.put(several("a", 14, 14)...),
		sender.Overflow{Webhook: "a", First: id(9), Last: id(14), Events: 6})
	s.report(delivered("a", 2, 2)...)
	s.wantFull("a", false)
	wantGaps(s.t, s.put(several("a", 15, 15)...))
	s.wantQueue("a", append(ids(several("a", 3, 8)), id(15))...)
	s.wantStand("a", 0)

	wantGaps(s.t, s.put(several("a", 16, 17)...),
		sender.Overflow{Webhook: "a", First: id(17), Last: id(17), Events: 1})
	wantGaps(s.t, s.Overflows(),
		sender.Overflow{Webhook: "a", First: id(9), Last: id(14), Events: 6},
		sender.Overflow{Webhook: "a", First: id(17), Last: id(17), Events: 1})
	s.wantStand("a", 0)
}

// testFullOfDead: the dead count, and are not taken either.
func testFullOfDead(s subject) {
	s.put(dead(several("a", 1, 8))...)
	s.wantFull("a", true)
	wantGaps(s.t, s.put(dead(several("a", 9, 9))...),
		sender.Overflow{Webhook: "a", First: id(9), Last: id(9), Events: 1})
	wantGaps(s.t, s.put(several("a", 10, 10)...),
		sender.Overflow{Webhook: "a", First: id(9), Last: id(10), Events: 2})
	s.Want("a", id(1), id(2))
	s.requeue("a") // takes no room that it has not had
	s.wantQueue("a", id(1), id(2))
	s.wantFull("a", true)
	s.report(sender.Report{Webhook: "a", Event: id(1), Attempts: 1, Dead: true})
	s.wantFull("a", true)
	s.wantStand("a", 0)
}

// testFullKnowsWhatItHas: what is in the spool is not given up, so it is in no overflow.
func testFullKnowsWhatItHas(s subject) {
	s.put(several("a", 1, 2)...)
	s.wantFull("a", true)
	wantGaps(s.t, s.put(several("a", 1, 2)...))
	wantGaps(s.t, s.put(several("a", 1, 3)...),
		sender.Overflow{Webhook: "a", First: id(3), Last: id(3), Events: 1})
	s.wantQueue("a", id(1), id(2))
}

func testFullAlone(s subject) {
	wantGaps(s.t, s.put(numbered("b", 1), numbered("c", 1), numbered("b", 2), numbered("a", 1),
		numbered("c", 2), numbered("b", 3), numbered("a", 2), numbered("d", 1), numbered("a", 3)),
		sender.Overflow{Webhook: "a", First: id(3), Last: id(3), Events: 1},
		sender.Overflow{Webhook: "b", First: id(3), Last: id(3), Events: 1})
	s.wantQueue("a", id(1), id(2))
	s.wantQueue("b", id(1), id(2))
	s.wantQueue("c", id(1), id(2))
	s.wantQueue("d", id(1))
	for webhook, full := range map[string]bool{"a": true, "b": true, "c": true, "d": false} {
		s.wantFull(webhook, full)
		s.wantStand(webhook, 0)
	}
	if got := s.Overflows(); len(got) != 2 {
		s.t.Errorf("overflows %+v, want two", got)
	}
}

func testFullDiscarded(s subject) {
	s.put(several("a", 1, 9)...)
	s.wantFull("a", true)
	s.discard("a")
	s.wantFull("a", false)
	wantGaps(s.t, s.put(several("a", 10, 10)...))
	s.wantQueue("a", id(10))
	s.wantStand("a", 0)
}

// testTooOld: whatever waits is too old at the next call.
func testTooOld(s subject) {
	wantGaps(s.t, s.put(several("a", 1, 3)...)) // they come together, and none has waited yet
	s.wantFull("a", true)
	wantGaps(s.t, s.put(several("a", 4, 5)...),
		sender.Overflow{Webhook: "a", First: id(4), Last: id(5), Events: 2})
	wantGaps(s.t, s.put(numbered("b", 1)))
	s.report(delivered("a", 1, 2)...)
	s.wantFull("a", true)
	s.report(delivered("a", 3, 3)...)
	s.wantFull("a", false)

	wantGaps(s.t, s.put(dead(several("a", 6, 7))...))
	wantGaps(s.t, s.put(several("a", 8, 8)...)) // the dead grow no older
	s.wantQueue("a", id(8))
	wantGaps(s.t, s.put(several("a", 9, 9)...),
		sender.Overflow{Webhook: "a", First: id(9), Last: id(9), Events: 1})
	wantGaps(s.t, s.Overflows(),
		sender.Overflow{Webhook: "a", First: id(4), Last: id(5), Events: 2},
		sender.Overflow{Webhook: "a", First: id(9), Last: id(9), Events: 1})
}
