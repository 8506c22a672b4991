package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/spool"
)

// checkState looks at how far Hookline has come: spool, slot, gap.
func (d *doctor) checkState(ctx context.Context, conn *pgx.Conn) error {
	store, err := openSpool(ctx, d.cfg)
	if err != nil {
		return err
	}
	defer store.Close()
	checkpoint, reachable, err := d.checkSpool(ctx, store)
	if err != nil {
		return err
	}
	var checkpoints cdc.Checkpoints
	if reachable {
		checkpoints = store
	}
	gap, err := cdc.FindGap(ctx, conn, d.cfg.CDC, checkpoints)
	if err != nil {
		return d.take("slot", nil, err)
	}
	slot, err := readSlot(ctx, conn, d.cfg.CDC.Slot)
	if err != nil {
		return err
	}
	if slot.Making && checkpoint == nil {
		d.add(cdc.Finding{Level: cdc.Warning, Check: "slot", Found: slot.making(), Mend: "nothing, unless it takes too long: then end what it waits for"})
		return nil
	}
	if !slot.Exists && checkpoint == nil { // FindGap calls this one, too: before the first start it is none
		d.add(cdc.OK("slot", "%q is not made yet; hookline run makes it", slot.Name))
		return nil
	}
	if gap != nil {
		f := gap.Finding("gap")
		f.Found = fmt.Sprintf("%s: %s", gap.Reason, gap.What)
		d.add(f)
		return nil
	}
	rate, err := walRate(ctx, conn)
	if err != nil {
		return err
	}
	d.add(checkSlot(slot, rate), cdc.OK("gap", "none"))
	return nil
}

// checkSpool returns the checkpoint, and whether the spool could be asked for it.
func (d *doctor) checkSpool(ctx context.Context, store *spool.Spool) (c *cdc.Checkpoint, reachable bool, err error) {
	const check = "spool"
	if d.cfg.Spool.URL != "" {
		if err := d.checkSpoolSchema(ctx); err != nil {
			return nil, false, err
		}
	}
	if c, err = store.LoadCheckpoint(ctx, d.cfg.CDC.Slot); err != nil {
		if ctx.Err() != nil {
			return nil, false, context.Cause(ctx)
		}
		d.add(cdc.Finding{
			Level: cdc.Wrong, Check: check, Found: err.Error(),
			Mend: "HOOKLINE_SPOOL_DATABASE_URL, or else HOOKLINE_DATABASE_URL, has to lead to a database in which the role may use its schema",
		})
		return nil, false, nil
	}
	var s status
	err = s.readSpool(ctx, store)
	if err != nil {
		return c, true, d.take(check, nil, err)
	}
	d.add(checkQueues(s.Spool, s.Gaps, time.Now())...)
	return c, true, nil
}

// checkSpoolSchema looks at the schema in a database other than the CRM's.
func (d *doctor) checkSpoolSchema(ctx context.Context) error {
	cfg, err := cdc.PoolConfig(d.cfg.Spool.URL, 1)
	if err != nil {
		return fmt.Errorf("HOOKLINE_SPOOL_DATABASE_URL: %w", err)
	}
	cfg.ConnConfig.ConnectTimeout = cmp.Or(cfg.ConnConfig.ConnectTimeout, connectLimit)
	conn, err := pgx.ConnectConfig(ctx, cfg.ConnConfig)
	if err != nil {
		return nil //nolint:nilerr // the spool is asked next, and tells
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	found, err := checkSchema(ctx, conn, "spool schema", d.cfg.Spool.Schema)
	return d.take("spool schema", found, err)
}

// checkQueues tells what waits, what is dead, and what was given up.
func checkQueues(queues []queueStatus, gaps []spoolGap, now time.Time) []cdc.Finding {
	const check = "spool"
	waiting, dead, bytes := 0, 0, int64(0)
	var oldest time.Time
	var found []cdc.Finding
	for _, q := range queues {
		waiting, dead, bytes = waiting+q.Waiting, dead+q.Dead, bytes+q.Bytes
		if q.Waiting > 0 && (oldest.IsZero() || q.Oldest.Before(oldest)) {
			oldest = q.Oldest
		}
		for _, p := range q.problems() {
			found = append(found, p.Finding(check))
		}
	}
	summary := cdc.OK(check, "reachable; %d waiting, %d dead, %s", waiting, dead, size(bytes))
	if waiting > 0 {
		summary.Found += ", the first since " + humanize.RelTime(oldest, now, "ago", "from now")
	}
	if dead > 0 {
		summary.Level = cdc.Warning
		summary.Mend = "hookline deliveries list tells which are dead; deliveries replay sends them again, deliveries discard forgets them"
	}
	lost := 0
	for _, g := range gaps {
		if lost += g.Events; g.Ended.IsZero() {
			found = append(found, cdc.Finding{
				Level: cdc.Warning, Check: check,
				Found: fmt.Sprintf("deliveries to webhook %s are given up since %s", g.Webhook, g.Began.Format(time.RFC3339)),
				Mend:  "mend its receiver; the ids are in hookline status --json",
			})
		}
	}
	if lost > 0 {
		summary.Found += fmt.Sprintf("; %s given up so far", plural(lost, "event"))
	}
	return append([]cdc.Finding{summary}, found...)
}

// walRate is how many bytes of WAL the server has written in a second, on average since its statistics were reset.
func walRate(ctx context.Context, conn *pgx.Conn) (perSecond float64, err error) {
	err = conn.QueryRow(ctx, `SELECT coalesce(wal_bytes / greatest(extract(epoch FROM now() - stats_reset), 1), 0)::float8
		FROM pg_stat_wal`).Scan(&perSecond)
	if err != nil {
		return 0, fmt.Errorf("read how much WAL is written: %w", err)
	}
	return perSecond, nil
}

// soon is how near the loss of a slot must be to be a warning.
const soon = 24 * time.Hour

// checkSlot tells of a slot that is there. rate is of WAL, in bytes per second.
func checkSlot(s slotStatus, rate float64) cdc.Finding {
	state := "not active"
	if s.Active {
		state = "active"
	}
	f := cdc.OK("slot", "%q is %s, %s behind, keeps %s of WAL (%s)", s.Name, state, size(s.LagBytes), size(s.RetainedBytes), s.WALStatus)
	left := time.Duration(-1)
	if s.SafeBytes != nil {
		f.Found += fmt.Sprintf("; it is lost after another %s", size(*s.SafeBytes))
		if seconds := float64(max(*s.SafeBytes, 0)) / rate; rate > 0 && seconds < (1000*time.Hour).Seconds() {
			left = time.Duration(seconds * float64(time.Second)).Round(time.Minute)
			f.Found += fmt.Sprintf(", some %s at the server's average rate", left)
		}
	}
	switch {
	case s.WALStatus == "unreserved":
		f.Level = cdc.Wrong
		f.Mend = "it is lost at the next checkpoint of the server unless it catches up: start hookline run, or raise max_slot_wal_keep_size at once"
	case !s.Active:
		f.Level = cdc.Warning
		f.Mend = "nobody reads it, so Postgres keeps WAL for it: start hookline run. If Hookline is not to come back, drop it"
		f.SQL = []string{fmt.Sprintf("SELECT pg_drop_replication_slot('%s')", s.Name)}
	case left >= 0 && left < soon && s.LagBytes > *s.SafeBytes/10:
		f.Level = cdc.Warning
		f.Mend = "find out why it does not come on (hookline status), or raise max_slot_wal_keep_size"
	}
	return f
}
