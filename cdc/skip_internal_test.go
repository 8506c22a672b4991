package cdc

import (
	"log/slog"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

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
			"one of an earlier timeline", until,
			Change{Kind: Insert, Tx: &Tx{Commit: 99, Timeline: 1}},
			told{passed: true},
		},
		{
			"one of a server that has taken over since", until,
			Change{Kind: Insert, Tx: &Tx{Commit: 99, Timeline: 3}},
			told{},
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
		done := Checkpoint{Timeline: 2, Settled: c.until}
		passed := done.passes(&c.change)
		got := told{passed, c.change.Repeated, c.change.Settled}
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if c.change.Kind == End && c.change.Index != c.until.Index {
			t.Errorf("%s: at index %d, want %d", c.name, c.change.Index, c.until.Index)
		}
	}
}

// Whether the only change of a transaction has an End depends on how it came over the connection.
// The process before had one, and had settled the change and not what is told at the end: that is
// told.
func TestPassesTheOnlyChangeWithoutItsEnd(t *testing.T) {
	source, err := Open(Config{URL: "postgres://nowhere/x"}, nil, slog.New(slog.DiscardHandler),
		prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	source.ledger = newLedger(Position{End: 100}, 0)
	source.skip = Checkpoint{Settled: Position{End: 100, Commit: 120, Index: 1}}
	tx := &Tx{Commit: 120, ledger: source.ledger}
	source.queue <- &batch{items: []item{
		{change: Change{Kind: Insert, Tx: tx, Sole: true}},
		{end: 130},
		{change: Change{Kind: Insert, Tx: &Tx{Commit: 140, ledger: source.ledger}, Sole: true}},
		{end: 150},
	}}
	close(source.queue)
	type told struct {
		kind           Kind
		commit         LSN
		index          uint32
		repeated, sole bool
		settled        Position // all before is
	}
	var got []told
	for c, err := range source.Changes(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Kind != 0 {
			got = append(got,
				told{c.Kind, c.Tx.Commit, c.Index, c.Repeated, c.Sole, source.Settled()})
		}
	}
	want := []told{
		{Insert, 120, 0, true, false, Position{End: 100}},
		{End, 120, 1, false, false, Position{End: 100, Commit: 120, Index: 1}},
		{Insert, 140, 0, false, true, Position{End: 130, Commit: 140}},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if at := source.Settled(); at != (Position{End: 150}) {
		t.Errorf("settled up to %+v in the end, want 150", at)
	}
}
