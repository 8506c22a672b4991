package cdc

import (
	"strings"
	"testing"
)

// Each release is told of what is wrong with it and of the one that has it mended, and the latest
// ones of nothing.
func TestKnownFaults(t *testing.T) {
	const (
		loses, ends     = "may lose changes", "invalid memory alloc"
		waits, full     = "may send nothing after a crash", "state.tmp"
		young, shutdown = "may lose a slot that was just made", "may not shut down"
		promotion       = "may hold up the promotion"
	)
	all := []string{loses, ends, waits, full, young, shutdown, promotion}
	for _, test := range []struct {
		major, minor int
		mended       string
		want         []string
	}{
		{14, 17, "14.18", []string{loses}},
		{14, 18, "14.19", []string{ends}},
		{14, 19, "", nil},
		{15, 12, "15.18", []string{loses, waits, full, young, shutdown}},
		{15, 13, "15.18", []string{ends, waits, full, young, shutdown}},
		{15, 14, "15.18", []string{full, young, shutdown}},
		{15, 15, "15.18", []string{young, shutdown}},
		{15, 16, "15.18", []string{shutdown}},
		{15, 18, "", nil},
		{16, 8, "16.14", []string{loses, waits, full, young, shutdown}},
		{16, 9, "16.14", []string{ends, waits, full, young, shutdown}},
		{16, 11, "16.14", []string{young, shutdown}},
		{16, 14, "", nil},
		{17, 4, "17.10", []string{loses, waits, full, young, shutdown, promotion}},
		{17, 5, "17.10", []string{ends, waits, full, young, shutdown, promotion}},
		{17, 7, "17.10", []string{young, shutdown, promotion}},
		{17, 10, "", nil},
		{18, 0, "18.4", []string{full, young, shutdown, promotion}},
		{18, 1, "18.4", []string{young, shutdown, promotion}},
		{18, 3, "18.4", []string{shutdown, promotion}},
		{18, 4, "", nil},
		{19, 0, "", nil},
	} {
		got := KnownFaults(test.major, test.minor)
		for _, what := range all {
			has := strings.Contains(got, what)
			wanted := strings.Contains(strings.Join(test.want, ";"), what)
			if has != wanted {
				t.Errorf("Postgres %d.%d: %q told %t, want %t", test.major, test.minor, what, has, wanted)
			}
		}
		if (got == "") != (test.want == nil) || !strings.Contains(got, test.mended) {
			t.Errorf("Postgres %d.%d: %q, want it to name %q", test.major, test.minor, got, test.mended)
		}
		s := server{version: test.major, minor: test.minor}
		if f := s.checkVersion(); (f.Level == Warning) != (test.want != nil) {
			t.Errorf("Postgres %d.%d: doctor says %+v", test.major, test.minor, f)
		}
	}
}
