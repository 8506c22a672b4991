package spool_test

import (
	"cmp"
	"fmt"
	"testing"
	"time"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
	"hookline/spool"
)

func TestCheckpointRoundTrip(t *testing.T) {
	s := open(t, spool.Config{URL: postgrestest.NewDatabase(t)})
	if c, err := s.LoadCheckpoint(t.Context(), "a"); c != nil || err != nil {
		t.Fatalf("before the first save: %v, %v", c, err)
	}
	at := time.Date(2025, 2, 10, 15, 30, 45, 123456000, time.UTC)
	first := cdc.Checkpoint{
		System:   "7",
		Database: "16384",
		Timeline: 1,
		Settled:  cdc.Position{End: 0x1_0000_0010, Commit: 0x1_0000_0020, Index: 4_000_000_000},
		Time:     at,
	}
	steps := []struct {
		name       string
		save, want cdc.Checkpoint
	}{
		{"first", first, first},
		{"an index before is not taken", move(first, 0, 0, -1), first},
		{"a commit before is not taken", move(first, 0, -1, 5), first},
		{"an end before is not taken", move(first, -1, 7, 7), first},
		{"an index after", move(first, 0, 0, 1), move(first, 0, 0, 1)},
		{"an end after", move(first, 100, 0, -5), move(first, 100, 0, -5)},
		{
			"another timeline",
			timeline(move(first, -1, 0, 0), 2),
			timeline(move(first, -1, 0, 0), 2),
		},
		{
			"an earlier timeline is not taken",
			move(first, 500, 0, 0),
			timeline(move(first, -1, 0, 0), 2),
		},
		{"another system", system(first, "8"), system(first, "8")},
	}
	id := "" // which it keeps
	load := func(name string, want cdc.Checkpoint) {
		got, err := s.LoadCheckpoint(t.Context(), "a")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		id = cmp.Or(id, got.ID)
		if want.ID = id; id == "" || *got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	for _, step := range steps {
		if err := s.SaveCheckpoint(t.Context(), "a", step.save); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		load(step.name, step.want)
	}
	other := timeline(system(first, "8"), 3)
	for _, step := range []struct{ before, want cdc.Checkpoint }{
		{move(system(first, "8"), -1, 0, 0), system(first, "8")}, // it has gone on since it was read
		{system(first, "8"), other},
	} {
		ok, err := s.ReplaceCheckpoint(t.Context(), "a", step.before, other)
		if err != nil || ok != (step.want == other) {
			t.Errorf("replace %+v: %t, %v", step.before, ok, err)
		}
		load(fmt.Sprintf("after a replacement of %+v", step.before), step.want)
	}
	unsent := cdc.UnreadableChange{Commit: 0x1_0000_0030, After: 0x1_0000_0010, Cause: "too large"}
	if err := s.SaveUnreadable(t.Context(), "a", unsent); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveCheckpoint(t.Context(), "a", system(first, "9")); err != nil { // leaves it alone
		t.Fatal(err)
	}
	if got, err := s.LoadCheckpoint(t.Context(), "a"); err != nil || got.System != "9" ||
		got.Unreadable != unsent {
		t.Errorf("with what is unsent: %+v, %v", got, err)
	}
	prepared := cdc.Prepared{Major: 17, XID: 1<<33 + 700, Until: 0x1_0000_0040}
	if err := s.SavePrepared(t.Context(), "a", prepared); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		save cdc.Checkpoint
		want cdc.Prepared
	}{
		{system(first, "9"), prepared}, // no progress
		{move(system(first, "9"), 1, 0, 0), cdc.Prepared{}},
	} {
		if err := s.SaveCheckpoint(t.Context(), "a", step.save); err != nil {
			t.Fatal(err)
		}
		if got, err := s.LoadCheckpoint(t.Context(), "a"); err != nil || got.Prepared != step.want {
			t.Errorf("it is prepared %+v, %v; want %+v", got.Prepared, err, step.want)
		}
	}
	if c, err := s.LoadCheckpoint(t.Context(), "b"); c != nil || err != nil {
		t.Errorf("another slot: %v, %v", c, err)
	}
	if err := s.ForgetCheckpoint(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if c, err := s.LoadCheckpoint(t.Context(), "a"); c != nil || err != nil {
		t.Errorf("after it was forgotten: %v, %v", c, err)
	}
	if err := s.SaveCheckpoint(t.Context(), "a", first); err != nil {
		t.Fatal(err)
	}
	if c, err := s.LoadCheckpoint(t.Context(), "a"); err != nil || c.ID == "" || c.ID == id {
		t.Errorf("the next one has ID %q, %v; the one before had %q", c.ID, err, id)
	}
}

func move(c cdc.Checkpoint, end, commit, index int) cdc.Checkpoint {
	c.Settled.End += cdc.LSN(end)
	c.Settled.Commit += cdc.LSN(commit)
	c.Settled.Index = uint32(int(c.Settled.Index) + index)
	return c
}

func timeline(c cdc.Checkpoint, n int32) cdc.Checkpoint { c.Timeline = n; return c }
func system(c cdc.Checkpoint, id string) cdc.Checkpoint { c.System = id; return c }

// TestSaveWithoutTimeKeepsTheLastOne: progress by keepalives alone knows no commit.
func TestSaveWithoutTimeKeepsTheLastOne(t *testing.T) {
	s := open(t, spool.Config{URL: postgrestest.NewDatabase(t)})
	at := time.Date(2025, 2, 10, 15, 30, 45, 0, time.UTC)
	for _, c := range []cdc.Checkpoint{
		{System: "7", Database: "1", Timeline: 1, Settled: cdc.Position{End: 10}, Time: at},
		{System: "7", Database: "1", Timeline: 1, Settled: cdc.Position{End: 20}},
	} {
		if err := s.SaveCheckpoint(t.Context(), "a", c); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.LoadCheckpoint(t.Context(), "a"); err != nil || !got.Time.Equal(at) ||
		got.Settled.End != 20 {
		t.Errorf("%+v, %v", got, err)
	}
}
