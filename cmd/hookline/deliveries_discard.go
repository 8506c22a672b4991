package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"hookline/spool"
)

type deliveriesDiscard struct{ deadFilter }

func (c deliveriesDiscard) Run(ctx context.Context) error {
	return withSpool(ctx, func(store *spool.Spool) error { return c.discard(ctx, store, os.Stdout) })
}

func (c deliveriesDiscard) discard(ctx context.Context, store *spool.Spool, out io.Writer) error {
	named, err := c.named(ctx, store)
	if err != nil {
		return err
	}
	for _, d := range named {
		if d.State == spool.Waiting {
			fmt.Fprintf(out, "%s to webhook %s is not dead: it waits for its next attempt, and stays.\n", d.ID, d.Webhook)
		}
	}
	if c.DryRun {
		counts, err := store.Count(ctx, c.filter())
		tellCounts(out, counts, "would be removed")
		return err
	}
	counts, err := store.DiscardDead(ctx, c.filter())
	tellCounts(out, counts, "removed")
	return err
}
