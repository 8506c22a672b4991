package spool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/pg"
)

// The table of checkpoints is named with its schema: without it, a schema that the role may not use
// would look like one that is not there.

// LoadCheckpoint returns the checkpoint of a slot, nil when there is none, nor a schema that could
// hold one.
func (s *Spool) LoadCheckpoint(ctx context.Context, slot string) (*cdc.Checkpoint, error) {
	var c cdc.Checkpoint
	var at *time.Time
	// In a schema that is yet to be brought up to date those that are read by their names are
	// missing.
	err := s.pool.QueryRow(ctx, `SELECT system_identifier, database_oid, timeline, settled_lsn,
		commit_lsn, change_index, commit_time,
			coalesce((to_jsonb(c)->>'unreadable_lsn')::pg_lsn, '0/0'),
			coalesce((to_jsonb(c)->>'unreadable_after')::pg_lsn, '0/0'),
			coalesce(to_jsonb(c)->>'unreadable_cause', ''),
			coalesce((to_jsonb(c)->>'prepared_major')::int, 0),
			coalesce((to_jsonb(c)->>'prepared_xid')::bigint, 0),
			coalesce((to_jsonb(c)->>'prepared_until')::pg_lsn, '0/0'),
			coalesce(to_jsonb(c)->>'id', '')
		FROM `+s.table+` c WHERE slot = $1`, slot).
		Scan(&c.System, &c.Database, &c.Timeline, &c.Settled.End, &c.Settled.Commit, &c.Settled.Index,
			&at,
			&c.Unreadable.Commit, &c.Unreadable.After, &c.Unreadable.Cause, &c.Prepared.Major,
			&c.Prepared.XID,
			&c.Prepared.Until, &c.ID)
	if errors.Is(err, pgx.ErrNoRows) || pg.Is(err, pg.UndefinedTable) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load checkpoint of slot %q: %w", slot, err)
	}
	c.Time = orZero(at)
	return &c, nil
}

// SaveCheckpoint stores the checkpoint of a slot; it is durable on return. Three are not taken: a
// position before the stored one of the same database, one of an earlier timeline, and, from a
// process that was replaced, one of a later timeline: positions of two cannot be compared, and it
// does not set back the one that replaced it. It needs no claim, since what is settled is so
// whoever tells it; but who has one gets sender.ErrBehind where the spool lacks what makes it so.
func (s *Spool) SaveCheckpoint(ctx context.Context, slot string, c cdc.Checkpoint) error {
	if err := s.saveCheckpoint(ctx, slot, c); err != nil {
		return fmt.Errorf("save checkpoint of slot %q: %w", slot, err)
	}
	if s.left.Load() {
		_ = s.forget(ctx) // the next save tries again
	}
	return nil
}

func (s *Spool) saveCheckpoint(ctx context.Context, slot string, c cdc.Checkpoint) error {
	claim := s.claim.Load()
	if slot != s.cfg.Slot {
		claim = nil
	}
	acknowledged := claim.acknowledged()
	var epoch, ownerEpoch, changes int64
	if claim != nil {
		epoch = claim.epoch
	}
	err := s.pool.QueryRow(ctx, `WITH owner AS (
			SELECT coalesce(max(epoch), 0) AS epoch,
				coalesce(max((to_jsonb(o)->>'changes')::bigint), 0) AS changes
			FROM {{schema}}.owner o WHERE slot = $1
		), saved AS (
			INSERT INTO `+s.table+` AS old (slot, system_identifier, database_oid, timeline, settled_lsn,
				commit_lsn, change_index, commit_time)
			SELECT $1, $2, $3::text, $4::int, $5::pg_lsn, $6::pg_lsn, $7::bigint, $8::timestamptz FROM owner
			WHERE $9::bigint = 0 OR (epoch, changes) >= ($9::bigint, $10::bigint)
			ON CONFLICT (slot) DO UPDATE SET
				system_identifier = EXCLUDED.system_identifier, database_oid = EXCLUDED.database_oid,
				timeline = EXCLUDED.timeline, settled_lsn = EXCLUDED.settled_lsn,
				commit_lsn = EXCLUDED.commit_lsn, change_index = EXCLUDED.change_index,
				commit_time = coalesce(EXCLUDED.commit_time, old.commit_time), saved_at = now(),
				prepared_major = NULL, prepared_xid = NULL, prepared_until = NULL
			WHERE (old.system_identifier, old.database_oid) <>
					(EXCLUDED.system_identifier, EXCLUDED.database_oid)
				OR old.timeline < EXCLUDED.timeline AND ($9 = 0 OR (SELECT epoch FROM owner) <= $9)
				OR old.timeline = EXCLUDED.timeline AND (old.settled_lsn, old.commit_lsn, old.change_index) <
					(EXCLUDED.settled_lsn, EXCLUDED.commit_lsn, EXCLUDED.change_index)
		) SELECT epoch, changes FROM owner`,
		slot, c.System, c.Database, c.Timeline, c.Settled.End, c.Settled.Commit, c.Settled.Index,
		orNull(c.Time), epoch, acknowledged).Scan(&ownerEpoch, &changes)
	if err == nil && ownerEpoch <= epoch {
		err = claim.check(ownerEpoch, changes, acknowledged)
	}
	return err
}

