package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"hookline/cdc"
	"hookline/internal/amount"
	"hookline/internal/operate"
	"hookline/webhook"
)

type statusCommand struct {
	jsonFlag
	Watch bool           `help:"Look again and again, until Ctrl-C."`
	Every *time.Duration `help:"How often, with --watch (2s)."`
}

// Validate refuses to ask the database without a pause.
func (c statusCommand) Validate() error {
	switch {
	case c.Every == nil:
	case *c.Every < 100*time.Millisecond:
		return fmt.Errorf("--every %s: want at least 100ms", *c.Every)
	case !c.Watch:
		return fmt.Errorf("--every %s goes with --watch", *c.Every)
	}
	return nil
}

// unread is what status prints as JSON where the database cannot be read.
type unread struct {
	Healthy bool   `json:"healthy"`
	Error   string `json:"error"`
}

// errUnhealthy ends the command with exit code 3.
var errUnhealthy = errors.New("unhealthy")

func (c statusCommand) Run(ctx context.Context) error {
	cfg, err := load()
	if err != nil {
		return err
	}
	if c.Watch {
		return c.watch(ctx, cfg, newScreen(os.Stdout))
	}
	s, err := operate.ReadStatus(ctx, cfg)
	if err != nil && c.JSON {
		return errors.Join(err, printJSON(os.Stdout, unread{Error: cdc.ExplainPooler(err).Error()}))
	}
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(os.Stdout, s)
	} else {
		err = printStatus(os.Stdout, s, time.Now())
	}
	if err == nil && !s.Healthy {
		err = errUnhealthy
	}
	return err
}

// printStatus prints how things stand.
func printStatus(out io.Writer, s *operate.Status, now time.Time) error {
	var w table
	line := func(name, format string, args ...any) { w.row(name, fmt.Sprintf(format, args...)) }
	line("profile", "%s, %s published", s.Profile, amount.Of(s.Tables, "table"))
	if s.Slot.Exists {
		state := "not active"
		if s.Slot.Active {
			state = "active"
		}
		line("slot", "%s: %s, at %s, %s behind, keeps %s of WAL (%s)",
			s.Slot.Name, state, s.Slot.Confirmed, amount.Bytes(s.Slot.LagBytes),
			amount.Bytes(s.Slot.RetainedBytes), s.Slot.WALStatus)
		if s.Slot.SafeBytes != nil {
			line("", "is lost after another %s of WAL", amount.Bytes(*s.Slot.SafeBytes))
		}
	}
	if c := s.Checkpoint; c != nil {
		last := ""
		if !c.LastChange.IsZero() {
			last = ", last change of " + humanize.RelTime(c.LastChange, now, "ago", "from now")
		}
		line("checkpoint", "%s%s", c.Settled, last)
	}
	if len(s.Private) > 0 {
		line("private", "%s: not announced, unless HOOKLINE_PRIVATE_OBJECTS names them",
			strings.Join(s.Private, ", "))
	}
	if len(s.Shared) > 0 {
		line("by record", "%s: announced if something that the record belongs to is; "+
			"what cannot be decided is %s (HOOKLINE_UNDECIDED)",
			strings.Join(s.Shared, ", "), s.Undecided)
	}
	for _, t := range s.Tenants {
		line("tenant", "%s: %s", t.Table, t.String())
	}
	states := map[webhook.RowState]int{}
	for _, h := range s.Webhooks {
		states[h.State]++
	}
	line("webhooks", "%d active, %d skipped, %d disabled",
		states[webhook.Active], states[webhook.Skipped], states[webhook.Disabled])
	for _, h := range s.Webhooks {
		w.row(cell{"  " + string(h.State), stateColours[h.State]},
			fmt.Sprintf("%s  %s  %s", h.Key, h.Host, strings.Join(h.Operations, ",")))
		if h.Reason != "" {
			line("", "  %s", h.Reason)
		}
	}
	for _, q := range s.Spool {
		since := ""
		if q.Waiting > 0 {
			since = ", the first since " + humanize.RelTime(q.Oldest, now, "ago", "from now")
		}
		deleted := ""
		if q.Deleted {
			deleted = " (deleted)"
		}
		line("spool", "%s%s: %d waiting%s, %d dead, %s", q.Webhook, deleted, q.Waiting, since, q.Dead,
			amount.Bytes(q.Bytes))
	}
	for _, g := range s.Gaps {
		line("given up", "%s: %d deliveries from %s to %s", g.Webhook, g.Events, g.First, g.Last)
	}
	if s.Bus != nil {
		line("bus", "%s", s.Bus)
		const most = 8
		fullest := s.Bus.Fullest(s.Bus.Partitions)
		for _, n := range fullest[:min(most, len(fullest))] {
			line("", "partition %d: %d waiting, %d in hand, %s", n, s.Bus.Parts[n].Waiting,
				s.Bus.Parts[n].InHand, cmp.Or(s.Bus.Holders[n], "nobody has it"))
		}
		if more := len(fullest) - most; more > 0 {
			line("", "something waits in %s", amount.Of(more, "other partition"))
		}
	}
	for _, p := range s.Problems {
		w.row(cell{"PROBLEM", red}, p)
	}
	return w.print(screenOf(out))
}
