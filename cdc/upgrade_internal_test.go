package cdc

import (
	"errors"
	"strings"
	"testing"
)

// TestNotUpgraded: what proves that pg_upgrade has made a system of the one before, and what speaks
// against each.
func TestNotUpgraded(t *testing.T) {
	before := Checkpoint{
		System: "7", Database: "16384", Timeline: 3, Settled: Position{End: 1000},
		Prepared: Prepared{Major: 17, XID: 700, Until: 2000},
	}
	upgraded := system{
		id: "8", major: 18, database: "16384", name: "crm", timeline: 1, xid: 700, end: 1000,
		published: true,
		slot:      slot{exists: true, plugin: "pgoutput", database: "crm", settled: 1000},
	}
	for name, test := range map[string]struct {
		change func(s *system, c *Checkpoint)
		why    string
	}{
		"an upgrade":       {func(*system, *Checkpoint) {}, ""},
		"without the slot": {func(s *system, _ *Checkpoint) { s.slot = slot{} }, ""},
		"not prepared": {
			func(_ *system, c *Checkpoint) { c.Prepared = Prepared{} },
			"upgrade prepare",
		},
		"the same system": {func(s *system, _ *Checkpoint) { s.id = "7" }, "still system 7"},
		"the same version": {
			func(s *system, _ *Checkpoint) { s.major = 17 },
			"Postgres 17, and it was 17",
		},
		"an earlier version": {func(s *system, _ *Checkpoint) { s.major = 16 }, "Postgres 16"},
		"another database": {
			func(s *system, _ *Checkpoint) { s.database = "16385" },
			"OID 16385, and had 16384",
		},
		"XIDs begin anew": {func(s *system, _ *Checkpoint) { s.xid = 699 }, "next transaction is 699"},
		"WAL begins anew": {func(s *system, _ *Checkpoint) { s.end = 999 }, "WAL ends at"},
	} {
		s, c := upgraded, before
		test.change(&s, &c)
		why := s.notUpgraded(&c)
		if why == "" != (test.why == "") || !strings.Contains(why, test.why) {
			t.Errorf("%s: %q, want %q", name, why, test.why)
		}
		gap, _ := errors.AsType[*Gap](s.check(Config{Slot: "s"}, &c))
		if finish := gap != nil && strings.Contains(gap.Hint, "hookline upgrade "+
			"finish"); finish != (test.why == "") {
			t.Errorf("%s: the gap is %+v", name, gap)
		}
		if newSlot := gap != nil && strings.Contains(gap.Hint,
			"--new-slot"); newSlot != (test.why == "" && !s.slot.exists) {
			t.Errorf("%s: the gap is %+v", name, gap)
		}
	}
}

// TestPreparedSlot: while a slot is ready for pg_upgrade, it may be in front of the checkpoint by
// what was noted, and by no more.
func TestPreparedSlot(t *testing.T) {
	for settled, moved := range map[LSN]bool{1000: false, 2000: false, 2001: true} {
		s := system{
			id: "7", major: 17, database: "1", name: "crm", timeline: 1, published: true,
			slot: slot{exists: true, plugin: "pgoutput", database: "crm", settled: settled},
		}
		c := Checkpoint{
			System: "7", Database: "1", Timeline: 1, Settled: Position{End: 1000},
			Prepared: Prepared{Major: 17, Until: 2000},
		}
		gap, _ := errors.AsType[*Gap](s.check(Config{Slot: "s"}, &c))
		if got := gap != nil && gap.Reason == SlotMoved; got != moved {
			t.Errorf("at %s: moved %t, want %t (%v)", settled, got, moved, gap)
		}
		c.Prepared = Prepared{}
		gap, _ = errors.AsType[*Gap](s.check(Config{Slot: "s"}, &c))
		if got := gap != nil && gap.Reason == SlotMoved; got != (settled > 1000) {
			t.Errorf("not prepared, at %s: moved %t", settled, got)
		}
	}
}

// TestSwitchBack: a server on a later timeline without the slot is one that has taken over.
func TestSwitchBack(t *testing.T) {
	s := system{id: "7", database: "1", name: "crm", timeline: 2, published: true}
	for timeline, want := range map[int32]bool{1: true, 2: false} {
		c := Checkpoint{System: "7", Database: "1", Timeline: timeline, Settled: Position{End: 1000}}
		gap, _ := errors.AsType[*Gap](s.check(Config{Slot: "s"}, &c))
		if gap == nil || gap.Reason != SlotMissing || !strings.Contains(gap.Hint,
			"hookline setup --accept-gap") {
			t.Fatalf("checkpoint of timeline %d: %+v, want that the slot is missing", timeline, gap)
		}
		if back := strings.Index(gap.Hint, "switch back"); back >= 0 != want ||
			back > strings.Index(gap.Hint, "--accept-gap") {
			t.Errorf("checkpoint of timeline %d: %q, want that one may switch back first: %t", timeline,
				gap.Hint, want)
		}
	}
}
