package cdc

import (
	"testing"
)

// The form is that of a history file: see timeline.c of Postgres.
func TestHistory(t *testing.T) {
	h, err := parseHistory([]byte("1\t0/3000158\tno recovery target specified\n\n# by " +
		"hand\n2\t1/5000000\tno recovery target specified\n"))
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[LSN]int32{
		0x3000157: 1, 0x3000158: 2, 0x1_04ff_ffff: 2,
		0x1_0500_0000: 3,
	} {
		if got := h.of(at, 3); got != want {
			t.Errorf("%s lies on timeline %d, want %d", at, got, want)
		}
	}
	if end, known := h.end(2); end != 0x1_0500_0000 || !known {
		t.Errorf("timeline 2 ended at %s, %t", end, known)
	}
	for _, broken := range []string{
		"1", "x\t0/1\treason", "1\tnowhere\treason",
		"99999999999\t0/1\treason",
	} {
		if _, err := parseHistory([]byte(broken)); err == nil {
			t.Errorf("%q is understood", broken)
		}
	}
}

// What a server has of a position that was reached on another timeline.
func TestShared(t *testing.T) {
	s := &system{timeline: 3, history: history{{1, 100}, {2, 200}}, slot: slot{settled: 40}}
	for _, test := range []struct {
		at       Position
		timeline int32
		want     Position
	}{
		{Position{90, 95, 7}, 3, Position{90, 95, 7}},
		{Position{90, 95, 7}, 1, Position{90, 95, 7}},
		{Position{90, 100, 7}, 1, Position{End: 90}}, // that transaction is another one's here
		{Position{100, 0, 0}, 1, Position{End: 100}},
		{Position{150, 160, 7}, 1, Position{End: 100}},
		{Position{150, 160, 7}, 2, Position{150, 160, 7}},
		{Position{150, 160, 7}, 4, Position{End: 40}}, // nobody knows what they have in common
	} {
		if got := s.shared(test.at, test.timeline); got != test.want {
			t.Errorf("of %v on timeline %d it has %v, want %v", test.at, test.timeline, got, test.want)
		}
	}
}

func TestHeldSince(t *testing.T) {
	l := newLedger(Position{}, 0)
	const transactions = 3000
	for n := 1; n <= transactions; n++ {
		tx := &Tx{Commit: LSN(n), ledger: l}
		l.advance(tx, 0)
		l.hold(tx)()
		l.hold(tx)()
	}
	if n, all := l.heldSince(transactions - 9); n != 20 || !all {
		t.Errorf("the last ten had %d holds, %t, want 20 and that this is all", n, all)
	}
	if n, all := l.heldSince(1); n != 2*len(l.recent) || all {
		t.Errorf("all had %d holds, %t, want %d and that there were more", n, all, 2*len(l.recent))
	}
}
