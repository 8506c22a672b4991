package run

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/config"
	"hookline/internal/bus"
	"hookline/internal/crm"
	"hookline/internal/pg"
)

const (
	gapInterval = 3 * time.Second // between two looks whether a gap is still there
	gapLimit    = 10 * time.Second
)

// untilMended waits until the database no longer shows a halt, or ctx ends. While the
// slot is missing it goes on waiting whether or not there is a checkpoint: this is not the first
// start, and a database that somebody has put in the other one's place must not be announced
// unasked.
func (p *process) untilMended(ctx context.Context, cfg config.Config) {
	tick := time.NewTicker(gapInterval)
	defer tick.Stop()
	told := ""
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		halt, err := findHalt(ctx, cfg)
		gap, _ := errors.AsType[*cdc.Gap](halt)
		switch {
		case err != nil && err.Error() != told:
			told = err.Error()
			what := "what blocks the stream"
			if p.Gap() != nil {
				what = "the gap"
			}
			p.log.Warn("it cannot be told whether "+what+" is still there", "error", err)
		case err != nil:
		case halt == nil:
			return
		// A slot that goes missing now is about to be made anew.
		case gap != nil && gap.Reason == cdc.SlotMissing && p.Gap() != nil:
		default:
			p.declare(halt)
		}
	}
}

// findHalt looks for a gap, and else for what blocks the stream; nil when there is nothing.
func findHalt(ctx context.Context, cfg config.Config) (halt, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, gapLimit, errors.New("the server does not answer"))
	defer cancel()
	store, err := crm.OpenSpool(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	config, err := pg.PoolConfig(cfg.CDC.URL, 1)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	gap, err := cdc.FindGap(ctx, conn, cfg.CDC, store)
	if err != nil {
		return nil, err
	}
	if gap != nil {
		return gap, nil
	}
	blocked, err := cdc.FindBlocked(ctx, conn)
	if err != nil {
		return nil, err
	}
	if blocked != nil {
		return blocked, nil
	}
	if cfg.Bus.On() {
		halt, err = bus.Inspect(ctx, cfg.Bus, store, slog.New(slog.DiscardHandler)), nil
	} else {
		halt = crm.LeftBus(ctx, store)
	}
	if halt != nil && !isHalt(halt) {
		halt, err = nil, halt
	}
	return halt, err
}
