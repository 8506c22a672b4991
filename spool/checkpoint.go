package spool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/cdc"
)

// undefinedTable is https://www.postgresql.org/docs/current/errcodes-appendix.html
const undefinedTable = "42P01"

// The table of checkpoints is named with its schema: without it, a schema that the role may not use would look like one that is not there.

// LoadCheckpoint returns the checkpoint of a slot, nil when there is none, nor a schema that could hold one.
func (s *Spool) LoadCheckpoint(ctx context.Context, slot string) (*cdc.Checkpoint, error) {
	var c cdc.Checkpoint
	var at *time.Time
	// In a schema that is yet to be brought up to date the last three are missing.
	err := s.pool.QueryRow(ctx, `SELECT system_identifier, database_oid, timeline, settled_lsn, commit_lsn, change_index, commit_time,
			coalesce((to_jsonb(c)->>'unreadable_lsn')::pg_lsn, '0/0'), coalesce((to_jsonb(c)->>'unreadable_after')::pg_lsn, '0/0'),
			coalesce(to_jsonb(c)->>'unreadable_cause', '')
		FROM `+s.table+` c WHERE slot = $1`, slot).
		Scan(&c.System, &c.Database, &c.Timeline, &c.Settled.End, &c.Settled.Commit, &c.Settled.Index, &at,
			&c.Unsent.Commit, &c.Unsent.After, &c.Unsent.Cause)
	refused, _ := errors.AsType[*pgconn.PgError](err)
	if errors.Is(err, pgx.ErrNoRows) || (refused != nil && refused.Code == undefinedTable) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load checkpoint of slot %q: %w", slot, err)
	}
	c.Time = orZero(at)
	return &c, nil
}

// SaveCheckpoint stores the checkpoint of a slot; it is durable on return. A position before the stored one of the same database is not
// taken, nor one of an earlier timeline: a process that was replaced does not set back the one that replaced it. It needs no claim, since what is settled is so whoever
// tells it.
func (s *Spool) SaveCheckpoint(ctx context.Context, slot string, c cdc.Checkpoint) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO `+s.table+` AS old
			(slot, system_identifier, database_oid, timeline, settled_lsn, commit_lsn, change_index, commit_time)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (slot) DO UPDATE SET
			system_identifier = EXCLUDED.system_identifier, database_oid = EXCLUDED.database_oid, timeline = EXCLUDED.timeline,
			settled_lsn = EXCLUDED.settled_lsn, commit_lsn = EXCLUDED.commit_lsn, change_index = EXCLUDED.change_index,
			commit_time = coalesce(EXCLUDED.commit_time, old.commit_time), saved_at = now()
		WHERE (old.system_identifier, old.database_oid) <> (EXCLUDED.system_identifier, EXCLUDED.database_oid)
			OR old.timeline < EXCLUDED.timeline
			OR old.timeline = EXCLUDED.timeline AND (old.settled_lsn, old.commit_lsn, old.change_index) < (EXCLUDED.settled_lsn, EXCLUDED.commit_lsn, EXCLUDED.change_index)`,
		slot, c.System, c.Database, c.Timeline, c.Settled.End, c.Settled.Commit, c.Settled.Index, orNull(c.Time))
	if err != nil {
		return fmt.Errorf("save checkpoint of slot %q: %w", slot, err)
	}
	return nil
}

// SaveUnsent adds to the checkpoint of a slot what the server cannot send. It is durable on return.
func (s *Spool) SaveUnsent(ctx context.Context, slot string, u cdc.Unsent) error {
	_, err := s.pool.Exec(ctx, `UPDATE `+s.table+` SET unreadable_lsn = $2, unreadable_after = $3, unreadable_cause = $4 WHERE slot = $1`,
		slot, u.Commit, u.After, u.Cause)
	if err != nil {
		return fmt.Errorf("save what cannot be read of slot %q: %w", slot, err)
	}
	return nil
}

// ForgetCheckpoint removes the checkpoint of a slot: the next start takes up wherever the slot stands.
func (s *Spool) ForgetCheckpoint(ctx context.Context, slot string) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM `+s.table+` WHERE slot = $1`, slot); err != nil {
		return fmt.Errorf("forget checkpoint of slot %q: %w", slot, err)
	}
	return nil
}
