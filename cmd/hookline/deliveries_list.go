package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"hookline/spool"
)

type deliveriesList struct {
	deliveryFilter
	State string `enum:"waiting,dead,all" default:"dead" help:"waiting, dead or all."`
	Limit uint16 `default:"50" help:"At most so many."`
	jsonFlag
}

// Validate refuses what nothing can come of.
func (c deliveriesList) Validate() error {
	if c.Limit == 0 {
		return errors.New("--limit 0: want at least 1")
	}
	return c.period()
}

func (c deliveriesList) Run(ctx context.Context) error {
	return withSpoolOf(ctx, &c.Webhook, func(store *spool.Spool) error {
		return c.list(ctx, store, os.Stdout, time.Now())
	})
}

func (c deliveriesList) list(ctx context.Context, store *spool.Spool, out io.Writer,
	now time.Time,
) error {
	filter := c.filter()
	if c.State != "all" {
		filter.State = spool.DeliveryState(c.State)
	}
	limit := int(c.Limit)
	list, err := store.Find(ctx, filter, limit+1)
	if err != nil {
		return err
	}
	more := len(list) > limit
	list = list[:min(len(list), limit)]
	if c.JSON {
		return printJSON(out, append([]spool.Delivery{}, list...))
	}
	if len(list) == 0 {
		fmt.Fprintln(out, map[string]string{
			"dead":    "None is dead. --state waiting has those that wait, --state all has both.",
			"waiting": "None waits. --state dead has the dead ones.",
			"all":     "There are none.",
		}[c.State])
		return nil
	}
	var t table
	t.head("ID", "EVENT", "WEBHOOK", "STATE", "ATTEMPTS", "LAST", "COMMITTED", "NEXT")
	for _, d := range list {
		state := cell{text: string(d.State)}
		if d.State == spool.Dead {
			state.colour = red
		}
		t.row(d.ID, d.Event, d.Webhook, state, strconv.Itoa(d.Attempts), lastAttempt(d),
			d.Committed.Format(time.RFC3339), nextAttempt(d, now))
	}
	if err := t.print(screenOf(out)); err != nil {
		return err
	}
	if more {
		fmt.Fprintln(out, "There are more: raise --limit, or say more exactly which.")
	}
	return nil
}

// lastAttempt tells how the last attempt ended.
func lastAttempt(d spool.Delivery) string {
	if d.Status != 0 {
		return strconv.Itoa(d.Status)
	}
	return cmp.Or(d.Reason, "-")
}

// nextAttempt tells when the next attempt is made.
func nextAttempt(d spool.Delivery, now time.Time) string {
	switch {
	case d.Wanted:
		return "will be sent again"
	case d.State == spool.Dead:
		return "-"
	}
	return whenDue(d, now)
}
