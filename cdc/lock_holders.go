package cdc

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// The modes of lock that keep a step from its own.
//
// https://www.postgresql.org/docs/current/explicit-locking.html#TABLE-LOCK-COMPATIBILITY
var (
	lockModes = []string{
		"AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
		"ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
	}
	lockModesOfPublish  = lockModes[3:]
	lockModesOfBackfill = lockModes[2:]
	lockModesOfRead     = lockModes[7:]
)

// blocked tells which sessions and prepared transactions hold locks that are in the step's way now.
func (p *Plan) blocked(ctx context.Context, conn *pgx.Conn, s *Step) (Skipped, error) {
	on, modes, within := s.Table.String(), lockModesOfPublish, false
	switch s.Kind {
	case SetIdentity:
		modes = lockModes
		if s.Part != "" {
			on = s.Part
		}
	case Attach:
		on, modes = s.Part, lockModesOfRead
	case Backfill, Replace:
		modes, within = lockModesOfBackfill, true
	}
	holders, err := queryLockHolders(ctx, conn, on, modes, within)
	if err != nil {
		return Skipped{}, fmt.Errorf("look who has %s locked: %w", on, err)
	}
	skipped := Skipped{
		Table: s.Table, Part: s.Part, Reason: Locked, Published: s.table.listed,
		Hint: "wait until that is over; it is tried again",
	}
	var all []string
	for _, h := range holders {
		all = append(all, h.since())
		skipped.SQL = append(skipped.SQL, h.SQL)
	}
	skipped.Why = "its lock was not to be had within " + lockTimeout.String()
	if len(all) > 0 {
		skipped.Why = "locked by " + strings.Join(all, "; ")
		skipped.Hint = "wait until that is over; it is tried again. Or end it"
	}
	if s.Kind == SetIdentity {
		skipped.Why = "its replica identity is not yet as it should be: " + skipped.Why
	}
	return skipped, nil
}
