package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"hookline/spool"
)

type deliveriesReplay struct{ deadFilter }

func (c deliveriesReplay) Run(ctx context.Context) error {
	return withSpool(ctx, func(store *spool.Spool) error { return c.replay(ctx, store, os.Stdout, time.Now()) })
}

// replay marks the deliveries. Whoever owns the spool sends them.
func (c deliveriesReplay) replay(ctx context.Context, store *spool.Spool, out io.Writer, now time.Time) error {
	named, err := c.named(ctx, store)
	if err != nil {
		return err
	}
	for _, d := range named {
		switch {
		case d.State == spool.Waiting:
			fmt.Fprintf(out, "%s to webhook %s is not dead: it waits for its next attempt, %s.\n", d.ID, d.Webhook, whenDue(d, now))
		case d.Wanted:
			fmt.Fprintf(out, "%s to webhook %s will be sent again already.\n", d.ID, d.Webhook)
		}
	}
	filter := c.filter()
	if c.DryRun {
		filter.Unwanted = true
		counts, err := store.Count(ctx, filter)
		tellCounts(out, counts, "would be sent again")
		return err
	}
	counts, err := store.Want(ctx, filter)
	tellCounts(out, counts, "will be sent again")
	if len(counts) > 0 {
		fmt.Fprintln(out, "A running Hookline begins within a second. If none runs, they are sent at its next start.")
	}
	return err
}

// tellCounts prints how many deliveries to each webhook something is true of.
func tellCounts(out io.Writer, counts []spool.Count, what string) {
	total := 0
	for _, c := range counts {
		fmt.Fprintf(out, "%6d to webhook %s\n", c.Events, c.Webhook)
		total += c.Events
	}
	noun := "deliveries"
	if total == 1 {
		noun = "delivery"
	}
	fmt.Fprintf(out, "%d dead %s %s.\n", total, noun, what)
}
