package cdc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
)

// A table that is rewritten, as by many an ALTER TABLE, reads as empty in a snapshot that is older:
// its rows are new ones. So what is read is locked first, against nothing but that, and the
// snapshot taken then. LOCK TABLE itself takes none.
//
// https://www.postgresql.org/docs/current/mvcc-caveats.html

// ConsistentRead is a reading of tables in one state of the database.
type ConsistentRead struct {
	Tables []Table // that are known to be read
	// Also returns tables that are read, which it may have to read some of Tables for; nil when
	// there are none but those.
	Also func(context.Context, pgx.Tx) ([]Table, error)
	// Tries is how often tables that are locked are waited for, a second each; 0 for as long as it
	// takes.
	Tries int
	Log   *slog.Logger
}

// errMoreTables says that the reading must begin anew, with more tables.
var errMoreTables = errors.New("there are more tables to be locked")

// goneTries is how often a reading begins anew because tables have gone while it began.
const goneTries = 5

// Do calls read with a transaction that sees one state of the database, in which no table is
// rewritten. Tables that do not exist, or that the role may not read, are not locked. The error is
// a Problem when tables stay locked for too long.
func (r ConsistentRead) Do(ctx context.Context, conn *pgx.Conn, read func(pgx.Tx) error) error {
	tables := slices.Clone(r.Tables)
	told := blockerLog{log: r.Log, what: "tables that have to be read are locked, waiting"}
	for locked, gone := 0, 0; ; {
		err := r.try(ctx, conn, &tables, read)
		switch {
		case errors.Is(err, errMoreTables):
			continue
		case pg.IsTableGone(err) && gone < goneTries:
			gone++
			continue
		case !pg.Is(err, pg.LockNotAvailable):
			return err
		}
		blockers, err := queryExclusiveLocks(ctx, conn, tables)
		if err != nil {
			return fmt.Errorf("look for who locks %s: %w", list(tables), err)
		}
		if locked++; locked == r.Tries {
			return locksHeld(tables, blockers)
		}
		told.report(blockers)
		select {
		case <-time.After(lockTimeout):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func locksHeld(tables []Table, by []blocker) *Problem {
	who, sql := describe(by)
	return &Problem{
		What: fmt.Sprintf("%s cannot be read, as somebody keeps them locked: %s", list(tables), who),
		Hint: strings.TrimSuffix("wait until that is over, or end it: "+sql, ": "),
	}
}

// try is one try. Tables that turn out to be read, too, are added to tables.
func (r ConsistentRead) try(
	ctx context.Context, conn *pgx.Conn, tables *[]Table, read func(pgx.Tx) error,
) error {
	lockable, err := queryReadable(ctx, conn, *tables)
	if err != nil {
		return err
	}
	return pgx.BeginTxFunc(
		ctx,
		conn,
		pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly},
		func(tx pgx.Tx) error {
			if len(lockable) > 0 {
				lock := fmt.Sprintf("SET LOCAL lock_timeout = %d; LOCK TABLE %s IN ACCESS SHARE MODE",
					lockTimeout.Milliseconds(), list(lockable))
				if _, err := tx.Exec(ctx, lock); err != nil {
					return err
				}
			}
			if r.Also == nil {
				return read(tx)
			}
			more, err := r.Also(ctx, tx)
			if err != nil {
				return err
			}
			more = slices.DeleteFunc(more, func(t Table) bool {
				return slices.ContainsFunc(*tables, func(known Table) bool {
					return known.Schema == t.Schema && known.Name == t.Name
				})
			})
			if len(more) > 0 {
				*tables = append(*tables, more...)
				return errMoreTables
			}
			return read(tx)
		},
	)
}

// queryReadable returns those of the tables that exist and that the role may read: others cannot be
// locked.
func queryReadable(ctx context.Context, conn *pgx.Conn, tables []Table) (list []Table, err error) {
	if len(tables) == 0 {
		return nil, nil
	}
	schemas, names := make([]string, len(tables)), make([]string, len(tables))
	for i, t := range tables {
		schemas[i], names[i] = t.Schema, t.Name
	}
	rows, err := conn.Query(ctx, `
		SELECT n.nspname, c.relname
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE (n.nspname, c.relname) IN (SELECT * FROM unnest($1::text[], $2::text[]))
		    AND c.relkind IN ('r', 'p')
		  AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
		ORDER BY 1, 2`, schemas, names)
	if err != nil {
		return nil, fmt.Errorf("look for tables to lock: %w", err)
	}
	list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (t Table, err error) {
		return t, row.Scan(&t.Schema, &t.Name)
	})
	if err != nil {
		return nil, fmt.Errorf("look for tables to lock: %w", err)
	}
	return list, nil
}

// list names the tables, separated by commas.
func list(tables []Table) string { return strings.Join(texts(tables), ", ") }
