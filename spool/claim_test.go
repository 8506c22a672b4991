package spool_test

import (
	"errors"
	"slices"
	"testing"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
	"hookline/sender"
	"hookline/spool"
)

// changes calls everything that only the owner may, and returns what became of it.
func changes(t *testing.T, s *spool.Spool) map[string]error {
	_, park := s.Put(t.Context(), several("a", 1, 2))
	return map[string]error{
		"park":    park,
		"report":  s.Report(t.Context(), []sender.Report{{Webhook: "a", Event: id(1), Delivered: true}}),
		"requeue": s.Requeue(t.Context(), "a"),
		"pause":   s.Pause(t.Context(), "a", "why", "1"),
		"discard": s.Discard(t.Context(), "a"),
	}
}

func TestClaimFences(t *testing.T) {
	cfg := spool.Config{URL: postgrestest.NewDatabase(t)}
	first, second := open(t, cfg), open(t, cfg)
	for name, err := range changes(t, first) {
		if err == nil || errors.Is(err, sender.ErrFenced) {
			t.Errorf("%s before Claim: %v, want that it is not claimed", name, err)
		}
	}
	if err := first.Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, first, delivery("a", 1))
	if err := second.Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := queues(t, second)
	for name, err := range changes(t, first) {
		if !errors.Is(err, sender.ErrFenced) {
			t.Errorf("%s by the first: %v, want %v", name, err, sender.ErrFenced)
		}
	}
	if after := queues(t, second); !slices.Equal(after, before) {
		t.Errorf("the first has changed %+v to %+v", before, after)
	}
	if got := waiting(t, first, "a"); len(got) != 1 {
		t.Errorf("who is fenced off may look: %q wait, want one", got)
	}
	for name, err := range changes(t, second) {
		if err != nil {
			t.Errorf("%s by the second: %v", name, err)
		}
	}
}

// A server that has taken over lacks some of what this process has written, or all of it: neither
// deliveries nor the checkpoint are changed there before somebody claims what there is.
func TestBehind(t *testing.T) {
	for name, lose := range map[string]string{
		"a change":  `UPDATE owner SET changes = changes - 1`,
		"the claim": `UPDATE owner SET epoch = epoch - 1`,
		"the owner": `DELETE FROM owner`,
	} {
		t.Run(name, func(t *testing.T) {
			cfg := spool.Config{URL: postgrestest.NewDatabase(t)}
			s := openClaimed(t, cfg)
			saved := cdc.Checkpoint{System: "7", Database: "1", Timeline: 1}
			save := func(to cdc.LSN) error {
				saved.Settled.End = to
				return s.SaveCheckpoint(t.Context(), "hookline", saved)
			}
			put(t, s, several("a", 1, 2)...)
			if err := save(10); err != nil {
				t.Fatal(err)
			}
			before := queues(t, s)
			connect(t, cfg.URL).exec(lose)
			wrong := changes(t, s)
			_, wrong["look"] = s.Queues(t.Context())
			wrong["save the checkpoint"] = save(20)
			for name, err := range wrong {
				if !errors.Is(err, sender.ErrBehind) {
					t.Errorf("%s: %v, want %v", name, err, sender.ErrBehind)
				}
			}
			if err := s.Claim(t.Context()); err != nil {
				t.Fatal(err)
			}
			c, err := s.LoadCheckpoint(t.Context(), "hookline")
			if err != nil || c.Settled.End != 10 {
				t.Errorf("the checkpoint is %+v, %v; want it to be at 10", c, err)
			}
			if after := queues(t, s); !slices.Equal(after, before) {
				t.Errorf("it has changed %+v to %+v", before, after)
			}
			wrong = changes(t, s)
			wrong["save the checkpoint"] = save(20)
			for name, err := range wrong {
				if err != nil {
					t.Errorf("%s, once it is claimed: %v", name, err)
				}
			}
		})
	}
}

// TestClaimWaits: what the one before has in hand is done when Claim returns.
func TestClaimWaits(t *testing.T) {
	cfg := spool.Config{URL: postgrestest.NewDatabase(t)}
	first, second := openClaimed(t, cfg), open(t, cfg)
	db := connect(t, cfg.URL)
	pass := db.barrier(id(2))
	spooled, claimed := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := first.Put(t.Context(), several("a", 1, 3))
		spooled <- err
	}()
	db.atBarrier()
	go func() { claimed <- second.Claim(t.Context()) }()
	db.await(
		`SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE
			'INSERT INTO "hookline".owner%' AND datname = current_database()`,
	)
	pass()
	if err := <-claimed; err != nil {
		t.Fatal(err)
	}
	if got := waiting(t, second, "a"); len(got) != 3 {
		t.Errorf("the second sees %q, want all three", got)
	}
	if err := <-spooled; err != nil {
		t.Errorf("the first was in time, and yet: %v", err)
	}
}

func TestSlotsAreApart(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	one, two := openClaimed(t, spool.Config{URL: url, Slot: "one"}),
		openClaimed(t, spool.Config{URL: url, Slot: "two"})
	put(t, one, several("a", 1, 2)...)
	put(t, one, dead(delivery("a", 3))...)
	put(t, two, delivery("a", 1))
	if got := waiting(t, two, "a"); !slices.Equal(got, []string{id(1)}) {
		t.Errorf("for the webhook of two wait %q", got)
	}
	if list, err := two.Find(t.Context(), spool.Filter{}, 10); err != nil || len(list) != 1 {
		t.Errorf("two finds %+v, %v; want its one", list, err)
	}
	for _, filter := range []spool.Filter{{}, {Events: []string{id(3)}}} {
		if counts, err := two.Want(t.Context(), filter); err != nil || len(counts) != 0 {
			t.Errorf("two wants %+v, %v; of its own nothing is dead", counts, err)
		}
		if counts, err := two.DiscardDead(t.Context(), filter); err != nil || len(counts) != 0 {
			t.Errorf("two discards %+v, %v; of its own nothing is dead", counts, err)
		}
	}
	if err := two.Discard(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if got := queues(t, two); len(got) != 0 {
		t.Errorf("two has %+v left", got)
	}
	if got := queues(t, one); len(got) != 1 || got[0].Waiting != 2 || got[0].Dead != 1 {
		t.Errorf("one has %+v, want two that wait and a dead one", got)
	}
}

// A process that was replaced tells how far it has come, and sets nothing back: not when it has
// been on a server since that took over, either.
func TestReplacedKeepsCheckpoint(t *testing.T) {
	cfg := spool.Config{URL: postgrestest.NewDatabase(t)}
	first, second := openClaimed(t, cfg), open(t, cfg)
	if err := second.Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		by       *spool.Spool
		timeline int32
		end      cdc.LSN
		taken    bool
	}{
		{first, 1, 100, true},
		{second, 1, 200, true},
		{first, 1, 150, false},
		{first, 1, 250, true}, // which it has settled before it was replaced
		{first, 2, 220, false},
		{first, 2, 300, false},
		{second, 2, 210, true}, // all that the server has
	} {
		c := cdc.Checkpoint{
			System: "7", Database: "1", Timeline: step.timeline, Settled: cdc.Position{End: step.end},
		}
		if err := step.by.SaveCheckpoint(t.Context(), "hookline", c); err != nil {
			t.Fatal(err)
		}
		got, err := second.LoadCheckpoint(t.Context(), "hookline")
		if err != nil {
			t.Fatal(err)
		}
		if taken := got.Timeline == c.Timeline && got.Settled == c.Settled; taken != step.taken {
			t.Errorf("%+v: taken %t, want %t", c, taken, step.taken)
		}
	}
}
