package main

import (
	"context"

	"hookline/internal/run"
)

type runCommand struct {
	Role run.Role `help:"${run_role}" enum:"reader,sender," default:""`
}

func (c runCommand) Run(ctx context.Context) error {
	cfg, err := load()
	if err != nil {
		return err
	}
	if err := c.Role.Check(cfg); err != nil {
		return err
	}
	return run.Run(ctx, cfg, c.Role, run.NewLogger(cfg))
}
