package cdc

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// The modes of lock that keep a step from its own.
//
// https://www.postgresql.org/docs/current/explicit-locking.html#TABLE-LOCK-COMPATIBILITY
var (
	allModes = []string{
		"AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
		"ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
	}
	modesOfPublish = allModes[3:]
	modesOfFill    = allModes[2:]
)

// blocked tells which sessions and prepared transactions hold locks that are in the step's way now.
func (p *Plan) blocked(ctx context.Context, conn *pgx.Conn, s *Step) (Skipped, error) {
	on, modes, within := s.Table.String(), modesOfPublish, false
	switch s.Kind {
	case SetIdentity:
		modes = allModes
		if s.Part != "" {
			on = s.Part
		}
	case Attach:
		on, modes = s.Part, modesOfFill
	case Fill, Replace:
		modes, within = modesOfFill, true
	}
	rows, err := conn.Query(ctx, `
		SELECT DISTINCT ON (since, pid, gid) pid, gid, who, since
		FROM (
			SELECT l.pid, x.gid, coalesce(x.prepared, a.xact_start) AS since,
			       CASE WHEN x.gid IS NOT NULL THEN format('prepared transaction %L of role %s', x.gid, x.owner)
			            WHEN a.backend_type <> 'client backend' THEN format('%s, process %s', a.backend_type, l.pid)
			            ELSE format('session %s of role %s (%s)', l.pid, a.usename, coalesce(nullif(a.application_name, ''), 'no name'))
			       END AS who
			FROM pg_locks l
			LEFT JOIN pg_stat_activity a ON a.pid = l.pid
			LEFT JOIN pg_locks own ON l.pid IS NULL AND own.pid IS NULL AND own.locktype = 'transactionid'
			     AND own.virtualtransaction = l.virtualtransaction
			LEFT JOIN pg_prepared_xacts x ON x.transaction = own.transactionid
			WHERE l.granted AND l.locktype = 'relation' AND l.mode = ANY ($2) AND l.pid IS DISTINCT FROM pg_backend_pid()
			  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
			  AND (l.relation = to_regclass($1) OR $3 AND l.relation IN (SELECT relid FROM pg_partition_tree(to_regclass($1))))
		) holders
		ORDER BY since NULLS LAST, pid, gid
		LIMIT 3`, on, modes, within)
	if err != nil {
		return Skipped{}, fmt.Errorf("look who has %s locked: %w", on, err)
	}
	skipped := Skipped{
		Table: s.Table, Part: s.Part, Reason: Locked, Published: s.table.listed,
		Mend: "wait until that is over; it is tried again",
	}
	var (
		pid   *int
		gid   *string
		who   *string
		since *time.Time
		all   []string
	)
	_, err = pgx.ForEachRow(rows, []any{&pid, &gid, &who, &since}, func() error {
		switch {
		case who == nil:
			return nil
		case gid != nil:
			skipped.SQL = append(skipped.SQL, "ROLLBACK PREPARED "+quoteLiteral(*gid))
		case pid != nil:
			skipped.SQL = append(skipped.SQL, fmt.Sprintf("SELECT pg_terminate_backend(%d)", *pid))
		}
		text := *who
		if since != nil {
			text += ", open since " + since.UTC().Format(time.RFC3339)
		}
		all = append(all, text)
		return nil
	})
	if err != nil {
		return Skipped{}, fmt.Errorf("look who has %s locked: %w", on, err)
	}
	skipped.Why = "its lock was not to be had within " + lockTimeout.String()
	if len(all) > 0 {
		skipped.Why = "locked by " + strings.Join(all, "; ")
		skipped.Mend = "wait until that is over; it is tried again. Or end it"
	}
	if s.Kind == SetIdentity {
		skipped.Why = "its replica identity is not yet as it should be: " + skipped.Why
	}
	return skipped, nil
}
