package main

import (
	"context"

	"hookline/internal/run"
)

type runCommand struct{}

func (runCommand) Run(ctx context.Context) error {
	cfg, err := load()
	if err != nil {
		return err
	}
	return run.Run(ctx, cfg, run.NewLogger(cfg))
}
