package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"hookline/internal/operate"
	"hookline/spool"
)

type deliveriesReplay struct{ deadFilter }

func (c deliveriesReplay) Run(ctx context.Context) error {
	return withSpool(ctx, func(store *spool.Spool) error {
		known, err := knownWebhooks(ctx, store)
		if err == nil && c.Webhook != "" {
			c.Webhook, err = known.Key(c.Webhook)
		}
		if err != nil {
			return err
		}
		return c.replay(ctx, store, known, os.Stdout, time.Now())
	})
}

// replay marks the deliveries, but those to webhooks that were deleted. Whoever owns the spool
// sends them. When nothing is left to be sent, the error says so of those.
func (c deliveriesReplay) replay(ctx context.Context, store *spool.Spool,
	known operate.KnownWebhooks, out io.Writer, now time.Time,
) error {
	named, err := c.named(ctx, store)
	if err != nil {
		return err
	}
	passed := []passedOver{}
	for _, d := range named {
		switch {
		case d.State == spool.Waiting:
			why := "is not dead: it waits for its next attempt, " + whenDue(d, now)
			passed = append(passed, passedOver{d.ID, d.Webhook, why})
		case d.Wanted:
			passed = append(passed, passedOver{d.ID, d.Webhook, "will be sent again already"})
		}
	}
	filter := c.filter()
	filter.Unwanted = true
	deleted, err := known.ToDeleted(ctx, store, filter)
	if err != nil {
		return err
	}
	filter.NotTo = known.Deleted()
	if deleted != nil && len(passed) == 0 {
		left, err := store.Count(ctx, filter)
		if err != nil {
			return err
		}
		if totalOf(left) == 0 {
			return operate.NoReceiver(deleted)
		}
	}
	total, err := c.change(ctx, store, out, filter, passed, deleted,
		"will be sent again", "would be sent again", store.Want)
	if total > 0 && !c.DryRun && !c.JSON {
		fmt.Fprintln(out, "A running Hookline begins within a second. If none runs, they are sent at "+
			"its next start.")
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
