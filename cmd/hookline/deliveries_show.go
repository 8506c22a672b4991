package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"hookline/internal/amount"
	"hookline/internal/operate"
	"hookline/spool"
)

type deliveriesShow struct {
	ID      string `arg:"" name:"id" help:"ID of the event."`
	Webhook string `placeholder:"WEBHOOK" help:"The delivery to this webhook only."`
	jsonFlag
}

func (c deliveriesShow) Run(ctx context.Context) error {
	return withSpoolOf(ctx, &c.Webhook, func(store *spool.Spool) error {
		return c.show(ctx, store, os.Stdout, time.Now())
	})
}

func (c deliveriesShow) show(ctx context.Context, store *spool.Spool, out io.Writer,
	now time.Time,
) error {
	list, err := store.Get(ctx, c.ID, c.Webhook)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return operate.NoDelivery(c.ID, c.Webhook)
	}
	if c.JSON {
		return printJSON(out, list)
	}
	for i, d := range list {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := describe(out, d, now); err != nil {
			return err
		}
	}
	return nil
}

func describe(out io.Writer, d spool.Delivery, now time.Time) error {
	var t table
	line := func(name, value string) {
		if value != "" {
			t.row(name, value)
		}
	}
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return fmt.Sprintf("%s (%s)", t.Format(time.RFC3339Nano),
			humanize.RelTime(t, now, "ago", "from now"))
	}
	state := string(d.State)
	switch {
	case d.Wanted:
		state += ", will be sent again"
	case d.Replay:
		state += ", sent again because somebody wants it so"
	}
	line("id", d.ID)
	line("event", d.Event)
	line("webhook", d.Webhook)
	line("workspace", d.Workspace)
	line("state", state)
	line("attempts", fmt.Sprint(d.Attempts))
	if d.Resent > 0 {
		line("resent", fmt.Sprint(d.Resent))
	}
	line("last attempt", at(d.LastAttempt))
	line("ended with", strings.TrimPrefix(lastAttempt(d), "-"))
	if d.State == spool.Waiting {
		line("next attempt", whenDue(d, now))
	}
	line("committed", at(d.Committed))
	line("parked", at(d.Spooled))
	line("size", amount.Bytes(int64(d.Bytes)))
	line("updated fields", strings.Join(d.Updated, ", "))
	if err := t.print(screenOf(out)); err != nil {
		return err
	}
	var data bytes.Buffer
	if err := json.Indent(&data, d.Data, "", "  "); err != nil {
		return fmt.Errorf("the data of event %s is no JSON: %w", d.ID, err)
	}
	fmt.Fprintf(out, "%s\n", data.Bytes())
	return nil
}
