package cdc

import "testing"

// What lies before a position is passed over, whole transactions first, then of the one in progress
// what is settled of it. Its changes come again, as marks of what its End is about.
func TestPasses(t *testing.T) {
	until := Position{End: 100, Commit: 120, Index: 4} // two changes, and two steps of the end
	type told struct {
		passed, repeated bool
		settled          uint32
	}
	for _, c := range []struct {
		name   string
		until  Position
		change Change
		want   told
	}{
		{
			"a transaction before", until,
			Change{Kind: Insert, Tx: &Tx{Commit: 99}},
			told{passed: true},
		},
		{
			"one that ends there", until,
			Change{Kind: Insert, Tx: &Tx{Commit: 100}},
			told{},
		},
		{
			"a change of the one in progress", until,
			Change{Kind: Update, Tx: &Tx{Commit: 120}, Index: 1},
			told{repeated: true},
		},
		{
			"a change that is not settled",
			Position{End: 100, Commit: 120, Index: 1},
			Change{Kind: Update, Tx: &Tx{Commit: 120}, Index: 1},
			told{},
		},
		{
			"the only change",
			Position{End: 100, Commit: 120, Index: afterTransaction},
			Change{Kind: Update, Tx: &Tx{Commit: 120}, Sole: true},
			told{true, true, 0},
		},
		{
			"the end, two steps in", until,
			Change{Kind: End, Tx: &Tx{Commit: 120}, Index: 2},
			told{settled: 2},
		},
		{
			"an end of which one step was settled at the start", until,
			Change{Kind: End, Tx: &Tx{Commit: 120}, Index: 3, Settled: 1},
			told{settled: 2},
		},
		{
			"an end that is settled",
			Position{End: 100, Commit: 120, Index: afterTransaction},
			Change{Kind: End, Tx: &Tx{Commit: 120}, Index: 2},
			told{repeated: true, settled: afterTransaction - 2},
		},
		{
			"a transaction behind", until,
			Change{Kind: Insert, Tx: &Tx{Commit: 130}},
			told{},
		},
		{
			"nothing to pass over",
			Position{},
			Change{Kind: Insert, Tx: &Tx{Commit: 1}},
			told{},
		},
	} {
		passed := c.until.passes(&c.change)
		got := told{passed, c.change.Repeated, c.change.Settled}
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if c.change.Kind == End && c.change.Index != c.until.Index {
			t.Errorf("%s: at index %d, want %d", c.name, c.change.Index, c.until.Index)
		}
	}
}
