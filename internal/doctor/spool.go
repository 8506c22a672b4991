package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"hookline/admin/api"
	"hookline/cdc"
	"hookline/internal/amount"
	"hookline/internal/crm"
)

// spool asks the spool for the checkpoint, and for what waits.
func (x *checkup) spool(ctx context.Context) (found []cdc.Finding, err error) {
	if x.store, err = crm.OpenSpool(ctx, x.cfg); err != nil {
		return nil, unfinished{err}
	}
	if x.checkpoint, err = x.store.LoadCheckpoint(ctx, x.cfg.CDC.Slot); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return []cdc.Finding{{
			Level: cdc.Wrong, Check: "spool", Found: err.Error(),
			Hint: "HOOKLINE_SPOOL_DATABASE_URL, or else HOOKLINE_DATABASE_URL, has to lead to a " +
				"database in which the role may use its schema",
		}}, nil
	}
	x.reachable = true
	unwritable, err := x.store.CheckWrites(ctx)
	if err != nil {
		return nil, err
	}
	if unwritable != nil {
		found = append(found, unwritable.Finding("spool"))
	}
	queues, gaveUp, err := crm.ReadSpool(ctx, x.store)
	if err != nil {
		return found, err
	}
	if x.known&tables == tables {
		crm.MarkDeleted(queues, x.db.Webhooks.List())
	}
	return append(found, checkQueues(queues, gaveUp, time.Now())...), nil
}

// checkQueues tells what waits, what is dead, and what was given up.
func checkQueues(queues []crm.QueueStatus, gaps []api.GaveUp, now time.Time) []cdc.Finding {
	const check = "spool"
	waiting, dead, bytes := 0, 0, int64(0)
	var oldest time.Time
	var found []cdc.Finding
	for _, q := range queues {
		waiting, dead, bytes = waiting+q.Waiting, dead+q.Dead, bytes+q.Bytes
		if q.Waiting > 0 && (oldest.IsZero() || q.Oldest.Before(oldest)) {
			oldest = q.Oldest
		}
		for _, p := range q.Problems() {
			found = append(found, p.Finding(check))
		}
	}
	summary := cdc.OK(check, "reachable; %d waiting, %d dead, %s", waiting, dead, amount.Bytes(bytes))
	if waiting > 0 {
		summary.Found += ", the first since " + humanize.RelTime(oldest, now, "ago", "from now")
	}
	if dead > 0 {
		summary.Level = cdc.Warning
		summary.Hint = "hookline deliveries list tells which are dead; deliveries replay sends them " +
			"again, deliveries discard forgets them"
	}
	lost := 0
	for _, g := range gaps {
		if lost += g.Events; g.Ended.IsZero() {
			found = append(found, cdc.Finding{
				Level: cdc.Warning, Check: check,
				Found: fmt.Sprintf("deliveries to webhook %s are given up since %s", g.Webhook,
					g.Began.Format(time.RFC3339)),
				Hint: "mend its receiver; the ids are in hookline status --json",
			})
		}
	}
	if lost > 0 {
		summary.Found += fmt.Sprintf("; %s given up so far", amount.Of(lost, "event"))
	}
	return append([]cdc.Finding{summary}, found...)
}
