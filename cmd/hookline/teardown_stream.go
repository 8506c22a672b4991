package main

import (
	"context"
	"fmt"
	"log/slog"

	"hookline/cdc"
	"hookline/config"
	"hookline/internal/amount"
	"hookline/internal/bus"
	"hookline/internal/crm"
	"hookline/internal/pg"
)

// removeStream is the cdc.RemovalKind of what is in the bus.
const removeStream cdc.RemovalKind = "remove the stream of NATS"

// ownStream is what the database has in the bus.
type ownStream struct {
	cfg  config.Config
	memo *bus.Memo // nil for nothing
	left *bus.Left // nil when it is gone, or cannot be looked for
}

// findStream looks for what the database has in the bus. Without HOOKLINE_NATS_URL, it only knows
// that there was something.
func findStream(ctx context.Context, cfg config.Config) (*ownStream, error) {
	store, err := crm.OpenSpool(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	s := &ownStream{cfg: cfg}
	if s.memo, err = store.LoadMemo(ctx); err != nil || s.memo == nil || !cfg.Bus.On() {
		return s, err
	}
	s.left, err = bus.FindLeft(ctx, cfg.Bus, s.memo, slog.New(slog.DiscardHandler))
	if err != nil {
		err = fmt.Errorf("stream %s of this database cannot be removed, so nothing is; to leave it in "+
			"NATS, unset HOOKLINE_NATS_URL: %w", s.memo.Stream, err)
	}
	return s, err
}

// tearDown removes it, or tells what would be. Call it when everything else is removed.
func (s *ownStream) tearDown(ctx context.Context, dryRun bool, result *removed) error {
	if s.memo == nil {
		return nil
	}
	what := fmt.Sprintf("stream and bucket %s of NATS", s.memo.Stream)
	there := place{Setting: "HOOKLINE_NATS_URL"}
	keep := func(why string) {
		result.Left = append(result.Left, kept{cdc.Kept{What: what, Why: why}, there})
	}
	switch {
	case !s.cfg.Bus.On():
		keep(fmt.Sprintf("HOOKLINE_NATS_URL is not set. nats stream rm %s and nats kv del %s remove them",
			s.memo.Stream, s.memo.Stream))
		return nil
	case s.left == nil:
		return nil
	case s.left.Foreign:
		keep("another database has made them")
		return nil
	}
	if s.left.Messages > 0 {
		what += fmt.Sprintf(", with %s", amount.Of(int(s.left.Messages), //nolint:gosec // few
			"unsettled message"))
	}
	if !dryRun {
		if err := bus.Remove(ctx, s.cfg.Bus, s.memo, slog.New(slog.DiscardHandler)); err != nil {
			return fmt.Errorf("%s: all else is removed; nats stream rm %s and nats kv del %s remove them "+
				"by hand: %w", what, s.memo.Stream, s.memo.Stream, err)
		}
		if err := s.forget(ctx); err != nil {
			return err
		}
	}
	done := cdc.Removal{Kind: removeStream, What: what}
	result.Removed = append(result.Removed, removal{done, there})
	return nil
}

// forget removes what the database remembers of the stream, where its tables stay since another
// Hookline uses them: one that comes back would take the stream for lost.
func (s *ownStream) forget(ctx context.Context) error {
	store, err := crm.OpenSpool(ctx, s.cfg)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.ForgetMemo(ctx); !pg.IsTableGone(err) {
		return err
	}
	return nil
}
