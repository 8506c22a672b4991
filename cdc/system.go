package cdc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/internal/pg"
)

// system is a database as it is found: which one it is, and how slot and publication stand.
type system struct {
	id        string // of the cluster; "" when nobody has asked
	major     int    // version
	xid       uint64 // the next transaction
	timeline  int32
	history   history       // of the timeline; only known on a replication connection
	end       LSN           // of its log
	timeout   time.Duration // wal_sender_timeout; 0 when the server never gives up
	database  string        // OID
	name      string        // of the database
	published bool          // the publication exists
	slot      slot

	environment string // that was noted in the database; "" when none was
	spool       string // the ID of the checkpoint that was noted; "" when none was
	synchronous string // synchronous_standby_names
	application string // application_name of the connection
}

// slot is the replication slot; the zero slot is one that does not exist, or is still being made.
type slot struct {
	exists           bool
	plugin, database string
	lost             string // why the server no longer serves it; "" while it does
	settled          LSN    // its confirmed position
}

var errReadOnly = errors.New("the server is a read-only standby at the moment")

// querySystem tells what a connection of any kind leads to, all but the cluster's identifier.
func querySystem(ctx context.Context, conn *pgconn.PgConn, cfg Config) (system, error) {
	results, err := conn.Exec(ctx, `SELECT row_to_json(found) FROM (
		SELECT d.oid::text, d.datname AS name,
			current_setting('server_version_num')::int / 10000 AS major,
			CASE WHEN NOT pg_is_in_recovery()
				THEN pg_snapshot_xmax(pg_current_snapshot())::text::bigint END AS xid,
			(SELECT setting::int FROM pg_settings WHERE name = 'wal_sender_timeout') AS timeout,
			current_setting('`+synchronousNames+`') AS synchronous,
			current_setting('application_name') AS application,
			EXISTS (SELECT FROM pg_publication WHERE pubname = `+pg.Literal(cfg.Publication)+`) AS published,
			CASE WHEN NOT pg_is_in_recovery() THEN ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()),
			    8))::bit(32)::int END AS timeline,
			CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() - '0/0' END AS "end",
			`+pg.SlotSQL(pg.Literal(cfg.Slot))+` AS slot,
			array(SELECT relname FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
				WHERE nspname = `+pg.Literal(cfg.Schema)+` AND relname IN ('`+environmentTable+`', '`+
		spoolTable+`')
					AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(t.oid, 'SELECT')) AS notes
		FROM pg_database d WHERE d.datname = current_database()) found`).ReadAll()
	if err != nil {
		return system{}, fmt.Errorf("look at slot %q and publication %q: %w", cfg.Slot, cfg.Publication,
			err)
	}
	var row struct {
		OID, Name                string
		Major                    int
		XID                      uint64
		Timeout                  int64 // ms
		Synchronous, Application string
		Published                bool
		Timeline                 int32
		End                      LSN
		Slot                     pg.Slot
		Notes                    []string
	}
	if err := json.Unmarshal(results[0].Rows[0][0], &row); err != nil {
		return system{}, fmt.Errorf("look at slot %q and publication %q: %w", cfg.Slot, cfg.Publication,
			err)
	}
	if row.Timeline == 0 {
		return system{}, errReadOnly
	}
	environment, spool := "", ""
	if slices.Contains(row.Notes, environmentTable) {
		environment, err = readEnvironment(ctx, conn, cfg)
	}
	if err == nil && slices.Contains(row.Notes, spoolTable) {
		spool, err = readNotedSpool(ctx, conn, cfg)
	}
	if err != nil {
		return system{}, err
	}
	return system{
		environment: environment, spool: spool,
		major: row.Major, xid: row.XID,
		timeline: row.Timeline, end: row.End, timeout: time.Duration(row.Timeout) * time.Millisecond,
		database: row.OID, name: row.Name, published: row.Published,
		synchronous: row.Synchronous, application: row.Application,
		slot: slotOf(&row.Slot),
	}, nil
}

// slotOf returns what the stream wants to know of a slot.
func slotOf(found *pg.Slot) slot {
	if !found.Exists() || found.Making() {
		return slot{}
	}
	s := slot{
		exists: true, plugin: found.Plugin, database: found.Database,
		lost: lostReason(found.WALStatus, found.Invalidation),
	}
	if found.Confirmed != nil {
		s.settled = *found.Confirmed
	}
	return s
}

// identify tells what a replication connection leads to.
func identify(ctx context.Context, conn *pgconn.PgConn, cfg Config) (system, error) {
	found, err := pglogrepl.IdentifySystem(ctx, conn)
	if err != nil {
		return system{}, fmt.Errorf("identify system: %w", err)
	}
	s, err := querySystem(ctx, conn, cfg)
	if err != nil {
		return s, err
	}
	s.id = found.SystemID
	s.history, err = readHistory(ctx, conn, s.timeline)
	return s, err
}
