package main

import (
	"context"
	"io"
	"os"

	"hookline/spool"
)

type deliveriesDiscard struct{ deadFilter }

func (c deliveriesDiscard) Run(ctx context.Context) error {
	return withSpoolOf(ctx, &c.Webhook, func(store *spool.Spool) error {
		return c.discard(ctx, store, os.Stdout)
	})
}

func (c deliveriesDiscard) discard(ctx context.Context, store *spool.Spool, out io.Writer) error {
	named, err := c.named(ctx, store)
	if err != nil {
		return err
	}
	passed := []passedOver{}
	for _, d := range named {
		if d.State == spool.Waiting {
			const why = "is not dead: it waits for its next attempt, and stays"
			passed = append(passed, passedOver{d.ID, d.Webhook, why})
		}
	}
	_, err = c.change(ctx, store, out, c.filter(), passed, nil,
		"removed", "would be removed", store.DiscardDead)
	return err
}
