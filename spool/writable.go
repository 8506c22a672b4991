package spool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/pg"
)

// written are the tables that the spool writes to while it is in use.
var written = []string{"checkpoint", "owner", "queue", "delivery", "delivered"}

// lockModes keep others from writing to a table.
//
// https://www.postgresql.org/docs/current/explicit-locking.html#TABLE-LOCK-COMPATIBILITY
var lockModes = []string{
	"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
}

const (
	// that a session may wait for another one before that is in the way
	longWait = 2 * time.Second
	// rows of some 32 bytes, which do not fit into the memory that they get
	spilled = 30_000
)

// CheckWrites returns what keeps the spool from being written to, nil when nothing does, or when
// there is no spool yet. It changes nothing: it deletes no row of each table, in a transaction that
// is rolled back, and has the server write a megabyte of its own beside them, which that removes
// at once.
func (s *Spool) CheckWrites(ctx context.Context) (*cdc.Problem, error) {
	err := s.tryWrite(ctx)
	if err == nil || pg.Is(err, pg.LockNotAvailable) {
		inTheWay, err := s.checkLocks(ctx)
		if err != nil || inTheWay != nil {
			return inTheWay, err
		}
	}
	refused := pg.Refused(err)
	switch {
	case err == nil, pg.Is(err, pg.UndefinedTable):
		return nil, nil
	case refused == nil:
		return nil, fmt.Errorf("try whether the spool can be written to: %w", err)
	}
	why := refused.Message
	if refused.Code == pg.DiskFull {
		why = "no space is left on its disk" // the server names a file that is another one each time
	}
	p := &cdc.Problem{
		What: fmt.Sprintf("the spool cannot be written to: %s (SQLSTATE %s); what has to wait there "+
			"stays in memory, and holds the slot", why, refused.Code),
		Hint: "let the role write to its tables; it goes on by itself then",
	}
	switch refused.Code {
	case pg.DiskFull:
		p.Hint = "make room on the disk of the spool's database; it goes on by itself then"
	case pg.ReadOnlyTransaction:
		p.Hint = "take default_transaction_read_only back where it is set (ALTER ROLE, ALTER DATABASE " +
			"… RESET, or the server's own), or have HOOKLINE_SPOOL_DATABASE_URL, or else " +
			"HOOKLINE_DATABASE_URL, lead to the primary where this is a standby; it goes on by itself then"
	case pg.LockNotAvailable: // of somebody who is gone by now, or cannot be seen
		p.Hint = "end whoever has a table of the spool locked: see pg_locks; it goes on by itself then"
	}
	return p, nil
}

func (s *Spool) tryWrite(ctx context.Context) error {
	errUndone := errors.New("all is well")
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		in := qualified{tx, s.pool.schema}
		for _, sql := range []string{
			"SET LOCAL lock_timeout = '1s'", "SET LOCAL work_mem = '64kB'",
			"SET LOCAL temp_tablespaces = ''", // where the database is
		} {
			if _, err := in.Exec(ctx, sql); err != nil {
				return err
			}
		}
		for _, table := range written {
			if _, err := in.Exec(ctx, "DELETE FROM {{schema}}."+table+" WHERE false"); err != nil {
				return err
			}
		}
		_, err := in.Exec(ctx, "SELECT count(*) FROM generate_series(1, $1::int)", spilled)
		if err != nil && !pg.Is(err, pg.ConfigurationLimitExceeded) { // temp_file_limit
			return err
		}
		return errUndone
	})
	if errors.Is(err, errUndone) {
		return nil
	}
	return err
}

// checkLocks looks for sessions that have a table of the spool locked, or rows that Hookline waits
// for.
func (s *Spool) checkLocks(ctx context.Context) (*cdc.Problem, error) {
	rows, err := s.pool.Query(ctx, `
		WITH tables AS (
			SELECT oid FROM pg_class
			WHERE relnamespace = to_regnamespace($1) AND relkind = 'r' AND relname = ANY ($2)
		), held AS (
			SELECT l.pid, l.mode, l.granted FROM pg_locks l JOIN tables t ON t.oid = l.relation
			WHERE l.locktype = 'relation' AND l.pid <> pg_backend_pid()
				AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		), blocking AS (
			SELECT pid FROM held WHERE granted AND mode = ANY ($3)
			UNION SELECT unnest(pg_blocking_pids(a.pid)) FROM pg_stat_activity a
			WHERE a.wait_event_type = 'Lock' AND a.application_name = $4
				AND a.query_start < clock_timestamp() - $5::interval
				AND a.pid IN (SELECT pid FROM held WHERE granted)
		)
		SELECT format('session %s of role %s (%s)', pid, usename,
				coalesce(nullif(application_name, ''), 'no name')),
			xact_start, format('SELECT pg_terminate_backend(%s);', pid)
		FROM blocking JOIN pg_stat_activity USING (pid)
		WHERE application_name IS DISTINCT FROM $4 ORDER BY xact_start`,
		string(s.pool.schema), written, lockModes, pg.SessionSettings()["application_name"], longWait)
	if err != nil {
		return nil, fmt.Errorf("look who has tables of the spool locked: %w", err)
	}
	var who, sql []string
	var name, end string
	var since *time.Time
	_, err = pgx.ForEachRow(rows, []any{&name, &since, &end}, func() error {
		if since != nil {
			name += " since " + since.UTC().Format(time.RFC3339)
		}
		who, sql = append(who, name), append(sql, end)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look who has tables of the spool locked: %w", err)
	}
	if len(who) == 0 {
		return nil, nil
	}
	return &cdc.Problem{
		What: "the spool cannot be written to: locked by " + strings.Join(who, "; ") + "; what has to " +
			"wait there stays in memory, and holds the slot",
		Hint: "wait until that is over, and it goes on by itself; or end it: " + strings.Join(sql, " "),
	}, nil
}
