package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/amount"
	"hookline/internal/crm"
)

// slot asks how far Hookline has come: slot and gap.
func (x *checkup) slot(ctx context.Context) ([]cdc.Finding, error) {
	var checkpoints cdc.Checkpoints
	if x.reachable {
		checkpoints = x.store
	}
	gap, err := cdc.FindGap(ctx, x.conn, x.cfg.CDC, checkpoints)
	if err != nil {
		return nil, err
	}
	slot, err := crm.ReadSlot(ctx, x.conn, x.cfg.CDC.Slot)
	if err != nil {
		return nil, unfinished{err}
	}
	switch {
	case slot.Making && x.checkpoint == nil:
		return []cdc.Finding{{
			Level: cdc.Warning, Check: "slot", Found: slot.BeingMade(),
			Hint: "nothing, unless it takes too long: then end what it waits for",
		}}, nil
	case !slot.Exists && x.checkpoint == nil && (gap == nil || gap.Reason == cdc.SlotMissing):
		// Before the first start that is no gap.
		return []cdc.Finding{
			cdc.OK("slot", "%q is not made yet; hookline run makes it", slot.Name),
		}, nil
	case gap != nil:
		f := gap.Finding("gap")
		f.Found = fmt.Sprintf("%s: %s", gap.Reason, gap.What)
		return []cdc.Finding{f}, nil //nolint:nilerr // a gap is an error by its type alone
	}
	rate, err := walRate(ctx, x.conn)
	if err != nil {
		return nil, unfinished{err}
	}
	return []cdc.Finding{checkSlot(slot, rate), cdc.OK("gap", "none")}, nil
}

// walRate is how many bytes of WAL the server has written in a second, on average since its
// statistics were reset.
func walRate(ctx context.Context, conn *pgx.Conn) (perSecond float64, err error) {
	err = conn.QueryRow(ctx, `
		SELECT coalesce(wal_bytes / greatest(extract(epoch FROM now() - stats_reset), 1), 0)::float8
		FROM pg_stat_wal`).Scan(&perSecond)
	if err != nil {
		return 0, fmt.Errorf("read how much WAL is written: %w", err)
	}
	return perSecond, nil
}

// soon is how near the loss of a slot must be to be a warning.
const soon = 24 * time.Hour

// checkSlot tells of a slot that is there. rate is of WAL, in bytes per second.
func checkSlot(s crm.SlotStatus, rate float64) cdc.Finding {
	state := "not active"
	if s.Active {
		state = "active"
	}
	f := cdc.OK("slot", "%q is %s, %s behind, keeps %s of WAL (%s)", s.Name, state,
		amount.Bytes(s.LagBytes), amount.Bytes(s.RetainedBytes), s.WALStatus)
	left := time.Duration(-1)
	if s.SafeBytes != nil {
		f.Found += fmt.Sprintf("; it is lost after another %s", amount.Bytes(*s.SafeBytes))
		seconds := float64(max(*s.SafeBytes, 0)) / rate
		if rate > 0 && seconds < (1000*time.Hour).Seconds() {
			left = time.Duration(seconds * float64(time.Second)).Round(time.Minute)
			f.Found += fmt.Sprintf(", some %s at the server's average rate", left)
		}
	}
	switch {
	case s.WALStatus == "unreserved":
		f.Level = cdc.Wrong
		f.Hint = "it is lost at the next checkpoint of the server unless it catches up: start hookline " +
			"run, or raise max_slot_wal_keep_size at once"
	case !s.Active:
		f.Level = cdc.Warning
		f.Hint = "nobody reads it, so Postgres keeps WAL for it: start hookline run. If Hookline is " +
			"not to come back, drop it"
		f.SQL = []string{fmt.Sprintf("SELECT pg_drop_replication_slot('%s')", s.Name)}
	case left >= 0 && left < soon && s.LagBytes > *s.SafeBytes/10:
		f.Level = cdc.Warning
		f.Hint = "find out why it does not come on (hookline status), or raise max_slot_wal_keep_size"
	}
	return f
}
