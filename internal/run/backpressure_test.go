package run

import (
	"slices"
	"testing"
)

func TestSpoolAbove(t *testing.T) {
	type sight struct {
		held   int64
		work   uint64
		inside bool
	}
	for name, test := range map[string]struct {
		sights []sight
		want   []int // places of those that relieve
	}{
		"grows and shrinks": {
			[]sight{
				{held: 10},
				{held: 100},
				{held: 101},
				{held: 90},
				{held: 95},
				{held: 300},
				{held: 250},
				{held: 249},
				{held: 249},
				{held: 40},
			},
			[]int{2, 5, 8},
		},
		"a backlog at work that grows all the same": {
			[]sight{{101, 0, false}, {102, 50_000, false}, {103, 100_000, false}},
			[]int{0, 1, 2},
		},
		"a large transaction that comes on": {
			[]sight{{50, 0, true}, {500, 50_000, true}, {500, 90_000, true}, {500, 130_000, true}},
			nil,
		},
		"a large transaction that hardly moves": {
			[]sight{{50, 0, true}, {500, 1_000, true}, {500, 2_000, true}, {500, 99_000, true}},
			[]int{1, 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var relieved []int
			var now int
			inside := func() (uint64, bool) { return test.sights[now].work, test.sights[now].inside }
			held := spoolAbove(100, inside, func() { relieved = append(relieved, now) })
			for now = range test.sights {
				held(test.sights[now].held)
			}
			if !slices.Equal(relieved, test.want) {
				t.Errorf("relieved at %v, want %v", relieved, test.want)
			}
		})
	}
}
