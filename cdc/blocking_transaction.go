package cdc

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// blocker is a transaction that something has to wait for.
type blocker struct {
	Who   string    // the session, or the prepared transaction
	Since time.Time // when it began; zero where the role may not see that
	SQL   string    // ends it
}

func (b blocker) String() string {
	if b.Since.IsZero() {
		return b.Who
	}
	return fmt.Sprintf("%s (%s)", b.since(), time.Since(b.Since).Round(time.Second))
}

// since is String without the age, so that it reads the same twice.
func (b blocker) since() string {
	if b.Since.IsZero() {
		return b.Who
	}
	return fmt.Sprintf("%s, open since %s", b.Who, b.Since.UTC().Format(time.RFC3339))
}

// blockerColumns reads a Blocker of a row of pg_locks, called held, of whoever has the lock. For
// other roles' transactions a role that is in pg_read_all_stats sees more. A prepared transaction
// has no process; it is known by the lock on its own id.
const blockerColumns = `
	CASE WHEN held.pid IS NULL THEN format('prepared transaction %L of role %s in database %s', p.gid,
	    p.owner, p.database)
	     ELSE format('session %s of role %s in database %s (%s)', held.pid,
	                 coalesce(a.usename, a.backend_type), coalesce(a.datname, 'none'),
	                 coalesce(nullif(a.application_name, ''), 'no name')) END,
	coalesce(p.prepared, a.xact_start),
	CASE WHEN held.pid IS NULL THEN format('ROLLBACK PREPARED %L', p.gid)
	    ELSE format('SELECT pg_terminate_backend(%s)', held.pid) END`

// blockerTables joins what blockerColumns reads.
const blockerTables = `
	LEFT JOIN pg_stat_activity a ON a.pid = held.pid
	LEFT JOIN pg_locks own ON held.pid IS NULL AND own.pid IS NULL AND own.locktype = 'transactionid'
	    AND own.granted
		AND own.virtualtransaction = held.virtualtransaction
	LEFT JOIN pg_prepared_xacts p ON p.transaction = own.transactionid`

func collectBlockers(rows pgx.Rows, err error) ([]blocker, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (b blocker, err error) {
		var since *time.Time
		if err = row.Scan(&b.Who, &since, &b.SQL); since != nil {
			b.Since = *since
		}
		return b, err
	})
}

// queryExclusiveLocks returns who keeps others from reading the tables, or is about to.
func queryExclusiveLocks(ctx context.Context, conn *pgx.Conn, tables []Table) ([]blocker, error) {
	return collectBlockers(conn.Query(ctx, `SELECT DISTINCT `+blockerColumns+`
		FROM pg_locks held`+blockerTables+`
		WHERE held.locktype = 'relation' AND held.mode = 'AccessExclusiveLock' AND held.pid IS DISTINCT
		    FROM pg_backend_pid()
		  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		  AND held.relation IN (SELECT to_regclass(name) FROM unnest($1::text[]) name)
		ORDER BY 2`, texts(tables)))
}

// queryLockHolders returns up to three that hold locks of these modes on a table; within counts its
// partitions, too.
func queryLockHolders(
	ctx context.Context, conn *pgx.Conn, table string, modes []string, within bool,
) ([]blocker, error) {
	return collectBlockers(conn.Query(ctx, `SELECT DISTINCT `+blockerColumns+`
		FROM pg_locks held`+blockerTables+`
		WHERE held.granted AND held.locktype = 'relation' AND held.mode = ANY ($2)
		    AND held.pid IS DISTINCT FROM pg_backend_pid()
		  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		  AND (held.relation = to_regclass($1) 
		      OR $3 AND held.relation IN (SELECT relid FROM `+treeOf("to_regclass($1)")+` tree))
		ORDER BY 2 NULLS LAST, 1
		LIMIT 3`, table, modes, within))
}

// queryWaitedFor returns whose end the process with that pid waits for; none when it does not wait.
func queryWaitedFor(ctx context.Context, conn *pgx.Conn, pid uint32) ([]blocker, error) {
	return collectBlockers(conn.Query(ctx, `SELECT `+blockerColumns+`
		FROM pg_locks waits JOIN pg_locks held ON held.locktype = 'transactionid'
		    AND held.transactionid = waits.transactionid AND held.granted`+
		blockerTables+`
		WHERE waits.locktype = 'transactionid' AND NOT waits.granted AND waits.pid = $1`, pid))
}

func texts(tables []Table) []string {
	list := make([]string, len(tables))
	for i, t := range tables {
		list[i] = t.String()
	}
	return list
}

// blockerLog tells the log whom something waits for: when that changes, and again now and then.
type blockerLog struct {
	log  *slog.Logger
	what string // that waits
	last string
	at   time.Time
}

const blockerLogInterval = 5 * time.Second // between two lines that tell the same

func (w *blockerLog) report(blockers []blocker) {
	who, sql := describe(blockers)
	if sql == w.last && time.Since(w.at) < blockerLogInterval {
		return
	}
	w.last, w.at = sql, time.Now()
	given := []any{"waits_for", who}
	if sql != "" {
		given = append(given, "sql", sql)
	}
	w.log.Warn(w.what, given...)
}

// describe returns who blockers are, and the SQL that ends them.
func describe(blockers []blocker) (who, sql string) {
	var whos, sqls []string
	for _, b := range blockers {
		whos, sqls = append(whos, b.String()), append(sqls, b.SQL+";")
	}
	return cmp.Or(strings.Join(whos, "; "), "somebody who cannot be seen"), strings.Join(sqls, " ")
}