// ReplaceCheckpoint is SaveCheckpoint, but does nothing, and returns false, when another one than
// before is stored by now.
func (s *Spool) ReplaceCheckpoint(
	ctx context.Context, slot string, before, c cdc.Checkpoint,
) (bool, error) {
	tag, err := s.pool.Exec(ctx, `UPDATE `+s.table+` SET system_identifier = $7, database_oid = $8,
			timeline = $9, settled_lsn = $10, commit_lsn = $11, change_index = $12,
			commit_time = coalesce($13, commit_time), saved_at = now(),
			prepared_major = NULL, prepared_xid = NULL, prepared_until = NULL
		WHERE slot = $1 AND (system_identifier, timeline, settled_lsn, commit_lsn, change_index) =
			($2, $3, $4, $5, $6)`,
		slot, before.System, before.Timeline, before.Settled.End, before.Settled.Commit,
		before.Settled.Index, c.System, c.Database, c.Timeline, c.Settled.End, c.Settled.Commit,
		c.Settled.Index, orNull(c.Time))
	if err != nil {
		return false, fmt.Errorf("replace checkpoint of slot %q: %w", slot, err)
	}
	return tag.RowsAffected() > 0, nil
}

// SaveUnreadable adds to the checkpoint of a slot what the server cannot send. It is durable on
// return.
func (s *Spool) SaveUnreadable(ctx context.Context, slot string, u cdc.UnreadableChange) error {
	_, err := s.pool.Exec(ctx, `UPDATE `+s.table+
		` SET unreadable_lsn = $2, unreadable_after = $3, unreadable_cause = $4 WHERE slot = $1`,
		slot, u.Commit, u.After, u.Cause)
	if err != nil {
		return fmt.Errorf("save what cannot be read of slot %q: %w", slot, err)
	}
	return nil
}

// SavePrepared adds to the checkpoint of a slot that it is ready for pg_upgrade. It is durable on
// return.
func (s *Spool) SavePrepared(ctx context.Context, slot string, p cdc.Prepared) error {
	_, err := s.pool.Exec(ctx,
		`UPDATE `+s.table+` SET prepared_major = $2, prepared_xid = $3, prepared_until = $4
		WHERE slot = $1`,
		slot, p.Major, p.XID, p.Until)
	if err != nil {
		return fmt.Errorf("save that slot %q is ready for an upgrade: %w", slot, err)
	}
	return nil
}

// ForgetCheckpoint removes the checkpoint of a slot: the next start takes up wherever the slot
// stands.
func (s *Spool) ForgetCheckpoint(ctx context.Context, slot string) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM `+s.table+` WHERE slot = $1`, slot); err != nil {
		return fmt.Errorf("forget checkpoint of slot %q: %w", slot, err)
	}
	return nil
}
