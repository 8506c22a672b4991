package main

import (
	"context"
	"errors"
	"testing"
	"time"
)

// event is one version of a record.
type event struct{ record, version int }

func TestTally(t *testing.T) {
	// Two records in three versions each.
	for name, tc := range map[string]struct {
		came []event
		want counts
	}{
		"in order":      {[]event{{1, 1}, {1, 2}, {1, 3}, {2, 1}, {2, 2}, {2, 3}}, counts{}},
		"records mixed": {[]event{{2, 1}, {1, 1}, {1, 2}, {2, 2}, {2, 3}, {1, 3}}, counts{}},
		"nothing":       {nil, counts{lost: 6}},
		"one lost":      {[]event{{1, 1}, {1, 3}, {2, 1}, {2, 2}, {2, 3}}, counts{lost: 1}},
		"repeated at once": {
			[]event{{1, 1}, {1, 1}, {1, 2}, {1, 3}, {2, 1}, {2, 2}, {2, 3}},
			counts{repeated: 1},
		},
		"repeated later": {
			[]event{{1, 1}, {1, 2}, {1, 1}, {1, 2}, {1, 3}, {2, 1}, {2, 2}, {2, 3}},
			counts{repeated: 2},
		},
		"repeated for one": {
			[]event{{1, 1}, {1, 1}, {1, 3}, {2, 1}, {2, 2}, {2, 3}},
			counts{lost: 1, repeated: 1},
		},
		"after its end": {
			[]event{{1, 1}, {1, 2}, {1, 3}, {2, 1}, {2, 2}, {2, 3}, {2, 3}},
			counts{repeated: 1},
		},
		"swapped": {
			[]event{{1, 2}, {1, 1}, {1, 3}, {2, 1}, {2, 2}, {2, 3}},
			counts{disordered: 1},
		},
		"late by two": {
			[]event{{1, 2}, {1, 3}, {1, 1}, {2, 1}, {2, 2}, {2, 3}},
			counts{disordered: 1},
		},
		"backwards": {
			[]event{{1, 3}, {1, 2}, {1, 1}, {2, 1}, {2, 2}, {2, 3}},
			counts{disordered: 2},
		},
		"stray": {[]event{{1, 0}, {0, 1}, {3, 1}, {1, 4}, {1, 1}}, counts{lost: 5, stray: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			tally := newTally(2, 3)
			for _, e := range tc.came {
				tally.observe(e.record, e.version, 1, time.Now())
			}
			tc.want.expected = 6
			got := tally.result()
			if got != tc.want {
				t.Errorf("counts %+v, want %+v", got, tc.want)
			}
			if clean := tc.want == (counts{expected: 6}); (got.err() == nil) != clean {
				t.Errorf("err() = %v for %+v", got.err(), got)
			}
			select {
			case <-tally.complete:
				if tc.want.lost > 0 {
					t.Error("complete, though events are missing")
				}
			default:
				if tc.want.lost == 0 {
					t.Error("not complete")
				}
			}
		})
	}
}

func TestTallyCut(t *testing.T) {
	// Two records in three versions each, of which the first three are written after all: both
	// records' first, and one's second.
	for name, tc := range map[string]struct {
		came []event
		want counts
	}{
		"all":             {[]event{{1, 1}, {2, 1}, {1, 2}}, counts{}},
		"one to come":     {[]event{{1, 1}, {2, 1}}, counts{lost: 1}},
		"never written":   {[]event{{1, 1}, {2, 1}, {1, 2}, {2, 2}}, counts{stray: 1}},
		"another instead": {[]event{{1, 1}, {2, 1}, {2, 2}}, counts{lost: 1, stray: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			tally := newTally(2, 3)
			for _, e := range tc.came {
				tally.observe(e.record, e.version, 1, time.Now())
			}
			tally.cut(3)
			tc.want.expected = 3
			if got := tally.result(); got != tc.want {
				t.Errorf("counts %+v, want %+v", got, tc.want)
			}
			tally.observe(1, 2, 1, time.Now())
			select {
			case <-tally.complete:
			default:
				t.Error("not complete in the end")
			}
		})
	}
}

func TestPace(t *testing.T) {
	tally := newTally(101, 1)
	for i := range 101 { // the first and the last tenth 6 ms apart, the others 1 ms
		at := time.Duration(i) * time.Millisecond
		at += 5 * time.Millisecond * time.Duration(min(i, 10)+max(0, i-90))
		tally.observe(i+1, 1, 1000+i, tally.start.Add(time.Second+at))
	}
	if got, want := tally.pace(), (pace{
		first: tally.start.Add(time.Second), rate: 500, steady: 1000,
		body: 1050,
	}); got != want {
		t.Errorf("pace %+v, want %+v", got, want)
	}
	if got, want := tally.at(2, 1), tally.start.Add(1006*time.Millisecond); !got.Equal(want) {
		t.Errorf("record 2 came at %s, want %s", got, want)
	}
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	if err := newTally(1, 1).await(ctx); !errors.Is(err, gone) {
		t.Errorf("error %v, want %v", err, gone)
	}
}
