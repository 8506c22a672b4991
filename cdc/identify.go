package cdc

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATEs that the stream meets. https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	undefinedObject  = "42704" // the slot, or inside the stream the publication, does not exist
	slotInvalid      = "55000" // the slot is there but can no longer be read
	slotInUse        = "55006" // another process reads the slot
	lockNotAvailable = "55P03"
)

// permanentError is one that trying again does not mend.
type permanentError struct{ error }

func (e permanentError) Unwrap() error { return e.error }

func isPermanent(err error) bool {
	var p permanentError
	return errors.As(err, &p)
}

// permanent marks err when it says that the slot or the publication is gone, and adds the way out.
func permanent(err error, cfg Config) error {
	var refused *pgconn.PgError
	if isPermanent(err) || !errors.As(err, &refused) {
		return err
	}
	switch {
	case refused.Code == undefinedObject && strings.Contains(refused.Message, "publication"):
		return permanentError{fmt.Errorf("publication %q was dropped, or is younger than slot %q: %w. %s",
			cfg.Publication, cfg.Slot, err, startOver)}
	case refused.Code == undefinedObject:
		return permanentError{fmt.Errorf("replication slot %q is gone: %w. %s", cfg.Slot, err, startOver)}
	case refused.Code == slotInvalid:
		return permanentError{fmt.Errorf("replication slot %q can no longer be read: %w. %s", cfg.Slot, err, startOver)}
	}
	return err
}

// startOver tells how to go on without what is lost.
const startOver = "Changes since the last acknowledged position cannot be announced any more. To go on from now: hookline setup --accept-gap"

// identify tells which database conn leads to and where the slot stands, or why the slot cannot be used.
func identify(ctx context.Context, conn *pgconn.PgConn, slot string) (system, error) {
	found, err := pglogrepl.IdentifySystem(ctx, conn)
	if err != nil {
		return system{}, fmt.Errorf("identify system: %w", err)
	}
	s := system{id: found.SystemID, timeline: found.Timeline}
	row, err := queryRow(ctx, conn, `SELECT (SELECT oid FROM pg_database WHERE datname = current_database()),
		(SELECT setting FROM pg_settings WHERE name = 'wal_sender_timeout')`)
	if err != nil {
		return system{}, fmt.Errorf("identify database: %w", err)
	}
	s.database = row[0]
	ms, err := strconv.Atoi(row[1])
	if err != nil {
		return system{}, fmt.Errorf("wal_sender_timeout %q: %w", row[1], err)
	}
	s.timeout = time.Duration(ms) * time.Millisecond

	row, err = queryRow(ctx, conn, `SELECT coalesce(plugin, ''), coalesce(database, ''), current_database(), coalesce(wal_status, ''),
		coalesce(confirmed_flush_lsn::text, '0/0'), coalesce(to_jsonb(s)->>'invalidation_reason', '')
		FROM pg_replication_slots s WHERE slot_name = `+quoteLiteral(slot))
	if err != nil {
		return system{}, fmt.Errorf("look up slot %q: %w", slot, err)
	}
	if row == nil {
		return system{}, permanentError{fmt.Errorf("replication slot %q does not exist. %s", slot, startOver)}
	}
	plugin, database, here, status, confirmed, reason := row[0], row[1], row[2], row[3], row[4], row[5]
	switch {
	case plugin != "pgoutput":
		return system{}, permanentError{fmt.Errorf("replication slot %q has plugin %q, want pgoutput: set HOOKLINE_SLOT to another name",
			slot, plugin)}
	case database != here:
		return system{}, permanentError{fmt.Errorf("replication slot %q belongs to database %q, not to %q: set HOOKLINE_SLOT to another name",
			slot, database, here)}
	case status == "lost" || reason != "":
		return system{}, permanentError{fmt.Errorf("replication slot %q is lost (%s): the server removed WAL it needed, see "+
			"max_slot_wal_keep_size. %s", slot, strings.TrimSuffix(status+", "+reason, ", "), startOver)}
	}
	if s.settled, err = pglogrepl.ParseLSN(confirmed); err != nil {
		return system{}, fmt.Errorf("confirmed position of slot %q: %w", slot, err)
	}
	return s, nil
}

// queryRow returns the first row of a query as text, nulls as "", or nil when there is none.
func queryRow(ctx context.Context, conn *pgconn.PgConn, sql string) ([]string, error) {
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(results) == 0 || len(results[0].Rows) == 0 {
		return nil, nil
	}
	row := make([]string, len(results[0].Rows[0]))
	for i, value := range results[0].Rows[0] {
		row[i] = string(value)
	}
	return row, nil
}

func quoteLiteral(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func quoteIdentifier(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
