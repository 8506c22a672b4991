package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
)

// TestPartsInOrder has parts started from the top and stopped from the bottom, whatever ends the
// work, and whichever of them cannot be started.
func TestPartsInOrder(t *testing.T) {
	broken := errors.New("broken")
	for _, test := range []struct {
		name  string
		fails string // what fails: a start, the work or a stop
		ended bool   // ctx ends while that fails
		want  []string
		err   bool
	}{
		{"all well", "", false, []string{
			"start a", "start b", "start c", "work", "stop c", "stop b", "stop a",
		}, false},
		{"the first cannot be started", "start a", false, []string{"start a"}, true},
		{"the last cannot be started", "start c", false, []string{
			"start a", "start b", "start c", "stop b", "stop a",
		}, true},
		{"the end comes during a start", "start b", true, []string{"start a", "start b", "stop a"}, false},
		{"the work fails", "work", false, []string{
			"start a", "start b", "start c", "work", "stop c", "stop b", "stop a",
		}, true},
		{"a stop fails", "stop b", true, []string{
			"start a", "start b", "start c", "work", "stop c", "stop b", "stop a",
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, end := context.WithCancel(t.Context())
			defer end()
			var did []string
			do := func(what string) func(context.Context) error {
				return func(ctx context.Context) error {
					did = append(did, what)
					if what[:4] == "stop" && ctx.Err() != nil {
						t.Errorf("%s with a context that has ended", what)
					}
					if what != test.fails {
						return nil
					}
					if test.ended {
						end()
					}
					return fmt.Errorf("%s: %w", what, broken)
				}
			}
			var list parts
			for _, name := range []string{"a", "b", "c"} {
				list = append(list, part{name, do("start " + name), do("stop " + name)})
			}
			list = slices.Insert(list, 1, part{name: "neither started nor stopped"})
			err := list.run(ctx, slog.New(slog.DiscardHandler), do("work"))
			if !slices.Equal(did, test.want) || errors.Is(err, broken) != test.err ||
				(err != nil) != test.err {
				t.Errorf("did %q, %v; want %q, an error: %t", did, err, test.want, test.err)
			}
		})
	}
}

// A part in the background ends at its stop, and not before: later parts are stopped first.
func TestBackground(t *testing.T) {
	ended := make(chan struct{})
	list := parts{
		{name: "first", stop: func(context.Context) error {
			<-ended
			return nil
		}},
		background("second", func(ctx context.Context) {
			<-ctx.Done()
			close(ended)
		}),
		{name: "third", stop: func(context.Context) error {
			select {
			case <-ended:
				return errors.New("ended before its turn")
			default:
				return nil
			}
		}},
	}
	err := list.run(t.Context(), slog.New(slog.DiscardHandler),
		func(context.Context) error { return nil })
	if err != nil {
		t.Error(err)
	}
}

// TestSessionInOrder holds the session's list to what docs/ARCHITECTURE.md says of a stop: what is
// in hand is finished before the slot is given back, and that before the database is closed.
func TestSessionInOrder(t *testing.T) {
	var names []string
	for _, p := range new(session).parts() {
		names = append(names, p.name)
	}
	for _, order := range [][2]string{
		{"database", "spool"},
		{"spool", "stream"},
		{"stream", "notices"},
		{"notices", "accepted deliveries"},
		{"accepted deliveries", "sender"},
		{"sender", "publication"},
		{"publication", "slot"},
		{"slot", "monitor"},
		{"slot", "webhooks and catalog"},
		{"webhooks and catalog", "deliveries of before"},
		{"deliveries of before", "new tables"},
		{"webhooks and catalog", "columns"},
	} {
		a, b := slices.Index(names, order[0]), slices.Index(names, order[1])
		if a < 0 || b < a {
			t.Errorf("%q, want %q before %q", names, order[0], order[1])
		}
	}
}
